"""Beat: puts `tick` and `selfcheck` into their queues on time.

    python -m worker.beat

Runs Celery's service without Celery's command line, which would be most of the memory of so small a process.
"""

from __future__ import annotations

import signal
import sys

from celery.beat import Service

from alerts.runtime import logs
from worker.app import app


def main() -> None:
    """Runs until SIGTERM or SIGINT."""
    logs.configure()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # which the service takes as the order to stop
    Service(app, scheduler_cls=app.conf.beat_scheduler, max_interval=app.conf.beat_max_loop_interval).start()


if __name__ == "__main__":
    main()
