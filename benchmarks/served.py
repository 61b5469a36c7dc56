"""A world's feeds over HTTP from a process of its own, and a receiver of messages that counts.

    python benchmarks/served.py INSTITUTIONS SOURCES ENTRIES [FIRST]

Prints its port. `GET /N` is the feed of source N, `POST /version/V` makes every feed show version V, with the
entries of the one before below it; `POST /version/V/ahead` also renders all of them at once. The version shown from
the start has FIRST entries where that is given. `POST /hook` takes a message; `GET /arrivals` lists when which came.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.world import World, rss

HOSTS = tuple(f"127.0.0.{number}" for number in range(1, 5))
"""Where it listens: as many services, as the sender sees it."""


class Server:
    def __init__(self, world: World, entries: int, first: int) -> None:
        self.world = world
        self.entries = entries
        self.first = first
        self.version = 0
        self.shown_at = datetime.now(UTC)
        self.served = 0
        self.unchanged = 0
        self.arrivals: list[tuple[str, float]] = []
        self.feed = lru_cache(maxsize=None)(self._feed)

    def _feed(self, source: int, version: int) -> bytes:
        shown = [
            each
            for number in range(version, max(-1, version - 2), -1)
            for each in self.world.news(source, number, self.entries if number else self.first)
        ]
        return rss(f"Source {source}", shown, self.shown_at)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
                fields = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
                }
                body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
                status, answer, tag = self.answer(method, path, fields, body)
                etag = f'ETag: "{tag}"\r\n' if tag else ""
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\n{etag}"
                    f"Content-Length: {len(answer)}\r\n\r\n".encode()
                    + answer
                )
                await writer.drain()
        writer.close()

    def answer(self, method: str, path: str, fields: dict[bytes, bytes], body: bytes) -> tuple[str, bytes, str]:
        if method == "POST":
            if path.startswith("/version/"):
                self.version = int(path.split("/")[2])
                self.shown_at = datetime.now(UTC)
                if path.endswith("/ahead"):
                    for source in range(self.world.sources):
                        self.feed(source, self.version)
            else:
                self.arrivals.append((json.loads(body).get("id", ""), time.time()))
            return "200 OK", b"ok", ""
        if path == "/arrivals":
            return "200 OK", json.dumps(self.arrivals).encode(), ""
        if path == "/counts":
            return "200 OK", json.dumps({"served": self.served, "unchanged": self.unchanged}).encode(), ""
        source = int(path[1:])
        tag = f"{source}-{self.version}"
        if fields.get(b"if-none-match", b"").decode() == f'"{tag}"':
            self.unchanged += 1
            return "304 Not Modified", b"", tag
        self.served += 1
        return "200 OK", self.feed(source, self.version), tag


async def main() -> None:
    institutions, sources, entries, *first = (int(each) for each in sys.argv[1:])
    served = Server(World(institutions, sources), entries, first[0] if first else entries)
    server = await asyncio.start_server(served.handle, HOSTS[0], 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    for host in HOSTS[1:]:
        await asyncio.start_server(served.handle, host, port, backlog=1024)
    print(port, flush=True)
    async with server:
        await server.serve_forever()


class Remote:
    """The server as its starter sees it."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.pid = pid

    def ask(self, path: str, *, post: bool = False) -> bytes:
        request = urllib.request.Request(self.url + path, data=b"" if post else None)
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())

    def show(self, version: int, *, ahead: bool = False) -> None:
        self.ask(f"/version/{version}" + ("/ahead" if ahead else ""), post=True)

    def arrivals(self) -> list[tuple[str, float]]:
        return [(key, at) for key, at in json.loads(self.ask("/arrivals"))]

    def counts(self) -> dict[str, int]:
        return dict(json.loads(self.ask("/counts")))


@contextlib.contextmanager
def server(institutions: int, sources: int, entries: int, first: int | None = None) -> Iterator[Remote]:
    """Runs the server while the block lasts."""
    sizes = (institutions, sources, entries, entries if first is None else first)
    command = [sys.executable, __file__, *map(str, sizes)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Remote(f"http://127.0.0.1:{process.stdout.readline().strip()}", process.pid)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(main())
