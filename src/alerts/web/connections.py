"""Limits on connections: how long a client may take, and how many connections may be open.

uvicorn times a connection only after its first answer and counts idle connections as work, so that a few hundred
clients that say nothing would close the pages to everybody. Here a request must arrive within a time, an answer must
be taken within a time, and where too many connections are open the oldest idle one makes room for the new one."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import h11
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS: Final = 10.0  # from the beginning of a connection, or of a further request, to the end of its headers
BODY_SECONDS: Final = 20.0  # from the end of the headers to that of the body; the largest are pushes of some kilobytes
ANSWER_SECONDS: Final = 120.0  # from the end of the headers until the whole answer has been taken
LIVE: Final = "/live"  # where an answer lasts as long as it may
MAX_CONNECTIONS: Final = 500  # in all; half of the files that a process may usually have open
MAX_PER_CLIENT: Final = 50  # from one address; a trusted proxy speaks for many and is bounded by the total alone


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 with these limits."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._timers: dict[str, asyncio.TimerHandle] = {}  # of `head`, `body` and `answer`
        self.opened_at = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered, and every answer has been taken."""
        cycle: RequestResponseCycle | None = self.cycle  # none before the first request
        return (cycle is None or cycle.response_complete) and not self.transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.opened_at = self.loop.time()
        # The address of the other end itself; proxies replace that of the request by the one they speak for.
        self.app_state = {**self.app_state, "peer": self.client[0] if self.client else ""}
        self._start("head", HEAD_SECONDS, self._give_up)
        others = [each for each in self.connections if each is not self and isinstance(each, BoundedProtocol)]
        of_client = [each for each in others if self.client and each.client and each.client[0] == self.client[0]]
        if len(of_client) >= MAX_PER_CLIENT and not self._is_trusted():
            self._make_room(of_client)
        elif len(others) >= MAX_CONNECTIONS:
            self._make_room(others)

    def shutdown(self) -> None:
        """Lets pages go that listen to `/live`, so that ending the server does not wait for them."""
        super().shutdown()
        if not self.is_idle and self.cycle.scope["path"] == LIVE:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop("head", "body", "answer")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.is_idle:
            self._stop("answer")
            self._start("head", HEAD_SECONDS, self._give_up)
        super().data_received(data)
        if self.is_idle:
            return
        self._stop("head")
        self._start("answer", ANSWER_SECONDS, self._give_up_unless_taken)
        if self.conn.their_state is h11.SEND_BODY:
            self._start("body", BODY_SECONDS, self._give_up)
        else:
            self._stop("body")

    def on_response_complete(self) -> None:
        self._stop("head", "body")  # what is in the buffer has still to be taken
        super().on_response_complete()

    def _make_room(self, others: "list[BoundedProtocol]") -> None:
        """Closes the idle connection that has been open longest, or this one where all are being answered."""
        idle = [each for each in others if each.is_idle]
        chosen = min(idle, key=lambda each: each.opened_at) if idle else self
        chosen._give_up()  # noqa: SLF001 - another of our own class

    def _give_up_unless_taken(self) -> None:
        if not self.is_idle:
            self._give_up()

    def _give_up(self) -> None:
        self.connections.discard(self)
        self.transport.abort()

    def _is_trusted(self) -> bool:
        """Whether the client is a proxy that the operator named (FORWARDED_ALLOW_IPS)."""
        proxies = ProxyHeadersMiddleware(self.app, self.config.forwarded_allow_ips)
        return self.client is not None and self.client[0] in proxies.trusted_hosts

    def _start(self, timer: str, seconds: float, act: Callable[[], None]) -> None:
        """Unless it runs already."""
        if timer not in self._timers:
            self._timers[timer] = self.loop.call_later(seconds, act)

    def _stop(self, *timers: str) -> None:
        for each in self._timers.keys() & timers:
            self._timers.pop(each).cancel()
