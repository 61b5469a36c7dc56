"""Fetches a feed over HTTP: conditional, bounded, to checked addresses only.

    result = fetch(client, source, state, now=now)

No behaviour of a server raises: a failure is a value with a kind and one line for people."""

import re
import ssl
import time
import zlib
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urldefrag

from alerts.feeds.feed import ErrorKind, FetchResult, Limits, one_line
from alerts.feeds.fetching import headers
from alerts.feeds.fetching.network import FAILURES, Bounds, HttpClient, RequestError, Resolver, Response
from alerts.feeds.links import absolute, host_key, shown, storable
from alerts.feeds.state import FeedState, poll_url
from alerts.model.source import Source

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_BY_STATUS = {
    401: (ErrorKind.FORBIDDEN, "wants a login; put credentials into the source's url or ask the publisher"),
    403: (ErrorKind.FORBIDDEN, "refuses this reader; ask the publisher, or set ALERTS_CONTACT"),
    404: (ErrorKind.NOT_FOUND, "has no such feed; look for its new address"),
    410: (ErrorKind.GONE, "says that the feed is gone for good; remove the source or find its successor"),
    429: (ErrorKind.BUSY, "asks for fewer requests"),
    451: (ErrorKind.FORBIDDEN, "may not show the feed for legal reasons"),
    503: (ErrorKind.BUSY, "is not available at the moment"),
}


def user_agent(contact: str) -> str:
    """The User-Agent header: the program, its version and a contact for publishers."""
    who = contact.strip() or "no contact configured"
    printable = "".join(char if " " <= char <= "~" else "?" for char in who)
    return f"institution-alerts/{version('institution-alerts')} (feed reader; {printable})"


def make_client(
    contact: str = "", *, resolver: Resolver | None = None, ssl_context: ssl.SSLContext | None = None
) -> HttpClient:
    """The HTTP client that `fetch` needs; publishers get the `contact`."""
    own = {"User-Agent": user_agent(contact), "Accept": ACCEPT, "Accept-Encoding": "gzip, deflate"}
    return HttpClient(own, resolver=resolver, ssl_context=ssl_context)


def fetch(
    client: HttpClient, source: Source, state: FeedState, *, limits: Limits | None = None, now: datetime
) -> FetchResult:
    """Fetch a source's feed, conditionally where validators are known.

    Follows redirects to checked addresses. `now` only stands in for the clock of servers that send no `Date`."""
    limits = limits or Limits()
    trail = _Trail(poll_url(source, state))
    bounds = Bounds(limits, private_host=host_key(source.url) if source.allow_private else "")
    try:
        answer = _follow(client, trail, state, limits, bounds, now)
    except FAILURES as error:
        kind, line = _explain(error, limits)
        answer = {"error": kind, "detail": f"{shown(trail.current)}: {line}"}
    elapsed = time.monotonic() - bounds.began
    return FetchResult(trail.asked, trail.current, trail.status, moved_to=trail.moved_to, elapsed=elapsed, **answer)


class _Trail:
    """Where a fetch has come to, kept outside it so that a failure can be reported with it."""

    def __init__(self, url: str) -> None:
        self.asked = self.current = url
        self.status = 0
        self.moved_to = ""
        self._permanent = True

    def go(self, target: str, status: int) -> None:
        self._permanent = self._permanent and status in _PERMANENT
        if self._permanent:
            self.moved_to = target
        self.current = target


def _follow(
    client: HttpClient, trail: _Trail, state: FeedState, limits: Limits, bounds: Bounds, now: datetime
) -> dict[str, Any]:
    """What the answer at the end of the redirects says, by the fields of FetchResult."""
    visited: set[str] = set()
    while True:
        if trail.current in visited:
            raise RequestError(ErrorKind.REDIRECT, "redirects in a circle")
        visited.add(trail.current)
        if len(visited) > limits.redirects + 1:
            raise RequestError(ErrorKind.REDIRECT, f"more than {limits.redirects} redirects")
        conditions = _conditions(trail, state)
        with client.open("GET", trail.current, bounds, conditions) as response:
            trail.status = response.status
            if response.status not in _REDIRECTS:
                return _answer(trail, response, limits, now, asked_conditionally=bool(conditions))
            trail.go(_redirected(trail.current, response), response.status)


def _conditions(trail: _Trail, state: FeedState) -> list[tuple[str, str]]:
    if storable(trail.current) != (state.validators_url or storable(trail.asked)):  # no other URL knows them
        return []
    validators = ("If-None-Match", state.etag), ("If-Modified-Since", state.last_modified)
    return [(name, value) for name, value in validators if value]


def _redirected(current: str, response: Response) -> str:
    """The absolute address that a redirect names, without credentials of its own or a fragment."""
    location = response.get("location").strip()
    target = "" if _CONTROL.search(location) else urldefrag(absolute(location, current)).url
    if not target:
        where = "what is no web address" if location else "nowhere"
        raise RequestError(ErrorKind.REDIRECT, f"redirects ({response.status}) to {where}")
    return target


def _answer(
    trail: _Trail, response: Response, limits: Limits, now: datetime, *, asked_conditionally: bool
) -> dict[str, Any]:
    get, status = response.get, response.status
    date = get("date")
    links = headers.links(response.get_all("link"), trail.current)
    answer = {
        "content_type": get("content-type"),
        "etag": _exact(response, b"etag"),
        "last_modified": _exact(response, b"last-modified"),
        "fresh_for": headers.fresh_for(
            cache_control=get("cache-control"), expires=get("expires"), age=get("age"), date=date, now=now
        ),
        "hubs": links.get("hub", ()),
        "self_link": next(iter(links.get("self", ())), ""),
        "server_time": headers.server_time(date, get("age")),
    }
    if status == 304:
        if not asked_conditionally:
            raise RequestError(ErrorKind.HTTP, "says 304 Not Modified though nothing was known of it")
        return answer
    if status in {200, 203}:
        return answer | {"body": _body(response, limits)}
    kind, line = _BY_STATUS.get(status, (ErrorKind.HTTP, "cannot serve it now" if status >= 500 else "refuses"))
    return answer | {
        "error": kind,
        "detail": f"{shown(trail.current)}: answers {status}: it {line}",
        "retry_after": headers.retry_after(get("retry-after"), date=date, now=now),
    }


def _exact(response: Response, name: bytes) -> str:
    """A header's bytes as Latin-1; the first where there are several."""
    return next((value.decode("latin-1") for key, value in response.headers if key == name), "")


def _body(response: Response, limits: Limits) -> bytes:
    declared = response.get("content-length")
    if declared.isascii() and declared.isdigit() and int(declared[:15]) > limits.compressed:
        raise RequestError(ErrorKind.TOO_LARGE, f"is {declared} bytes, more than {limits.compressed}")
    codings = [
        coding
        for value in response.get_all("content-encoding")
        for coding in value.lower().replace(" ", "").split(",")
        if coding not in {"", "identity", "none", "utf-8"}
    ]
    if len(codings) > 2:
        raise RequestError(ErrorKind.ENCODING, f"is encoded {len(codings)} times over")
    raw = _bounded(response.body, limits.compressed)
    for coding in reversed(codings):
        if coding not in {"gzip", "x-gzip", "deflate"}:
            raise RequestError(ErrorKind.ENCODING, f"is encoded as {coding!r}, which was not asked for")
        raw = inflate(raw, limits.body)
    body = b"".join(raw)
    if body[:2] == b"\x1f\x8b":  # a compressed file, or a server that compresses twice
        body = b"".join(inflate(iter([body]), limits.body))
    if len(body) > limits.body:
        raise RequestError(ErrorKind.TOO_LARGE, f"is more than {limits.body} bytes")
    return body


def _bounded(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise RequestError(ErrorKind.TOO_LARGE, f"is more than {limit} bytes")
        yield chunk


def inflate(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Decompress gzip (of several members, too), zlib or raw deflate; never hold more than `limit` bytes."""
    total = 0
    inflater: zlib._Decompress | None = None
    for chunk in chunks:
        data = chunk
        while data:
            if inflater is None:
                if total and data[:2] != b"\x1f\x8b":
                    return  # padding after the last member
                inflater = zlib.decompressobj(_window(data))
            try:
                piece = inflater.decompress(data, min(65536, limit - total + 1))
            except zlib.error as error:
                raise RequestError(ErrorKind.ENCODING, f"cannot be decompressed: {error}") from error
            total += len(piece)
            if total > limit:
                raise RequestError(ErrorKind.TOO_LARGE, f"is more than {limit} bytes decompressed")
            yield piece
            data = inflater.unconsumed_tail or inflater.unused_data
            if inflater.eof:
                inflater = None
    if inflater is not None:
        raise RequestError(ErrorKind.ENCODING, "ends in the middle of its compressed body")


def _window(start: bytes) -> int:
    """zlib's `wbits` for data that starts like this."""
    if start[:2] == b"\x1f\x8b"[: len(start)]:
        return 16 + zlib.MAX_WBITS
    is_zlib = len(start) >= 2 and start[0] & 0x0F == 8 and (start[0] << 8 | start[1]) % 31 == 0
    return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


def _explain(error: Exception, limits: Limits) -> tuple[ErrorKind, str]:
    """What one of FAILURES means."""
    match error:
        case RequestError():
            kind, line = error.args
            return kind, line
        case TimeoutError():
            return ErrorKind.TIMEOUT, f"silent for {limits.read:g} s"
        case ssl.SSLError():
            return ErrorKind.TLS, f"no secure connection: {one_line(error)}"
        case OSError():
            return ErrorKind.DOWN, f"no connection: {one_line(error)}"
        case _:
            return ErrorKind.PROTOCOL, f"what it sends is not proper HTTP: {one_line(error)}"
