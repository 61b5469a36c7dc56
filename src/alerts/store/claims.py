"""What is due is claimed by one tick, and not handed out again for a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from alerts.store.upsert import SOME, chunks


class Claim:
    """How the rows of one table are claimed."""

    def __init__(
        self,
        table: Table,
        key: Column[str],
        due: Column[datetime],
        *also: ColumnElement[bool],
        order: Sequence[Column[Any]] = (),
    ) -> None:
        """Of the rows with `due` in the past, and for which `also` holds, by `key`; the longest due first."""
        until = table.c.claimed_until
        unclaimed = or_(until.is_(None), until <= bindparam("now"))
        find = select(key).where(due <= bindparam("now"), unclaimed, *also).order_by(*(order or (due,)))
        self._find = find.limit(bindparam("most")).with_for_update(skip_locked=True)
        self._take = update(table).where(key.in_(SOME)).values(claimed_until=bindparam("until"))

    def due(self, session: Session, now: datetime, *, limit: int, hold: timedelta) -> list[str]:
        """The keys of what is due, at most `limit`; each is not handed out again for `hold`."""
        found = list(session.scalars(self._find, {"now": now, "most": limit}))
        for some in chunks(found):
            session.execute(self._take, {"some": some, "until": now + hold})
        return found
