"""The entries of a feed that need not be read again: a compact map from the hash of an entry to its item's id."""

import base64
import re
from collections.abc import Sequence

HASH_BYTES = 6  # bytes of an entry's hash: among 2,000 known ones a new entry collides once in 10^11
ID_BYTES = 10  # bytes of an item's id
MAX_KNOWN = 4_000

# Dates are removed before hashing: builds rewrite them, and a date rewritten alone makes nothing.
_DATES = re.compile(
    rb"<((?:[A-Za-z0-9_.-]{1,20}:)?(?:pubDate|published|updated|lastBuildDate|date|modified|issued|created))"
    rb"(?:\s[^<>]*)?>(?:<!\[CDATA\[)?[^<>]{0,100}(?:\]\]>)?</\1\s*>"
)


def without_dates(data: bytes) -> bytes:
    """XML without the elements that hold dates."""
    return _DATES.sub(b"", data)


def load(seen: str) -> dict[str, str]:
    """Hash to item id, oldest first. Anything unreadable is nothing known."""
    try:
        data = base64.b64decode(seen, validate=True)
    except ValueError:
        return {}
    step = HASH_BYTES + ID_BYTES
    return {
        data[at : at + HASH_BYTES].hex(): data[at + HASH_BYTES : at + step].hex()
        for at in range(0, len(data) - step + 1, step)
    }


def remember(seen: str, entry_hashes: Sequence[tuple[str, str]]) -> str:
    """`seen` with these hashes in it as the newest, in place of older ones of the same items.

    (An item that is edited and edited back has to be read again, or the second edit would be missed.)
    Older ones stay for feeds that lose entries and bring them back, as many as the feed has now, or 256."""
    fresh = dict(entry_hashes)
    ids = set(fresh.values())
    old = [
        (entry_hash, item_id)
        for entry_hash, item_id in load(seen).items()
        if entry_hash not in fresh and item_id not in ids
    ]
    room = max(256, len(fresh))
    kept = [*old[max(0, len(old) - room) :], *fresh.items()][-MAX_KNOWN:]
    data = b"".join(bytes.fromhex(entry_hash) + bytes.fromhex(item_id) for entry_hash, item_id in kept)
    return base64.b64encode(data).decode("ascii")
