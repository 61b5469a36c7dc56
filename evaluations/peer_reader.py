"""lemon24/reader under a clock that it is told: run by `politeness.py` with the interpreter of .venv/peers.

    peer_reader.py URL... < instants

For each instant (ISO 8601, one a line) it runs the scheduled updates, and prints the titles of all new entries
of the first feed as a JSON list.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from reader import make_reader


def main() -> None:
    urls = sys.argv[1:]
    library = make_reader(":memory:")
    now = datetime.now(UTC)
    library._now = lambda: now  # it has no public clock  # noqa: SLF001
    library.set_tag((), ".reader.update", {"interval": 15, "jitter": 0.1})
    for url in urls:
        library.add_feed(url)
    known: set[str] = set()
    for line in sys.stdin:
        now = datetime.fromisoformat(line.strip())
        changed = False
        for url, result in library.update_feeds_iter(scheduled=True):
            changed = changed or (url == urls[0] and result is not None and not isinstance(result, Exception))
        titles = {entry.title or "" for entry in library.get_entries(feed=urls[0])} if changed else known
        print(json.dumps(sorted(titles - known)), flush=True)
        known = titles


if __name__ == "__main__":
    main()
