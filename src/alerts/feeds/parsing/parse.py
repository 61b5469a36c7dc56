"""Bytes to a feed: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.x.

    parsed = parse(body, content_type, base_url=url, source=source)

What comes out is plain text with absolute http(s) links. Nothing that a body holds raises; where it is no
feed, the result's `error` says so.
"""

from __future__ import annotations

from dataclasses import replace

from alerts.feeds.feed import ParsedFeed, TextLimits
from alerts.feeds.parsing import isolation, jsonfeed, known_entries, splitter
from alerts.feeds.parsing.splitter import SplitFeed
from alerts.feeds.result import ErrorKind
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
    is_json = jsonfeed.looks_like_json(body)
    body_hash = splitter.digest(body if is_json else splitter.without_dates(body), size=12)
    if state is not None and state.body_hash == body_hash:
        return ParsedFeed(same_body=True, body_hash=body_hash)
    if is_json:
        parsed = jsonfeed.read(body, base_url=base_url, limits=limits)
    else:
        parsed = _xml(body, content_type, base_url, state or FeedState(), limits)
    return replace(parsed, language=parsed.language or source.language, body_hash=body_hash)


def _xml(body: bytes, content_type: str, base_url: str, state: FeedState, limits: TextLimits) -> ParsedFeed:
    split = splitter.split(body, content_type, base_url=base_url, hash_size=known_entries.HASH_BYTES)
    if split is None:
        return isolation.read(body, content_type, base_url=base_url, limits=limits)
    known = known_entries.load(state.seen)
    entry_hashes = split.entry_hashes[: limits.entries]
    unknown = [index for index, entry_hash in enumerate(entry_hashes) if entry_hash not in known]
    skipped = tuple((entry_hash, known[entry_hash]) for entry_hash in entry_hashes if entry_hash in known)
    if skipped:
        parsed = _entries(split, unknown, content_type, base_url, state, limits)
        if parsed is not None:
            ids = tuple(dict.fromkeys(item_id for _, item_id in skipped))
            return replace(parsed, skipped=ids, skipped_hashes=skipped)
    parsed = _entries(split, list(range(len(entry_hashes))), content_type, base_url, FeedState(), limits)
    return parsed or isolation.read(body, content_type, base_url=base_url, limits=limits)


def _entries(
    split: SplitFeed, indexes: list[int], content_type: str, base_url: str, state: FeedState, limits: TextLimits
) -> ParsedFeed | None:
    """The feed with these entries alone, each with its hash; None where the cut does not hold what it promises:
    the pieces are not well-formed, or are not one entry each. What took too long is not tried another way."""
    bare = split.envelope_hash == state.envelope_hash
    if bare and not indexes:
        return ParsedFeed(envelope_hash=split.envelope_hash, same_envelope=True)
    parsed = isolation.read(split.only(indexes, bare=bare), content_type, base_url=base_url, limits=limits)
    if parsed.error is ErrorKind.TOO_SLOW:
        return parsed
    count = sum(not entry.withdrawn for entry in parsed.entries)
    if parsed.error is not None or not parsed.well_formed or count != len(indexes):
        return None
    entries = tuple(
        replace(entry, entry_hash=split.entry_hashes[index])
        for entry, index in zip(parsed.entries, indexes, strict=False)
    )
    notes = parsed.notes
    if len(split.entries) > limits.entries:
        notes = (*notes, f"only the first {limits.entries} of {len(split.entries)} entries were read")
    if bare:
        parsed = replace(parsed, link=state.home, language=state.language)
    withdrawn = parsed.entries[count:]
    return replace(
        parsed, entries=entries + withdrawn, notes=notes, envelope_hash=split.envelope_hash, same_envelope=bare
    )
