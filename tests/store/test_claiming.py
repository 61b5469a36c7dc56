"""What is due is found by its index, however many sources there are."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from alerts.store.database import Database
from alerts.store.repositories import sources
from alerts.store.repositories.sources import Finished
from alerts.store.schema import SourceRow

NOW = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
SOURCES = 100_000
DUE = 700
HOLD = timedelta(seconds=30)

_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(0, :count - 1))",
}


@pytest.fixture
def crowd(database: Database) -> Database:
    """A hundred thousand sources, `DUE` of them due, the others spread over the next hours."""
    dialect = database.engine.dialect.name
    with database.write() as session:
        first = {
            "id": "s",
            "url": "https://a.example/",
            "active": True,
            "next_poll_at": NOW,
            "error_streak": 0,
            "lost_leases": 0,
        }
        session.add(SourceRow(**first, state={}))
        session.flush()
        columns = "url, active, claimed_until, lease_until, lease_token, last_poll_at, last_success_at, error, "
        columns += "error_streak, lost_leases, state"
        # Instants are stored as whole microseconds.
        session.execute(
            text(
                f"{_NUMBERS[dialect]} INSERT INTO sources (id, next_poll_at, {columns}) "
                f"SELECT 's' || i, next_poll_at + (CAST(i AS BIGINT) - {DUE - 2}) * 100000, {columns} FROM n, sources"
            ),
            {"count": SOURCES - 1},
        )
    with database.engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()
    return database


@contextmanager
def executed(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent, with their parameters."""
    said: list[tuple[str, Any]] = []

    def listen(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        said.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)


def plan(database: Database, statement: str, parameters: Any) -> str:
    how = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.engine.connect() as connection:
        one = parameters[0] if isinstance(parameters, list) else parameters  # of one that was executed for several
        rows = connection.exec_driver_sql(how + statement, one).all()
        steps = (str(row[-1]) for row in rows)
        return "\n".join(step for step in steps if "json_each" not in step)  # the ids that are asked for


@pytest.mark.slow
def test_due_sources_are_claimed_by_index(crowd: Database) -> None:
    with crowd.read() as session:
        assert session.scalar(select(func.count()).select_from(SourceRow)) == SOURCES
    with executed(crowd) as said, crowd.write() as session:
        first = sources.claim_due(session, NOW, limit=500, hold=HOLD)
        second = sources.claim_due(session, NOW, limit=500, hold=HOLD)
    assert (len(first), len(second)) == (500, DUE - 500)
    assert not set(first) & set(second)
    touching = [(statement, values) for statement, values in said if " sources" in statement]
    assert len(touching) == 4  # two selects, each with its update
    for statement, values in touching:
        found = plan(crowd, statement, values)
        if crowd.is_sqlite:
            assert "SEARCH sources USING" in found, found
            assert "SCAN" not in found, found
            assert "TEMP B-TREE" not in found, found  # the order is the index's
        else:
            assert "Seq Scan" not in found, found
            assert "Sort" not in found, found
    wanted = plan(crowd, *touching[0])
    assert "ix_sources_due" in wanted

    # And a poll takes its source, and gives it back, by its key.
    with executed(crowd) as said, crowd.write() as session:
        (taken,) = sources.lease(session, ["s7"], NOW, seconds=60)
        assert sources.finish(session, [Finished(taken, taken.state, NOW + HOLD)], now=NOW)
    plans = [plan(crowd, *each) for each in said if "sources" in each[0]]
    assert len(plans) == 2
    for found in plans:
        assert "SCAN" not in found
        assert "Seq Scan" not in found


def test_workers_at_once_share_what_is_due_and_the_turns_at_a_host(database: Database) -> None:
    """Each source goes to one of them, and no two of them ask a host within the gap."""
    gap, workers = timedelta(seconds=1), 6
    with database.write() as session:
        for n in range(60):
            row = {"id": f"s{n:02}", "url": "https://a.example/", "active": True, "next_poll_at": NOW}
            session.add(SourceRow(**row, error_streak=0, state={}))

    def work(_worker: int) -> tuple[list[str], list[datetime]]:
        claimed: list[str] = []
        turns: list[datetime] = []
        for _ in range(5):
            with database.write() as session:
                claimed += sources.claim_due(session, NOW, limit=2, hold=HOLD)
            with database.write() as session:
                turns += sources.reserve_hosts(session, ["a.example"], NOW, gap, patience=timedelta(minutes=5))
        return claimed, turns

    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(work, range(workers)))
    claimed = [source for some, _ in done for source in some]
    assert len(claimed) == len(set(claimed))
    turns = sorted(turn for _, some in done for turn in some)
    assert turns == [NOW + n * gap for n in range(workers * 5)]
