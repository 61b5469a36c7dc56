"""Connections for the fetcher (SSRF guard): to checked addresses only, bounded in time and bytes.

httpx asks for a connection to a name. Here the name is resolved once, every address it has is checked, and
the connection goes to a checked address, so a name that resolves differently the next moment gains nothing.
TLS and the Host header keep the name. Every read and write ends at the deadline of the whole fetch, so that a server
that sends slowly gains nothing, and every byte that is received counts.
"""

from __future__ import annotations

import ipaddress
import math
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import httpcore
import httpx

from alerts.feeds.fetching.addresses import is_in, is_never_fetched, is_public, network_of

_T = TypeVar("_T")

Resolver = Callable[[str, int], Sequence[str]]
"""Host name and port to the texts of its addresses, best first. Raises OSError where there are none."""


class AddressRefusedError(Exception):
    """A name leads to an address that may not be asked. Arguments: host, address, and which rule refuses it."""


class TooManyBytesError(Exception):
    """The other side sent more bytes than its argument, the bound of the whole fetch: headers, framing and body."""


class DeadlineError(Exception):
    """The time for the whole fetch is over."""


FAILURES = (
    AddressRefusedError,
    DeadlineError,
    TooManyBytesError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
    httpx.InvalidURL,
    UnicodeError,
)
"""What a request over a `GuardedTransport` raises where the other side, or its address, is at fault."""


@dataclass(slots=True)
class _Guard:
    """The bounds of one fetch, shared by all of its connections."""

    deadline: float  # on the monotonic clock
    private_host: str
    max_bytes: float
    received: int = 0

    def left(self) -> float:
        """Seconds until the deadline. Raises DeadlineError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineError
        return left

    def bound(self, timeout: float | None) -> float:
        left = self.left()
        return left if timeout is None else min(timeout, left)

    def count(self, data: bytes) -> bytes:
        """Count what came off a socket. Raises TooManyBytesError beyond the limit."""
        self.received += len(data)
        if self.received > self.max_bytes:
            raise TooManyBytesError(int(self.max_bytes))
        return data


_guard: ContextVar[_Guard] = ContextVar("guard")


@contextmanager
def guarded(*, deadline: float, private_host: str = "", max_bytes: float = math.inf) -> Iterator[None]:
    """Bound every connection that this thread makes inside the block.

    `deadline` is an instant of the monotonic clock in seconds, `max_bytes` what all connections together may receive.
    Only public addresses are asked, but for those of `private_host` and of its network: it is the host of a source
    with `allow_private`. Link-local addresses and metadata services are asked for nobody.
    """
    token = _guard.set(_Guard(deadline, private_host.lower(), max_bytes))
    try:
        yield
    finally:
        _guard.reset(token)


def system_resolver(host: str, port: int) -> list[str]:
    """The addresses of a host as the operating system gives them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _resolve(resolver: Resolver, host: str, port: int, timeout: float) -> Sequence[str]:
    """Resolve within `timeout` seconds: the system's resolver has no time limit of its own."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    answers: queue.SimpleQueue[Sequence[str] | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            answers.put(resolver(host, port))
        except BaseException as error:  # noqa: BLE001 - handed to the waiting thread, which raises it
            answers.put(error)

    threading.Thread(target=work, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"resolving {host} took too long") from None
    if isinstance(answer, (OSError, UnicodeError)):
        raise httpcore.ConnectError(f"cannot resolve {host}: {answer}") from answer
    if isinstance(answer, BaseException):
        raise answer
    return answer


class _Stream(httpcore.NetworkStream):
    """A stream whose every operation ends at the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, guard: _Guard) -> None:
        self._inner = inner
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        bound = self._guard.bound(timeout)
        return self._guard.count(self._in_time(lambda: self._inner.read(max_bytes, bound)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        bound = self._guard.bound(timeout)
        self._in_time(lambda: self._inner.write(buffer, bound))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        bound = self._guard.bound(timeout)
        inner = self._in_time(lambda: self._inner.start_tls(ssl_context, server_hostname, bound))
        return _Stream(inner, self._guard)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _in_time(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except httpcore.TimeoutException:
            self._guard.left()  # the deadline, not the single operation, was the shorter one: say so
            raise


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that were checked."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        guard = _guard.get()
        addresses = _resolve(self._resolver, host, port, guard.bound(timeout))
        if not addresses:
            raise httpcore.ConnectError(f"cannot resolve {host}")
        # One private address among public ones is refused too: that is how a rebinding answer looks.
        for address in addresses:
            self._check(guard, host, address)
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = self._inner.connect_tcp(address, port, guard.bound(timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, guard)
        guard.left()
        assert failure is not None  # noqa: S101 - there was at least one address
        raise failure

    def _check(self, guard: _Guard, host: str, address: str) -> None:
        """Raises AddressRefusedError where the rules of the fetch do not allow the address."""
        if is_public(address):
            return
        if is_never_fetched(address):
            raise AddressRefusedError(host, address, "is link-local or a metadata service, which is never asked")
        if not guard.private_host:
            why = "is no public address; if it is meant, say allow_private: true on the source"
            raise AddressRefusedError(host, address, why)
        if host.lower() == guard.private_host:
            return
        own = _resolve(self._resolver, guard.private_host, 0, guard.left())
        if not any(not is_public(each) and is_in(address, network_of(each)) for each in own):
            why = f"is neither public nor on the network of {guard.private_host}: allow_private goes no further"
            raise AddressRefusedError(host, address, why)


class GuardedTransport(httpx.BaseTransport):
    """httpx's transport over checked connections.

    It keeps no connection open between requests: two polls of one feed are minutes apart, and an idle
    connection that one source may use must not carry the request of another that may not.
    """

    def __init__(self, *, resolver: Resolver = system_resolver, ssl_context: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(trust_env=False),
            max_connections=None,
            max_keepalive_connections=0,
            http1=True,
            http2=False,
            network_backend=_Backend(resolver),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_ResponseStream(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        self._pool.close()


class _ResponseStream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()
