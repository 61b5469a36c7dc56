"""Sessions of people who signed in; what a token for programs may do."""

from alerts.store.statements import migration

revision = "0011"
down_revision = "0010"

upgrade = migration(__file__)
