"""The result of fetching a feed from a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class ErrorKind(StrEnum):
    """Why a poll brought nothing. The value is remembered of the source (`FeedState.error_kind`)."""

    DOWN = "down"  # no connection: name, route, refused
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"  # what the server sent is not HTTP, or ends early
    ENCODING = "encoding"  # the body cannot be decompressed
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"  # reading the body took longer than its deadline
    UNFINISHED = "unfinished"  # polls of it ended without a result: their worker hung or died
    REDIRECT = "redirect"  # a loop, too many, or one to nowhere
    ADDRESS = "address"  # not http(s), or not a public address
    NOT_FOUND = "not-found"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    BUSY = "busy"  # 429, 503
    HTTP = "http"  # any other status
    NOT_A_FEED = "not-a-feed"

    @property
    def reached(self) -> bool:
        """Whether a server received the request, so that it has to be spared further ones."""
        return self not in {ErrorKind.DOWN, ErrorKind.TLS, ErrorKind.TIMEOUT, ErrorKind.ADDRESS}


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one fetch. Times are seconds, sizes bytes."""

    total: float = 60.0  # redirects, body and all
    connect: float = 10.0
    read: float = 20.0  # between two pieces
    compressed: int = 16 * 1024 * 1024
    body: int = 16 * 1024 * 1024  # decompressed
    overhead: int = 1024 * 1024  # headers of all answers, and what frames the body
    redirects: int = 6


@dataclass(frozen=True, slots=True)
class FetchResult:
    """The result of one fetch. `error` None and `modified` False: the server said 304.

    `etag` and `last_modified` hold the exact bytes of the server's headers, read as Latin-1. `moved_to` is
    where the leading permanent redirects (301, 308) led, empty where the first answer was none. `fresh_for`
    is what Cache-Control or Expires ask to wait.
    """

    url: str  # asked for
    final_url: str  # that answered
    status: int = 0  # 0: no answer
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    moved_to: str = ""
    retry_after: timedelta | None = None
    fresh_for: timedelta | None = None
    hubs: tuple[str, ...] = ()  # rel=hub of the Link header
    self_link: str = ""  # rel=self of the Link header
    error: ErrorKind | None = None
    detail: str = ""  # one line for people, where there is an error
    elapsed: float = 0.0  # seconds

    @property
    def ok(self) -> bool:
        return self.error is None

    @property
    def modified(self) -> bool:
        """Whether there is a body to read."""
        return self.error is None and self.status != 304
