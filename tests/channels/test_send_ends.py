"""A send ends at its deadline: the connection is cut, whatever the other side does, and replies are bounded."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from kit.messages import send

from alerts.channels.result import SendReason
from alerts.model.secret import Secret
from alerts.rendering.render import Renderer
from alerts.rendering.view import Format, Rendered

if TYPE_CHECKING:
    from kit.messages import Sample

pytestmark = pytest.mark.servers


class Peer:
    """Accepts one connection, plays `talk` on it, and says when the other side hung up."""

    def __init__(self, talk: Callable[[socket.socket, threading.Event], None]) -> None:
        self.over = threading.Event()
        self.stop = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, args=(talk,), daemon=True)
        self._thread.start()

    def _serve(self, talk: Callable[[socket.socket, threading.Event], None]) -> None:
        with self._server:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with closing(connection):
                try:
                    talk(connection, self.stop)
                except OSError:
                    self.over.set()

    def close(self) -> None:
        self.stop.set()
        self._server.close()
        self._thread.join(5)


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Loading the sending library takes longer than the deadlines here."""
    url = Secret("json://127.0.0.1:1/")
    send(url, Rendered("id", "t", "b", Format.TEXT))


@pytest.fixture
def peer() -> Iterator[Callable[[Callable[[socket.socket, threading.Event], None]], Peer]]:
    made: list[Peer] = []

    def make(talk: Callable[[socket.socket, threading.Event], None]) -> Peer:
        made.append(Peer(talk))
        return made[-1]

    yield make
    for each in made:
        each.close()


def dripped(first: bytes, drip: bytes, *, reads: bool) -> Callable[[socket.socket, threading.Event], None]:
    def talk(connection: socket.socket, stop: threading.Event) -> None:
        if reads:
            connection.recv(65_536)
        connection.sendall(first)
        while not stop.wait(0.02):
            connection.sendall(drip)

    return talk


@pytest.mark.parametrize(
    ("scheme", "first", "drip", "reads"),
    [
        ("json", b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", True),
        ("json", b"HTTP/1.1 200 OK\r\n\r\n", b".", True),
        ("json", b"", b"HTTP/1.1 100 Continue\r\n\r\n", True),
        ("mailto", b"", b"2", False),
        ("mailto", b"220 hello\r\n", b"250-more\r\n", False),
    ],
    ids=["headers", "body", "100-continue", "greeting", "replies"],
)
def test_what_drips_is_cut_at_the_deadline(
    peer: Callable[..., Peer], sample: Sample, scheme: str, first: bytes, drip: bytes, reads: bool
) -> None:
    other = peer(dripped(first, drip, reads=reads))
    more = "?from=a@example.org&to=b@example.com" if scheme == "mailto" else "/hook"
    url = Secret(f"{scheme}://127.0.0.1:{other.port}{more}")
    before = time.monotonic()
    result = send(url, Renderer().render(sample.view(), url), deadline=0.5)
    assert time.monotonic() - before < 3
    assert result.reason in {SendReason.TIMEOUT, SendReason.DEADLINE, SendReason.UNREACHABLE}
    assert other.over.wait(5), "the connection still stands after the send has ended"
    assert not [each for each in threading.enumerate() if each.name == "send" and _alive(each)]


def _alive(thread: threading.Thread) -> bool:
    thread.join(5)
    return thread.is_alive()


def test_a_reply_without_end_is_no_reply(peer: Callable[..., Peer], sample: Sample) -> None:
    def talk(connection: socket.socket, stop: threading.Event) -> None:
        while not stop.is_set():
            connection.sendall(b"220-" + b"x" * 60 + b"\r\n")

    other = peer(talk)
    url = Secret(f"mailto://127.0.0.1:{other.port}?from=a@example.org&to=b@example.com")
    result = send(url, Renderer().render(sample.view(), url), deadline=20)
    assert result.reason is SendReason.UNREACHABLE
    assert other.over.wait(5)
