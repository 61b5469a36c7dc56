"""How many messages two headlines make: one for each institution, whatever moved and however many papers have it."""

from __future__ import annotations

from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.receiver import Receiver
from kit.system import START, settings

pytestmark = pytest.mark.servers

PAPERS = ("wire", "herald")
NEWS = (
    ("Acme Networks hit by outage after court ruling on its Rotterdam harbour", "a"),
    ("Globex Corporation fights court ruling over outage of its Dallas refinery", "g"),
)


def configuration(feeds: FeedServer, receiver: Receiver, **more: Any) -> dict[str, Any]:
    content = settings(
        {paper: f"{feeds.url}/{paper}" for paper in PAPERS},
        {"hook": receiver.channel("hook"), "other": receiver.channel("other")},
    )
    (subscriber,) = content["subscribers"]
    del subscriber["group"]  # a minute
    subscriber["watch"] = [{"all": True, "on": ["story", "level"], "at_least": "medium"}]
    subscriber |= more
    return content


def publish(feeds: FeedServer, paper: str, *, rephrased: bool) -> None:
    feeds.put(
        paper,
        [
            Entry(f"{paper}-{key}", title if not rephrased else f"{title}, says ministry", "", "", START)
            for title, key in NEWS
        ],
    )


def test_two_headlines_about_two_institutions_in_two_papers_make_two_messages_a_channel(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = lines(configuration(feeds, receiver))
    for number, paper in enumerate(PAPERS):
        publish(feeds, paper, rephrased=number > 0)
    made.run()
    paths = [each.path for each in receiver.received]
    assert (paths.count("/hook"), paths.count("/other")) == (2, 2)
    subjects = {each.body["subject"].partition(":")[0] for each in receiver.received}
    assert subjects == {"Acme Networks", "Globex Corporation"}


def test_a_second_paper_within_the_minute_joins_the_message(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    made = lines(configuration(feeds, receiver, channels={"hook": receiver.channel("hook")}))
    publish(feeds, "wire", rephrased=False)
    made.poll("wire")
    assert receiver.received == []
    made.clock.move(seconds=20)
    publish(feeds, "herald", rephrased=True)
    made.poll("herald")
    made.settle(minutes=2)
    assert len(receiver.received) == 2
    for each in receiver.received:
        assert each.body["kind"] == "alert"
        assert len({alert["lead"]["story"] for alert in each.body["alerts"]}) == 1
