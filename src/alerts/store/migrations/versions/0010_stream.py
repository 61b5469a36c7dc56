"""The newest standing stories of all institutions, and the newest alerts of a subscriber, by index."""

from alerts.store.statements import migration

revision = "0010"
down_revision = "0009"

upgrade = migration(__file__)
