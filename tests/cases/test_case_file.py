"""One institution's evidence over time, against numbers worked out by hand."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest
from kit.reports import AT, HEADLINES, RULES, TOPICS, Follower, case, later, seen

from alerts.cases.case_file import AxisState, CaseFile
from alerts.cases.snapshot import Standing
from alerts.model.institution import Institution
from alerts.model.level import Axis, Cause, Level, LevelRules, Transition
from alerts.scoring.axis import floor
from alerts.stories.cluster import Merged

OUTAGE, SAME_OUTAGE, RULING, SAME_RULING, STRIKE, MUSEUM = HEADLINES
SOON = timedelta(microseconds=4)
"""Scores have twelve decimals: that a score is below its floor shows some microseconds after it is."""


def moves(found: list[Transition]) -> list[tuple[str, str, str, str, datetime]]:
    return [(each.axis, each.from_, each.to, each.cause, each.at) for each in found]


def test_one_report_lifts_two_axes() -> None:
    made = case()
    change = made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    # 0.60 x 0.90 = 0.54 on priority, 0.30 x 0.90 = 0.27 on continuity
    assert moves(list(change.transitions)) == [
        ("priority", "low", "high", "evidence", AT),
        ("continuity", "low", "medium", "evidence", AT),
    ]
    assert [each.score for each in change.transitions] == [0.54, 0.27]
    assert made.score(Axis.POLICY, AT) == 0.0


def test_a_second_publisher_of_the_same_story_raises_its_confidence() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "wire")])
    assert made.score(Axis.PRIORITY, AT) == 0.36  # 0.60 x 0.60
    change = made.observe(later(minutes=5), [seen("b", SAME_OUTAGE, "herald", at=later(minutes=5))])
    assert len(made.evidence()) == 1
    (story,) = made.evidence()
    assert (story.confidence, story.grade, len(story.groups)) == (0.8, "B", 2)  # 1 - 0.4 x 0.5
    # 0.60 x 0.80 = 0.48: no further level on priority, and 0.24 on continuity
    assert change.transitions == ()
    assert made.score(Axis.PRIORITY, later(minutes=5)) == 0.48


def test_a_copy_counts_once_and_makes_nothing_newer() -> None:
    text = "The storm broke two cables and a mast at dawn, said the operator, and repairs will take until Friday."
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "wire", text=text)])
    before = made.score(Axis.PRIORITY, later(hours=3))
    made.observe(later(hours=2), [seen("b", OUTAGE, "blog", at=later(hours=2), text=text)])
    (story,) = made.evidence()
    assert [sorted(group.items) for group in story.groups] == [["a", "b"]]
    assert story.newest == AT
    assert made.score(Axis.PRIORITY, later(hours=3)) == before


def test_different_stories_add_up() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE), seen("b", STRIKE)])
    assert len(made.evidence()) == 2
    # 1 - (1 - 0.60 x 0.60) x (1 - 0.45 x 0.60)
    assert made.score(Axis.PRIORITY, AT) == pytest.approx(1 - 0.64 * 0.73)


def test_a_fall_between_observations_has_its_own_instant() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    # 0.54 x 2^(-t / 7 d) < 0.45, then < 0.20; 0.27 x 2^(-t / 180 d) < 0.20
    first = AT + timedelta(days=7 * math.log2(0.54 / 0.45))
    second = AT + timedelta(days=7 * math.log2(0.54 / 0.20))
    third = AT + timedelta(days=180 * math.log2(0.27 / 0.20))
    assert first <= (made.next_fall() or AT) <= first + SOON
    change = made.observe(later(days=90), [seen("m", MUSEUM, at=later(days=90))])
    found = list(change.transitions)
    assert [each[:4] for each in moves(found)] == [
        ("priority", "high", "medium", "decay"),
        ("priority", "medium", "low", "decay"),
        ("continuity", "medium", "low", "decay"),
    ]
    for each, expected in zip(found, (first, second, third), strict=True):
        assert expected <= each.at <= expected + 30 * SOON
        assert each.score < floor(each.from_, RULES)
    assert made.next_fall() is None


def test_a_report_comes_before_a_fall_of_the_same_instant() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    due = made.next_fall()
    assert due is not None
    # 0.20 fading plus a strike of 0.27: the level never falls
    change = made.observe(due, [seen("b", STRIKE, at=due)])
    assert [each for each in change.transitions if each.axis is Axis.PRIORITY] == []
    assert made.axes[Axis.PRIORITY] == AxisState(Level.MEDIUM, AT)


def test_an_edit_does_not_make_an_item_newer() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    made.observe(later(days=1), [seen("a", OUTAGE + " again", at=later(days=1), published=later(days=1))])
    (story,) = made.evidence()
    assert story.newest == AT
    (report,) = story.reports
    assert (report.title, report.observed) == (OUTAGE + " again", AT)


def test_a_withdrawal_takes_back_the_rise_that_rested_on_it() -> None:
    made = case()
    (rise,) = made.observe(AT, [seen("a", OUTAGE)]).transitions
    change = made.observe(later(hours=1), [seen("a", OUTAGE, at=later(hours=1), withdrawn=True)])
    (correction,) = change.corrections
    assert (correction.transition, correction.at, correction.item) == (rise, later(hours=1), "a")
    assert (correction.level, correction.withdrawn) == (Level.LOW, True)
    assert moves(list(change.transitions)) == [("priority", "medium", "low", "evidence", later(hours=1))]
    assert made.evidence() == ()
    again = made.observe(later(hours=2), [seen("a", OUTAGE, at=later(hours=2), withdrawn=True)])
    assert (again.corrections, again.transitions) == ((), ())


def test_an_edit_that_drops_the_topic_is_a_correction_too() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    change = made.observe(later(hours=1), [seen("a", MUSEUM, at=later(hours=1))])
    (correction,) = change.corrections
    assert (correction.level, correction.withdrawn) == (Level.LOW, False)


def test_an_edit_that_makes_an_item_another_story_takes_back_what_it_supported() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "blog")])
    made.observe(later(hours=1), [seen("b", SAME_OUTAGE, "newsroom", at=later(hours=1))])
    change = made.observe(later(hours=2), [seen("b", RULING, "newsroom", at=later(hours=2))])
    assert len(made.evidence()) == 2
    # What is left of the outage is 0.60 x 0.25 on priority, and 0.10 x 0.90 of the ruling.
    assert [(each.item, each.transition.axis, each.level) for each in change.corrections] == [
        ("b", Axis.PRIORITY, Level.LOW),
        ("b", Axis.CONTINUITY, Level.LOW),
    ]


def test_no_correction_where_the_rest_would_have_been_enough() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "newsroom"), seen("b", STRIKE, "wire")])
    # Without the strike, 0.54 on priority is high all the same.
    change = made.observe(later(hours=1), [seen("b", STRIKE, "wire", at=later(hours=1), withdrawn=True)])
    assert change.corrections == ()


def test_a_correction_judges_the_rise_by_what_was_known_then() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    made.observe(later(hours=1), [seen("b", STRIKE, "newsroom", at=later(hours=1))])
    # The strike would carry the level now, but it did not when the level rose.
    change = made.observe(later(hours=2), [seen("a", OUTAGE, at=later(hours=2), withdrawn=True)])
    assert ("a", Level.LOW) in [(each.item, each.level) for each in change.corrections]


def test_a_rise_that_was_taken_back_is_not_taken_back_twice_after_a_restart() -> None:
    made = Follower()
    made.observe(AT, seen("a", OUTAGE))
    change = made.observe(later(hours=1), seen("a", OUTAGE, at=later(hours=1), withdrawn=True))
    assert len(change.corrections) == 1
    made.hand_over()
    change = made.observe(later(hours=2), seen("a", OUTAGE, at=later(hours=2), withdrawn=True))
    assert change.transitions == ()


def test_two_stories_that_turn_out_to_be_one_count_once() -> None:
    made = Follower()
    made.observe(AT, seen("a", "Acme outage in the north after storm", "wire"))
    made.observe(
        later(minutes=1),
        seen(
            "b", "Cables of telephone operator cut by storm in the south", "herald", topics=(("outage", 1.0),)
        ),
    )
    stories = len(made.case.evidence())
    change = made.observe(
        later(minutes=2),
        seen(
            "c",
            "Acme outage in north and south: cables of telephone operator cut by storm",
            "blog",
            at=later(minutes=2),
        ),
        seen(
            "d",
            "Acme outage after storm: cables of operator cut in the north and the south",
            "newsroom",
            at=later(minutes=2),
        ),
    )
    merged = [event for event in change.events if isinstance(event, Merged)]
    assert stories - len(merged) + len(
        [e for e in change.events if not isinstance(e, Merged) and e.score == 0]
    ) == len(made.case.evidence())
    for event in merged:
        assert made.case.evidence_of(event.story_from) is None
    assert sorted(item.item for story in made.case.evidence() for item in story.reports) == [
        "a",
        "b",
        "c",
        "d",
    ]


def test_what_is_of_no_salience_and_was_never_seen_before_changes_nothing() -> None:
    made = case()
    change = made.observe(AT, [seen("a", OUTAGE, salience=0.0)])
    assert (change.transitions, change.events, change.stories) == ((), (), frozenset())


def test_new_rules_move_levels_and_say_so() -> None:
    made = case(LevelRules(raise_={Level.MEDIUM: 0.4, Level.HIGH: 0.5, Level.CRITICAL: 0.75}))
    assert made.observe(AT, [seen("a", OUTAGE)]).transitions == ()
    relaxed = CaseFile(Institution("acme", "Acme"), TOPICS, RULES)
    relaxed.observe(AT, [seen("a", OUTAGE)])
    (change,) = relaxed.reconsider(later(hours=1), made.axes, ())
    assert (change.axis, change.from_, change.to, change.cause) == (
        Axis.PRIORITY,
        Level.LOW,
        Level.MEDIUM,
        Cause.CONFIG,
    )


def test_the_state_of_an_axis_looks_both_ways() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    made.advance(later(days=2))
    state = Standing.of(made, TOPICS, RULES, later(days=2)).states()[Axis.PRIORITY]
    assert state.level is Level.MEDIUM
    assert state.since == AT
    assert state.score == pytest.approx(0.36 * 2 ** (-2 / 7))
    assert state.previous == pytest.approx(0.36 * 2 ** (-1 / 7))
    assert state.next_fall == made.falls()[Axis.PRIORITY]
