"""When beat sends what: by a clock that nobody sets.

Celery's own schedulers remember when they last sent a task by the wall clock; set back by an hour, they send
nothing for an hour. This one remembers nothing between two starts: a tick too many does no harm.
"""

from __future__ import annotations

import time
from typing import Any

from celery.beat import Scheduler


class SteadyScheduler(Scheduler):  # type: ignore[misc]
    """Sends each task at once and then every so many seconds of the monotonic clock."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._due: dict[str, float] = {}
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Sends what is due; the seconds until the next may be."""
        now = time.monotonic()
        for name, entry in self.schedule.items():
            if now >= self._due.get(name, now):
                self._due[name] = now + entry.schedule.seconds
                self.apply_entry(entry, producer=self.producer)
        wait = min(self._due.values(), default=now) - time.monotonic()
        return float(max(0.0, min(wait, self.max_interval)))
