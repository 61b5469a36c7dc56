"""What the alerts of one decision hold in a row that they share."""

from alerts.store.statements import migration

revision = "0013"
down_revision = "0012"

upgrade = migration(__file__)
