"""Turns recorded versions of feeds into the items that polling them would have brought.

    .venv/bin/python evaluations/recorded.py [--data ../shared/data] [FEED ...] > items.jsonl

Each FEED/TIME.xml is a version as observed at TIME. They go through the program's own parser and decider, so
an item appears once, and again only where it was revised; `observed` is the time of its version.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.feeds import poll
from alerts.feeds.decide import KnownItem, KnownItems, Wanted
from alerts.feeds.result import FetchResult
from alerts.feeds.state import FeedState
from alerts.model.item import Item
from alerts.model.records import to_line
from alerts.model.source import Source
from alerts.model.times import format_time


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("feeds", nargs="*", help="folders of feeds_recorded; all where none is named")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        sys.exit(f"{options.data}: no such folder; give --data DIR")
    folders = sorted((options.data / "feeds_recorded").iterdir())
    for item in items([each for each in folders if not options.feeds or each.name in options.feeds]):
        print(to_line(record(item)))


def items(folders: Sequence[Path]) -> list[Item]:
    """What polling these feeds brought, in order of observation."""
    found = [item for folder in folders for item in one_feed(folder)]
    return sorted(found, key=lambda item: (item.observed, item.id))


def one_feed(folder: Path) -> Iterator[Item]:
    """The items and revisions of one feed, version after version."""
    name = folder.name.replace("_", "-")
    url = f"https://feeds.example/{name}.xml"
    source = Source(name, url, name, interval=timedelta(minutes=1))
    known: dict[str, KnownItem] = {}

    def look_up(_wanted: Wanted) -> KnownItems:
        return KnownItems.of(known.values())

    state = FeedState()
    for version in sorted(folder.glob("*.xml")):
        observed = time_of(version)
        result = FetchResult(url, url, 200, version.read_bytes(), content_type="application/xml")
        polled = poll.read(source, state, result, look_up, now=observed)
        state = polled.plan.state
        if polled.decision is None:
            continue
        for verdict in (*polled.decision.new, *polled.decision.revised, *polled.decision.withdrawn):
            known[verdict.known.id] = verdict.known
            yield verdict.item


def time_of(version: Path) -> datetime:
    """The time in a version's file name."""
    return datetime.strptime(version.stem, "%Y-%m-%dT%H%M%S%z").astimezone(UTC)


def record(item: Item) -> dict[str, object]:
    """The item as `alerts match`, `cluster` and `replay` read it."""
    texts = {
        key: getattr(item, key)
        for key in ("title", "summary", "content", "url", "source", "publisher", "author")
    }
    times = {
        "published": format_time(item.published) if item.published else None,
        "observed": format_time(item.observed),
    }
    return {"id": item.id, **{key: text for key, text in texts.items() if text}, **times}


if __name__ == "__main__":
    main()
