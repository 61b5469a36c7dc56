"""Liveness: a file that a process touches while it does its work, for health checks to read.

A worker touches it while its event loop runs and it holds a connection to the broker; beat touches it whenever the
broker has accepted a tick. In a process that hangs or has lost its broker it grows old (`worker.healthcheck`)."""

import os
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.signals import after_task_publish

from worker.healthcheck import FILE_ENV

TOUCH_INTERVAL_SECONDS = 5.0


def install(app: Celery) -> None:
    """Makes workers and beat of this app touch the file that ALERTS_ALIVE names; does nothing where it is not set."""
    name = os.environ.get(FILE_ENV)
    if not name:
        return
    file = Path(name)

    class Liveness(bootsteps.StartStopStep):  # type: ignore[misc]
        """Starts with the connection to the broker and stops with it."""

        requires = ("celery.worker.consumer.connection:Connection",)
        _timer: Any = None

        def start(self, parent: Any) -> None:
            file.touch()
            self._timer = parent.timer.call_repeatedly(TOUCH_INTERVAL_SECONDS, file.touch)

        def stop(self, parent: Any) -> None:  # noqa: ARG002
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    app.steps["consumer"].add(Liveness)
    # Only beat sends ticks.
    after_task_publish.connect(lambda **_: file.touch(), sender="tick", weak=False, dispatch_uid="liveness")
