"""A feed with a hub: from the first poll to pushes that are trusted, and to one that did not come."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from kit.browsing import SIGNER
from kit.feeds import Entry, FeedServer, Page, rss
from kit.rawserver import Request, raw_server
from kit.system import START, System, settings
from sqlalchemy import select, text

from alerts.access.links import Pages
from alerts.feeds.state import FeedState
from alerts.pipeline import steps, websub
from alerts.store import system_state
from alerts.store.schema import SourceRow

pytestmark = pytest.mark.servers

TOPIC = "https://wire.example/feed"


class Hub:
    """Writes down what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hub.asked.append({name: values[0] for name, values in parse_qs(body).items()})
                self.send_response(202)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub()
    threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


class Wire:
    """A source with a hub, and what happens to it."""

    def __init__(self, line: System, feeds: FeedServer, hub: Hub) -> None:
        self.line, self.feeds, self.hub = line, feeds, hub
        self.count = 0

    def publish(self) -> None:
        """One more item, an hour after the one before."""
        self.count += 1
        entries = [
            Entry(
                f"n{n}", f"Story number {n}", f"Text {n}", f"https://wire.example/{n}", START + n * timedelta(hours=1)
            )
            for n in range(self.count, 0, -1)
        ]
        links = f'<{self.hub.url}>; rel="hub", <{TOPIC}>; rel="self"'
        self.feeds.put("wire", Page(rss(entries, "wire"), headers={"Link": links}))

    @property
    def token(self) -> str:
        return self.hub.asked[-1]["hub.callback"].rpartition("/")[2]

    def confirm(self, days: int = 10) -> None:
        """The hub verifies our intent and grants a lease."""
        query = {
            "hub.mode": "subscribe",
            "hub.topic": TOPIC,
            "hub.challenge": "c",
            "hub.lease_seconds": str(days * 86400),
        }
        assert websub.verified(self.line.runtime, self.token, query).body == "c"

    def push(self, later: float = 60) -> None:
        """Some seconds later, the hub pushes; and a second passes."""
        self.line.clock.move(seconds=later)
        assert websub.pushed(self.line.runtime, self.token, b"", "")
        self.line.clock.move(seconds=1 if later else 0)

    def poll(self) -> int:
        """What is due is polled; how many items were new."""
        return steps.poll_sources(self.line.runtime, "wire")[0].new

    def wait(self) -> timedelta:
        """How long until the next poll."""
        (row,) = self.line.rows(SourceRow)
        found: timedelta = row.next_poll_at - self.line.clock()
        return found


@pytest.fixture
def wire(lines: Any, feeds: FeedServer, hub: Hub) -> Wire:
    line: System = lines(settings({"wire": f"{feeds.url}/wire"}))
    line.runtime.pages = Pages("https://pages.example", SIGNER)
    line.clock.move(hours=8)
    made = Wire(line, feeds, hub)
    for _ in range(5):
        made.publish()
    assert made.poll() == 5
    made.confirm()
    return made


HOURLY = timedelta(hours=1.1)


def test_a_hub_that_brings_the_news_leaves_polls_as_a_backup(wire: Wire) -> None:
    assert wire.wait() <= HOURLY, "a lease alone is no proof"
    wire.publish()
    wire.push()
    assert wire.poll() == 1
    assert wire.wait() >= websub.BACKUP
    wire.line.clock.move(hours=2)
    wire.publish()
    wire.push()
    assert wire.poll() == 1, "a push is polled for at once"
    wire.line.clock.move(hours=4, minutes=1)
    assert wire.poll() == 0
    assert wire.wait() >= websub.BACKUP, "a backup poll that finds nothing is as it should be"
    wire.publish()
    wire.line.clock.move(hours=4, minutes=1)
    assert wire.poll() == 1
    assert wire.wait() <= HOURLY, "this was not pushed"
    wire.publish()
    wire.push()
    assert wire.poll() == 1
    assert wire.wait() >= websub.BACKUP, "trusted again"


def test_a_lease_that_ended_is_no_reason_to_wait(wire: Wire) -> None:
    wire.publish()
    wire.push()
    assert wire.poll() == 1
    wire.line.clock.move(days=11)
    assert wire.poll() == 0
    assert wire.wait() <= HOURLY
    assert len(wire.hub.asked) == 2, "it is asked again"
    wire.confirm()
    wire.line.clock.move(hours=1, minutes=10)
    assert wire.poll() == 0
    assert wire.wait() >= websub.BACKUP, "what it has shown outlives a renewal"


def test_a_push_ahead_of_its_feed_does_not_make_the_news_late(wire: Wire) -> None:
    wire.publish()
    wire.push()
    assert wire.poll() == 1
    wire.line.clock.move(minutes=10)
    wire.push()
    assert wire.poll() == 0
    assert wire.wait() <= HOURLY


def test_a_push_during_a_poll_brings_another(wire: Wire) -> None:
    wire.line.clock.move(hours=1, minutes=10)
    wire.feeds.put("wire", Page(wire.feeds.pages["wire"].body, headers=wire.feeds.pages["wire"].headers, delay=0.6))
    polling = threading.Thread(target=wire.poll)
    before = wire.feeds.count("wire")
    polling.start()
    while wire.feeds.count("wire") == before:
        time.sleep(0.01)
    wire.push(later=0)
    polling.join()
    assert wire.wait() <= websub.LEAST_GAP


def test_a_push_and_a_poll_do_not_wait_for_each_other(wire: Wire) -> None:
    """Both lock what is known of the hub first, and then the row of the source."""
    if wire.line.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    pushing = threading.Thread(target=wire.push)
    blocked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with wire.line.database.write() as polling:
        system_state.get(polling, "websub/wire", lock=True)
        pushing.start()
        deadline = time.monotonic() + 20
        with wire.line.database.engine.connect() as watching:
            while not watching.execute(blocked).scalar_one():
                watching.rollback()  # the view stands still within a transaction
                assert time.monotonic() < deadline
        polling.execute(select(SourceRow.id).with_for_update()).all()
        system_state.put(polling, "websub/wire", START, {"hub": wire.hub.url, "topic": TOPIC, "until": "kept"})
    pushing.join(20)
    assert not pushing.is_alive()
    with wire.line.database.read() as session:
        known = system_state.get(session, "websub/wire")
    assert known is not None
    assert known.value["until"] == "kept", "the one that came later has seen what the other wrote"
    assert "pushed" in known.value


def test_a_server_that_asked_for_rest_is_not_asked_sooner_because_of_its_hub(wire: Wire) -> None:
    wire.line.clock.move(hours=1, minutes=10)
    good = wire.feeds.pages["wire"]
    wire.feeds.put("wire", Page(b"", 429, headers={"Retry-After": "7200"}))
    wire.poll()
    wire.push()
    assert wire.wait() >= timedelta(hours=1, minutes=59)
    wire.feeds.put("wire", good)
    wire.line.clock.move(hours=2, minutes=30)
    assert wire.poll() == 0
    assert wire.wait() <= HOURLY


def test_a_hub_that_answers_without_end_is_not_read(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    sent = 0

    def endless(connection: socket.socket, _request: Request) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 202 Accepted\r\n\r\n")
        with contextlib.suppress(OSError):
            while sent < 50_000_000:
                connection.sendall(b"a" * 65536)
                sent += 65536

    source = wire.line.runtime.configuration.current().settings.sources["wire"]
    with raw_server() as server, caplog.at_level("INFO", "alerts"):
        server.otherwise = endless
        websub.after_poll(wire.line.runtime, source, FeedState(hub=server.url(), topic=TOPIC))
    (asked,) = [record.fields for record in caplog.records if record.msg == "websub.asked"]  # type: ignore[attr-defined]
    assert asked["answer"] == "status 202"
    assert sent < 50_000_000, "we hung up"


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/", "gopher://hub.example/", "http://[::1/", "//", "https://127.0.0.1:9/"]
)
def test_a_hub_that_cannot_be_asked_is_no_fault_of_the_feed(lines: Any, feeds: FeedServer, address: str) -> None:
    line: System = lines(settings({"wire": f"{feeds.url}/wire"}))
    line.runtime.pages = Pages("https://pages.example", SIGNER)
    links = f'<{address}>; rel="hub", <{TOPIC}>; rel="self"'
    entry = Entry("n1", "Story number 1", "Text", "https://wire.example/1", START)
    feeds.put("wire", Page(rss([entry], "wire"), headers={"Link": links}))
    outcome = steps.poll_sources(line.runtime, "wire", due_only=False)[0]
    assert (outcome.new, outcome.error) == (1, "")
