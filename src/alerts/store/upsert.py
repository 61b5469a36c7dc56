"""INSERT … ON CONFLICT, and questions about many values, for both databases."""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, Insert, TupleType, and_, bindparam, case, or_
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from alerts.store.schema import Base, table_of
from alerts.store.types import JsonList, SafeText, are_clean

_Id = TypeVar("_Id")


class Many(BindParameter[Any]):
    """The parameter of an `in_` with any number of values, so that the statement can be compiled once and reused."""

    inherit_cache = True


@compiles(Many, "sqlite")
def _as_list(many: Many, compiler: SQLCompiler, **how: Any) -> str:
    # By default SQLAlchemy writes a placeholder for each value, and the SQL text anew for each execution.
    if isinstance(many.type, TupleType):
        return str(compiler.visit_bindparam(many, **how))  # type: ignore[no-untyped-call]
    values = compiler.process(bindparam(many.key, type_=JsonList(many.type)))
    return f"(SELECT value FROM json_each({values}))"  # noqa: S608 - a placeholder


SOME = Many("some")
"""The ids of a statement, `chunks` at a time."""


def dialect(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


@cache  # as those below: making a statement costs more than running it
def _insert(dialect: str, table: type[Base]) -> sqlite.Insert:
    # That of PostgreSQL has the same methods, and takes 2 MB: only the dialect that is used is imported.
    made: sqlite.Insert = importlib.import_module(f"sqlalchemy.dialects.{dialect}").insert(table_of(table))
    return made


@cache
def _ignoring(dialect: str, table: type[Base]) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _replacing(
    dialect: str, table: type[Base], names: tuple[str, ...], keep: frozenset[str], least: frozenset[str]
) -> Insert:
    statement = _insert(dialect, table)
    columns, new = table_of(table).c, statement.excluded
    key = [column.name for column in table_of(table).primary_key]
    changed = {
        name: case((columns[name] < new[name], columns[name]), else_=new[name]) if name in least else new[name]
        for name in names
        if name not in key and name not in keep
    }
    return statement.on_conflict_do_update(index_elements=key, set_=changed)


@cache
def _prepared(statement: Insert, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, list[tuple[str, Any, Any]]]:
    """The text of a statement; and for each of its places a column, its type, and what makes a parameter of a value."""
    made = statement.compile(dialect=dialect, column_keys=list(names))
    kinds = {name: each.type for name, each in made.binds.items()}
    makers = {name: kind.dialect_impl(dialect).bind_processor(dialect) for name, kind in kinds.items()}
    return str(made), [(name, kinds[name], makers[name]) for name in made.positiontup or ()]


def _write(session: Session, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Runs a statement with each of the rows, which have the same keys, in one round trip.

    For SQLite the parameters are made here: SQLAlchemy takes longer to make those of a row than SQLite to write it."""
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        text, places = _prepared(statement, connection.dialect, tuple(rows[0]))
        columns = (_column([row[name] for row in rows], kind, make) for name, kind, make in places)
        connection.exec_driver_sql(text, list(zip(*columns, strict=True)))
    else:
        connection.execute(statement, list(rows))


def _column(values: list[Any], kind: Any, make: Callable[[Any], Any] | None) -> list[Any]:
    """The parameters of a column. One object that stands in many rows is converted once."""
    if make is None:
        return values
    if len({*map(id, values)}) == 1:  # as in most columns of what is made together
        return [make(values[0])] * len(values)
    if isinstance(kind, SafeText) and are_clean(values):
        return values
    ids = [*map(id, values)]
    made = {key: make(each) for key, each in dict(zip(ids, values, strict=True)).items()}
    return [*map(made.__getitem__, ids)]


def insert_all(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows that are not there yet, all in one round trip."""
    _write(session, _insert(dialect(session), table), rows)


def insert_new(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows; one whose key is already there is left as it is."""
    _write(session, _ignoring(dialect(session), table), rows)


def upsert(
    session: Session,
    table: type[Base],
    rows: Sequence[Mapping[str, Any]],
    *,
    keep: frozenset[str] = frozenset(),
    least: frozenset[str] = frozenset(),
) -> None:
    """Inserts the rows, or updates those whose primary key is there, but for the columns in `keep`, and for those in
    `least` where they hold something less than the new value."""
    if rows:
        _write(session, _replacing(dialect(session), table, tuple(rows[0]), keep, least), rows)


def row_of(table: type[Base], record: Any, /, **given: Any) -> dict[str, Any]:
    """A row with the columns `given`, and with each field of a dataclass as the column of its name.

    The number that the database gives a row is left out."""
    return {name: getattr(record, name) for name in _shared(table, record.__class__)} | given


@cache
def _shared(table: type[Base], kind: type[Any]) -> list[str]:
    columns, number = table_of(table).c, table_of(table).autoincrement_column
    return [name for name in kind.__dataclass_fields__ if name in columns and columns[name] is not number]


def equal(*asked: tuple[Any, Any]) -> list[ColumnElement[bool]]:
    """Conditions that columns have these values; of None any value will do."""
    return [column == value for column, value in asked if value is not None]


def each_at(count: int, key: ColumnElement[Any], compared: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """A condition: a row has one of `count` keys, and `compared` holds for the instant that `own_instants` gives it."""
    return or_(*(and_(key == bindparam(f"key_{n}"), compared(bindparam(f"at_{n}"))) for n in range(count)))


def own_instants(instants: Mapping[str, datetime]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The parameters of `each_at` for keys with an instant each, in chunks: the number of keys, and the parameters."""
    for some in chunks(sorted(instants.items()), 100):
        named = ({f"key_{n}": key, f"at_{n}": at} for n, (key, at) in enumerate(some))
        yield len(some), dict(chain.from_iterable(each.items() for each in named))


def chunks(ids: Sequence[_Id], size: int = 500) -> Iterator[Sequence[_Id]]:
    """Some at a time: a statement takes so many bound parameters."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def rows_of(session: Session, query: Executable, ids: Iterable[Any], **given: Any) -> Iterator[Any]:
    """The rows of a query about SOME, for any number of them."""
    for some in chunks(list(ids)):
        for part in session.execute(query, {"some": some, **given}).partitions(500):
            yield from part
