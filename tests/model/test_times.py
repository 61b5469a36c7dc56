"""Instants and durations as text and as numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.times import EPOCH, format_duration, format_time, instant, micros, parse_duration, parse_time

ANY = st.datetimes(timezones=st.just(UTC))


def test_microseconds_are_counted_from_the_epoch() -> None:
    assert micros(EPOCH) == 0
    assert micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == 1_000_005


@given(ANY, ANY)
def test_microseconds_are_exact_and_keep_the_order(one: datetime, other: datetime) -> None:
    assert instant(micros(one)) == one
    assert (micros(one) < micros(other)) == (one < other)


def test_letters_of_a_time_may_be_small() -> None:
    assert parse_time("1970-01-01t00:00:00z") == EPOCH
    assert parse_time("1970-01-01t01:00:00+01:00") == EPOCH


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("250ms", 0.25),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-1h", "1", "h", "1h30", "1y", "1h,30m", "9" * 30 + "w"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"no duration|too long"):
        parse_duration(text)


@given(st.integers(0, 10**9))
def test_a_written_duration_is_read_back_short_by_less_than_its_last_unit(seconds: int) -> None:
    written = format_duration(timedelta(seconds=seconds))
    again = parse_duration(written)
    assert again <= timedelta(seconds=seconds)
    units = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
    assert timedelta(seconds=seconds) - again < timedelta(seconds=units[written[-1]])
    assert format_duration(again) == written


@given(ANY)
def test_a_written_instant_is_read_back(at: datetime) -> None:
    assert parse_time(format_time(at)) == at
    assert format_time(at).endswith("Z")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+01:00"])
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)
