"""Polls in a row: fetched, read, decided on, planned; and cheap polls that bring what whole ones bring."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kit.rawserver import RawServer

from alerts.feeds.diff import ItemChange, KnownItem, KnownItems, Wanted
from alerts.feeds.feed import FetchResult
from alerts.feeds.fetching.fetch import make_client
from alerts.feeds.poll import PolledFeed, poll_feed, read_answer
from alerts.feeds.state import FeedState
from alerts.model.source import Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Desk:
    """A source polled again and again, its state stored as JSON between polls."""

    def __init__(self, url: str = "https://a.example/feed.xml") -> None:
        self.source = Source(id="a", url=url, publisher="A", allow_private=True)
        self.known: dict[str, KnownItem] = {}
        self.stored = "{}"
        self.now = NOW
        self.asked: list[Wanted] = []

    @property
    def state(self) -> FeedState:
        return FeedState.from_json(json.loads(self.stored))

    def look_up(self, asked: Callable[[], Wanted]) -> KnownItems:
        wanted = asked()
        self.asked.append(wanted)
        found = [
            item
            for item in self.known.values()
            if item.id in wanted.ids or item.link_key in wanted.link_keys or item.title_key in wanted.title_keys
        ]
        return KnownItems({each.id: each for each in found}, len(self.known))

    def keep(self, polled: PolledFeed) -> PolledFeed:
        for change in changes(polled):
            self.known[change.known.id] = change.known
        self.stored = json.dumps(polled.plan.state.to_json())
        self.now = polled.plan.at or self.now
        return polled

    def poll(self) -> PolledFeed:
        return self.keep(poll_feed(make_client(), self.source, self.state, self.look_up, now=self.now))

    def read(self, body: bytes) -> PolledFeed:
        result = FetchResult(url=self.source.url, final_url=self.source.url, status=200, body=body)
        return self.keep(read_answer(self.source, self.state, result, self.look_up, now=self.now))


def changes(polled: PolledFeed) -> list[ItemChange]:
    decision = polled.decision
    return [] if decision is None else [*decision.new, *decision.revised, *decision.withdrawn]


def feed(*numbers: int, built: str = "now", edited: int = 0) -> bytes:
    items = "".join(
        f"<item><guid>{n}</guid><title>Story {n}{' (edited)' * (n == edited)}</title><link>https://a.example/{n}</link>"
        f"<pubDate>Sun, 01 Mar 2026 10:{n:02}:00 GMT</pubDate></item>"
        for n in numbers
    )
    return (
        f'<rss version="2.0"><channel><title>A</title><language>en</language><lastBuildDate>{built}</lastBuildDate>'
        f"{items}</channel></rss>"
    ).encode()


@pytest.mark.servers
def test_polls_in_a_row(raw_server: RawServer) -> None:
    desk = Desk(raw_server.url("/feed"))
    raw_server.on("/feed", body=feed(1, 2), ETag='"1"')
    assert [change.item.title for change in changes(desk.poll())] == ["Story 1", "Story 2"]
    raw_server.on("/feed", "304 Not Modified", b"")
    assert changes(desk.poll()) == []
    assert raw_server.requests[-1].headers["if-none-match"] == '"1"'
    raw_server.on("/feed", body=feed(3, 1, 2, edited=2), ETag='"2"')
    polled = desk.poll()
    assert [change.item.title for change in changes(polled)] == ["Story 3", "Story 2 (edited)"]
    raw_server.on("/feed", "500 Internal Server Error", b"")
    polled = desk.poll()
    assert (polled.decision, polled.plan.state.failures) == (None, 1)
    raw_server.on("/feed", body=feed(3, 1, 2, edited=2), ETag='"2"')
    assert changes(desk.poll()) == []


def test_a_poll_that_only_rewrites_dates_asks_the_store_nothing() -> None:
    desk = Desk()
    desk.read(feed(1, 2))
    desk.asked.clear()
    polled = desk.read(feed(1, 2, built="later"))
    assert polled.parsed is not None
    assert polled.parsed.same_body
    assert desk.asked == []


def test_a_poll_with_one_new_entry_asks_the_store_for_it_alone() -> None:
    desk = Desk()
    desk.read(feed(*range(1, 40)))
    desk.asked.clear()
    polled = desk.read(feed(40, *range(1, 40)))
    assert [change.item.title for change in changes(polled)] == ["Story 40"]
    assert polled.decision is not None
    assert polled.decision.unchanged == 39
    assert len(desk.asked[0].title_keys) == 1


def test_items_keep_the_language_of_a_feed_whose_head_is_not_read_again() -> None:
    desk = Desk()
    desk.read(feed(1))
    (change,) = changes(desk.read(feed(2, 1)))
    assert change.item.language == "en"


def test_an_entry_edited_and_edited_back_is_revised_twice() -> None:
    desk = Desk()
    desk.read(feed(1, 2))
    assert len(changes(desk.read(feed(1, 2, edited=1)))) == 1
    assert len(changes(desk.read(feed(1, 2)))) == 1
    assert len(changes(desk.read(feed(1, 2, built="later")))) == 0


def test_after_a_feed_moved_nothing_is_new() -> None:
    desk = Desk()
    desk.read(feed(1, 2))
    desk.source = replace(desk.source, url="https://b.example/other.xml")
    assert changes(desk.read(feed(1, 2))) == []


@pytest.mark.parametrize("name", ["cohere", "mistral", "ollama", "tweakers", "wired", "xainews"])
def test_cheap_polls_of_recorded_feeds_bring_the_same_items(data: Path, name: str) -> None:
    cheap, whole = Desk(), Desk()
    brought = 0
    for path in sorted((data / "feeds_recorded" / name).glob("*.xml"))[:30]:
        now = datetime.strptime(path.stem, "%Y-%m-%dT%H%M%S%z").astimezone(UTC)
        cheap.now = whole.now = now
        forgetful = replace(whole.state, seen="", body_hash="")
        whole.stored = json.dumps(forgetful.to_json())
        found = changes(cheap.read(path.read_bytes()))
        assert found == changes(whole.read(path.read_bytes()))
        brought += len(found)
    assert brought > 30


def test_hourly_polls_of_a_recorded_feed_bring_each_item_once(data: Path) -> None:
    desk = Desk()
    seen: list[str] = []
    paths = sorted((data / "feeds_every_hour" / "anthropic_news").glob("*.xml"))
    for path in paths:
        desk.now = max(desk.now, NOW) + timedelta(hours=1)
        polled = desk.read(path.read_bytes())
        seen += [] if polled.decision is None else [change.item.url for change in polled.decision.new]
    assert len(paths) > 50
    assert len(seen) == len(set(seen)) > 100
