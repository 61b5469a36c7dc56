"""What lists ask for is asked in parts: a statement takes so many parameters."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from alerts.model.alert import DeliveryState
from alerts.store.database import Database
from alerts.store.queries import listings
from alerts.store.schema import AlertRow, AttemptRow, CarriedRow, DeliveryRow
from alerts.store.upsert import insert_all

AT = datetime(2026, 3, 2, tzinfo=UTC)
COUNT = 1_200


@pytest.mark.slow
def test_a_long_list_of_deliveries_has_their_alerts_and_attempts(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()

    @event.listens_for(database.engine, "checkout")
    def narrow(connection: Any, *_more: Any) -> None:
        connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)

    names = [f"{number:04}" for number in range(COUNT)]
    with database.write() as session:
        for name in names:
            session.add(
                DeliveryRow(
                    id=f"d{name}",
                    created_at=AT,
                    subscriber="desk",
                    channel="hook",
                    kind="alert",
                    at=AT,
                    message={"alerts": []},
                    state=DeliveryState.SENT.value,
                    reason="",
                    attempts=1,
                )
            )
            session.add(
                AlertRow(
                    id=f"a{name}",
                    at=AT,
                    subscriber="desk",
                    channel="hook",
                    institution="acme",
                    on="level",
                    state="sent",
                    reason="",
                    decision="",
                )
            )
        session.flush()
        attempt = {"number": 1, "started_at": AT, "ended_at": AT, "state": "sent", "line": ""}
        insert_all(session, AttemptRow, [{"delivery": f"d{name}", **attempt} for name in names])
        insert_all(session, CarriedRow, [{"alert": f"a{name}", "delivery": f"d{name}"} for name in names])
    with database.read() as session:
        found = listings.deliveries(session, limit=2 * COUNT)
    database.dispose()
    assert [each["alerts"] for each in found] == [[f"a{name}"] for name in names]
    assert all(len(each["attempts"]) == 1 for each in found)
