"""Scores by the gravest story: every case is rebuilt once, at its next assessment

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A case of no configuration is rebuilt from its recorded findings, and nobody is alerted of what that changes.
    cases = sa.table(
        "cases",
        sa.column("configuration", sa.Text()),
        sa.column("version", sa.Integer()),
        sa.column("cursor", sa.BigInteger()),
        sa.column("due_at", sa.BigInteger()),
        sa.column("claimed_until", sa.BigInteger()),
    )
    op.execute(
        sa.update(cases)
        .where(cases.c.version > 0)
        .values(configuration="", due_at=cases.c.cursor, claimed_until=None)
    )


def downgrade() -> None:
    """The former formula finds the cases of another configuration and rebuilds them by itself."""
