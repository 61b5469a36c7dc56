from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from alerts.model.times import EPOCH, instant, micros, parse_time

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
