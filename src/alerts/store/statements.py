"""The statements of a migration: SQL in the file beside its module, for both databases."""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

WORDS = {
    "sqlite": {"serial": "INTEGER", "double": "DOUBLE", "bytes": "BLOB", "where_due": " WHERE due_at IS NOT NULL"},
    "postgresql": {"serial": "SERIAL", "double": "DOUBLE PRECISION", "bytes": "BYTEA", "where_due": ""},
}
"""What the two databases write differently."""


def execute(module: str) -> None:
    """Runs the statements of a migration, given the file of its module."""
    for statement in _text(module).format_map(WORDS[op.get_bind().dialect.name]).split(";\n"):
        if statement.strip():
            op.execute(statement)


def drop_tables(module: str) -> None:
    """Removes the tables that the statements of a migration make."""
    for table in reversed(re.findall(r"CREATE TABLE (\w+)", _text(module))):
        op.drop_table(table)


def _text(module: str) -> str:
    return Path(module).with_suffix(".sql").read_text(encoding="utf-8")
