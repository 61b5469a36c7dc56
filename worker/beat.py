"""Beat: puts `tick` and `selfcheck` into their queues on time.

    python -m worker.beat

Runs Celery's service without Celery's command line, which would be most of the memory of so small a process."""

import signal
import sys
import time
from typing import Any

from celery.beat import Scheduler, Service

from alerts.runtime import logs
from worker.app import app


class MonotonicScheduler(Scheduler):  # type: ignore[misc]
    """Sends each task at the start and then at its interval, on the monotonic clock.

    Celery's own schedulers remember by the wall clock when they last sent a task; set back by an hour, they send
    nothing for an hour. This one remembers nothing between two starts: a tick too many does no harm."""

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


service = Service(app, scheduler_cls=MonotonicScheduler, max_interval=app.conf.beat_max_loop_interval)


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # which the service takes as the order to stop
    service.start()


if __name__ == "__main__":
    logs.configure()  # which has been done where it is a fork
    main()
