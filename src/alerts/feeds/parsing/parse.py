"""Bytes to a feed: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.x.

    parsed = parse(body, content_type, base_url=url, source=source)

What comes out is plain text with absolute http(s) links. No body raises: `error` says that it is no feed."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from alerts.feeds.feed import MAX_ENTRIES, ErrorKind, ParsedFeed
from alerts.feeds.parsing import isolation, jsonfeed, known_entries, lxmlfeed, xmlfeed
from alerts.feeds.parsing.document import entries_of, entry_hashes, parse_document, without
from alerts.feeds.parsing.text import note_of_rest
from alerts.feeds.state import FeedState
from alerts.model.source import Source


def parse(
    body: bytes, content_type: str, *, base_url: str, source: Source, state: FeedState | None = None
) -> ParsedFeed:
    """Read a feed as a server sent it. `base_url` is the address that answered: relative links start there.

    With the source's `state`, entries that are known by their hash are not read again but `skipped`."""
    is_json = jsonfeed.looks_like_json(body)
    said = body if is_json else known_entries.without_dates(body)
    body_hash = hashlib.blake2b(said, digest_size=12).hexdigest()
    if state is not None and state.body_hash == body_hash:
        return ParsedFeed(same_body=True, body_hash=body_hash)
    if is_json:
        parsed = jsonfeed.read(body, base_url=base_url)
    else:
        known = known_entries.load(state.seen) if state is not None else {}
        parsed = _xml(body, content_type, base_url, known)
    return replace(parsed, language=parsed.language or source.language, body_hash=body_hash)


def _xml(body: bytes, content_type: str, base_url: str, known: dict[str, str]) -> ParsedFeed:
    root = parse_document(body, content_type)
    entries = [] if root is None else entries_of(root)
    if root is None or not entries:
        return isolation.read(body, content_type, base_url=base_url)
    hashes = entry_hashes(root, entries[:MAX_ENTRIES], base_url)
    skipped = tuple((each, known[each]) for each in hashes if each in known)
    unread = [each for each in hashes if each not in known]
    left_out = {entry for index, entry in enumerate(entries) if index >= len(hashes) or hashes[index] in known}
    raw = lxmlfeed.read(root, left_out)
    marked: ParsedFeed | None
    if raw is None:
        rest = without(root, left_out) if left_out else body
        parsed = isolation.read(rest, "application/xml; charset=utf-8", base_url=base_url)
        marked = _with_hashes(parsed, unread)
    else:
        same = len(raw.entries) == len(unread)
        parsed = xmlfeed.cleaned(raw, body, base_url, unread if same else ())
        marked = parsed if same else None
    if marked is None and left_out:
        return isolation.read(body, content_type, base_url=base_url)
    parsed = marked or parsed
    notes = (*parsed.notes, *note_of_rest(entries))
    ids = tuple(dict.fromkeys(item for _, item in skipped))
    return replace(parsed, skipped=ids, skipped_hashes=skipped, notes=notes)


def _with_hashes(parsed: ParsedFeed, hashes: Sequence[str]) -> ParsedFeed | None:
    """The feed with the hash of each of its entries; None where its entries are not those of the tree.

    What took too long is taken as it is, and not tried another way."""
    if parsed.error is ErrorKind.TOO_SLOW:
        return parsed
    count = sum(not entry.withdrawn for entry in parsed.entries)
    if parsed.error is not None or not parsed.well_formed or count != len(hashes):
        return None
    entries = (replace(entry, entry_hash=entry_hash) for entry, entry_hash in zip(parsed.entries, hashes, strict=False))
    return replace(parsed, entries=(*entries, *parsed.entries[count:]))
