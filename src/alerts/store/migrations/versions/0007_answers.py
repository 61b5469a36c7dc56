"""What readers answer to alerts."""

from alerts.store.statements import migration

revision = "0007"
down_revision = "0006"

upgrade = migration(__file__)
