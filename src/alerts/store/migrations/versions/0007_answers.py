"""What readers answer to alerts

Revision: 0007
"""

from __future__ import annotations

from alerts.store.statements import drop_tables, execute

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute(__file__)


def downgrade() -> None:
    drop_tables(__file__)
