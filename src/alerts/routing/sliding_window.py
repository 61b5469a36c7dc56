"""At most so many messages in any window of time. A window holds one of two messages exactly its length apart."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from datetime import datetime

from alerts.model.subscriber import RateLimit


def has_room(window: Sequence[datetime], at: datetime, limit: RateLimit) -> bool:
    """Whether one more message at `at` keeps every window within the limit. `window` is in order."""
    times = list(window)
    insort(times, at)
    return limit.count > 0 and all(
        last - first >= limit.per for first, last in zip(times, times[limit.count :], strict=False)
    )


def next_room(window: Sequence[datetime], at: datetime, limit: RateLimit) -> datetime:
    """The first instant after `at` with room for one more message; a window's length later at most."""
    frees = (each + limit.per for each in window)
    return next((each for each in frees if each > at and has_room(window, each, limit)), at + limit.per)


def take(window: list[datetime], at: datetime, limit: RateLimit, now: datetime) -> None:
    """Count a message at `at`, which may lie ahead, and drop what no window that ends after `now` can hold."""
    insort(window, at)
    window[:] = [each for each in window if each > now - limit.per]
