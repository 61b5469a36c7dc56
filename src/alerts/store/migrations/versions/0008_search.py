"""The full-text index of items; what is recorded is added by the worker, some at a time

Revision: 0008"""

from alerts.store.statements import migration

revision = "0008"
down_revision = "0007"

upgrade = migration(__file__)
