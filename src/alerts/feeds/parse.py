"""Bytes to a feed: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.x.

    parsed = parse(body, content_type, base_url=url, source=source)

What comes out is plain text with absolute http(s) links. Nothing that a body holds raises; where it is no
feed, the result's `error` says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from alerts.feeds import jsonfeed, xmlfeed
from alerts.feeds.feed import ParsedFeed, TextLimits
from alerts.feeds.state import FeedState
from alerts.model.source import Source


def parse(
    body: bytes,
    content_type: str,
    *,
    base_url: str,
    source: Source,
    state: FeedState | None = None,
    limits: TextLimits | None = None,
) -> ParsedFeed:
    """Read a feed as a server sent it. `base_url` is the address that answered: relative links start there.

    With the source's `state`, entries that are known by their bytes are not read again but `skipped`.
    """
    limits = limits or TextLimits()
    body_hash = hashlib.blake2b(body, digest_size=12).hexdigest()
    if state is not None and state.body_hash == body_hash:
        return ParsedFeed(same_body=True, body_hash=body_hash)
    if jsonfeed.looks_like_json(body):
        parsed = jsonfeed.read(body, base_url=base_url, limits=limits)
    else:
        parsed = xmlfeed.read(body, content_type, base_url=base_url, limits=limits)
    return replace(
        parsed,
        language=parsed.language or source.language,
        body_hash=body_hash,
    )
