"""A feed as read: what the parsers make and the decider takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.feeds.result import ErrorKind


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A feed as feedparser gives it: names and values, before they become plain text and absolute links.

    `version` as feedparser names it (rss20, atom10, …), `malformed` what it says against the feed, or empty.
    """

    version: str
    head: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    malformed: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, in plain text, with absolute http(s) links.

    `guid` is the entry's own id as the feed gives it. `origin` names the publisher that the entry itself
    credits (RSS `<source>`). `entry_hash`, where there is one, is what the entry is recognised by at the next poll.
    `withdrawn` entries are tombstones: they carry an id and nothing else.
    """

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
class TextLimits:
    """Bounds of what is read from one feed. Lengths are characters."""

    entries: int = 2_000
    line: int = 2_000  # titles and names
    text: int = 200_000  # summary and content, each


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as observed once.

    `entries` are those that were read, in the feed's order; `skipped` are the ids of items whose entries are unchanged
    and were not read again. `notes` say, one line each, what was odd or cut.
    """

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
