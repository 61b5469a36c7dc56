"""Visitors of the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kit.system import System
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from alerts.access.links import token_of
from alerts.access.signing import Signer
from alerts.model.subscriber import Tier
from alerts.store.repositories.links import Link, invite
from alerts.web.app import create_app

SIGNER = Signer(b"a key of this test alone")
OPERATOR = "operator-token-of-this-test"

Browser = Callable[..., TestClient]


def link(town: System, tier: Tier = Tier.OPEN, subscriber: str = "", days: int = 30) -> tuple[Link, str]:
    """A link, and what its address carries."""
    with town.runtime.database.write() as session:
        made = invite(session, tier=tier, now=town.now, lasting=timedelta(days=days), subscriber=subscriber, name="x")
    return made, token_of(SIGNER, made)


def reached_from(peer: str, app: ASGIApp) -> ASGIApp:
    """The application as a connection from an address reaches it: what `BoundedProtocol` says of it."""

    async def reached(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {**scope.get("state", {}), "peer": peer}}, receive, send)

    return reached


def opened(
    town: System, tier: Tier = Tier.OPEN, *, subscriber: str = "", operator: bool = False, base_url: str = ""
) -> TestClient:
    """The pages as somebody sees them: a tier, a subscriber, or an operator."""
    app = create_app(town.runtime, SIGNER, OPERATOR, base_url=base_url)
    client = TestClient(app, base_url=base_url or "http://pages.example", raise_server_exceptions=True)
    if operator:
        answer = client.post("/operate/enter", data={"token": OPERATOR})
        assert answer.status_code == 200, answer.text
    elif subscriber or tier is not Tier.OPEN:
        answer = client.get(f"/enter/{link(town, tier, subscriber)[1]}")
        assert answer.status_code == 200, answer.text
    return client
