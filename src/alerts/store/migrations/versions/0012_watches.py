"""What a subscriber was notified of about an institution in one row, of all axes."""

from alerts.store.statements import migration

revision = "0012"
down_revision = "0011"

upgrade = migration(__file__)
