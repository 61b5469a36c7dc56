"""Events: their order within an instant, and when a grade has changed."""

from __future__ import annotations

from alerts.model.level import Axis
from alerts.routing.events import CorrectionEvent, MentionEvent, grade_change, order, strongest


def test_within_an_instant_corrections_come_first_and_then_what_is_most_urgent(kit):
    at = kit.instant("10:00")
    events = [
        MentionEvent(at, "acme", "i1"),
        kit.level_event("10:00", "low>high"),
        kit.level_event("10:00", "low>critical", axis=Axis.PRIORITY),
        CorrectionEvent(at, "acme", "i0", ()),
        kit.level_event("09:59", "low>medium", axis=Axis.CONTINUITY),
    ]
    assert sorted(events, key=order) == [events[4], events[3], events[2], events[1], events[0]]


def test_so_a_lesser_rise_is_inhibited_whatever_the_order_of_assessment(kit):
    desk = kit.build()
    lesser = kit.level_event("10:00", "low>high", axis=Axis.CONTINUITY)
    critical = kit.level_event("10:00", "low>critical", axis=Axis.PRIORITY)
    for event in sorted([lesser, critical], key=order):
        desk.hear(event)
    assert desk.fates == ["sent", "inhibited"]


def test_a_grade_changes_when_the_strongest_story_has_another(kit):
    at = kit.instant("10:00")
    contributions = kit.level_event(at, "low>high").transition.contributions
    assert grade_change("acme", at, "", contributions) is None
    assert grade_change("acme", at, "B", contributions) is None
    assert grade_change("acme", at, "C", ()) is None
    event = grade_change("acme", at, "C", contributions)
    assert (event.from_, event.to, event.story, event.on) == ("C", "B", "s1", "grade")


def test_the_strongest_of_equals_does_not_depend_on_their_order(kit):
    one = kit.level_event("10:00", "low>high", story="s1").transition.contributions
    two = kit.level_event("10:00", "low>high", story="s2").transition.contributions
    assert strongest((*one, *two)) == strongest((*two, *one)) == one[0]
    assert strongest(()) is None
