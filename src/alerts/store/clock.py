"""The two clocks of all workers: the wall clock of the database, and the logical clock that orders observations.

A lease works only if all processes agree on "now", however wrong the clock of one is. SQLite lives on one machine,
whose clock all its processes share; a PostgreSQL server is asked for its own.

Observations carry the timestamp of the transaction that stores them. Taking one locks the row of the logical clock
until the transaction ends, so timestamps become visible in their own order: whoever sees one sees all earlier ones.
That is what lets replay repeat, byte for byte, what many workers did."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, bindparam, case, text, type_coerce, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from alerts.model.times import EPOCH
from alerts.store.database import Database
from alerts.store.schema import ClockRow, table_of
from alerts.store.types import Instant
from alerts.store.upsert import insert_new

ASKED_EVERY_SECONDS = 1.0
_DRIFT = timedelta(milliseconds=1)  # by which two clocks may part in a second
_CLOCK, _STAMP = table_of(ClockRow), table_of(ClockRow).c.stamp
_NOW = bindparam("now", type_=Instant)
_LATER = case((_STAMP >= _NOW, type_coerce(_STAMP, BigInteger) + 1), else_=type_coerce(_NOW, BigInteger))
_TAKE = update(_CLOCK).where(_CLOCK.c.id == 1).values(stamp=type_coerce(_LATER, Instant)).returning(_STAMP)


class SharedClock:
    """Called, gives the time. Thread-safe; asks the server at most once a second, and counts on from its answers.

    An answer is of some instant between question and receipt, which may be long where this process is busy. So each
    answer only bounds the difference of the clocks, and what all of them leave is halved: two workers agree to within
    their quickest answers. One whose clock was behind by more would take a message that another has just written for
    one that is not due yet.

    While the server does not answer, the last answers count; before the first one, the clock of this machine."""

    def __init__(self, database: Database, own: Callable[[], datetime]) -> None:
        self._database = database
        self._own = own
        self._lock = threading.Lock()
        # The least and the greatest time of the server when our monotonic clock was 0, by what it answered until then.
        self._known: tuple[datetime, datetime, float] | None = None
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
        least, greatest, _ = self._known
        return least + (greatest - least) / 2 + timedelta(seconds=time.monotonic())

    def _ask(self) -> None:
        try:
            with self._database.engine.connect() as connection:
                before = time.monotonic()
                answer: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
                after = time.monotonic()
        except SQLAlchemyError:
            return  # the next query reports what is wrong with the database
        finally:
            self._asked = time.monotonic()
        least, greatest = (answer.astimezone(UTC) - timedelta(seconds=each) for each in (after, before))
        if self._known is not None:
            drift = _DRIFT * (after - self._known[2])
            both = max(least, self._known[0] - drift), min(greatest, self._known[1] + drift)
            if both[0] <= both[1]:  # else the server's clock was set
                least, greatest = both
        self._known = least, greatest, after


def next_timestamp(session: Session, now: datetime) -> datetime:
    """A timestamp later than all before it, `now` if possible; a clock set back cannot reorder anything.

    Call it as late in the transaction as possible: others that want one wait for its end."""
    # Writing the row takes its lock; only then is the timestamp of the latest committed transaction read.
    taken: datetime | None = session.scalar(_TAKE, {"now": now})
    if taken is None:
        insert_new(session, ClockRow, [{"id": 1, "stamp": EPOCH}])
        return next_timestamp(session, now)
    return taken
