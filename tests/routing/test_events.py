"""What an assessment consists of, and the order in which events are handled."""

from __future__ import annotations

from kit.present import present
from kit.routing import instant, level_event, story_event

from alerts.model.alert import gravest
from alerts.model.level import Contribution
from alerts.model.subscriber import On
from alerts.routing.case_events import place
from alerts.routing.events import CorrectionEvent, Event, strongest


def contribution(story: str, value: float) -> Contribution:
    return Contribution(story, "", (), 0.5, 0.5, "C", 1.0, 1.0, 0.0, value)


def test_the_strongest_is_the_largest_and_of_equals_the_first_by_id() -> None:
    assert strongest([]) is None
    found = strongest([contribution("b", 0.2), contribution("a", 0.2), contribution("c", 0.1)])
    assert found is not None
    assert found.story == "a"


def test_parts_begin_with_the_gravest() -> None:
    event = story_event("10:00", "s1", "priority low>medium", "policy low>high", "continuity high>low")
    assert [(part.on, part.about.rpartition(": ")[2]) for part in event.parts] == [
        (On.STORY, "policy low → high"),
        (On.LEVEL, "policy low → high"),
        (On.LEVEL, "priority low → medium"),
        (On.LEVEL, "continuity high → low"),
    ]


def test_the_gravest_change_is_a_rise_then_the_highest_then_the_first_axis() -> None:
    changes = level_event("10:00", "priority critical>high", "continuity low>medium", "policy low>medium").changes
    found = gravest(changes)
    assert found is not None
    assert (found.axis, found.to) == ("policy", "medium")
    assert gravest(()) is None


def test_a_level_change_leads_with_its_largest_contribution() -> None:
    event = level_event("10:00", "low>high", story="s7")
    lead = present(event.lead(event.parts))
    assert (lead.story, lead.title, lead.topics) == ("s7", "A headline", ("export-controls",))


def test_within_an_instant_corrections_come_first_and_then_what_is_most_urgent() -> None:
    at = instant("10:00")
    fall = level_event(at, "high>low")
    medium = level_event(at, "low>medium", institution="bolt")
    critical = level_event(at, "low>critical", institution="zeta")
    correction = CorrectionEvent("acme", at, at, "i1")
    later = level_event("10:01", "low>critical")
    events: list[Event] = [later, fall, medium, critical, correction]
    found = sorted(events, key=place)
    assert found == [correction, critical, medium, fall, later]
