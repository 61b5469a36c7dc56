"""Scores, levels and the instants of falls, against numbers worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.model.institution import Criticality, Institution
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report
from alerts.model.times import micros
from alerts.model.topic import Severity, Signal, Topic
from alerts.scoring.axis import (
    Term,
    combined,
    contribution,
    fall_instant,
    floor,
    level_after,
    score,
    severity,
    term,
    value,
)
from alerts.scoring.evidence import evidence

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
NOW = micros(AT)
RULES = LevelRules()
WEEK = timedelta(days=7) / timedelta(microseconds=1)
TOPICS = {
    "outage": Topic("outage", Signal.CONTINUITY, ("outage",), severity=Severity(0.6, 0.1, 0.3)),
    "ruling": Topic("ruling", Signal.GOVERNANCE, ("ruling",), severity=Severity(0.1, 0.5, 0.2)),
}


def story(*, salience: float = 1.0, topics: tuple[tuple[str, float], ...] = (("outage", 1.0),)) -> Evidence:
    one = Report(
        item="a",
        title="t",
        url="",
        source="s",
        publisher="p",
        reliability=Reliability.A,
        direct=True,
        published=AT,
        observed=AT,
        reported=AT,
        salience=salience,
        topics=topics,
    )
    return evidence("s1", "acme", [one], [Group(("a",))])


def acme(criticality: Criticality = Criticality.MEDIUM) -> Institution:
    return Institution("acme", "Acme", criticality=criticality)


def base(found: Evidence, axis: Axis, institution: Institution | None = None) -> float:
    made = term(found, axis, TOPICS, institution or acme())
    return 0.0 if made is None else made.base


def test_a_story_weighs_what_the_formula_says() -> None:
    # severity x confidence x salience x criticality
    assert base(story(), Axis.PRIORITY) == pytest.approx(0.6 * 0.9)
    assert base(story(salience=0.56), Axis.PRIORITY) == pytest.approx(0.6 * 0.9 * 0.56)
    assert base(story(), Axis.CONTINUITY, acme(Criticality.HIGH)) == pytest.approx(0.3 * 0.9 * 1.2)
    assert base(story(), Axis.POLICY, acme(Criticality.LOW)) == pytest.approx(0.1 * 0.9 * 0.8)


def test_severity_is_the_largest_of_the_topics_on_the_axis() -> None:
    both = story(topics=(("outage", 1.0), ("ruling", 1.0)))
    assert [severity(both, axis, TOPICS) for axis in Axis] == [0.6, 0.5, 0.3]
    denied = story(topics=(("outage", 0.25), ("ruling", 1.0)))
    assert [severity(denied, axis, TOPICS) for axis in Axis] == [0.15, 0.5, 0.2]


@pytest.mark.parametrize("topics", [(), (("a topic of another configuration", 1.0),)])
def test_without_a_topic_there_is_a_little_priority_alone(topics: tuple[tuple[str, float], ...]) -> None:
    assert [severity(story(topics=topics), axis, TOPICS) for axis in Axis] == [0.10, 0.0, 0.0]
    assert term(story(topics=topics), Axis.POLICY, TOPICS, acme()) is None


def test_a_contribution_halves_in_a_half_life_and_is_never_older_than_new() -> None:
    one = Term(0.6, NOW)
    assert value(one, NOW, WEEK) == 0.6
    assert value(one, NOW - 5_000_000, WEEK) == 0.6, "never an age below 0"
    assert value(one, NOW + int(WEEK), WEEK) == pytest.approx(0.3)
    assert value(one, NOW + 3 * int(WEEK), WEEK) == pytest.approx(0.075)
    assert value(Term(1.2, NOW), NOW, WEEK) == 0.95, "clipped"


def test_scores_by_hand() -> None:
    assert combined([]) == 0.0
    assert combined([0.25]) == 0.25
    assert combined([0.3, 0.5]) == 0.65  # 1 - 0.7 x 0.5
    assert combined([0.95] * 4) == pytest.approx(1 - 0.05**4)
    terms = [Term(0.4, NOW), Term(0.4, NOW - int(WEEK))]
    assert score(terms, NOW, WEEK) == pytest.approx(1 - 0.6 * 0.8)


def test_a_contribution_record_explains_its_value() -> None:
    found = story(salience=0.7)
    made = contribution(found, Axis.PRIORITY, 0.1, 3_600_000_000, TOPICS, acme(Criticality.HIGH))
    assert (made.severity, made.confidence, made.salience, made.criticality) == (0.6, 0.9, 0.7, 1.2)
    assert (made.age_s, made.grade, made.topics, made.story) == (3600.0, "A", ("outage",), "s1")


@pytest.mark.parametrize(
    ("before", "at", "after"),
    [
        ("low", 0.2499, "low"),
        ("low", 0.25, "medium"),
        ("low", 0.50, "high"),
        ("low", 0.75, "critical"),
        ("low", 1.0, "critical"),
        ("medium", 0.25, "medium"),
        ("medium", 0.20, "medium"),
        ("medium", 0.1999, "low"),
        ("medium", 0.4999, "medium"),
        ("high", 0.45, "high"),
        ("high", 0.4499, "medium"),
        ("high", 0.2, "medium"),
        ("high", 0.1999, "low"),
        ("critical", 0.70, "critical"),
        ("critical", 0.6999, "high"),
        ("critical", 0.4499, "medium"),
        ("critical", 0.0, "low"),
    ],
)
def test_levels_and_their_margin(before: str, at: float, after: str) -> None:
    assert level_after(Level(before), at, RULES) is Level(after)


levels = st.sampled_from(list(Level))
scores = st.floats(0, 1).map(lambda each: round(each, 12))


@given(levels, scores)
def test_a_level_once_taken_stays_while_the_score_does(before: Level, at: float) -> None:
    after = level_after(before, at, RULES)
    assert level_after(after, at, RULES) is after


@given(levels, scores, st.floats(-1, 1))
def test_nothing_flaps_within_the_margin(before: Level, at: float, share: float) -> None:
    """After a change of level, a score that moves by less than the margin changes nothing back."""
    after = level_after(before, at, RULES)
    assume(after is not before)
    moved = round(min(1.0, max(0.0, at + share * 0.0499)), 12)
    again = level_after(after, moved, RULES)
    assert again is not before
    assert (again > before) == (after > before)


@given(levels, scores, scores)
def test_a_higher_score_never_gives_a_lower_level(before: Level, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert level_after(before, less, RULES) <= level_after(before, more, RULES)


contributions = st.lists(st.floats(0, 0.95), max_size=8)


@given(contributions, st.randoms(use_true_random=False))
def test_the_order_of_stories_never_matters(found: list[float], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert combined(shuffled) == combined(found)


@given(contributions)
def test_the_score_is_the_formula(found: list[float]) -> None:
    assert combined(found) == pytest.approx(1 - math.prod(1 - each for each in found), abs=2e-12)


@given(contributions, st.floats(0, 0.95))
def test_another_story_never_lowers_the_score(found: list[float], more: float) -> None:
    assert combined([*found, more]) >= combined(found)
    assert 0 <= combined([*found, more]) <= 1


terms = st.builds(
    Term, st.floats(0.01, 1.2), st.integers(-30, 0).map(lambda days: NOW + days * 86_400_000_000)
)


@given(
    st.lists(terms, min_size=1, max_size=6),
    st.sampled_from([Level.MEDIUM, Level.HIGH, Level.CRITICAL]),
    st.sampled_from(list(Axis)),
)
def test_the_instant_of_a_fall_is_exact(found: list[Term], level: Level, axis: Axis) -> None:
    """Just below the floor at the instant, and not yet a microsecond before."""
    half_life = RULES.half_life[axis] / timedelta(microseconds=1)
    assume(score(found, NOW, half_life) >= floor(level, RULES))
    moment = fall_instant(found, level, RULES, axis, NOW)
    assert moment is not None
    assert moment > NOW
    assert score(found, moment, half_life) < floor(level, RULES)
    assert score(found, moment - 1, half_life) >= floor(level, RULES)


def test_falls_by_hand() -> None:
    # 0.8 x 2^(-t / 7 d) reaches 0.70 at t = 7 d x log2(0.8 / 0.7), and 0.20 at exactly two half-lives; scores
    # have twelve decimals, so that it shows some microseconds later.
    high = fall_instant([Term(0.8, NOW)], Level.CRITICAL, RULES, Axis.PRIORITY, NOW)
    assert high is not None
    assert 0 <= high - (NOW + WEEK * math.log2(8 / 7)) <= 4
    low = fall_instant([Term(0.8, NOW)], Level.MEDIUM, RULES, Axis.PRIORITY, NOW)
    assert low is not None
    assert 0 < low - (NOW + 2 * WEEK) <= 4


def test_from_low_nothing_falls() -> None:
    assert fall_instant([Term(0.8, NOW)], Level.LOW, RULES, Axis.PRIORITY, NOW) is None


def test_floors() -> None:
    assert [floor(level, RULES) for level in (Level.MEDIUM, Level.HIGH, Level.CRITICAL)] == [0.2, 0.45, 0.7]
