"""A small soak: one publisher of each kind, two days. `make soak-feeds` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest
from soak.publishers import KINDS
from soak.run import SELFCHECK, soaking, wrong
from sqlalchemy import delete, select, update

from alerts.store.database import Database
from alerts.store.repositories import sources
from alerts.store.schema import ItemRow

FEEDS = len(KINDS)
TICK = 900.0


@pytest.mark.servers
@pytest.mark.slow
def test_two_days_of_every_kind_of_publisher_balances(database: Database, tmp_path: Path) -> None:
    assert SELFCHECK % TICK == 0
    with soaking(FEEDS, 2, tmp_path, database.url.render_as_string(hide_password=False)) as soak:
        days = list(soak.run(2, 4, TICK))
        assert {feed.kind for feed in soak.world.values()} == set(KINDS)
        assert all(set(day.polls) == {kind.name for kind in KINDS} for day in days)
        books = soak.books()
        assert wrong(days, books, TICK) == []
        assert books.expected == books.stored > 10 * FEEDS
        assert books.revised
        assert any(day.failed for day in days)
        # Institutions that are in the news for the first time, and outages on record, are no growth of the bookkeeping.
        assert len({day.rows for day in days}) == 1
        with database.read() as session:
            assert sources.outages(session)

        # And the books would show it if something were missing, made up, or stored twice.
        with database.write() as session:
            lost, strange, twice, kept = session.scalars(
                select(ItemRow).where(ItemRow.source == "f5").order_by(ItemRow.id).limit(4)
            )
            titles = lost.title, strange.title, twice.title
            session.execute(update(ItemRow).where(ItemRow.id == twice.id).values(title=kept.title))
            session.execute(update(ItemRow).where(ItemRow.id == strange.id).values(title="made up"))
            session.execute(delete(ItemRow).where(ItemRow.id == lost.id))
        after = soak.books()
        assert after.missing == sorted(titles)
        assert after.strange == ["made up"]
        assert after.twice == 1
        assert len(wrong(days, after, TICK)) >= 3
