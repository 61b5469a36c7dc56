"""A feed as feedparser gives it: names and values, before they become plain text and absolute links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RawFeed:
    """`version` as feedparser names it (rss20, atom10, …), `malformed` what it says against the feed, or empty."""

    version: str
    head: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    malformed: str = ""
