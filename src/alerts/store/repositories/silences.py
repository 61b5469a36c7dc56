"""Silences made by command."""

from pydantic import TypeAdapter
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.model.subscriber import Selection, Silence
from alerts.store.schema import SilenceRow
from alerts.store.upsert import row_of, upsert

_SELECTION = TypeAdapter(Selection)


def all_silences(session: Session) -> list[Silence]:
    """Every stored silence, ended ones too, by id."""
    return [_silence(row) for row in session.scalars(select(SilenceRow).order_by(SilenceRow.id))]


def add(session: Session, silence: Silence) -> None:
    """Stores a silence; one of the same id is replaced. `starts` must be set."""
    stored = _SELECTION.dump_python(silence.select, mode="json")
    upsert(session, SilenceRow, [row_of(SilenceRow, silence, select=stored, starts=silence.starts or silence.until)])


def remove(session: Session, silence: str) -> Silence | None:
    """Removes a silence and returns it; None where there was none."""
    found = session.scalar(delete(SilenceRow).where(SilenceRow.id == silence).returning(SilenceRow))
    return None if found is None else _silence(found)


def _silence(row: SilenceRow) -> Silence:
    return record_of(Silence, row, select=_SELECTION.validate_python(row.select))
