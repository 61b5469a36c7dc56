"""A bulkhead: how many threads of this process one service may hold, so that a service which hangs delays no other."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

# Sends to one service at a time. A process that sends has more threads than two services can hold.
MAX_IN_FLIGHT: Final = 4
# A service that takes longer is slow: it gets one send at a time until one is quick again.
SLOW_AFTER: Final = timedelta(seconds=5)
MAX_SLOW_IN_FLIGHT: Final = 2  # sends to all slow services together
# Deliveries remembered as waiting for one service; the next ticks find the others in the database.
MAX_WAITERS: Final = 1_000


class Bulkhead:
    """Sends in flight by service (`pacing.lane`). Thread-safe."""

    def __init__(self) -> None:
        self._in_flight: defaultdict[str, list[datetime]] = defaultdict(list)
        self._slow: set[str] = set()
        self._waiters: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._lock = threading.RLock()  # one method asks another

    @contextmanager
    def acquire(self, service: str, clock: Callable[[], datetime]) -> Iterator[bool]:
        """Whether a send may begin; it is in flight as long as the block lasts."""
        began = clock()
        with self._lock:
            allowed = self.has_room(service, began)
            if allowed:
                self._in_flight[service].append(began)
        try:
            yield allowed
        finally:
            if allowed:
                now = clock()
                with self._lock:
                    self._in_flight[service].remove(began)
                    if not self._in_flight[service]:
                        del self._in_flight[service]
                    if now - began >= SLOW_AFTER:
                        self._slow.add(service)
                    else:
                        self._slow.discard(service)

    def is_slow(self, service: str, now: datetime) -> bool:
        with self._lock:
            in_flight = self._in_flight.get(service, ())
            return service in self._slow or any(now - began >= SLOW_AFTER for began in in_flight)

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

    def next_waiter(self, service: str) -> str | None:
        """Takes the delivery that has waited longest out of the queue; None where there is none."""
        with self._lock:
            waiters = self._waiters.get(service)
            if not waiters:
                return None
            first = next(iter(waiters))
            del waiters[first]
            if not waiters:
                del self._waiters[service]
            return first
