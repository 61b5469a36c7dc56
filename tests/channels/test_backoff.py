from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.pacing import ATTEMPTS, BASE, CAP, next_attempt

NOW = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)


def _wait(number: int, *, delivery: str = "d1", retry_after: float | None = None) -> timedelta:
    at = next_attempt(delivery, number=number, first=NOW, now=NOW, retry_after=retry_after)
    assert at is not None
    return at - NOW


@given(st.text(max_size=20), st.integers(1, ATTEMPTS - 1))
def test_waits_double_up_to_a_cap_with_jitter(delivery: str, number: int) -> None:
    whole = min(CAP, BASE * 2 ** (number - 1))
    assert whole / 2 <= _wait(number, delivery=delivery) < whole
    assert _wait(number, delivery=delivery) == _wait(number, delivery=delivery)


def test_deliveries_that_failed_together_do_not_come_back_together() -> None:
    waits = {_wait(3, delivery=f"d{each}") for each in range(100)}
    assert len(waits) == 100
    seconds = sorted(wait.total_seconds() for wait in waits)
    assert seconds[0] < 22
    assert seconds[-1] > 38


@given(st.floats(0, 80_000), st.integers(1, ATTEMPTS - 1))
def test_what_the_service_asks_for_is_a_least_wait(retry_after: float, number: int) -> None:
    assert _wait(number, retry_after=retry_after) >= timedelta(seconds=retry_after)


def test_it_gives_up_after_so_many_attempts() -> None:
    assert next_attempt("d", number=ATTEMPTS - 1, first=NOW, now=NOW) is not None
    assert next_attempt("d", number=ATTEMPTS, first=NOW, now=NOW) is None


def test_it_gives_up_after_so_long() -> None:
    first = NOW - timedelta(days=1)
    assert next_attempt("d", number=2, first=first, now=NOW) is None
    assert next_attempt("d", number=2, first=NOW, now=NOW, retry_after=90_000) is None
    assert next_attempt("d", number=2, first=NOW, now=NOW, retry_after=1e300) is None


def test_it_tries_for_a_day() -> None:
    at, number = NOW, 0
    while (following := next_attempt("d", number=(number := number + 1), first=NOW, now=at)) is not None:
        assert following > at
        at = following
    assert timedelta(hours=20) < at - NOW <= timedelta(days=1)
    assert number > 12
