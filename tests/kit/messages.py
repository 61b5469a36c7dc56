"""A sample of everything a message can hold, and receivers that keep the bytes they get.

What is asserted of a sent message is what would have gone to the service.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TextIO

import pytest
import requests.adapters
from aiosmtpd.smtp import SMTP

from alerts.channels.result import SendResult
from alerts.channels.send import Sender
from alerts.model.alert import Alert, Lead
from alerts.model.institution import Criticality
from alerts.model.level import Axis, Cause, Contribution, Level, Transition
from alerts.model.profile import (
    AxisContributions,
    Brief,
    Confidence,
    Counts,
    Coverage,
    CoverageState,
    GovernanceSurface,
    MatrixRow,
    Profile,
    RelationLine,
    SignalLine,
    SourceRecord,
    Statement,
    Trend,
)
from alerts.model.secret import Secret
from alerts.model.source import Reliability
from alerts.model.story import Mix
from alerts.model.subscriber import On, Tier
from alerts.model.topic import Signal
from alerts.rendering.view import Entry, MessageView, Rendered
from alerts.routing.alerts import Kind

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
HEADLINE = "Chip maker told to stop exports"
SECOND = "Regulator opens a review"


def send(url: Secret, message: Rendered, *, stream: TextIO | None = None, **options: Any) -> SendResult:
    """Sends one message by a sender of its own."""
    with closing(Sender(stream)) as sender:
        return sender.send(url, message, **options)


class Sample:
    """A profile, alerts and views; every text of a feed is `headline`."""

    at = AT
    institution = "acme"

    def profile(self, headline: str = HEADLINE, url: str = "https://news.example/a?id=1&x=2") -> Profile:
        first = Statement(headline, (1, 2), AT, "s1")
        second = Statement(SECOND, (3,), AT - timedelta(days=2), "s2")
        rows = {
            Axis.PRIORITY: (Level.LOW, 0.18, Trend.STEADY, None, None),
            Axis.POLICY: (Level.HIGH, 0.62, Trend.RISING, AT, AT + timedelta(days=9)),
            Axis.CONTINUITY: (Level.LOW, 0.04, Trend.FALLING, None, None),
        }
        return Profile(
            at=AT,
            institution=self.institution,
            name="Acme & Sons",
            category="AI lab",
            region="Europe",
            primary_domain="Security",
            signal_focus=Signal.GOVERNANCE,
            topic="export-controls",
            impact=Level.HIGH,
            confidence=Confidence(0.78, "B", Mix.MIXED),
            coverage=Coverage(CoverageState.PARTIAL, 3, ("wire",), AT - timedelta(hours=7)),
            counts=Counts(2, 3, 2, 1),
            matrix=tuple(
                MatrixRow(axis, level, score, trend, since, fall, ("s1",), (1, 2))
                for axis, (level, score, trend, since, fall) in rows.items()
            ),
            headline=first,
            key_points=(first, second),
            what_happened=(Statement(headline, (1,), AT, "s1"),),
            brief=Brief(("ACME",), ("Rocket",), ("acme.example",), ("ai",)),
            service_surface=(SignalLine("outage", Signal.CONTINUITY, second),),
            governance_surface=GovernanceSurface(
                Criticality.HIGH, "Quarter", (SignalLine("export-controls", Signal.GOVERNANCE, first, 2),)
            ),
            evidence=(
                self._record(1, "s1", "The Wire", Reliability.B, headline, url, direct=False),
                self._record(2, "s1", "Acme", Reliability.A, headline, "https://acme.example/news", direct=True),
                self._record(3, "s2", "The Wire", Reliability.B, SECOND, url, direct=False),
            ),
            contributions=(AxisContributions(Axis.POLICY, self.contributions(headline)),),
            relations=(RelationLine("investor", "bigco", "Big Co"),),
            relationship_signals=(SignalLine("merger", Signal.RELATIONSHIP, second),),
            history=(self.transition(headline),),
        )

    def _record(
        self, number: int, story: str, publisher: str, reliability: Reliability, title: str, url: str, *, direct: bool
    ) -> SourceRecord:
        return SourceRecord(
            number=number,
            story=story,
            item=f"i{number}",
            source=publisher.lower(),
            publisher=publisher,
            reliability=reliability,
            direct=direct,
            title=title,
            url=url,
            published=AT,
            observed=AT,
        )

    def contributions(self, headline: str = HEADLINE) -> tuple[Contribution, ...]:
        return (Contribution("s1", headline, ("export-controls",), 0.45, 0.92, "A", 1.0, 1.2, 3600.0, 0.49),)

    def transition(self, headline: str = HEADLINE, from_: Level = Level.MEDIUM, to: Level = Level.HIGH) -> Transition:
        return Transition(
            AT, self.institution, Axis.POLICY, from_, to, 0.62, Cause.EVIDENCE, self.contributions(headline)
        )

    def lead(self, headline: str = HEADLINE, **of: Any) -> Lead:
        given = {
            "story": "s1",
            "title": headline,
            "item": "i1",
            "url": "https://news.example/a?id=1&x=2",
            "publisher": "The Wire",
            "topics": ("export-controls",),
            "publishers": 2,
            "grade": "B",
            "confidence": 0.78,
            "axis": Axis.POLICY,
            "from_": Level.LOW,
            "to": Level.HIGH,
        }
        return Lead(**{**given, **of})

    def alert(
        self,
        number: int = 1,
        on: On = On.STORY,
        transition: Transition | None = None,
        headline: str = HEADLINE,
        **of: Any,
    ) -> Alert:
        """An alert of a kind with all that one of it has."""
        moves = on in {On.STORY, On.LEVEL}
        change = (transition or self.transition(headline)) if moves else None
        still = {"axis": None, "from_": None, "to": None}
        given: dict[str, Any] = {
            "level": change.to if change else Level.LOW,
            "lead": self.lead(headline, **({} if on is On.STORY else still)),
            "changes": (change,) if change else (),
            "rules": ("policy of the labs",),
        }
        if on is On.SPIKE:
            given |= {"lead": None, "spike": (12, 2.5, 6)}
        if on is On.GRADE:
            given["grades"] = ("C", "B")
        return Alert(f"a{number}", AT, "desk", "chan", self.institution, on, **{**given, **of})

    def entry(self, **of: Any) -> Entry:
        return Entry(of.pop("alert", None) or self.alert(), **of)

    def view(self, headline: str = HEADLINE, **of: Any) -> MessageView:
        given = {
            "id": "message-1",
            "kind": Kind.ALERT,
            "subscriber": "desk",
            "channel": "chan",
            "tier": Tier.LEADERSHIP_ALLIANCE,
            "at": AT,
            "entries": (self.entry(alert=self.alert(headline=headline)),),
            "profiles": {self.institution: self.profile(headline)},
            "timezone": "Europe/Paris",
            "unsubscribe": "https://alerts.example/unsubscribe/token",
            "base_url": "https://alerts.example",
            "answers": {f"a{number}": f"https://alerts.example/answer/token{number}" for number in range(1, 50)},
        }
        return MessageView(**{**given, **of})


@pytest.fixture
def sample() -> Sample:
    return Sample()


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answer:
    """How the receiver answers: `delay` seconds late, or by closing the connection (`cut`), or drop by drop."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    drip: bool = False


class Receiver:
    """An HTTP server on a free port of this machine."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.answers: list[Answer] = []
        self.default = Answer()
        self.by_path: dict[str, int] = {}
        self.closing = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                receiver.requests.append(Received(self.command, self.path, dict(self.headers), body))
                answer = receiver.answers.pop(0) if receiver.answers else receiver.default
                if answer.delay:
                    receiver.closing.wait(answer.delay)
                if answer.cut:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                self.send_response(receiver.by_path.get(self.path, answer.status))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.drip:
                    self.send_header("Content-Length", "1000000")
                    self.end_headers()
                    while not receiver.closing.wait(0.05):
                        self.wfile.write(b".")
                        self.wfile.flush()
                    return
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_PUT = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64  # the usual 5 cut off some of many senders where the machine is busy

            def handle_error(self, *_: object) -> None:
                pass  # a client that gave up

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def one(self) -> Received:
        assert len(self.requests) == 1, f"{len(self.requests)} requests came"
        return self.requests[0]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def hosts(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every connection of the HTTP library goes to the receiver; the URLs asked for are listed."""
    asked: list[str] = []

    def connection(
        self: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, *_: object, **__: object
    ) -> Any:
        asked.append(str(request.url))
        return self.poolmanager.connection_from_url(f"http://127.0.0.1:{receiver.port}")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "get_connection_with_tls_context", connection)
    return asked


@dataclass
class Mail:
    sender: str
    recipients: list[str]
    content: bytes


class _Handler:
    """What the SMTP server asks; it looks at every attribute, so the box itself is kept apart."""

    def __init__(self, box: Postbox) -> None:
        self._box = box

    async def handle_MAIL(
        self, _server: object, _session: object, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if "MAIL" in self._box.answers:
            return self._box.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: object, _session: object, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self._box.refused:
            return self._box.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: object, envelope: Any) -> str:
        self._box.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if self._box.hang_up:
            server.transport.abort()
        if self._box.delay:
            await asyncio.sleep(self._box.delay)
        return self._box.answers.get("DATA", "250 OK")


class Postbox:
    """An SMTP server on a free port; `answers` replaces the reply to a command, `delay` holds DATA back."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.delay = 0.0
        self.hang_up = False
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: SMTP(_Handler(self), loop=self._loop), "127.0.0.1", 0)
        )
        self.port = int(self._server.sockets[0].getsockname()[1])
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def one(self) -> Mail:
        assert len(self.mails) == 1, f"{len(self.mails)} mails came"
        return self.mails[0]

    def close(self) -> None:
        async def close() -> None:
            self._server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    made = Postbox()
    yield made
    made.close()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits for a condition that another thread brings about."""

    def wait(condition: Callable[[], bool], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.01)

    return wait
