"""What is due is claimed by one tick, and not handed out again for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, Update, bindparam, or_, select, update
from sqlalchemy.orm import Session

from alerts.store.upsert import SOME, chunks


@dataclass(frozen=True, slots=True)
class Claim:
    """How the rows of one table are claimed."""

    find: Select[Any]
    take: Update

    @classmethod
    def of(
        cls,
        table: Table,
        key: Column[str],
        due: Column[datetime],
        *also: ColumnElement[bool],
        order: Sequence[Column[Any]] = (),
    ) -> Claim:
        """Of the rows with `due` in the past, and for which `also` holds, by `key`; the longest due first."""
        until = table.c.claimed_until
        unclaimed = or_(until.is_(None), until <= bindparam("now"))
        find = select(key).where(due <= bindparam("now"), unclaimed, *also).order_by(*(order or (due,)))
        return cls(
            find.limit(bindparam("most")).with_for_update(skip_locked=True),
            update(table).where(key.in_(SOME)).values(claimed_until=bindparam("until")),
        )

    def due(self, session: Session, now: datetime, *, limit: int, hold: timedelta) -> list[str]:
        """The keys of what is due, at most `limit`; each is not handed out again for `hold`."""
        found = list(session.scalars(self.find, {"now": now, "most": limit}))
        for some in chunks(found):
            session.execute(self.take, {"some": some, "until": now + hold})
        return found
