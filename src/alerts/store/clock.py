"""The time that all workers share: the database's, so that it does not matter how wrong the clock of one is.

A lease works only if all processes agree on "now". SQLite lives on one
machine, whose clock all its processes share; a PostgreSQL server is asked for its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from alerts.store.database import Database

ASKED_EVERY_SECONDS = 1.0


class SharedClock:
    """Called, gives the time. Thread-safe; asks the server at most once a second, and counts on from its answer.

    While the server does not answer, the last answer counts; before the first one, the clock of this machine.
    """

    def __init__(self, database: Database, own: Callable[[], datetime]) -> None:
        self._database = database
        self._own = own
        self._lock = threading.Lock()
        self._known: tuple[datetime, float] | None = None
        self._asked = float("-inf")

    def __call__(self) -> datetime:
        if self._database.is_sqlite:
            return self._own()
        # One thread asks; the others wait only where there is nothing yet to count on from.
        stale = time.monotonic() - self._asked >= ASKED_EVERY_SECONDS
        if stale and self._lock.acquire(blocking=self._known is None):
            try:
                if time.monotonic() - self._asked >= ASKED_EVERY_SECONDS:
                    self._ask()
            finally:
                self._lock.release()
        if self._known is None:
            return self._own()
        at, counted = self._known
        return at + timedelta(seconds=time.monotonic() - counted)

    def _ask(self) -> None:
        before = time.monotonic()
        try:
            with self._database.engine.connect() as connection:
                told: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        except SQLAlchemyError:
            return  # the next query reports what is wrong with the database
        finally:
            self._asked = time.monotonic()
        self._known = told.astimezone(UTC), (before + self._asked) / 2  # the answer is of an instant in between
