"""Servers that mean harm: each poll ends, in bounded time and memory, with a line that says what happened.

Nothing here asserts how long something takes: a server that could hold a worker would hold the test.
"""

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from kit.rawserver import FEED, Answer, RawServer, Request, reply

from alerts.feeds.diff import KnownItems
from alerts.feeds.feed import ErrorKind, Limits
from alerts.feeds.fetching.fetch import fetch, make_client
from alerts.feeds.fetching.network import HttpClient
from alerts.feeds.poll import PolledFeed, read_answer
from alerts.feeds.state import FeedState
from alerts.model.source import Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SHORT = Limits(total=1.0, connect=0.5, read=0.5, compressed=1_000_000, body=2_000_000)
pytestmark = pytest.mark.servers


def ask(url: str, limits: Limits = SHORT, client: HttpClient | None = None) -> PolledFeed:
    source = Source(id="a", url=url, publisher="A", allow_private=True)
    used = client or make_client()
    state = FeedState(url=url)
    result = fetch(used, source, state, limits=limits, now=NOW)
    polled = read_answer(source, state, result, lambda _wanted: KnownItems(), now=NOW)
    assert polled.plan.at is not None  # whatever happened, it is polled again
    if polled.result.error is not None:
        assert polled.plan.state.error_line
    assert "\n" not in polled.plan.state.error_line
    return polled


def sends(pieces: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Answer:
    """An answer in pieces, as long as the client takes them."""

    def answer(connection: socket.socket, _request: Request) -> None:
        for piece in pieces():
            connection.sendall(piece)
            if pause:
                time.sleep(pause)

    return answer


def forever(start: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield start
        while True:
            yield piece

    return pieces


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"H"),  # the status line
        (OK, b"X"),  # a header
        (OK + b"Content-Length: 100000\r\n\r\n", b"a"),  # the body
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (OK + b"Content-Encoding: gzip\r\n\r\n", b"\x1f"),
    ],
)
def test_a_slow_drip_ends_at_the_deadline(raw_server: RawServer, start: bytes, piece: bytes) -> None:
    """Each byte comes within the time for one read; all of them would take hours."""
    raw_server.otherwise = sends(forever(start, piece), pause=0.1)
    polled = ask(raw_server.url())
    assert polled.result.error in {ErrorKind.TIMEOUT, ErrorKind.PROTOCOL, ErrorKind.ENCODING}


def test_redirects_share_one_deadline(raw_server: RawServer) -> None:
    def slowly_on(connection: socket.socket, request: Request) -> None:
        time.sleep(0.4)
        reply("302 Found", b"", Location=request.target + "x")(connection, request)

    raw_server.otherwise = slowly_on
    polled = ask(raw_server.url(), Limits(total=1.0, read=0.5, redirects=10_000))
    assert polled.result.error is ErrorKind.TIMEOUT
    assert "within 1 s" in polled.result.detail


def test_silence(raw_server: RawServer) -> None:
    held = threading.Event()

    def hold(_connection: socket.socket, _request: Request) -> None:
        held.wait(20)

    raw_server.otherwise = hold
    polled = ask(raw_server.url())
    held.set()
    assert polled.result.error is ErrorKind.TIMEOUT
    assert "silent" in polled.result.detail


def test_a_resolver_that_never_answers() -> None:
    held = threading.Event()

    def resolver(_host: str, _port: int) -> list[str]:
        held.wait(20)
        return []

    polled = ask("http://a.example/", client=make_client(resolver=resolver))
    held.set()
    assert polled.result.error is ErrorKind.TIMEOUT


def peak(work: Callable[[], PolledFeed]) -> tuple[PolledFeed, int]:
    """What was polled, and the most memory that was taken for it."""
    tracemalloc.start()
    try:
        polled = work()
        return polled, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "start",
    [
        OK + b"\r\n",  # until the connection closes
        OK + b"Content-Length: 99999999999\r\n\r\n",
        OK + b"Content-Length: 99999999999\r\nContent-Encoding: gzip\r\n\r\n",
    ],
)
def test_an_endless_body(raw_server: RawServer, start: bytes) -> None:
    raw_server.otherwise = sends(forever(start, b"a" * 65536))
    limits = Limits(total=20, compressed=1_000_000, body=2_000_000)
    polled, memory = peak(lambda: ask(raw_server.url(), limits))
    assert polled.result.error in {ErrorKind.TOO_LARGE, ErrorKind.ENCODING}
    assert memory < 8_000_000


def test_an_endless_body_in_chunks(raw_server: RawServer) -> None:
    raw_server.otherwise = sends(
        forever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"a" * 4096 + b"\r\n")
    )
    assert ask(raw_server.url(), Limits(total=20, compressed=1_000_000)).result.error is ErrorKind.TOO_LARGE


def test_endless_headers(raw_server: RawServer) -> None:
    raw_server.otherwise = sends(forever(OK, b"X-A: " + b"a" * 1000 + b"\r\n"))
    polled, memory = peak(lambda: ask(raw_server.url(), Limits(total=20)))
    assert polled.result.error is ErrorKind.PROTOCOL
    assert memory < 8_000_000


def bomb(layers: int) -> bytes:
    data = b"<rss>" + b"\0" * 200_000_000
    packer = zlib.compressobj(9, wbits=31)
    packed = packer.compress(data) + packer.flush()
    for _ in range(layers - 1):
        packed = gzip.compress(packed)
    return packed


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb(raw_server: RawServer, layers: int) -> None:
    raw_server.on("/", body=bomb(layers), Content_Encoding=", ".join(["gzip"] * layers))
    polled, memory = peak(lambda: ask(raw_server.url()))
    assert polled.result.error is ErrorKind.TOO_LARGE
    assert memory < 16_000_000


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"", b"HTTP/1.1 103 Early TaskRequests\r\nLink: <x>\r\n\r\n" * 100),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"x" * 8000 + b"\r\na\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 1000),
    ],
    ids=["informational answers", "chunk extensions", "chunks of one byte"],
)
def test_what_comes_off_the_socket_is_counted(raw_server: RawServer, start: bytes, piece: bytes) -> None:
    """Neither is a body, so that the bound of the body never saw them: 22 GB for one poll."""
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        yield start
        while True:
            sent += len(piece)
            yield piece

    raw_server.otherwise = sends(pieces)
    limits = Limits(total=60, compressed=100_000, overhead=100_000)
    polled, memory = peak(lambda: ask(raw_server.url(), limits))
    assert polled.result.error is ErrorKind.TOO_LARGE
    assert sent < 20_000_000  # what the buffers between the two take
    assert memory < 4_000_000


def test_many_layers_of_compression(raw_server: RawServer) -> None:
    raw_server.on("/", body=FEED, Content_Encoding=", ".join(["gzip"] * 1000))
    assert ask(raw_server.url()).result.error is ErrorKind.ENCODING


def test_a_title_of_a_hundred_megabytes(raw_server: RawServer) -> None:
    def pieces() -> Iterator[bytes]:
        yield OK + b"\r\n" + FEED.partition(b"One")[0]
        for _ in range(1600):
            yield b"endless " * 8192
        yield FEED.partition(b"One")[2]

    raw_server.otherwise = sends(pieces)
    polled, memory = peak(lambda: ask(raw_server.url(), Limits(total=30)))
    assert polled.result.error is ErrorKind.TOO_LARGE
    assert memory < 80_000_000


def test_a_title_that_is_just_small_enough_is_cut(raw_server: RawServer) -> None:
    raw_server.on("/", body=FEED.replace(b"One", b"long " * 1_000_000))
    polled = ask(raw_server.url(), Limits(total=30))
    assert polled.decision is not None
    assert len(polled.decision.new[0].item.title) <= 2_000


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 2x0 OK\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
        OK + b"Content-Length: 100\r\n\r\nshort",
        OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Bad Header\r\n\r\n",
        OK + b"X: a\x00b\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
def test_what_is_no_http(raw_server: RawServer, answer: bytes) -> None:
    raw_server.otherwise = sends(lambda: iter([answer]))
    polled = ask(raw_server.url())
    assert polled.result.error in {ErrorKind.PROTOCOL, ErrorKind.HTTP, ErrorKind.DOWN, ErrorKind.TIMEOUT}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100, "image/png"),
        (bytes(range(256)) * 1000, "application/rss+xml"),
        (b"<html><title>Log in</title></html>", "application/rss+xml"),
        (b"", "application/rss+xml"),
        (b"<rss", "text/xml; charset=no-such-encoding"),
    ],
)
def test_what_is_no_feed(raw_server: RawServer, body: bytes, content_type: str) -> None:
    raw_server.on("/", body=body, Content_Type=content_type, ETag='"x"')
    polled = ask(raw_server.url())
    assert polled.parsed is not None
    assert polled.parsed.error is ErrorKind.NOT_A_FEED
    assert polled.plan.state.error_line
    assert polled.plan.state.etag == ""  # or a 304 would hide it next time


def test_a_feed_of_the_wrong_type_is_a_feed(raw_server: RawServer) -> None:
    raw_server.on("/", Content_Type="text/html; charset=\xe9")
    polled = ask(raw_server.url())
    assert polled.decision is not None
    assert len(polled.decision.new) == 1


def test_headers_that_are_nonsense_do_no_harm(raw_server: RawServer) -> None:
    raw_server.on(
        "/",
        Cache_Control="max-age=" + "9" * 400,
        Expires="x" * 1000,
        Date="\xff\xfe",
        Link="<" * 5000,
        ETag=b"\xff" * 200,
        Last_Modified="0",
        Content_Encoding="",
        Age="-1",
    )
    assert ask(raw_server.url()).decision is not None
