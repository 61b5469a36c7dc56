"""Levels compare by rank, whatever their names; what a tier and a grade allow."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.level import LEVELS, Axis, Cause, Level, LevelRules, Transition
from alerts.model.subscriber import Selection, Tier, WatchRule

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def change(before: Level, after: Level) -> Transition:
    return Transition(AT, "acme", Axis.POLICY, before, after, 0.4, Cause.EVIDENCE)


def test_levels_are_in_order_of_rank_and_not_of_the_alphabet() -> None:
    assert list(LEVELS) == [Level.LOW, Level.MEDIUM, Level.HIGH, Level.CRITICAL]
    assert [level.rank for level in LEVELS] == [0, 1, 2, 3]
    for lower, higher in combinations(LEVELS, 2):
        assert lower < higher
        assert higher > lower
        assert not higher <= lower
    assert max(LEVELS) is Level.CRITICAL


@given(st.sampled_from(LEVELS), st.sampled_from(LEVELS))
def test_a_level_compares_with_its_name_as_with_itself(one: Level, other: Level) -> None:
    assert (one < other) == (one < other.value) == (one.rank < other.rank)
    assert (one >= other) == (one >= other.value)


def test_a_level_compares_with_no_other_word() -> None:
    with pytest.raises(KeyError, match="severe"):
        assert Level.LOW < "severe"


@given(st.sampled_from(LEVELS), st.sampled_from(LEVELS))
def test_a_transition_rises_or_falls(before: Level, after: Level) -> None:
    assert change(before, after).rises == (after > before)


def test_a_transition_has_one_key_for_an_axis_and_an_instant() -> None:
    assert change(Level.LOW, Level.HIGH).key == change(Level.LOW, Level.MEDIUM).key
    assert "acme/policy/2026-03-02T09:00:00" in change(Level.LOW, Level.HIGH).key


def test_the_thresholds_grow_with_the_level_and_leave_room_for_the_margin() -> None:
    rules = LevelRules()
    thresholds = [rules.raise_[level] for level in LEVELS[1:]]
    assert thresholds == sorted(thresholds)
    assert all(after - before > rules.margin for before, after in pairwise(thresholds))
    assert set(rules.half_life) == set(Axis)


def test_a_tier_allows_itself_and_those_below() -> None:
    tiers = [Tier.OPEN, Tier.STRATEGIC_CIRCLE, Tier.LEADERSHIP_ALLIANCE]
    for place, tier in enumerate(tiers):
        assert [tier.allows(needed) for needed in tiers] == [index <= place for index in range(3)]


@pytest.mark.parametrize(
    ("least", "grade", "taken"),
    [("B", "A", True), ("B", "B", True), ("B", "B/C", True), ("B", "C", False), ("D", "D", True), ("A", "", True)],
)
def test_a_rule_takes_grades_from_its_least_letter_up(least: str, grade: str, taken: bool) -> None:
    assert WatchRule(Selection(all=True), min_grade=least).takes_grade(grade) is taken
