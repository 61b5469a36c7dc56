"""The rate gate: at most one acquisition of a name per interval, across all processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from alerts.store.schema import LockRow
from alerts.store.upsert import insert_new


def try_acquire(session: Session, name: str, now: datetime, gap: timedelta) -> bool:
    """Whether this transaction may do what `name` stands for; no other may for `gap` from now.

    The row is locked until the transaction ends, so the work is done in this transaction or not at all: one that was
    delayed past the interval finds the name taken, or its commit fails. A time further ahead than `gap` was written by
    a clock that has been set back since, and is ignored.
    """
    insert_new(session, LockRow, [{"name": name, "until": now}])
    acquired = session.execute(
        update(LockRow)
        .where(LockRow.name == name, or_(LockRow.until <= now, LockRow.until > now + gap))
        .values(until=now + gap)
        .returning(LockRow.name)
    ).scalar_one_or_none()
    return acquired is not None
