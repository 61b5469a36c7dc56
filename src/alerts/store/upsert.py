"""INSERT … ON CONFLICT for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from alerts.store.tables import Base

_Insert = sqlite.Insert | postgresql.Insert


def _insert(session: Session, table: type[Base]) -> _Insert:
    dialect = session.get_bind().dialect.name
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


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
