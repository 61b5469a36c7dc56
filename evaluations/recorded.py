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

from alerts.feeds import diff, poll
from alerts.feeds.diff import ItemChange, KnownItem, KnownItems
from alerts.feeds.feed import FetchResult
from alerts.feeds.parsing.parse import parse
from alerts.feeds.state import FeedState
from alerts.model.item import Item
from alerts.model.records import to_line
from alerts.model.source import Source
from alerts.model.times import format_time


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("feeds", nargs="*", help="folders of feeds_recorded; all where none is named")
    parser.add_argument(
        "--every", action="store_true", help="every entry of every version, as a naive reader sees them"
    )
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        sys.exit(f"{options.data}: no such folder; give --data DIR")
    folders = sorted((options.data / "feeds_recorded").iterdir())
    chosen = [each for each in folders if not options.feeds or each.name in options.feeds]
    for item in every(chosen) if options.every else items(chosen):
        print(to_line(record(item)))


def items(folders: Sequence[Path]) -> list[Item]:
    """What polling these feeds brought, in order of observation."""
    return [verdict.item for verdict in observations(folders)]


def observations(folders: Sequence[Path]) -> list[ItemChange]:
    """The same with what the decider said of each, for example that a source held it when it was first read."""
    found = [verdict for folder in folders for verdict in one_feed(folder)]
    return sorted(found, key=lambda verdict: (verdict.item.observed, verdict.item.id))


def every(folders: Sequence[Path]) -> Iterator[Item]:
    """Every entry of every version, in order of observation: most say what was said before."""
    versions = sorted((time_of(each), each) for folder in folders for each in folder.glob("*.xml"))
    for observed, version in versions:
        source = _source(version.parent)
        feed = parse(version.read_bytes(), "application/xml", base_url=source.url, source=source)
        known = diff.decide(source, feed, KnownItems(), FeedState(), observed)
        yield from (change.item for change in known.new)


def one_feed(folder: Path) -> Iterator[ItemChange]:
    """The items and revisions of one feed, version after version."""
    source = _source(folder)
    known: dict[str, KnownItem] = {}

    def look_up(_wanted: object) -> KnownItems:
        return KnownItems(known, len(known))

    state = FeedState()
    for version in sorted(folder.glob("*.xml")):
        observed = time_of(version)
        result = FetchResult(source.url, source.url, 200, version.read_bytes(), content_type="application/xml")
        polled = poll.read_answer(source, state, result, look_up, now=observed)
        state = polled.plan.state
        if polled.decision is None:
            continue
        for change in (*polled.decision.new, *polled.decision.revised, *polled.decision.withdrawn):
            known[change.known.id] = change.known
            yield change


def _source(folder: Path) -> Source:
    name = folder.name.replace("_", "-")
    return Source(name, f"https://feeds.example/{name}.xml", name, interval=timedelta(minutes=1))


def time_of(version: Path) -> datetime:
    """The time in a version's file name."""
    return datetime.strptime(version.stem, "%Y-%m-%dT%H%M%S%z").astimezone(UTC)


def record(item: Item) -> dict[str, object]:
    """The item as `alerts match`, `cluster` and `replay` read it."""
    texts = {key: getattr(item, key) for key in ("title", "summary", "content", "url", "source", "publisher", "author")}
    times = {
        "published": format_time(item.published) if item.published else None,
        "observed": format_time(item.observed),
    }
    return {"id": item.id, **{key: text for key, text in texts.items() if text}, **times}


if __name__ == "__main__":
    main()
