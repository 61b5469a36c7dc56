"""Schema migrations: the SQL files of versions/, each run once, in the order of the numbers in their names.

They go forward only; the way back is a backup. A file that runs on both databases names what they write differently.
"""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text, update

from alerts.store.migrations import sources

FILES = {path.stem[:4]: path for path in sorted((Path(__file__).parent / "versions").glob("*.sql"))}
NEWEST = max(FILES)  # the revision that this program needs
# The number of the last one that was run. The library of this name ran the migrations up to version 0.2.0.
VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_STEPS = {"0005": sources.upgrade}  # what SQL alone cannot do, after the statements of the file


class Written(str):
    """Of a placeholder with arguments, `{time:published}` or `{json:detail lead.title}`: they take places 0 and 1."""

    __slots__ = ()

    def __format__(self, arguments: str) -> str:
        return self.format(*arguments.split())


_TIME = "strftime('%Y-%m-%dT%H:%M:%S', {0} / 1000000, 'unixepoch') || printf('.%06dZ', {0} % 1000000)"
_PATH = "json_extract_path_text({0}::json, VARIADIC string_to_array('{1}', '.'))"
_WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"serial": "INTEGER", "double": "DOUBLE", "bytes": "BLOB", "where_due": " WHERE due_at IS NOT NULL"}
    | {"sqlite": "", "postgresql": "-- ", "time": Written(_TIME), "json": Written("json_extract({0}, '$.{1}')")},
    "postgresql": {"serial": "SERIAL", "double": "DOUBLE PRECISION", "bytes": "BYTEA", "where_due": ""}
    | {"sqlite": "-- ", "postgresql": "", "json": Written(_PATH)}
    | {"time": Written("TIMESTAMPTZ 'epoch' + {0} * INTERVAL '1 microsecond'")},
}
"""What the two databases write differently; a statement of one of them is a comment for the other."""


def revision(connection: Connection) -> str | None:
    """The schema revision of a database; None where it has no schema yet."""
    known = inspect(connection).has_table(VERSION.name)
    return connection.scalar(select(VERSION.c.version_num)) if known else None


def migrate(connection: Connection, upto: str = NEWEST) -> None:
    """Runs the migrations that a database of a known revision lacks, all in the transaction of the connection."""
    current = revision(connection)
    if current is None:
        VERSION.create(connection)
        connection.execute(insert(VERSION).values(version_num=""))
    for number, file in FILES.items():
        if (current or "") < number <= upto:
            written = file.read_text(encoding="utf-8").format_map(_WORDS[connection.dialect.name])
            for statement in written.split(";\n"):
                if statement.strip():
                    connection.execute(text(statement))
            if number in _STEPS:
                _STEPS[number](connection)
            connection.execute(update(VERSION).values(version_num=number))
