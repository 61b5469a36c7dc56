"""Scores by the gravest story: tables of what stories amounted to; every case is rebuilt once, at its next assessment

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "story_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("mix", sa.Text(), nullable=False),
        sa.Column("salience", sa.Double(), nullable=False),
        sa.Column("topics", sa.Text(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("publishers", sa.Integer(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("key_priority", sa.Double(), nullable=True),
        sa.Column("key_policy", sa.Double(), nullable=True),
        sa.Column("key_continuity", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_story_versions")),
    )
    op.create_index("ix_story_versions_story", "story_versions", ["story", "since"])
    op.create_index("ix_story_versions_newest", "story_versions", ["institution", "newest"])
    for axis in ("priority", "policy", "continuity"):
        op.create_index(f"ix_story_versions_{axis}", "story_versions", ["institution", f"key_{axis}"])
    op.create_table(
        "assessments",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("publishers", sa.Integer(), nullable=False),
        sa.Column("direct", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "at", name=op.f("pk_assessments")),
    )
    op.create_table(
        "story_rises",
        sa.Column("institution", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("axis", sa.Text(), nullable=False),
        sa.Column("from_level", sa.Text(), nullable=False),
        sa.Column("to_level", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("institution", "at", "story", name=op.f("pk_story_rises")),
    )
    # A case of another configuration is rebuilt from its recorded findings, and nobody is alerted of what that changes.
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
        .values(configuration="former-formula", due_at=cases.c.cursor, claimed_until=None)
    )


def downgrade() -> None:
    # The former formula finds cases of another configuration, and rebuilds them by itself.
    op.drop_table("story_rises")
    op.drop_table("assessments")
    op.drop_table("story_versions")
