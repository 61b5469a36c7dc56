"""A schedule for beat on the monotonic clock, so that setting the wall clock neither stops nor hurries it.

Celery's own schedulers remember when they last sent a task by the wall clock; set back by an hour, they send
nothing for an hour. This one remembers nothing between two starts: a tick too many does no harm.
"""

from __future__ import annotations

import time
from typing import Any

from celery.beat import Scheduler


class MonotonicScheduler(Scheduler):  # type: ignore[misc]
    """Sends each task at the start and then at its interval."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._next_at: dict[str, float] = {}
        super().__init__(*args, **options)

    def tick(self, *_: Any, **__: Any) -> float:
        """Sends what is due; the seconds until it should be called again."""
        now = time.monotonic()
        for name, entry in self.schedule.items():
            if now >= self._next_at.get(name, now):
                self._next_at[name] = now + entry.schedule.seconds
                self.apply_entry(entry, producer=self.producer)
        wait = min(self._next_at.values(), default=now) - time.monotonic()
        return float(max(0.0, min(wait, self.max_interval)))
