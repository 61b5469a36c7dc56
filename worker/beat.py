"""Beat: puts `tick` and `selfcheck` into their queues on time.

    python -m worker.beat

A loop of its own: Celery's scheduler and its command line would be a good part of the memory of so small a process.
"""

import logging
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Final

from kombu.exceptions import OperationalError

from alerts.runtime import logs
from worker.app import TICK_SECONDS, app

INTERVALS: Final = {"tick": TICK_SECONDS, "selfcheck": 60.0}  # seconds, by task


def schedule(intervals: Mapping[str, float]) -> Iterator[str]:
    """Names each task at the start and then at its interval, on the monotonic clock; sleeps meanwhile.

    Celery's own schedulers remember by the wall clock when they last sent a task; set back by an hour, they send
    nothing for an hour. This one remembers nothing between two starts: a tick too many does no harm.
    """
    next_at = dict.fromkeys(intervals, time.monotonic())
    while True:
        now = time.monotonic()
        for name, interval in intervals.items():
            if now >= next_at[name]:
                next_at[name] = now + interval
                yield name
        time.sleep(max(0.0, min(next_at.values()) - time.monotonic()))


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    logs.configure()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    for task in schedule(INTERVALS):
        try:
            # Once: while there is no broker, the next tick is a better one. No `expires`, which compares this clock
            # with a worker's: ticks that waited are cheap, since the first shuts the others out for half a tick.
            app.send_task(task, retry=False)
        except OperationalError:
            logs.event("beat.failed", logging.ERROR, caught=True, task=task)


if __name__ == "__main__":
    main()
