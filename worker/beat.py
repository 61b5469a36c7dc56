"""Beat: puts `tick` and `selfcheck` into their queues on time.

    python -m worker.beat

A loop of its own: Celery's scheduler and its command line would be a good part of the memory of so small a process.
"""

import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final

from kombu.exceptions import OperationalError

from alerts.runtime import logs
from worker.app import TICK_SECONDS, app

INTERVALS: Final = {"tick": TICK_SECONDS, "selfcheck": 60.0}  # seconds, by task


class Scheduler:
    """Sends each task at the start and then at its interval, on the monotonic clock.

    Celery's own schedulers remember by the wall clock when they last sent a task; set back by an hour, they send
    nothing for an hour. This one remembers nothing between two starts: a tick too many does no harm.
    """

    def __init__(self, intervals: Mapping[str, float], send: Callable[[str], object]) -> None:
        self._intervals = intervals
        self._send = send
        self._next_at = dict.fromkeys(intervals, float("-inf"))

    def send_due(self) -> float:
        """Sends what is due; the seconds until the next task is."""
        now = time.monotonic()
        for name, interval in self._intervals.items():
            if now >= self._next_at[name]:
                self._next_at[name] = now + interval
                self._send(name)
        return max(0.0, min(self._next_at.values()) - time.monotonic())


def send(task: str) -> None:
    """Sends a task, once: while there is no broker, the next tick is a better one."""
    try:
        # No `expires`, which compares this clock with a worker's: ticks that waited in the queue are cheap, since the
        # first shuts the others out for half a tick.
        app.send_task(task, retry=False)
    except OperationalError:
        logs.event("beat.failed", logging.ERROR, caught=True, task=task)


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    logs.configure()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    scheduler = Scheduler(INTERVALS, send)
    while True:
        time.sleep(scheduler.send_due())


if __name__ == "__main__":
    main()
