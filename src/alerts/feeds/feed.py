"""What a poll passes from step to step: the answer of a server, the feed as read, and its entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

# Bounds of what is read from one feed.
MAX_ENTRIES: Final = 2_000
MAX_LINE: Final = 2_000  # characters of titles and names
MAX_TEXT: Final = 200_000  # characters of summary and content, each


class ErrorKind(StrEnum):
    """Why a poll brought nothing."""

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


def one_line(error: object) -> str:
    """What an error says, on one line of bounded length."""
    return " ".join(str(error).split())[:200] or type(error).__name__


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

    `etag` and `last_modified` hold the exact bytes of the server's headers, read as Latin-1. `moved_to` is where the
    leading permanent redirects (301, 308) led, empty where there was none. `fresh_for`: by Cache-Control or Expires."""

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
    server_time: datetime | None = None  # by the clock of the server when it answered

    @property
    def modified(self) -> bool:
        """Whether there is a body to read."""
        return self.error is None and self.status != 304


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed as feedparser gives it: names and values, before they become plain text and absolute links.

    `version` as feedparser names it (rss20, atom10, …), `malformed` what it says against the feed, or empty."""

    version: str
    head: dict[str, Any]
    entries: Sequence[dict[str, Any]]
    malformed: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, in plain text, with absolute http(s) links.

    `guid` is the entry's own id as the feed gives it. `origin` names the publisher that the entry itself
    credits (RSS `<source>`). `entry_hash`, where there is one, is what the entry is recognised by at the next poll.
    `withdrawn` entries are tombstones: they carry an id and nothing else."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    origin: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    language: str = ""
    withdrawn: bool = False
    entry_hash: str = ""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as observed once.

    `entries` are those that were read, in the feed's order; `skipped` are the ids of items whose entries are unchanged
    and were not read again. `notes` say, one line each, what was odd or cut."""

    entries: tuple[Entry, ...] = ()
    format: str = ""  # rss20, atom10, json11 ...
    title: str = ""
    link: str = ""
    language: str = ""
    hubs: tuple[str, ...] = ()
    self_link: str = ""
    updated: datetime | None = None  # the build time that the feed names
    ttl: int = 0  # seconds
    update_period: int = 0  # seconds between two updates, from the syndication module
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()  # Monday is 0
    skipped: tuple[str, ...] = ()
    skipped_hashes: tuple[tuple[str, str], ...] = ()  # entry hash to item id, of what was skipped
    body_hash: str = ""
    same_body: bool = False  # nothing but dates differs from the last body: nothing was read
    well_formed: bool = True
    notes: tuple[str, ...] = ()
    error: ErrorKind | None = None
    detail: str = ""

    @property
    def total(self) -> int:
        """How many entries the feed has, read or not."""
        return len(self.skipped) + sum(not entry.withdrawn for entry in self.entries)
