"""The schema of version 0.1.0, the first that was released

Revision: 0003
"""

from __future__ import annotations

from alerts.store.statements import drop_tables, execute

revision = "0003"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute(__file__)


def downgrade() -> None:
    drop_tables(__file__)
