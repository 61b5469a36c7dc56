"""INSERT … ON CONFLICT for both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Table, insert, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from alerts.store.tables import Base

_Id = TypeVar("_Id", int, str)
_Insert = sqlite.Insert | postgresql.Insert


def _table(of: type[Base]) -> Table:
    return cast("Table", of.__table__)


def _insert(session: Session, table: type[Base]) -> _Insert:
    # The table, not the class: rows that nobody wants back as objects need not become some on the way.
    target = _table(table)
    dialect = session.get_bind().dialect.name
    return sqlite.insert(target) if dialect == "sqlite" else postgresql.insert(target)


def insert_all(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that are not there yet, all in one round trip."""
    if rows:
        session.execute(insert(_table(table)), list(rows))


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows; one whose key is already there is left as it is."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


def upsert(
    session: Session,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    keep: frozenset[str] = frozenset(),
) -> None:
    """Inserts the rows, or updates those whose primary key is there, but for the columns in `keep`.

    Every row must have the same keys.
    """
    if not rows:
        return
    statement = _insert(session, table)
    key = [column.name for column in inspect(table).primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key and name not in keep}
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), list(rows))


def chunks(ids: Sequence[_Id], size: int = 500) -> Iterator[Sequence[_Id]]:
    """Some at a time: a statement takes so many bound parameters."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
