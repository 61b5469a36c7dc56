"""The newest standing stories of all institutions, and the newest alerts of a subscriber, by index

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    where = sa.text("until IS NULL")
    op.create_index(
        "ix_story_versions_standing", "story_versions", ["newest"], sqlite_where=where, postgresql_where=where
    )
    op.drop_index("ix_alerts_subscriber", "alerts")
    op.create_index("ix_alerts_subscriber", "alerts", ["subscriber", "at"])


def downgrade() -> None:
    op.drop_index("ix_alerts_subscriber", "alerts")
    op.create_index("ix_alerts_subscriber", "alerts", ["subscriber"])
    op.drop_index("ix_story_versions_standing", "story_versions")
