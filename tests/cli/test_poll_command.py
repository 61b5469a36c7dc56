"""`alerts poll`: one line a source, what follows from it, and what it leaves to others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer, Page
from kit.system import settings, write
from sqlalchemy import update

from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import SourceRow

pytestmark = pytest.mark.servers


class Place:
    def __init__(self, path: Path) -> None:
        self.config, self.path = path / "config", path / "state"


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, feeds: FeedServer) -> Place:
    made = Place(tmp_path)
    addresses = {name: f"{feeds.url}/{name}" for name in ("wire", "herald", "other")}
    write(made.config, settings(addresses, {"console": "console://"}))
    now = datetime.now(UTC)
    for name in addresses:
        feeds.put(name, [Entry("old", "Weather report", "", f"https://{name}.example/old", now)])
    return made


def test_named_sources_are_polled_and_alerts_sent(call: Any, place: Place, feeds: FeedServer) -> None:
    done = call(place, "poll", "wire", "herald")
    assert (done.status, done.out) == (0, "wire: 1 new item, 0 changed\nherald: 1 new item, 0 changed\n")
    now = datetime.now(UTC)
    for name in ("wire", "herald"):
        feeds.put(name, [Entry("1", "Acme Networks hit by outage", "", f"https://{name}.example/1", now)])
    done = call(place, "poll", "herald", "wire")
    assert "wire: 1 new item, 0 changed, about acme" in done.out
    assert "Acme Networks hit by outage" in done.out, "its alert is sent"
    assert feeds.count("other") == 0


def test_it_is_no_tick(call: Any, place: Place) -> None:
    """Whether a schedule runs is judged by ticks: a poll by hand must neither hide that none comes nor replace one."""
    database = Database(f"sqlite:///{place.path / 'alerts.db'}")
    assert call(place, "poll", "wire").status == 0
    assert call(place, "status", "--json").records[0]["last_tick"] is None
    before = datetime.now(UTC) - timedelta(hours=3)
    with database.write() as session:
        system_state.put(session, system_state.TICK, before, {"once": False})
    assert call(place, "poll", "wire").status == 0
    with database.read() as session:
        fact = system_state.get(session, system_state.TICK)
    database.dispose()
    assert fact is not None
    assert (fact.at, fact.value) == (before, {"once": False})


def test_records(call: Any, place: Place, feeds: FeedServer) -> None:
    feeds.put("herald", Page(b"nothing", 404, "text/plain"))
    done = call(place, "poll", "wire", "herald", "--json")
    assert done.status == 1
    wire, herald = sorted(done.records, key=lambda each: str(each["source"]), reverse=True)
    assert wire == {"source": "wire", "new": 1, "revised": 0, "skipped": False, "institutions": [], "error": None}
    assert "answers 404" in herald["error"]


def test_an_unknown_source_is_wrong_usage_and_polls_nothing(call: Any, place: Place, feeds: FeedServer) -> None:
    done = call(place, "poll", "wire", "heralt")
    assert (done.status, done.out) == (2, "")
    assert done.err == "alerts: no source 'heralt' in the configuration; did you mean 'herald'?\n"
    assert feeds.requests == []


def test_a_source_that_another_process_polls_is_left_to_it(call: Any, place: Place, feeds: FeedServer) -> None:
    assert call(place, "poll", "wire").status == 0
    database = Database(f"sqlite:///{place.path / 'alerts.db'}")
    with database.write() as session:
        session.execute(update(SourceRow).values(lease_until=datetime(2999, 1, 1, tzinfo=UTC), lease_token="another"))
    database.dispose()
    done = call(place, "poll", "wire")
    assert done.status == 1
    assert "wire: not polled: another process" in done.out
    assert feeds.count("wire") == 1
