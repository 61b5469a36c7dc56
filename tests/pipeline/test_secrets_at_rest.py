"""Nothing of a channel's URL, nor of a source's, stays behind: not in the database, nor in a log at any level."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.receiver import Answer, Receiver
from kit.system import START, System, settings
from sqlalchemy import select

from alerts.pipeline import steps
from alerts.store.schema import AttemptRow, Base, DeliveryRow

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("answer", [Answer(), Answer(429), Answer(401), Answer(drop=True)])
def test_a_delivery_leaves_no_secret_behind(
    lines: Any,
    feeds: FeedServer,
    receiver: Receiver,
    answer: Answer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="alerts")
    place = f"127.0.0.1:{receiver.port}"
    channels = {
        "hook": f"json://user:PLANTEDa@{place}/PLANTEDb?signature=PLANTEDc&+Authorization=PLANTEDd",
        "refused": "json://127.0.0.1:1/PLANTEDe",
        "mail": "mailto://user:PLANTEDf@127.0.0.1:1?from=a@e.example&to=b@e.example",
    }
    url = f"{feeds.url}/wire?token=PLANTEDg".replace("://", "://PLANTEDh:PLANTEDi@")
    made: System = lines(settings({"wire": url}, channels))
    feeds.put("wire", [Entry("a1", "Acme Networks hit by outage", "", "https://wire.example/a1", START)])
    receiver.then(answer)
    made.runtime.enqueue = lambda hints: None
    steps.poll_sources(made.runtime, "wire", due_only=False)
    steps.assess(made.runtime, "acme")
    for row in made.rows(DeliveryRow):
        steps.send(made.runtime, row.id)
    assert {row.channel for row in made.rows(DeliveryRow)} == set(channels)
    assert all(row.ended_at for row in made.rows(AttemptRow))
    assert len(receiver.received) == 1
    with made.database.read() as session:
        kept = [repr(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    assert any("Acme Networks hit by outage" in each for each in kept)
    logged = [f"{each.getMessage()} {each.__dict__}" for each in caplog.records]
    assert logged
    leaks = [each for each in [*kept, *logged, *capfd.readouterr()] if "PLANTED" in each]
    assert not leaks
