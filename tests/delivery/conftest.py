"""Receivers that keep the bytes they get: what is asserted is what would have gone to the service."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests.adapters
from aiosmtpd.controller import Controller


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
                self.send_response(answer.status)
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


class Postbox:
    """An SMTP server on a free port; `answers` replaces the reply to a command, `delay` holds DATA back."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self.delay = 0.0
        self.hang_up = False
        self._controller = Controller(self, hostname="127.0.0.1", port=0)

    async def handle_MAIL(
        self, _server: object, _session: object, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: object, _session: object, envelope: Any, address: str, _options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: object, envelope: Any) -> str:
        self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        if self.hang_up:
            server.transport.abort()
        if self.delay:
            import asyncio

            await asyncio.sleep(self.delay)
        return self.answers.get("DATA", "250 OK")

    @property
    def one(self) -> Mail:
        assert len(self.mails) == 1, f"{len(self.mails)} mails came"
        return self.mails[0]

    @property
    def port(self) -> int:
        server = self._controller.server
        assert server is not None
        return int(server.sockets[0].getsockname()[1])

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    made = Postbox()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits for a condition that another thread brings about."""

    def wait(condition: Callable[[], bool], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.01)

    return wait
