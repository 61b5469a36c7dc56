"""How a SQLite database grows in a month, by table, and what `alerts db prune` gives back while news goes on.

    .venv/bin/python benchmarks/growth.py [--days 30] [--items 1000]

The whole line runs in this process on a clock that is put forward by six hours at a time: `--items` new items a day
of 100 words from 10 sources, one in three about one of 100 institutions, half of those with a topic; 5 subscribers.
Then the clock goes on by 200 days and what is older than 180 is removed, while another thread goes on with the news.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from alerts.pipeline import steps
from alerts.pipeline.prune import prune
from alerts.runtime import gc_tuning
from benchmarks import harness
from benchmarks.inline import Inline
from benchmarks.served import server
from benchmarks.world import World

SOURCES, INSTITUTIONS, SUBSCRIBERS = 10, 100, 5
ROUNDS = 4  # a day
SHOWN = 100  # bytes an item from which a table has a line of its own


def sizes(file: Path) -> dict[str, int]:
    """Bytes of each table with its indexes."""
    query = "SELECT m.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name GROUP BY 1"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute(query).fetchall())


def _round(line: Inline) -> None:
    for source in line.sources:
        steps.poll_sources(line.runtime, source, due_only=False)
    line.once.settle(line.runtime)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--items", type=int, default=1_000)
    options = parser.parse_args(arguments)
    gc_tuning.look_rarely()
    now = datetime.now(UTC) - timedelta(days=options.days)
    entries = options.items // ROUNDS // SOURCES
    with harness.workplace() as folder, server(INSTITUTIONS, SOURCES, entries) as remote:
        world = World(INSTITUTIONS, SOURCES, SUBSCRIBERS)
        channel = remote.url.replace("http:", "json:") + "/hook"
        config = harness.configure(folder, world.config(remote.url, channel=channel))
        with harness.database("sqlite", folder) as (url, _):
            line = Inline(config, url, clock=lambda: now)
            file, version = folder / "alerts.db", 0
            print("day   items     MB  kB an item")
            for day in range(1, options.days + 1):
                for _ in range(ROUNDS):
                    now += timedelta(days=1) / ROUNDS
                    remote.show(version)
                    _round(line)
                    version += 1
                if day in {1, 7, 14, 21, options.days}:
                    items, size = version * entries * SOURCES, sum(sizes(file).values())
                    print(f"{day:>3}{items:>8,}{size / 1e6:>7.1f}{size / items / 1e3:>9.2f}", flush=True)
            for table, size in sorted(sizes(file).items(), key=lambda pair: -pair[1]):
                if size / items >= SHOWN:
                    print(f"  {table:<16}{size / items:>7,.0f} bytes an item")
            now += timedelta(days=200)
            _prune(line, remote.show, version, file)
            line.close()


def _prune(line: Inline, show: Callable[[int], None], version: int, file: Path) -> None:
    """Removes what is old; meanwhile news goes on in another thread, and the longest round is what it waits."""
    rounds: list[float] = []
    done = threading.Event()

    def news() -> None:
        number = version
        while not done.is_set():
            show(number)
            began = time.perf_counter()
            _round(line)
            rounds.append(time.perf_counter() - began)
            number += 1

    news_thread = threading.Thread(target=news)
    news_thread.start()
    began = time.perf_counter()
    removed = prune(line.runtime, timedelta(days=180))
    took = time.perf_counter() - began
    done.set()
    news_thread.join()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        (free,) = connection.execute("SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size")
    print(f"prune: {took:.1f} s, {sum(removed.counts.values()):,} rows; {free[0] / 1e6:.1f} MB free for what comes")
    print(f"  meanwhile {len(rounds)} rounds of news, the longest {max(rounds):.2f} s")


if __name__ == "__main__":
    main()
