"""Silences made by command."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.model.subscriber import Selection, Silence
from alerts.store.schema import SilenceRow
from alerts.store.upsert import row_of, upsert

_LISTS = ("institutions", "tags", "regions", "categories")


def all_silences(session: Session) -> list[Silence]:
    """Every stored silence, ended ones too, by id."""
    rows = session.scalars(select(SilenceRow).order_by(SilenceRow.id))
    return [record_of(Silence, row, select=_selection(row.select)) for row in rows]


def _selection(stored: Mapping[str, Any]) -> Selection:
    chosen = {name: frozenset(stored.get(name, ())) for name in _LISTS}
    return Selection(**chosen, all=bool(stored.get("all", False)))


def add(session: Session, silence: Silence) -> None:
    """Stores a silence; one of the same id is replaced. `starts` must be set."""
    chosen = silence.select
    stored = {name: sorted(getattr(chosen, name)) for name in _LISTS} | {"all": chosen.all}
    row = row_of(SilenceRow, silence, select=stored, starts=silence.starts or silence.until)
    upsert(session, SilenceRow, [row])


def remove(session: Session, silence: str) -> bool:
    """Whether there was such a silence."""
    found = session.execute(delete(SilenceRow).where(SilenceRow.id == silence).returning(SilenceRow.id))
    return found.scalar_one_or_none() is not None
