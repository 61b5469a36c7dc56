"""First schema: the statements stand in the file beside this one.

Revision: 0001
"""

from __future__ import annotations

import re
from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = Path(__file__).with_suffix(".sql")
WORDS = {
    "sqlite": {"serial": "INTEGER", "double": "DOUBLE", "bytes": "BLOB", "where_due": " WHERE due_at IS NOT NULL"},
    "postgresql": {"serial": "SERIAL", "double": "DOUBLE PRECISION", "bytes": "BYTEA", "where_due": ""},
}
"""What the two databases write differently."""


def upgrade() -> None:
    text = STATEMENTS.read_text(encoding="utf-8").format_map(WORDS[op.get_bind().dialect.name])
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    for table in reversed(re.findall(r"CREATE TABLE (\w+)", STATEMENTS.read_text(encoding="utf-8"))):
        op.drop_table(table)
