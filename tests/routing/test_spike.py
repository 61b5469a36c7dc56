"""Spikes against an institution's own rhythm."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.routing.events import Spike
from alerts.routing.spike import SpikeState

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


def days(counts: Sequence[int], start: datetime = START) -> list[datetime]:
    """Instants of so many stories a day, spread evenly."""
    return [
        start + number * DAY + DAY * (each + 0.5) / count
        for number, count in enumerate(counts)
        for each in range(count)
    ]


def spikes(instants: Iterable[datetime], *, stored: bool = False) -> list[tuple[datetime, Spike]]:
    state = SpikeState()
    found: list[tuple[datetime, Spike]] = []
    for at in instants:
        if stored:
            state = SpikeState.of(json.loads(json.dumps(state.record())))
        event = state.observe(at)
        if event is not None:
            found.append((at, event))
    return found


@pytest.mark.parametrize("rhythm", [[1], [5], [40], [0, 0, 0, 1], [1, 0, 2, 1], [2, 2, 2, 2, 2, 0, 0]])
def test_an_even_rhythm_has_no_spikes(rhythm: list[int]) -> None:
    assert spikes(days(rhythm * (120 // len(rhythm)))) == []


def test_a_weekly_rhythm_is_learnt() -> None:
    found = spikes(days([3, 3, 12, 3, 3, 0, 0] * 12))
    assert all(at < START + 29 * DAY for at, _ in found)


def test_a_burst_is_one_spike() -> None:
    ((at, event),) = spikes(days([2, 1, 0, 3, 1] * 8 + [15, 12, 14, 2, 1]))
    assert START + 40 * DAY <= at < START + 41 * DAY
    assert event.count == event.threshold < 15
    assert 1 <= event.expected <= 2


def test_a_first_burst_of_one_hardly_in_the_news_needs_four_stories() -> None:
    quiet = [1] + [0] * 30
    assert spikes(days([*quiet, 3])) == []
    assert [event.count for _, event in spikes(days([*quiet, 6]))] == [4]


def test_the_first_week_has_no_spike() -> None:
    assert spikes(days([1, 1, 1, 1, 50])) == []
    assert len(spikes(days([1, 1, 1, 1, 1, 1, 1, 1, 1, 50]))) == 1


def test_a_second_burst_after_a_pause_is_a_second_spike() -> None:
    assert len(spikes(days([1] * 30 + [12] + [1] * 10 + [12]))) == 2


def test_a_burst_does_not_raise_the_bar_for_long() -> None:
    (_, first), (_, second) = spikes(days([2] * 30 + [40, 40] + [2] * 10 + [40]))
    assert second.threshold <= first.threshold + 2


@given(st.lists(st.integers(0, 12), min_size=5, max_size=60), st.integers(1, 60))
@settings(deadline=None)
def test_storing_it_and_moving_it_by_weeks_changes_nothing(counts: list[int], weeks: int) -> None:
    plain = spikes(days(counts))
    assert spikes(days(counts), stored=True) == plain
    later = spikes(days(counts, START + weeks * timedelta(days=7)))
    assert [(each.count, each.threshold) for _, each in later] == [(each.count, each.threshold) for _, each in plain]


@given(st.lists(st.integers(0, 30), max_size=90))
@settings(deadline=None)
def test_the_state_is_bounded(counts: list[int]) -> None:
    state = SpikeState()
    for at in days(counts):
        state.observe(at)
        assert len(state.hours) <= 24
        assert len(state.days) <= 30


@pytest.mark.parametrize("rate", [0.3, 2.0, 20.0])
@pytest.mark.slow
def test_chance_alone_seldom_makes_a_spike(rate: float) -> None:
    """A year of 10 institutions at random, with a fixed seed: at most one false spike in three years of one."""
    chance = random.Random(7)
    false = 0
    for _ in range(10):
        at, instants = START, []
        while at < START + 365 * DAY:
            at += timedelta(days=chance.expovariate(rate))
            instants.append(at)
        false += len(spikes(instants))
    assert false <= 3
