"""Transactions that do not wait for the disk: polls, which are done again after a crash."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from alerts.store.database import Database


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True)
def test_postgresql_waits_for_its_disk_but_where_it_need_not(database: Database) -> None:
    ask = text("SHOW synchronous_commit")
    with database.write(flush=False) as session:
        assert session.scalar(ask) == "off"
    with database.write() as session:
        assert session.scalar(ask) == "on", "the setting ends with its transaction"
