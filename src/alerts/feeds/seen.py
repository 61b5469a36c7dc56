"""The entries of a feed that are known by their bytes: a compact map from a hash to an item's id."""

from __future__ import annotations

import base64
from collections.abc import Iterable

_MARK = 6  # bytes of an entry's hash: among 2,000 known ones a new entry collides once in 10^11
_ID = 10  # bytes of an item's id
_MOST = 2_000


def load(seen: str) -> dict[str, str]:
    """Hash to item id, oldest first. Anything unreadable is nothing known."""
    try:
        data = base64.b64decode(seen, validate=True)
    except ValueError:
        return {}
    step = _MARK + _ID
    return {
        data[at : at + _MARK].hex(): base64.b32encode(data[at + _MARK : at + step]).decode("ascii").lower()
        for at in range(0, len(data) - step + 1, step)
    }


def remember(seen: str, marks: Iterable[tuple[str, str]]) -> str:
    """`seen` with these hashes in it as the newest. The oldest go when there are too many."""
    known = load(seen)
    for mark, item_id in marks:
        known.pop(mark, None)
        known[mark] = item_id
    newest = list(known.items())[-_MOST:]
    data = b"".join(bytes.fromhex(mark) + base64.b32decode(item_id.upper()) for mark, item_id in newest)
    return base64.b64encode(data).decode("ascii")
