"""What was written and never read goes: a table of configurations, a case's next fall, a lock's holder

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("configurations")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_column("next_fall_at")
    with op.batch_alter_table("locks", schema=None) as batch_op:
        batch_op.drop_column("holder")


def downgrade() -> None:
    with op.batch_alter_table("locks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("holder", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("locks", schema=None) as batch_op:
        batch_op.alter_column("holder", server_default=None)
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_fall_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "configurations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configurations")),
    )
    with op.batch_alter_table("configurations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_configurations_activated_at"), ["activated_at"], unique=False)
