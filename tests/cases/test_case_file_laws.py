"""What holds for every history of one institution."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.reports import AT, HEADLINES, SOURCES, Follower, seen

from alerts.cases.case_file import Change
from alerts.cases.observation import Observation
from alerts.model.level import Axis, Level, LevelRules, Transition
from alerts.scoring.score import combined, floor, level_of
from alerts.stories.cluster import Merged

RULES = LevelRules(
    raise_={Level.MEDIUM: 0.15, Level.HIGH: 0.35, Level.CRITICAL: 0.6},
    margin=0.04,
    half_life={Axis.PRIORITY: timedelta(hours=6), Axis.POLICY: timedelta(days=1), Axis.CONTINUITY: timedelta(days=3)},
)
MICRO = timedelta(microseconds=1)


@dataclass(frozen=True)
class Said:
    """One item in one batch."""

    item: int
    headline: int
    source: int
    salience: float
    published: int  # minutes before it is observed; negative: a date of the future
    withdrawn: bool


said = st.builds(
    Said,
    item=st.integers(0, 11),
    headline=st.integers(0, len(HEADLINES) - 1),
    source=st.integers(0, len(SOURCES) - 1),
    salience=st.sampled_from([0.0, 0.4, 0.56, 0.7, 0.8, 1.0, 1.0, 1.0]),
    published=st.sampled_from([-60, 0, 0, 0, 5, 600]),
    withdrawn=st.sampled_from([False, False, False, True]),
)
batches = st.lists(said, min_size=1, max_size=4, unique_by=lambda each: each.item)
histories = st.lists(st.tuples(st.integers(1, 60 * 30), batches), min_size=1, max_size=10)
History = Sequence[tuple[int, Sequence[Said]]]


def instants(history: History) -> list[tuple[datetime, list[Observation]]]:
    """Each batch with its instant; the first number of a step is the minutes since the one before."""
    found = []
    at = AT
    for minutes, batch in history:
        at += timedelta(minutes=minutes)
        found.append((at, [_observation(each, at) for each in batch]))
    return found


def _observation(each: Said, at: datetime) -> Observation:
    source = list(SOURCES)[(each.item + each.source) % len(SOURCES) if each.source < 2 else each.item % len(SOURCES)]
    return seen(
        f"i{each.item}",
        HEADLINES[each.headline],
        source,
        at=at,
        published=at - timedelta(minutes=each.published),
        salience=each.salience,
        withdrawn=each.withdrawn,
    )


def play(history: History, *, until: timedelta = timedelta(days=20)) -> Follower:
    made = Follower(RULES)
    for at, batch in instants(history):
        made.observe(at, *batch)
    assert made.case.clock is not None
    made.advance(made.case.clock + until)
    return made


def outcome(made: Follower) -> tuple[object, ...]:
    """Everything that anybody could see of it."""
    return made.transitions, _once(made.changes), made.case.evidence(), made.case.axes, made.case.falls()


def _once(changes: Sequence[Change]) -> list[Change]:
    """Without corrections of what was corrected before: another process does not know that, but the desk does."""
    known: set[object] = set()
    found = []
    for change in changes:
        first = tuple(each for each in change.corrections if each.rise.key not in known)
        known |= {each.rise.key for each in first}
        found.append(change._replace(corrections=first))
    return found


@given(histories, st.randoms(use_true_random=False))
def test_the_order_within_an_instant_does_not_matter(history: History, chance: Random) -> None:
    shuffled = [(minutes, chance.sample(list(batch), len(batch))) for minutes, batch in history]
    assert outcome(play(shuffled)) == outcome(play(history))


@given(histories, st.lists(st.integers(0, 60 * 24 * 12), max_size=12))
def test_looking_at_the_clock_more_often_changes_nothing(history: History, looks: list[int]) -> None:
    expected = play(history)
    steps = instants(history)
    times = sorted({AT + timedelta(minutes=each, microseconds=each % 7) for each in looks})
    made = Follower(RULES)
    for (at, batch), following in itertools.zip_longest(steps, [each[0] for each in steps[1:]]):
        made.observe(at, *batch)
        for look in times:
            if at <= look and (following is None or look < following):
                made.advance(look)
    assert made.case.clock is not None
    made.advance(max(made.case.clock, steps[-1][0] + timedelta(days=20)))
    assert by_time(made.transitions) == by_time(expected.transitions)
    assert made.case.axes == expected.case.axes


def by_time(found: Sequence[Transition]) -> list[Transition]:
    return sorted(found, key=lambda each: (each.at, list(Axis).index(each.axis)))


@given(histories, st.integers(0, 10))
def test_another_process_goes_on_identically(history: History, when: int) -> None:
    expected = play(history)
    made = Follower(RULES)
    for number, (at, batch) in enumerate(instants(history)):
        if number >= when:
            made.hand_over()
        made.observe(at, *batch)
    made.hand_over()
    assert made.case.clock is not None
    made.advance(made.case.clock + timedelta(days=20))
    assert outcome(made) == outcome(expected)


@given(histories)
def test_every_transition_follows_from_the_one_before_and_its_own_numbers(history: History) -> None:
    made = play(history)
    for axis in Axis:
        mine = [each for each in made.transitions if each.axis is axis]
        levels = [Level.LOW, *(each.to for each in mine)]
        assert [each.from_ for each in mine] == levels[:-1]
        assert [each.at for each in mine] == sorted({each.at for each in mine}), "one an instant, in order"
        assert made.case.axes[axis].level is levels[-1]
    for each in made.transitions:
        assert each.from_ is not each.to
        assert each.score is not None
        if each.rises:
            assert each.score >= RULES.raise_[each.to]
        else:
            assert each.score <= floor(each.from_, RULES)  # below it by less than the twelfth decimal may show
            assert each.to is Level.LOW or each.score >= floor(each.to, RULES)
        higher = [RULES.raise_[level] for level in Level if level > each.to and level is not each.from_]
        if each.rises:
            assert all(each.score < threshold for threshold in higher)
        assert combined(one.value for one in each.contributions) == pytest.approx(each.score, abs=1e-6)
        for one in each.contributions:
            fading = 2 ** (-one.age_s / RULES.half_life[each.axis].total_seconds())
            impact = min(0.95, one.severity * one.confidence * one.salience * one.criticality)
            assert one.value == pytest.approx(impact * fading, abs=1e-9)


@given(histories)
def test_falls_are_exact(history: History) -> None:
    """Worked out anew: up to the instant of a fall the level holds, at it no more."""
    steps = instants(history)
    expected = play(history)
    decays = [each for each in expected.transitions if each.cause == "decay"]
    made = Follower(RULES)
    index = 0
    for fall in decays:
        while index < len(steps) and steps[index][0] < fall.at:
            made.observe(steps[index][0], *steps[index][1])
            index += 1
        assert made.case.score(fall.axis, fall.at) <= floor(fall.from_, RULES)
        assert made.case.score(fall.axis, fall.at - 2 * MICRO) >= floor(fall.from_, RULES)
        made.advance(fall.at)


@given(histories)
def test_every_item_that_counts_is_in_one_story_and_no_other(history: History) -> None:
    made = play(history)
    newest: dict[str, Observation] = {}
    for _, batch in instants(history):
        for each in batch:
            newest[each.report.item] = each
    counting = sorted(item for item, each in newest.items() if each.counts)
    reports = [report.item for story in made.case.evidence() for report in story.reports]
    assert sorted(reports) == counting
    for story in made.case.evidence():
        grouped = [item for group in story.groups for item in group.items]
        assert sorted(grouped) == sorted(report.item for report in story.reports)
        assert all(report.reported <= report.observed for report in story.reports)


@given(histories)
def test_saying_the_same_again_changes_nothing(history: History) -> None:
    """A revision with the words of the one before moves no level and corrects nothing."""
    made = Follower(RULES)
    for at, batch in instants(history):
        made.observe(at, *batch)
        scores = {axis: made.case.score(axis, at + MICRO) for axis in Axis}
        again = made.case.observe(at + MICRO, batch)
        assert again.transitions == ()
        if not any(isinstance(event, Merged) for change in made.changes for event in change.events):
            # Two stories that were found to be one prove less than they did when the level rose.
            assert again.corrections == ()
        assert {axis: made.case.score(axis, at + MICRO) for axis in Axis} == scores


@given(histories)
def test_a_correction_names_a_rise_that_was_recorded_and_each_once(history: History) -> None:
    made = play(history)
    recorded = {each.key: each for each in made.rises}
    corrections = [each for change in made.changes for each in change.corrections]
    keys = [each.rise.key for each in corrections]
    assert len(keys) == len(set(keys))
    for each in corrections:
        assert recorded[each.rise.key] == each.rise
        assert each.level < each.rise.to
        assert each.at > each.rise.at


@given(histories)
def test_a_story_rises_to_the_level_of_its_impact_and_never_twice_to_the_same(history: History) -> None:
    made = Follower(RULES)
    for at, batch in instants(history):
        before = {each.story: each for each in made.case.evidence()}
        change = made.observe(at, *batch)
        for each in change.rises:
            assert each.to is level_of(each.impact, RULES)
            assert each.from_ < each.to
            term = made.case.rankings[each.axis].get(each.story)
            assert term is not None
            assert each.impact == term.impact
            assert each.item in {one.item for one in made.case.evidence_of(each.story).reports}  # type: ignore[union-attr]
        for story in made.case.evidence():
            if before.get(story.story) == story:
                assert story.story not in {each.story for each in change.rises}
        order = [(-each.to.rank, -each.impact) for each in change.rises]
        assert order == sorted(order)
