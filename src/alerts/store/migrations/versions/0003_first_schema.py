"""The schema of version 0.1.0, the first that was released."""

from alerts.store.statements import migration

revision = "0003"
down_revision = None

upgrade = migration(__file__)
