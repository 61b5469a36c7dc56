"""Scores by the gravest story: tables of what stories amounted to; every case is rebuilt once, at its next assessment

Revision: 0006
"""

from __future__ import annotations

from alerts.store.statements import drop_tables, execute

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute(__file__)


def downgrade() -> None:
    # The former formula finds cases of another configuration, and rebuilds them by itself.
    drop_tables(__file__)
