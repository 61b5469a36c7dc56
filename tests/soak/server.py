"""The publishers behind HTTP, in a process of their own, and what they noticed of their reader."""

from __future__ import annotations

import asyncio
import gzip
import json
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

from soak.publishers import Answer, Feed, answer, feeds


@dataclass
class Seen:
    """What a publisher noticed. `shown`: up to when its items were in an answer that was good."""

    requests: int = 0
    shown: float | None = None
    early: int = 0  # requests within the time of a Retry-After
    old_address: float | None = None  # the last request at the address that answers 301
    not_before: float = 0.0


class _Publisher(asyncio.Protocol):
    def __init__(self, world: dict[str, Feed], seen: dict[str, Seen], clock: Any) -> None:
        self._world, self._seen, self._clock = world, seen, clock
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if b"\r\n\r\n" in self._received:
            request, self._received = self._received, b""
            self._answer(request.decode("latin-1"))

    def _answer(self, request: str) -> None:
        line, *rest = request.split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}
        path = line.split(" ")[1]
        if path == "/report":
            report = {name: asdict(each) for name, each in self._seen.items()}
            self._send(Answer(200, {}, json.dumps(report).encode()), gzipped=False)
            return
        _, place, name = path.split("/")
        feed, seen, at = self._world[name], self._seen[name], self._clock.value
        if feed.kind.name == "301" and place == "feed" and at > 8 * 3600:
            seen.old_address = at
            self._send(Answer(301, {"Location": f"/moved/{name}"}), gzipped=False)
            return
        seen.requests += 1
        seen.early += at < seen.not_before
        made = answer(feed, at, headers.get("if-none-match", ""), headers.get("if-modified-since", ""), seen.requests)
        if made.headers.get("Retry-After", "").isdigit():
            seen.not_before = at + int(made.headers["Retry-After"])
        if made.shows is not None:
            seen.shown = max(made.shows, seen.shown or made.shows)
        if made.delay:
            asyncio.get_running_loop().call_later(made.delay, self._send, made)
        else:
            self._send(made)

    def _send(self, made: Answer, *, gzipped: bool = True) -> None:
        if not made.hangs_up:
            content = made.body
            if content and gzipped and not made.cut:
                content = gzip.compress(content, 1)
                made.headers["Content-Encoding"] = "gzip"
            lines = [f"HTTP/1.1 {made.status} x", *(f"{name}: {value}" for name, value in made.headers.items())]
            if made.status != 304:
                lines.append(f"Content-Length: {len(content)}")
            self._transport.write(("\r\n".join(lines) + "\r\n\r\n").encode() + content[: len(content) - made.cut])
        self._transport.close()


def _serve(count: int, days: float, clock: Any, ready: Connection) -> None:
    world = {feed.name: feed for feed in feeds(count, days)}
    seen = {name: Seen() for name in world}

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Publisher(world, seen, clock), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the books need the report
    asyncio.run(run())


class Clock:
    """The time of the soak, seconds since its beginning, as both processes see it."""

    def __init__(self, shared: Any) -> None:
        self._shared = shared

    @property
    def at(self) -> float:
        value: float = self._shared.value
        return value

    @at.setter
    def at(self, value: float) -> None:
        self._shared.value = value


@contextmanager
def serving(count: int, days: float) -> Iterator[tuple[str, Clock]]:
    """The feeds' base address, and the clock that they go by."""
    context = multiprocessing.get_context("spawn")
    shared = context.Value("d", 0.0, lock=False)
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(count, days, shared, there), daemon=True)
    process.start()
    try:
        if not here.poll(60):
            raise RuntimeError("the feed server did not start")
        yield f"http://127.0.0.1:{here.recv()}", Clock(shared)
    finally:
        process.terminate()
        process.join(10)
