"""Scores by the gravest story: tables of what stories amounted to; every case is rebuilt once, at its next assessment"""

from alerts.store.statements import migration

revision = "0006"
down_revision = "0005"

upgrade = migration(__file__)
