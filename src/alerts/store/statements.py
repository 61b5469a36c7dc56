"""The statements of a migration: SQL in the file beside its module, for both databases."""

import re
from collections.abc import Callable
from pathlib import Path

from alembic import op

WORDS = {
    "sqlite": {"serial": "INTEGER", "double": "DOUBLE", "bytes": "BLOB", "where_due": " WHERE due_at IS NOT NULL"}
    | {"sqlite": "", "postgresql": "-- "},
    "postgresql": {"serial": "SERIAL", "double": "DOUBLE PRECISION", "bytes": "BYTEA", "where_due": ""}
    | {"sqlite": "-- ", "postgresql": ""},
}
"""What the two databases write differently; a statement of one of them is a comment for the other."""


def migration(module: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """The `upgrade` and `downgrade` of a migration, given the file of its module.

    The one runs the statements, the other removes the tables that they make.
    """
    text = Path(module).with_suffix(".sql").read_text(encoding="utf-8")

    def upgrade() -> None:
        for statement in text.format_map(WORDS[op.get_bind().dialect.name]).split(";\n"):
            if statement.strip():
                op.execute(statement)

    def downgrade() -> None:
        for table in reversed(dict.fromkeys(re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", text))):
            op.drop_table(table)

    return upgrade, downgrade
