"""Sessions of people who signed in; what a token for programs may do."""

from alembic import op

from alerts.store.statements import migration

revision = "0011"
down_revision = "0010"

upgrade, _drop = migration(__file__)


def downgrade() -> None:
    op.drop_column("links", "scopes")
    _drop()
