"""Scores, levels and the instants of falls, against numbers worked out by hand, and their laws."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal, getcontext
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alerts.model.level import Axis, Level, LevelRules
from alerts.model.times import instant, micros
from alerts.scoring.score import (
    NO_SCORE,
    PLACES,
    Ranking,
    Score,
    Term,
    combined,
    contributed,
    fall_at,
    fall_instant,
    floor,
    half_life_of,
    level_after,
    level_from,
    level_of,
    order_key,
    score_of,
)

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
NOW = micros(AT)
RULES = LevelRules()
DAY = 86_400_000_000
WEEK = 7.0 * DAY


def ranked(terms: dict[str, Term], half_life: float = WEEK) -> Ranking:
    ranking = Ranking(half_life)
    for story, term in terms.items():
        ranking.put(story, term)
    return ranking


def score(terms: list[Term], at: int = NOW, half_life: float = WEEK) -> float:
    return ranked({f"s{place}": each for place, each in enumerate(terms)}, half_life).score.at(at, half_life)


# --- scores --------------------------------------------------------------------------------------------------


def test_a_contribution_halves_in_a_half_life_and_is_never_older_than_new() -> None:
    one = Term(0.6, NOW)
    assert contributed(one, NOW, WEEK) == 0.6
    assert contributed(one, NOW - 5_000_000, WEEK) == 0.6, "never an age below 0"
    assert contributed(one, NOW + int(WEEK), WEEK) == pytest.approx(0.3)
    assert contributed(one, NOW + 3 * int(WEEK), WEEK) == pytest.approx(0.075)


def test_scores_by_hand() -> None:
    assert combined([]) == 0.0
    assert combined([0.25]) == 0.25
    assert combined([0.3, 0.6]) == 0.7  # 0.6 + 0.3/3
    assert combined([0.09, 0.3, 0.6]) == 0.71  # 0.6 + 0.3/3 + 0.09/9
    assert score([]) == 0.0
    assert score([Term(0.6, NOW), Term(0.6, NOW - int(WEEK))]) == pytest.approx(0.7)


def test_ten_small_stories_make_no_great_one() -> None:
    assert combined([0.10] * 10) == pytest.approx(0.15, abs=5e-6)
    assert combined([0.10] * 10_000) == pytest.approx(0.15, abs=1e-8)


contributions = st.lists(st.floats(0, 0.95), max_size=24)


@given(contributions, st.randoms(use_true_random=False))
def test_the_order_of_stories_never_matters(found: list[float], chance: Random) -> None:
    assert combined(chance.sample(found, len(found))) == combined(found)


@given(contributions)
def test_the_score_is_the_formula_over_all_stories(found: list[float]) -> None:
    exact = sum(each / 3**place for place, each in enumerate(sorted(found, reverse=True)))
    assert combined(found) == pytest.approx(exact, abs=5e-8)


@given(contributions, st.floats(0, 0.95), st.floats(0, 0.95))
def test_more_evidence_never_lowers_the_score(found: list[float], more: float, less: float) -> None:
    assert combined([*found, more]) >= combined(found)
    assert combined([*found, max(more, less)]) >= combined([*found, min(more, less)])
    assert 0 <= combined(found) <= 0.95 * 1.5


# Every so often impacts and times are equal, or as far apart as the calendar allows.
terms = st.builds(
    Term,
    st.one_of(st.floats(1e-6, 0.95), st.sampled_from([0.1, 0.3, 0.95])),
    st.one_of(
        st.integers(-30 * 24, 0).map(lambda hours: NOW + hours * 3_600_000_000),
        st.sampled_from([NOW, NOW - DAY, micros(datetime(1, 1, 2, tzinfo=UTC))]),
    ),
)
rankings = st.dictionaries(st.sampled_from([f"s{place}" for place in range(40)]), terms, max_size=40)
axes = st.sampled_from(list(Axis))


@given(rankings, axes, st.integers(0, 2_000 * DAY))
def test_the_closed_form_is_the_sum_of_the_contributions_at_any_instant(
    found: dict[str, Term], axis: Axis, after: int
) -> None:
    half_life = half_life_of(RULES, axis)
    at = NOW + after
    summed = combined(contributed(each, at, half_life) for each in found.values())
    assert ranked(found, half_life).score.at(at, half_life) == pytest.approx(summed, abs=1e-11)


@given(rankings, axes, st.integers(0, 2_000 * DAY))
def test_time_does_not_change_the_order(found: dict[str, Term], axis: Axis, after: int) -> None:
    half_life = half_life_of(RULES, axis)
    leading = [term for _, term in ranked(found, half_life).leading(40)]
    values = [contributed(each, NOW + after, half_life) for each in leading]
    assert all(one >= other or math.isclose(one, other, rel_tol=1e-9) for one, other in itertools.pairwise(values))
    keys = [order_key(each, half_life) for each in leading]
    assert keys == sorted(keys, reverse=True)


@given(rankings, rankings, st.randoms(use_true_random=False))
def test_a_ranking_is_the_same_however_it_came_about(
    first: dict[str, Term], last: dict[str, Term], chance: Random
) -> None:
    ranking = ranked(first)
    changes = [(story, last.get(story)) for story in {*first, *last}]
    for story, term in chance.sample(changes, len(changes)):
        ranking.put(story, term)
        assert ranking.score == score_of([each for _, each in ranking.leading()], WEEK)
    assert ranking.leading(40) == ranked(last).leading(40)
    assert ranking.score == ranked(last).score
    assert len(ranking) == len(last)


def test_stories_beyond_the_counted_places_do_not_matter() -> None:
    many = {f"s{place:02}": Term(0.9 - place / 100, NOW) for place in range(PLACES + 5)}
    ranking = ranked(many)
    before = ranking.score
    ranking.put("another", Term(0.01, NOW))
    assert ranking.score == before
    ranking.put("another", Term(0.9, NOW))
    assert ranking.score.value > before.value


# --- levels --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (0.0, "low"),
        (0.1199, "low"),
        (0.12, "medium"),
        (0.2999, "medium"),
        (0.30, "high"),
        (0.50, "critical"),
        (1.4, "critical"),
    ],
)
def test_the_level_of_an_impact(value: float, level: str) -> None:
    assert level_of(value, RULES) is Level(level)


LEVELS = [
    ("low", 0.1199, "low"),
    ("low", 0.12, "medium"),
    ("low", 0.30, "high"),
    ("low", 0.50, "critical"),
    ("low", 1.0, "critical"),
    ("medium", 0.12, "medium"),
    ("medium", 0.10, "medium"),
    ("medium", 0.0999, "low"),
    ("medium", 0.2999, "medium"),
    ("high", 0.28, "high"),
    ("high", 0.2799, "medium"),
    ("high", 0.1, "medium"),
    ("high", 0.0999, "low"),
    ("critical", 0.48, "critical"),
    ("critical", 0.4799, "high"),
    ("critical", 0.2799, "medium"),
    ("critical", 0.0, "low"),
]


@pytest.mark.parametrize(("before", "value", "after"), LEVELS)
def test_levels_and_their_margin(before: str, value: float, after: str) -> None:
    assert level_from(Level(before), value, RULES) is Level(after)
    assert level_after(Level(before), Score(value, NOW), NOW, RULES, WEEK) is Level(after)


levels = st.sampled_from(list(Level))
values = st.floats(0, 1).map(lambda each: round(each, 12))


@given(levels, values)
def test_a_level_once_taken_stays_while_the_score_does(before: Level, value: float) -> None:
    after = level_from(before, value, RULES)
    assert level_from(after, value, RULES) is after


@given(levels, values, st.floats(-1, 1))
def test_nothing_flaps_within_the_margin(before: Level, value: float, share: float) -> None:
    """After a change of level, a score that moves by less than the margin changes nothing back."""
    after = level_from(before, value, RULES)
    assume(after is not before)
    moved = round(min(1.0, max(0.0, value + share * 0.0199)), 12)
    again = level_from(after, moved, RULES)
    assert again is not before
    assert (again > before) == (after > before)


@given(levels, values, values)
def test_a_higher_score_never_gives_a_lower_level(before: Level, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert level_from(before, less, RULES) <= level_from(before, more, RULES)


def test_floors() -> None:
    assert [floor(each, RULES) for each in (Level.MEDIUM, Level.HIGH, Level.CRITICAL)] == [0.1, 0.28, 0.48]


# --- falls ---------------------------------------------------------------------------------------------------

raised = st.sampled_from([Level.MEDIUM, Level.HIGH, Level.CRITICAL])


@given(rankings, raised, axes)
def test_a_fall_is_exact_to_the_microsecond(found: dict[str, Term], level: Level, axis: Axis) -> None:
    """Worked out with sixty digits: the first whole microsecond at which the score is below what keeps the level."""
    half_life = half_life_of(RULES, axis)
    ranking = ranked(found, half_life)
    assume(ranking.score.value >= floor(level, RULES))
    fall = fall_at(ranking.score, level, RULES, half_life)
    assert fall is not None
    exact = _crossing([each for _, each in ranking.leading()], floor(level, RULES), half_life)
    assert abs(fall - exact) <= Decimal("1.2")  # not as floats, which are 8 microseconds apart in the year 1


def _crossing(leading: list[Term], least: float, half_life: float) -> Decimal:
    """When the score is `least`, in microseconds, by decimal arithmetic."""
    getcontext().prec = 60
    two, last, ln2 = Decimal(2), Decimal(leading[0].newest), Decimal(2).ln()
    total = sum(
        Decimal(each.impact) * two ** ((Decimal(each.newest) - last) / Decimal(half_life)) / Decimal(3) ** place
        for place, each in enumerate(leading)
    )
    return last + Decimal(half_life) * (total / Decimal(least)).ln() / ln2


@given(rankings, raised, axes, st.integers(0, 400 * DAY))
def test_the_instant_of_a_fall_does_not_depend_on_when_it_is_asked_for(
    found: dict[str, Term], level: Level, axis: Axis, after: int
) -> None:
    half_life = half_life_of(RULES, axis)
    score = ranked(found, half_life).score
    fall = fall_at(score, level, RULES, half_life)
    assume(fall is not None and fall > NOW)
    assert fall is not None
    asked = min(NOW + after, fall - 1)
    assert fall_instant(score, level, RULES, half_life, instant(asked)) == instant(fall)
    assert level_after(level, score, fall, RULES, half_life) < level
    assert level_after(level, score, fall - 1, RULES, half_life) >= level


def test_falls_by_hand() -> None:
    # 0.8 × 2^(-t / 7 d) reaches 0.48 at t = 7 d × log2(0.8 / 0.48), and 0.10 at exactly three half-lives.
    one = Score(0.8, NOW)
    assert fall_at(one, Level.CRITICAL, RULES, WEEK) == NOW + math.floor(WEEK * math.log2(5 / 3)) + 1
    assert fall_at(one, Level.MEDIUM, RULES, WEEK) == NOW + 3 * int(WEEK) + 1
    two = ranked({"a": Term(0.6, NOW), "b": Term(0.6, NOW)}).score
    assert fall_at(two, Level.MEDIUM, RULES, WEEK) == NOW + 3 * int(WEEK) + 1  # 0.6 + 0.6/3 = 0.8


def test_a_score_that_keeps_its_level_by_nothing_keeps_it_for_that_instant() -> None:
    assert fall_at(Score(0.1, NOW), Level.MEDIUM, RULES, WEEK) == NOW + 1
    assert fall_at(Score(0.7 - 0.6, NOW), Level.MEDIUM, RULES, WEEK) == NOW + 1, "0.1 but for its last digit"


def test_what_is_never_left() -> None:
    assert fall_at(Score(0.8, NOW), Level.LOW, RULES, WEEK) is None
    free = LevelRules(raise_={Level.MEDIUM: 0.02, Level.HIGH: 0.3, Level.CRITICAL: 0.5}, margin=0.02)
    assert fall_at(Score(0.8, NOW), Level.MEDIUM, free, WEEK) is None
    slow = timedelta(days=3_650_000) / timedelta(microseconds=1)
    assert fall_instant(Score(0.8, NOW), Level.MEDIUM, RULES, slow, AT) is None, "not before the year 10000"


def test_without_evidence_a_level_is_left_at_once() -> None:
    assert fall_instant(NO_SCORE, Level.HIGH, RULES, WEEK, AT) == AT + timedelta(microseconds=1)
    assert level_after(Level.HIGH, NO_SCORE, NOW, RULES, WEEK) is Level.LOW
