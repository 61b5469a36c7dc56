"""How fast items are clustered, and in how much memory.

    .venv/bin/python benchmarks/stories.py [--data ../shared/data] [--items 20000]

The headlines of the UCI News Aggregator where they are there (dense: 70 a story), and made-up ones over 60 days,
of which most are alone. Timed on one core, best of three, CPU time: reducing items to features, clustering them,
and both, as `alerts cluster` does it. For the made-up ones it is also shown that memory stays flat.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.model.item import Item
from alerts.model.times import parse_time
from alerts.stories.cluster import Clusterer
from alerts.stories.features import Features, features
from alerts.stories.lexicon import ORDINARY_WORDS

START = datetime(2026, 1, 1, tzinfo=UTC)


def uci(path: Path) -> list[Item]:
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Item(each["id"], each["title"], parse_time(each["published"]), url=each["url"], publisher=each["publisher"])
        for each in records
    ]


def made_up(count: int, rng: random.Random) -> list[Item]:
    """Headlines of nine words: one in three repeats most of an event of the last day."""
    ordinary = sorted(ORDINARY_WORDS)
    names = [f"{a}{b}{c}" for a in ("Bra", "Cor", "Fel", "Gim") for b in ("van", "tis", "rup") for c in range(200)]
    events: list[list[str]] = []
    items = []
    for number in range(count):
        if events and rng.random() < 1 / 3:
            event = rng.choice(events[-200:])
            words = [*rng.sample(event, 6), *rng.sample(ordinary, 3)]
        else:
            words = [rng.choice(names), rng.choice(names), *rng.sample(ordinary, 7)]
            events.append(words)
        at = START + timedelta(days=60) * number / count
        items.append(Item(str(number), " ".join(words), at, publisher=f"Paper {number % 300}"))
    return items


def cluster(reduced: Sequence[Features]) -> None:
    clusterer = Clusterer()
    for each in reduced:
        clusterer.add([each])


def best(items: Sequence[Item]) -> tuple[float, float]:
    """Seconds of CPU for features and for clustering, the best of three runs."""
    reducing, clustering = [], []
    for _ in range(3):
        start = time.process_time()
        reduced = [features(each, each.publisher) for each in items]
        reducing.append(time.process_time() - start)
        start = time.process_time()
        cluster(reduced)
        clustering.append(time.process_time() - start)
    return min(reducing), min(clustering)


def report(name: str, items: Sequence[Item]) -> None:
    reducing, clustering = best(items)
    count = len(items)
    print(
        f"{name}: {count} items; features {count / reducing:,.0f}/s, clustering {count / clustering:,.0f}/s,"
        f" both {count / (reducing + clustering):,.0f} items/s"
    )


def memory(items: Sequence[Item]) -> None:
    """What a clusterer holds after each quarter of a stream that is six times as long as its window."""
    clusterer = Clusterer()
    tracemalloc.start()
    held = []
    for number, item in enumerate(items, start=1):
        clusterer.add([features(item, item.publisher)])
        if number % (len(items) // 4) == 0:
            held.append(f"{tracemalloc.get_traced_memory()[0] / 1e6:.0f} MB")
    tracemalloc.stop()
    print(f"  memory after each quarter of it: {', '.join(held)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--items", type=int, default=20_000, help="made-up items (default 20000)")
    arguments = parser.parse_args()
    path = arguments.data / "gold" / "stories_uci_a.jsonl"
    if path.is_file():
        report("UCI headlines", uci(path))
    else:
        print(f"{path}: not there, so the UCI headlines are left out (--data FOLDER says where they are)")
    items = made_up(arguments.items, random.Random(1))
    report("made-up headlines", items)
    memory(items)


if __name__ == "__main__":
    main()
