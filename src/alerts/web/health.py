"""Whether the system does its work, asked at most every two seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from alerts.insight.health import Report, health
from alerts.runtime.ports import Serving

_CACHED: Final = timedelta(seconds=2)


class Checker:
    """The health report, made anew at most every two seconds: asking often costs nothing."""

    def __init__(self, runtime: Serving) -> None:
        self._runtime = runtime
        self._made: tuple[datetime, Report] | None = None

    def report(self) -> Report:
        """Raises StoreError where the database does not answer."""
        now = self._runtime.clock()
        if self._made is None or not timedelta(0) <= now - self._made[0] < _CACHED:
            with self._runtime.database.read() as session:
                self._made = now, health(session, self._runtime.configuration.files, now)
        return self._made[1]
