"""Idle and slow connections close nothing but themselves: a real server, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import uvicorn
from kit.program import until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from alerts.web import connections
from alerts.web.connections import BoundedProtocol

pytestmark = pytest.mark.servers

GET = b"GET /ok HTTP/1.1\r\nHost: pages\r\n\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: pages\r\nContent-Length: 10\r\n\r\n"


def ok(_request: Request) -> Response:
    return PlainTextResponse("ok")


def ends(request: Request) -> Response:
    assert request.client is not None
    return PlainTextResponse(f"{request.state.peer} for {request.client.host}")


def large(_request: Request) -> Response:
    return PlainTextResponse("x" * 50_000_000)


async def body(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def listened(_request: Request) -> Response:
    async def events() -> AsyncIterator[str]:
        yield "retry: 5000\n\n"
        await asyncio.sleep(600)

    return StreamingResponse(events(), media_type="text/event-stream")


@contextlib.contextmanager
def serving(trusted: str) -> Iterator[int]:
    app = Starlette(
        routes=[
            Route("/ok", ok),
            Route("/ends", ends),
            Route("/large", large),
            Route("/live", listened),
            Route("/body", body, methods=["POST"]),
        ]
    )
    config = uvicorn.Config(
        app, log_config=None, http=BoundedProtocol, ws="none", forwarded_allow_ips=trusted, lifespan="off"
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert until(lambda: server.started, 10)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(10)


@pytest.fixture(params=["127.0.0.0/8", ""], ids=["trusted", "client"])
def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server with short times; this machine is a trusted proxy of it, or a client like any other."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(connections, name, 0.5)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 30)
    monkeypatch.setattr(connections, "MAX_PER_CLIENT", 10)
    with serving(request.param) as found:
        yield found


@pytest.mark.parametrize(("trusted", "client"), [("127.0.0.1", "192.0.2.7"), ("", "127.0.0.1")])
def test_the_other_end_is_known_whatever_is_forwarded(trusted: str, client: str) -> None:
    with serving(trusted) as port:
        answer = httpx.get(f"http://127.0.0.1:{port}/ends", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.text == f"127.0.0.1 for {client}"


def connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), 5)
    made.settimeout(10)
    return made


def answer(made: socket.socket, request: bytes = GET) -> bytes:
    """Status, headers and body of a short answer."""
    made.sendall(request)
    found = b""
    while not found.partition(b"\r\n\r\n")[2]:
        found += made.recv(65_536)
    return found


def closed_after(made: socket.socket) -> float:
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        while made.recv(65_536):
            pass
    return time.monotonic() - began


def test_idle_connections_keep_no_request_out(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(connected(port))
        with connected(port) as asking:
            assert b"200 OK" in answer(asking)


def test_a_request_that_is_being_answered_is_not_closed_for_idle_ones(port: int) -> None:
    with contextlib.ExitStack() as stack, connected(port) as sending:
        sending.sendall(POST)
        time.sleep(0.1)
        for _ in range(60):
            stack.enter_context(connected(port))
        assert answer(sending, b"0123456789").endswith(b"10")


@pytest.mark.parametrize("begun", [b"", b"GET /ok HTTP/1.1\r\nHost", POST + b"0123"], ids=["nothing", "head", "body"])
def test_a_request_that_does_not_come_to_its_end_is_given_up(port: int, begun: bytes) -> None:
    with connected(port) as made:
        made.sendall(begun)
        assert closed_after(made) < 5


def test_a_head_that_drips_is_given_up(port: int) -> None:
    began = time.monotonic()
    with connected(port) as made, contextlib.suppress(ConnectionError):
        made.sendall(b"GET /ok HTTP/1.1\r\nHost: pages\r\n")
        for number in range(100):
            made.sendall(b"X-%d: y\r\n" % number)
            time.sleep(0.1)
    assert time.monotonic() - began < 5


def test_an_answer_that_is_not_taken_is_given_up(port: int) -> None:
    with connected(port) as made:
        made.sendall(b"GET /large HTTP/1.1\r\nHost: pages\r\n\r\n")
        time.sleep(1.5)
        received = 0
        with contextlib.suppress(ConnectionError):
            while some := made.recv(1_000_000):
                received += len(some)
        assert received < 50_000_000


def test_a_further_request_has_its_own_time(port: int) -> None:
    with connected(port) as made:
        for _ in range(3):
            assert b"200 OK" in answer(made)
            time.sleep(0.3)
        made.sendall(b"GET /ok")
        assert closed_after(made) < 5


def test_a_page_that_listens_does_not_hold_up_the_end() -> None:
    with contextlib.ExitStack() as stack:
        with serving("") as port:
            listener = stack.enter_context(connected(port))
            listener.sendall(b"GET /live HTTP/1.1\r\nHost: pages\r\n\r\n")
            received = b""
            while b"retry" not in received:
                received += listener.recv(4096)
            began = time.monotonic()
        assert time.monotonic() - began < 5, "the server would have waited for it"
