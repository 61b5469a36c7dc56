"""How many threads of this process a service may hold, so that one which hangs does not hold up the others."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 4
"""Sends that may be under way to one service at a time; a process that sends has more threads than two such need."""

SLOW: Final = timedelta(seconds=5)
"""A service that has not answered for so long is slow: one send at a time, until one is quick again."""

SLOW_TOGETHER: Final = 2
"""Sends that may be under way to slow services, all taken together."""

LINE: Final = 1_000
"""Deliveries that are remembered as waiting for one service; what is beyond that is found in the database later."""


class Lanes:
    """Sends under way by service (`pace.lane`). Thread-safe."""

    def __init__(self) -> None:
        self._under_way: defaultdict[str, list[datetime]] = defaultdict(list)
        self._slow: set[str] = set()
        self._line: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._lock = threading.Lock()

    @contextmanager
    def enter(self, lane: str, clock: Callable[[], datetime]) -> Iterator[bool]:
        """Whether a send may begin; as long as the block lasts, it is under way."""
        began = clock()
        if not self._begin(lane, began):
            yield False
            return
        try:
            yield True
        finally:
            self._end(lane, began, clock())

    def is_slow(self, lane: str, now: datetime) -> bool:
        with self._lock:
            return self._is_slow(lane, now)

    def has_room(self, lane: str, now: datetime) -> bool:
        """Whether a send might begin now."""
        with self._lock:
            return self._has_room(lane, now)

    def wait(self, lane: str, delivery: str, now: datetime) -> bool:
        """Puts a delivery at the end of the line of those that found no room; False where there is room by now."""
        with self._lock:
            if self._has_room(lane, now):
                return False
            if len(self._line[lane]) < LINE:
                self._line[lane].setdefault(delivery)
            return True

    def called(self, lane: str) -> str | None:
        """The next in the line, who leaves it."""
        with self._lock:
            line = self._line.get(lane)
            if not line:
                return None
            first = next(iter(line))
            del line[first]
            if not line:
                del self._line[lane]
            return first

    def _begin(self, lane: str, now: datetime) -> bool:
        with self._lock:
            allowed = self._has_room(lane, now)
            if allowed:
                self._under_way[lane].append(now)
            return allowed

    def _has_room(self, lane: str, now: datetime) -> bool:
        mine = len(self._under_way.get(lane, ()))
        if self._is_slow(lane, now):
            slow = sum(len(sends) for each, sends in self._under_way.items() if self._is_slow(each, now))
            return mine == 0 and slow < SLOW_TOGETHER
        return mine < MOST

    def _end(self, lane: str, began: datetime, now: datetime) -> None:
        with self._lock:
            self._under_way[lane].remove(began)
            if not self._under_way[lane]:
                del self._under_way[lane]
            if now - began >= SLOW:
                self._slow.add(lane)
            else:
                self._slow.discard(lane)

    def _is_slow(self, lane: str, now: datetime) -> bool:
        return lane in self._slow or any(now - began >= SLOW for began in self._under_way.get(lane, ()))
