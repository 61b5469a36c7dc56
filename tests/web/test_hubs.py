"""Hubs that push, from the subscription to the poll that a push brings about."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from kit.browsing import SIGNER, Browser
from kit.system import System
from sqlalchemy import update

from alerts.access.links import Pages
from alerts.access.signing import Purpose
from alerts.feeds.state import FeedState
from alerts.pipeline import websub
from alerts.store import system_state
from alerts.store.schema import SourceRow
from alerts.web.probes import MAX_PUSH_BYTES

TOPIC = "https://tribune.example/feed"
HUB = "https://hub.example/"


@pytest.fixture
def hub() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Takes what is asked of it."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append({name: values[0] for name, values in parse_qs(body).items()})
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def tribune(town: System) -> System:
    """Its feed names a hub, at which we have subscribed; it was polled a minute ago and is not due for an hour."""
    town.runtime.pages = Pages("https://pages.example", SIGNER)
    remember(town, FeedState(hub=HUB, topic=TOPIC))
    with town.runtime.database.write() as session:
        system_state.put(session, "websub/tribune", town.now, {"hub": HUB, "topic": TOPIC})
    return town


def remember(town: System, state: FeedState) -> None:
    with town.runtime.database.write() as session:
        session.execute(
            update(SourceRow)
            .where(SourceRow.id == "tribune")
            .values(
                state=state.to_json(),
                last_poll_at=town.now - timedelta(minutes=1),
                next_poll_at=town.now + timedelta(hours=1),
            )
        )


def due(town: System) -> bool:
    with town.runtime.database.read() as session:
        return session.get_one(SourceRow, "tribune").next_poll_at <= town.now


def address(source: str = "tribune") -> str:
    return f"/websub/{SIGNER.sign(Purpose.HUB, source)}"


def intent(**more: str) -> dict[str, str]:
    return {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "c-1", "hub.lease_seconds": "864000", **more}


def secret() -> bytes:
    return SIGNER.sign(Purpose.HUB_SECRET, "tribune", HUB).rpartition(".")[2].encode()


@pytest.mark.servers
def test_a_feed_s_hub_is_asked_once_and_again_in_time(
    town: System, browser: Browser, hub: tuple[str, list[dict[str, str]]]
) -> None:
    url, asked = hub
    town.runtime.pages = Pages("https://pages.example", SIGNER)
    source = town.runtime.configuration.current().settings.sources["tribune"]
    private = type(source)(
        **{name: getattr(source, name) for name in source.__slots__} | {"allow_private": True, "url": url}
    )
    state = FeedState(hub=url, topic=TOPIC)
    websub.after_poll(town.runtime, source, state)
    assert asked == [], "a hub at a private address is not asked"
    town.later(hours=1)
    websub.after_poll(town.runtime, private, state)
    [form] = asked
    assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", TOPIC)
    assert "hub.secret" not in form, "it would go over the wire in clear"
    client = browser()
    path = urlsplit(form["hub.callback"]).path
    assert client.get(path, params=intent()).text == "c-1"
    for days, count in ((1, 1), (6, 1), (1, 2)):  # a lease of ten days is renewed after seven and a half
        town.later(days=days)
        websub.after_poll(town.runtime, private, state)
        assert len(asked) == count, days
    town.later(minutes=30)
    websub.after_poll(town.runtime, private, state)
    assert len(asked) == 2, "no answer yet, but it was asked just now"


def test_nothing_is_asked_without_a_hub_or_pages(town: System) -> None:
    source = town.runtime.configuration.current().settings.sources["tribune"]
    websub.after_poll(town.runtime, source, FeedState(hub=HUB, topic=TOPIC))
    town.runtime.pages = Pages("https://pages.example", SIGNER)
    websub.after_poll(town.runtime, source, FeedState())
    with town.runtime.database.read() as session:
        assert system_state.get(session, "websub/tribune") is None


def test_only_what_was_asked_for_is_confirmed(tribune: System, browser: Browser) -> None:
    client = browser()
    assert client.get(address(), params=intent()).text == "c-1"
    for wrong in (
        intent(**{"hub.topic": "https://other.example/"}),
        intent(**{"hub.mode": "unsubscribe"}),
        {"hub.mode": "subscribe"},
        {},
    ):
        assert client.get(address(), params=wrong).status_code == 404
    assert client.get(address("coastline"), params=intent()).status_code == 404
    assert client.get("/websub/forged", params=intent()).status_code == 404


def test_a_push_makes_the_source_due(tribune: System, browser: Browser) -> None:
    body = b"<feed/>"
    signature = "sha256=" + hmac.new(secret(), body, hashlib.sha256).hexdigest()
    client = browser()
    assert client.post(address(), content=body, headers={"X-Hub-Signature": signature}).status_code == 202
    assert due(tribune)
    assert [list(each.poll) for each in tribune.requests if each.poll] == [["tribune"]]


@pytest.mark.parametrize("signature", ["", "sha256=00", "md5=00", "sha256=" + "0" * 64])
def test_a_forged_push_is_answered_alike_and_does_nothing(tribune: System, browser: Browser, signature: str) -> None:
    answer = browser().post(address(), content=b"<feed/>", headers={"X-Hub-Signature": signature})
    assert answer.status_code == 202
    assert not due(tribune)
    assert browser().post("/websub/forged", content=b"").status_code == 202


def test_a_hub_that_pushes_all_the_time_does_not_make_us_poll_all_the_time(tribune: System, browser: Browser) -> None:
    with tribune.runtime.database.write() as session:
        session.execute(update(SourceRow).values(last_poll_at=tribune.now))
    signature = "sha256=" + hmac.new(secret(), b"x", hashlib.sha256).hexdigest()
    browser().post(address(), content=b"x", headers={"X-Hub-Signature": signature})
    assert not due(tribune)
    tribune.later(seconds=30)
    assert due(tribune)


def test_a_push_is_bounded(tribune: System, browser: Browser) -> None:
    body = b"x" * (MAX_PUSH_BYTES + 1)
    assert browser().post(address(), content=body).status_code == 413
    assert browser().post("/websub/forged", content=body).status_code == 202, "nothing of it is read"
    assert not due(tribune)
