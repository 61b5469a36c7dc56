"""Named gates that let one through and then nobody for a while, whoever asks."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from alerts.store.schema import LockRow
from alerts.store.upsert import insert_new


def passes(session: Session, name: str, now: datetime, gap: timedelta) -> bool:
    """Whether this transaction may do what `name` stands for; nobody else may for `gap` from now.

    The row is locked until the transaction ends, so what is done behind the gate is done in it or not at all:
    one that was held up and let go late finds the gate shut, or its commit fails. A time further ahead than
    `gap` was written by a clock that has been set back since, and shuts nobody out.
    """
    insert_new(session, LockRow, [{"name": name, "until": now}])
    passed = session.execute(
        update(LockRow)
        .where(LockRow.name == name, or_(LockRow.until <= now, LockRow.until > now + gap))
        .values(until=now + gap)
        .returning(LockRow.name)
    ).scalar_one_or_none()
    return passed is not None
