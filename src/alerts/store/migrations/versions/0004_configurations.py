"""The configuration in force is a numbered generation with its content."""

from alerts.store.statements import migration

revision = "0004"
down_revision = "0003"

upgrade = migration(__file__)
