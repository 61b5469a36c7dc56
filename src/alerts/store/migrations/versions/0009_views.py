"""Read-only views that stay the same between versions."""

from alerts.store.statements import migration

revision = "0009"
down_revision = "0008"

upgrade = migration(__file__)
