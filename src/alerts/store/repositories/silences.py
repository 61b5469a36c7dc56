"""Silences made by command."""

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.model.subscriber import Selection, Silence
from alerts.store.schema import SilenceRow, table_of
from alerts.store.upsert import row_of, upsert

_SELECTION = TypeAdapter(Selection)
_ALL = select(table_of(SilenceRow)).order_by(SilenceRow.id)


def all_silences(session: Session) -> list[Silence]:
    """Every stored silence, ended ones too, by id."""
    rows = session.execute(_ALL)
    return [record_of(Silence, row, select=_SELECTION.validate_python(row.select)) for row in rows]


def add(session: Session, silence: Silence) -> None:
    """Stores a silence; one of the same id is replaced. `starts` must be set."""
    stored = _SELECTION.dump_python(silence.select, mode="json")
    upsert(session, SilenceRow, [row_of(SilenceRow, silence, select=stored, starts=silence.starts or silence.until)])


def remove(session: Session, silence: str) -> bool:
    """Whether there was such a silence."""
    return session.scalar(delete(SilenceRow).where(SilenceRow.id == silence).returning(SilenceRow.id)) is not None
