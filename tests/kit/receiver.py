"""An HTTP receiver that keeps what it is sent, and fails as a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from kit.local_server import LocalServer


@dataclass(frozen=True)
class Answer:
    """How to answer one request. `delay` is in seconds, before the answer and after the body was read."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0.0
    drop: bool = False  # close the connection without an answer


@dataclass(frozen=True)
class Received:
    at: float  # seconds since 1970, when the body was complete
    path: str
    body: dict[str, Any]
    answered: int
    connection: int  # the sender's port: the same for requests over one connection


class Receiver(LocalServer):
    """Takes JSON at any path. A context manager.

    `answers` are used up from the front, then `default` holds. `channel` is what a subscriber's YAML names.
    """

    def __init__(self, default: Answer | None = None) -> None:
        self.default = default or Answer()
        self.answers: list[Answer] = []
        self.received: list[Received] = []
        self._changed = threading.Condition()
        super().__init__(_handler(self))

    def channel(self, path: str = "alerts") -> str:
        return f"json://127.0.0.1:{self.port}/{path}"

    def then(self, *answers: Answer) -> None:
        """The next requests are answered so."""
        with self._changed:
            self.answers += answers

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """The bodies that were answered with success."""
        with self._changed:
            return [each.body for each in self.received if 200 <= each.answered < 300]

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts in what was accepted, in order of arrival."""
        return [alert for body in self.accepted for alert in body["alerts"]]

    def wait_for(self, count: int, seconds: float) -> bool:
        """Whether that many requests had come before the time was over."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.received) >= count, seconds)

    def _take(self, path: str, body: dict[str, Any], connection: int) -> Answer:
        with self._changed:
            answer = self.answers.pop(0) if self.answers else self.default
            self.received.append(Received(time.time(), path, body, 0 if answer.drop else answer.status, connection))
            self._changed.notify_all()
            return answer


def keys(alerts: Iterable[dict[str, Any]]) -> list[tuple[str, str, str, str]]:
    """(institution, axis, from, to) of each alert, sorted."""
    return sorted((each["institution"], each["axis"], each["from"], each["to"]) for each in alerts)


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = receiver._take(self.path, json.loads(raw), self.client_address[1])
            if answer.delay:
                time.sleep(answer.delay)
            if answer.drop:
                self.close_connection = True
                self.connection.close()
                return
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # the sender had enough

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    return Handler
