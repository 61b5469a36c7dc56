"""A bulkhead: how many threads of this process one service may hold, so that a service which hangs delays no other."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Sends to one service at a time. A process that sends has more threads than two services can hold.
MAX_IN_FLIGHT: Final = 4
# A service that takes longer is slow: it gets one send at a time until one is quick again.
SLOW_AFTER: Final = timedelta(seconds=5)
MAX_SLOW_IN_FLIGHT: Final = 2  # sends to all slow services together
# Deliveries remembered as waiting for one service; the next ticks find the others in the database.
MAX_WAITERS: Final = 1_000


@dataclass(slots=True, eq=False)
class Slot:
    """A place in a service, for sends one after the other; `began` is when the present one did."""

    service: str
    began: datetime


class Bulkhead:
    """Sends in flight by service (`pacing.lane`). Thread-safe."""

    def __init__(self) -> None:
        self._in_flight: defaultdict[str, list[Slot]] = defaultdict(list)
        self._slow: set[str] = set()
        self._waiters: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._lock = threading.RLock()  # one method asks another

    @contextmanager
    def acquire(self, service: str, clock: Callable[[], datetime]) -> Iterator[Slot | None]:
        """A place for sends, in flight as long as the block lasts; None where there is no room."""
        slot = Slot(service, clock())
        with self._lock:
            if allowed := self.has_room(service, slot.began):
                self._in_flight[service].append(slot)
        try:
            yield slot if allowed else None
        finally:
            if allowed:
                with self._lock:
                    self._in_flight[service].remove(slot)

    def ended(self, slot: Slot, now: datetime) -> bool:
        """Notes the end of a send, after which another may begin; whether the service was quick."""
        with self._lock:
            quick = now - slot.began < SLOW_AFTER
            (self._slow.discard if quick else self._slow.add)(slot.service)
            slot.began = now
        return quick

    def is_slow(self, service: str, now: datetime) -> bool:
        with self._lock:
            in_flight = self._in_flight.get(service, ())
            return service in self._slow or any(now - slot.began >= SLOW_AFTER for slot in in_flight)

    def has_room(self, service: str, now: datetime) -> bool:
        """Whether a send might begin now."""
        with self._lock:
            own = len(self._in_flight.get(service, ()))
            if self.is_slow(service, now):
                slow = sum(len(sends) for name, sends in self._in_flight.items() if self.is_slow(name, now))
                return own == 0 and slow < MAX_SLOW_IN_FLIGHT
            return own < MAX_IN_FLIGHT

    def wait(self, service: str, delivery: str, now: datetime) -> bool:
        """Queues a delivery that found no room, first come first served; False where there is room by now."""
        with self._lock:
            if self.has_room(service, now):
                return False
            if len(self._waiters[service]) < MAX_WAITERS:
                self._waiters[service].setdefault(delivery)
            return True

    def next_waiters(self, service: str, most: int) -> list[str]:
        """Takes the deliveries that have waited longest out of the queue."""
        with self._lock:
            waiters = self._waiters[service]
            first = list(waiters)[:most]
            for each in first:
                del waiters[each]
            return first
