"""What is told besides levels and mentions, from the feed to the message: a spike, and a grade that changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.system import START, System, settings

from alerts.explain.alert import explain
from alerts.model.alert import DeliveryState
from alerts.model.subscriber import On
from alerts.replay.backtest import rehearse
from alerts.store.repositories import items
from alerts.store.schema import AlertRow

pytestmark = pytest.mark.servers

# Each tells of something else, in words of its own.
EVENTS = (
    "opens a plant in Lyon",
    "hires an orchestra for its anniversary",
    "loses a satellite over the Pacific",
    "paints its trucks green",
    "sponsors a marathon through Warsaw",
    "recalls kettles sold in Denmark",
    "patents a folding bicycle",
    "closes the canteen at its harbour",
)


def watching(lines: Any, feeds: FeedServer, on: str) -> System:
    sources = {name: f"{feeds.url}/{name}" for name in ("wire", "herald")}
    content = settings(sources, {"console": "console://"})
    content["subscribers"][0]["watch"] = [{"institutions": ["acme"], "on": [on]}]
    made: System = lines(content)
    return made


def published(made: System, feeds: FeedServer, source: str, title: str, key: str) -> None:
    """One more entry in a feed, and what comes of it."""
    feeds.put(source, [Entry(key, title, "", f"https://{source}.example/{key}", made.clock())])
    made.poll(source)


def test_unusually_many_stories_are_told_once(lines: Any, feeds: FeedServer) -> None:
    made = watching(lines, feeds, "spike")
    for week in range(2):  # its rhythm
        made.clock.at = START + timedelta(weeks=week)
        published(made, feeds, "wire", f"Acme Networks reports on quarter {week + 1}", f"q{week}")
    made.clock.at = START + timedelta(days=10)
    for number, event in enumerate(EVENTS):
        made.clock.move(hours=1)
        published(made, feeds, "wire", f"Acme Networks {event}", f"e{number}")
    (alert,) = made.rows(AlertRow)
    assert (alert.on, alert.state) == ("spike", "sent")
    assert alert.at == START + timedelta(days=10, hours=alert.detail["spike"][0])
    assert alert.detail["spike"][0] >= alert.detail["spike"][2] > alert.detail["spike"][1]
    assert (
        f"{alert.detail['spike'][0]} stories in a day, where {alert.detail['spike'][1]:.1f} are usual"
        in made.out.getvalue()
    )
    assert told_in_a_replay(made) == [(On.SPIKE, alert.at)]


def test_a_grade_that_changes_is_told_with_what_it_was(lines: Any, feeds: FeedServer) -> None:
    made = watching(lines, feeds, "grade")
    published(made, feeds, "wire", "Acme Networks hit by outage in Rotterdam harbour", "a")
    assert made.rows(AlertRow) == [], "the first grade is no change"
    made.clock.move(hours=1)
    published(made, feeds, "herald", "Outage in Rotterdam harbour hits Acme Networks", "b")
    (alert,) = made.rows(AlertRow)
    assert (alert.on, alert.at, alert.detail["grades"]) == ("grade", made.clock(), ["D", "B"])
    assert "the grade of its strongest story went from D to B" in made.out.getvalue()
    assert len(made.deliveries(DeliveryState.SENT)) == 1
    with made.database.read() as session:
        told = explain(session, made.runtime.configuration.current(), alert.id)
    assert [story["story"] for story in told["stories"]] == [alert.detail["story"]]
    assert told_in_a_replay(made) == [(On.GRADE, alert.at)]


def told_in_a_replay(made: System) -> list[tuple[On, Any]]:
    """The alerts that replaying the record gives."""
    with made.database.read() as session:
        record = list(items.record(session))
    found = rehearse(record, made.runtime.configuration.current().settings, until=made.clock())
    return [(each.on, each.at) for each in found.alerts]
