"""What polling costs: our reading of recorded polls beside feedparser on every body that changed.

    make bench-feeds [ARGS="--data ../shared/data"]

Both get the same bodies in the same order, in one process, and CPU time is compared. Ours includes finding
what is new, revised or known, and planning the next poll; feedparser's is parsing alone. "Same items" says
whether ours came to the same new items and revisions as when it reads every body whole.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import feedparser

from alerts.feeds.diff import ItemChange, KnownItem, KnownItems, Wanted
from alerts.feeds.feed import FetchResult
from alerts.feeds.poll import read_answer
from alerts.feeds.state import FeedState
from alerts.model.source import Source

SOURCE = Source(id="recorded", url="https://feeds.example/recorded", publisher="Recorded")
Poll = tuple[datetime, bytes]


def observed(path: Path) -> datetime:
    """When a recorded version was fetched, from its file name."""
    return datetime.strptime(path.stem, "%Y-%m-%dT%H%M%S%z").astimezone(UTC)


def polls(folder: Path) -> list[Poll]:
    """The recorded polls whose bytes differ from the poll before, in order."""
    found: list[Poll] = []
    for path in sorted(folder.glob("*.xml"), key=observed):
        body = path.read_bytes()
        if not found or found[-1][1] != body:
            found.append((observed(path), body))
    return found


def ours(recorded: Sequence[Poll], *, whole: bool = False) -> list[tuple[datetime, str, ItemChange]]:
    """Play the polls; every new item and revision in order. `whole` forgets all shortcuts between polls."""
    state = FeedState()
    known: dict[str, KnownItem] = {}
    found = []
    for now, body in recorded:
        if whole:
            state = replace(state, seen="", body_hash="")
        result = FetchResult(url=SOURCE.url, final_url=SOURCE.url, status=200, body=body)
        polled = read_answer(SOURCE, state, result, partial(look_up, known), now=now)
        state = polled.plan.state
        if polled.decision is None:
            continue
        for kind in ("new", "revised", "withdrawn"):
            for change in getattr(polled.decision, kind):
                known[change.known.id] = change.known
                found.append((now, kind, change))
    return found


def look_up(known: dict[str, KnownItem], asked: Callable[[], Wanted]) -> KnownItems:
    """What a store's indexes would find."""
    wanted = asked()
    found = {
        item_id: item
        for item_id, item in known.items()
        if item_id in wanted.ids or item.link_key in wanted.link_keys or item.title_key in wanted.title_keys
    }
    return KnownItems(found, len(known))


def plain_feedparser(recorded: Sequence[Poll]) -> None:
    for _, body in recorded:
        feedparser.parse(body)


def cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU, the best of three."""
    times = []
    for _ in range(3):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    data = parser.parse_args().data
    groups = {
        "every hour": sorted(data.glob("feeds_every_hour/*")),
        "only versions with changed content": sorted(data.glob("feeds_recorded/*")),
    }
    if not any(groups.values()):
        print(f"{data}: no recorded feeds there; name the folder with --data", file=sys.stderr)
        return 1
    print(
        f"{'feed':<28} {'polls':>6} {'MB':>6} {'items':>6} {'feedparser s':>13} {'ours s':>8} {'ratio':>7}  same items"
    )
    for title, folders in groups.items():
        print(f"-- {title}")
        theirs_sum = ours_sum = 0.0
        for folder in folders:
            recorded = polls(folder)
            theirs = cpu(lambda recorded=recorded: plain_feedparser(recorded))  # type: ignore[misc]
            mine = cpu(lambda recorded=recorded: ours(recorded))  # type: ignore[misc]
            cheap, whole = ours(recorded), ours(recorded, whole=True)
            theirs_sum, ours_sum = theirs_sum + theirs, ours_sum + mine
            items = sum(kind == "new" for _, kind, _ in cheap)
            size = sum(len(body) for _, body in recorded) / 1e6
            print(
                f"{folder.name:<28} {len(recorded):>6} {size:>6.1f} {items:>6} {theirs:>13.2f} {mine:>8.3f} "
                f"{theirs / mine:>6.1f}x  {'yes' if cheap == whole else 'NO'}"
            )
        print(f"{'together':<49} {theirs_sum:>13.2f} {ours_sum:>8.3f} {theirs_sum / ours_sum:>6.1f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
