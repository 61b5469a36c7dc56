"""What happened on the wire while a message was sent.

The sending library says only whether a service accepted a message. Whether trying again can help, when, and
whether the message may have arrived all the same, is known where HTTP is spoken. So this module puts one layer
around the HTTP library's adapter. It does nothing unless the current context carries an `Exchange`; the rest of
the process, and other threads, see no difference."""

import contextlib
import contextvars
import functools
import io
import json
import logging
import math
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests import sessions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from alerts.channels.result import SendReason

BODY_LIMIT = 65_536  # bytes of an answer that are read; the rest is not waited for
LONGEST_WAIT_S = 1e9  # of a Retry-After, about thirty years: longer ones are no durations any more
_current: "contextvars.ContextVar[Exchange | None]" = contextvars.ContextVar("exchange", default=None)
_send = HTTPAdapter.send


class Exchange:
    """The requests of one send. `problem` is what cut it short, `status` and `body` the last answer's.

    `started` is set before the first byte of a request may go out. Requests share the connections of an `adapter`."""

    def __init__(self) -> None:
        self.adapter: HTTPAdapter | None = None
        self.started = False
        self.problem: SendReason | None = None
        self.detail = ""
        self.status: int | None = None
        self.body = b""
        self.retry_after: float | None = None
        self.sign: Callable[[bytes], Mapping[str, str]] | None = None  # headers that prove where a body is from
        self._abandoned = threading.Event()
        self._sockets: list[Callable[[], socket.socket | None]] = []

    def holds(self, where: Callable[[], socket.socket | None]) -> None:
        """The send uses a connection; `where` gives its socket while there is one."""
        self._sockets.append(where)

    def abandon(self) -> None:
        """Nobody waits any longer: no further request is let out, and connections are cut."""
        self._abandoned.set()
        for where in self._sockets:
            found = where()
            if found is not None:
                with contextlib.suppress(OSError, ValueError):
                    found.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):
                    found.close()

    def may_start(self) -> bool:
        """Whether another request may go out. A service that said 429 gets no second one at once."""
        return not self._abandoned.is_set() and self.status != 429

    def send(self, forward: Callable[..., requests.Response], request: requests.PreparedRequest) -> requests.Response:
        """Lets one request out, and remembers what came back or why nothing did."""
        if not self.may_start():
            raise requests.ConnectionError("no further request")
        if self.sign is not None:
            body = request.body
            request.headers.update(self.sign(body if isinstance(body, bytes) else str(body or "").encode()))
        self.started = True
        try:
            response = forward()
            content = response.raw.read(BODY_LIMIT, decode_content=True) or b""
            response.raw.close()
        except requests.ReadTimeout:
            self.problem = SendReason.TIMEOUT
            raise
        except (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError):
            self.problem = SendReason.UNREACHABLE
            raise
        except requests.ConnectionError as error:
            self.problem = SendReason.UNREACHABLE if _never_connected(error) else SendReason.CUT
            raise
        except ValueError:  # an address or a header that no request can be made of
            self.problem = SendReason.BAD_CHANNEL
            raise
        except Exception as error:  # the answer broke off while it was read
            self.problem = SendReason.CUT
            raise requests.ConnectionError("the exchange broke off") from error
        response.raw = io.BytesIO(content)
        self.problem = None
        self.status, self.body = response.status_code, content
        self.retry_after = _retry_after(response.headers, content) if self.status in {429, 503} else None
        return response


@contextlib.contextmanager
def observe(exchange: Exchange) -> Iterator[None]:
    """Within it, and in contexts copied from it, requests go through the exchange."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


def _observed(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
    exchange = _current.get()
    if exchange is None:
        return _send(self, request, *args, **options)
    return exchange.send(functools.partial(_send, exchange.adapter or self, request, *args, **options), request)


def _watched(method: Callable[..., None]) -> Callable[..., None]:
    """A method of connections that says to the send under way which socket is used: one that was open, or a new one.

    The connection forgets it once an answer has begun. Connecting has a limit of its own."""

    @functools.wraps(method)
    def watched(self: Any, *args: Any, **options: Any) -> None:
        exchange, before = _current.get(), getattr(self, "sock", None)
        if exchange is not None and before is not None:
            exchange.holds(lambda: before)
        method(self, *args, **options)
        made = getattr(self, "sock", None)
        if exchange is not None and made is not before:
            exchange.holds(lambda: made)

    return watched


HTTPAdapter.send = _observed  # type: ignore[method-assign]
for _kind in (HTTPConnection, HTTPSConnection):
    _kind.connect = _watched(_kind.connect)  # type: ignore[method-assign]
HTTPConnection.request = _watched(HTTPConnection.request)  # type: ignore[method-assign]
# It would read the whole environment for each request, though proxies do not change.
sessions.get_environ_proxies = functools.lru_cache(1024)(sessions.get_environ_proxies)  # type: ignore[attr-defined]
# At DEBUG the HTTP library writes paths, and webhooks have their secret there.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _retry_after(headers: Mapping[str, str], body: bytes) -> float | None:
    """Seconds from 0 to LONGEST_WAIT_S, where the service says any that are a number."""
    seconds = _seconds(headers, body)
    return None if seconds is None or math.isnan(seconds) else min(max(0.0, seconds), LONGEST_WAIT_S)


def _seconds(headers: Mapping[str, str], body: bytes) -> float | None:
    """The header as a number or a date, else what Discord and Telegram write into the body."""
    said = (headers.get("Retry-After") or "").strip()
    if said:
        with contextlib.suppress(ValueError):
            return float(said)
        with contextlib.suppress(ValueError, TypeError):
            return (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError, OverflowError):
        content = json.loads(body)
        wait = content.get("retry_after", (content.get("parameters") or {}).get("retry_after"))
        return float(wait)
    return None
