"""A server that says exactly what a test tells it to, byte for byte."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><link>https://a.example/</link>'
    b"<item><guid>1</guid><title>One</title><link>https://a.example/1</link></item></channel></rss>"
)


@dataclass
class Request:
    """What a client sent: the target, and its headers with names in lower case."""

    target: str
    headers: dict[str, str]
    raw: bytes


Answer = Callable[[socket.socket, Request], None]


@dataclass
class RawServer:
    """Answers each connection with `answers[path]`, else with `otherwise`."""

    port: int
    requests: list[Request] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    otherwise: Answer | None = None
    tls: ssl.SSLContext | None = None

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http{'s' if self.tls else ''}://{host}:{self.port}{path}"

    def on(self, path: str, status: str = "200 OK", body: bytes = FEED, **headers: str | bytes) -> None:
        """Answer a path with a status, headers (`_` stands for `-`) and a body."""
        self.answers[path] = reply(status, body, **headers)

    def _tls(self, connection: socket.socket) -> socket.socket:
        if self.tls is None:
            return connection
        return self.tls.wrap_socket(connection, server_side=True)

    def handle(self, accepted: socket.socket) -> None:
        with suppress(OSError), self._tls(accepted) as connection:
            connection.settimeout(20)
            raw = b""
            while b"\r\n\r\n" not in raw:
                piece = connection.recv(65536)
                if not piece or raw + piece < b"\x20":  # a TLS handshake
                    return
                raw += piece
            first, *lines = raw.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            request = Request(first.split()[1], headers, raw)
            self.requests.append(request)
            answer = self.answers.get(request.target, self.otherwise)
            (answer or reply("404 Not Found", b""))(connection, request)


def reply(status: str, body: bytes, **headers: str | bytes) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named.setdefault("Content-Length", str(len(body)))
    lines = [f"HTTP/1.1 {status}".encode()]
    for name, value in named.items():
        lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    data = b"\r\n".join([*lines, b"", body])

    def answer(connection: socket.socket, _request: Request) -> None:
        connection.sendall(data)

    return answer


@contextmanager
def raw_server() -> Iterator[RawServer]:
    """A server on a free port of this machine, one thread a connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = RawServer(listener.getsockname()[1])
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=server.handle, args=(connection,), daemon=True)
            threads.append(thread)
            thread.start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    yield server
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    acceptor.join(5)
    for thread in threads:
        thread.join(5)


@dataclass
class SilentServer:
    """Takes every connection and answers none."""

    port: int
    taken: list[socket.socket] = field(default_factory=list)


@contextmanager
def silent_server(host: str = "127.0.0.1") -> Iterator[SilentServer]:
    """A service that hangs, on a free port of an address of this machine. At the end its connections are closed."""
    with socket.create_server((host, 0)) as listener:
        server = SilentServer(listener.getsockname()[1])

        def take() -> None:
            with suppress(OSError):
                while True:
                    server.taken.append(listener.accept()[0])

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
        taking.join()
        for each in server.taken:
            each.close()
