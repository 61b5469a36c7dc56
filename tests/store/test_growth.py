"""What is done for a long story grows with it, and not with its square: counted in SQLite's own steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from alerts.store.database import Database
from alerts.store.maintenance import retention
from alerts.store.queries import listings
from alerts.store.schema import FindingRow, MembershipRow
from alerts.store.upsert import insert_all

AT = datetime(2026, 3, 2, tzinfo=UTC)
STEPS = 100

READS: dict[str, Callable[[Session], object]] = {
    "the page of a story": lambda session: listings.members(session, "acme", "s1", 10),
    "what is over": lambda session: retention.old_stories(session, "acme", AT + timedelta(days=1)),
    "where a name was found": lambda session: listings.mentions(session, "acme", ["i1", "i2"], AT),
}


def _filled(session: Session, reports: int) -> None:
    items = [f"i{number}" for number in range(reports)]
    insert_all(session, MembershipRow, [{"institution": "acme", "item": item, "story": "s1"} for item in items])
    finding: dict[str, Any] = {
        **dict.fromkeys(("title", "url", "source", "publisher"), ""),
        "institution": "acme",
        "published": None,
        "salience": 1.0,
        "topics": [],
        "mentions": [],
        "quiet": False,
        "features": b"",
    }
    insert_all(
        session,
        FindingRow,
        [
            {**finding, "observed": AT + timedelta(seconds=number), "item": item, "revision": number}
            for number, item in enumerate(items)
        ],
    )


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_twice_the_reports_are_twice_the_work(tmp_path: Path, read: Callable[[Session], object]) -> None:
    counts = []
    for reports in (1000, 2000):
        database = Database(f"sqlite:///{tmp_path / str(reports)}.db")
        database.upgrade()
        with database.write() as session:
            _filled(session, reports)
        with database.read() as session:
            driver = session.connection().connection.driver_connection
            assert driver is not None
            steps: list[None] = []
            driver.set_progress_handler(lambda steps=steps: steps.append(None), STEPS)
            read(session)
            driver.set_progress_handler(None, 0)
        counts.append(len(steps))
        database.dispose()
    assert counts[1] < 2.5 * counts[0] + 1, counts
