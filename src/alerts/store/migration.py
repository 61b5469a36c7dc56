"""The revisions of the schema: SQL in one file for both databases, run in the order of their numbers."""

import runpy
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Connection, text


class Written(str):
    """Of a placeholder with arguments, `{time:published}` or `{json:detail lead.title}`: they take places 0 and 1."""

    __slots__ = ()

    def __format__(self, arguments: str) -> str:
        return self.format(*arguments.split())


_TIME = "strftime('%Y-%m-%dT%H:%M:%S', {0} / 1000000, 'unixepoch') || printf('.%06dZ', {0} % 1000000)"
_PATH = "json_extract_path_text({0}::json, VARIADIC string_to_array('{1}', '.'))"
WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"serial": "INTEGER", "double": "DOUBLE", "bytes": "BLOB", "where_due": " WHERE due_at IS NOT NULL"}
    | {"sqlite": "", "postgresql": "-- ", "time": Written(_TIME), "json": Written("json_extract({0}, '$.{1}')")}
    | {"join_texts": "group_concat", "or_replace": ""},
    "postgresql": {"serial": "SERIAL", "double": "DOUBLE PRECISION", "bytes": "BYTEA", "where_due": ""}
    | {
        "sqlite": "-- ",
        "postgresql": "",
        "time": Written("TIMESTAMPTZ 'epoch' + {0} * INTERVAL '1 microsecond'"),
        "json": Written(_PATH),
        "join_texts": "string_agg",
        "or_replace": "OR REPLACE ",
    },
}
"""What the two databases write differently; a statement of one of them is a comment for the other."""

REVISIONS = {path.name[:4]: path for path in sorted(Path(__file__).with_name("migrations").glob("[0-9]*"))}
"""Each by the number with which the name of its file begins: statements or, where those do not suffice, a module."""
NEWEST = max(REVISIONS)
# As Alembic, which ran them once, made it.
_MADE = (
    "CREATE TABLE IF NOT EXISTS alembic_version "
    "(version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def migrate(connection: Connection, wanted: str = NEWEST) -> None:
    """Takes the schema from the revision that it has to another; one that is newer stays."""
    connection.exec_driver_sql(_MADE)
    former = connection.scalar(text("SELECT version_num FROM alembic_version")) or ""
    for revision, file in REVISIONS.items():
        if former < revision <= wanted:
            if file.suffix == ".sql":
                _execute(connection, file.read_text(encoding="utf-8"))
            else:
                runpy.run_path(str(file))["upgrade"](connection)
            connection.execute(text("DELETE FROM alembic_version"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})


def _execute(connection: Connection, statements: str) -> None:
    for statement in statements.format_map(WORDS[connection.dialect.name]).split(";\n"):
        if statement.strip():
            connection.execute(text(statement))
