"""The statements of a migration: SQL in one file for both databases."""

from collections.abc import Mapping
from pathlib import Path

from alembic import op


class Written(str):
    """Of a placeholder with arguments, `{time:published}` or `{json:detail lead.title}`: they take places 0 and 1."""

    __slots__ = ()

    def __format__(self, arguments: str) -> str:
        return self.format(*arguments.split())


_TIME = "strftime('%Y-%m-%dT%H:%M:%S', {0} / 1000000, 'unixepoch') || printf('.%06dZ', {0} % 1000000)"
_INTERVAL = "TIMESTAMPTZ 'epoch' + {0} * INTERVAL '1 microsecond'"
_PATH = "json_extract_path_text({0}::json, VARIADIC string_to_array('{1}', '.'))"
WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"serial": "INTEGER", "double": "DOUBLE", "bytes": "BLOB", "where_due": " WHERE due_at IS NOT NULL"}
    | {"sqlite": "", "postgresql": "-- ", "time": Written(_TIME), "json": Written("json_extract({0}, '$.{1}')")}
    | {"join_texts": "group_concat", "or_replace": ""},
    "postgresql": {"serial": "SERIAL", "double": "DOUBLE PRECISION", "bytes": "BYTEA", "where_due": ""}
    | {"sqlite": "-- ", "postgresql": "", "time": Written(_INTERVAL), "json": Written(_PATH)}
    | {"join_texts": "string_agg", "or_replace": "OR REPLACE "},
}
"""What the two databases write differently; a statement of one of them is a comment for the other."""


def execute(file: Path) -> None:
    """Runs the statements of a migration."""
    text = file.read_text(encoding="utf-8").format_map(WORDS[op.get_bind().dialect.name])
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)
