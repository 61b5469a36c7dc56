"""The logical clock that orders observations.

Observations carry the timestamp of the transaction that stores them. Taking one locks the row of the clock until the
transaction ends, so timestamps become visible in their own order: whoever sees one sees all earlier ones. That is what
lets replay repeat, byte for byte, what many workers did.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, bindparam, case, type_coerce, update
from sqlalchemy.orm import Session

from alerts.model.times import EPOCH
from alerts.store.schema import ClockRow, table_of
from alerts.store.types import Instant
from alerts.store.upsert import insert_new

_CLOCK = table_of(ClockRow)
_NOW = bindparam("now", type_=Instant)
_LATER = case(
    (_CLOCK.c.stamp >= _NOW, type_coerce(_CLOCK.c.stamp, BigInteger) + 1), else_=type_coerce(_NOW, BigInteger)
)
_TAKE = update(_CLOCK).where(_CLOCK.c.id == 1).values(stamp=type_coerce(_LATER, Instant)).returning(_CLOCK.c.stamp)


def next_timestamp(session: Session, now: datetime) -> datetime:
    """A timestamp later than all before it, `now` if possible; a clock set back cannot reorder anything.

    Call it as late in the transaction as possible: others that want one wait for its end.
    """
    # Writing the row takes its lock; only then is the timestamp of the latest committed transaction read.
    taken: datetime | None = session.scalar(_TAKE, {"now": now})
    if taken is None:
        insert_new(session, ClockRow, [{"id": 1, "stamp": EPOCH}])
        return next_timestamp(session, now)
    return taken
