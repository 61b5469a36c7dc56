"""The configuration in force is a numbered generation with its content

Revision: 0004
"""

from __future__ import annotations

from alerts.store.statements import drop_tables, execute

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute(__file__)


def downgrade() -> None:
    drop_tables(__file__)
