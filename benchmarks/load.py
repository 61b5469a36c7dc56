"""`make load`: a burst of new items through a whole deployment, and what becomes of queues and memory meanwhile.

    .venv/bin/python benchmarks/load.py [--sources 10000] [--entries 10] [--workers 1,2,4] [--database postgresql]

Every source is read once and shows one entry then. In the burst each shows ENTRIES new ones and all are due at once.
Queues have workers of their own, as docs/production.md recommends: N workers are N processes with 8 threads on the
queue `poll` and N processes on `match`; one process with 8 threads always serves `send`.

Raw results go to benchmarks/results/load-N.json, and docs/load.md is written from all that are there; `--page` only
writes the page. Exit status 1 where anything was lost or doubled, a queue or memory grew without bound, or a message
waited for longer than a tick would have let it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import func, select

from alerts.pipeline.tick import HOLD
from alerts.store.database import Database
from alerts.store.schema import SourceRow
from benchmarks import harness, load_page, reconcile, watch
from benchmarks.parts.latency import delays
from benchmarks.parts.throughput import count, make_due
from benchmarks.results import RESULTS, machine, percentile
from benchmarks.served import HOSTS, Remote, server
from benchmarks.watch import Watch
from benchmarks.world import World
from worker.queues import MAX_WAITING

SUBSCRIBERS = 10
INTERVAL = "12h"  # longer than any run: no source is due twice in it
LOOK_SECONDS = 0.25
JUDGED_FROM = 20_000
"""Items from which on a burst is long enough to say of memory whether it is flat."""


@dataclass(frozen=True)
class Size:
    """How much there is; as the defaults say, a burst of 100,000 items."""

    institutions: int = 1_000
    sources: int = 10_000
    entries: int = 10
    database: str = "postgresql"

    @property
    def items(self) -> int:
        return self.sources * self.entries


@contextlib.contextmanager
def split(folder: Path, config: Path, url: str, workers: int) -> Iterator[harness.Processes]:
    """Broker, beat, and workers for each queue on its own."""
    group = harness.Processes(folder, config, url)
    try:
        group.broker()
        for number in range(1, workers + 1):
            group.worker(f"poll-{number}", ["poll"])
        group.worker("match", ["match"], threads=workers, pool="prefork")
        group.worker("send", ["send"])
        group.beat()
        yield group
    finally:
        group.stop()


@contextlib.contextmanager
def deployment(size: Size, workers: int) -> Iterator[tuple[harness.Processes, Database, Remote, int | None]]:
    """A deployment that knows its sources and has read none of them yet."""
    with harness.workplace() as folder, server(size.institutions, size.sources, size.entries, first=1) as remote:
        world = World(size.institutions, size.sources, subscribers=SUBSCRIBERS)
        settings = world.config(remote.url, interval=INTERVAL)
        for number, subscriber in enumerate(settings["subscribers"]):
            at = remote.url.replace(HOSTS[0], HOSTS[number % len(HOSTS)])
            subscriber["channels"] = {"hook": at.replace("http:", "json:") + "/hook"}
        config = harness.configure(folder, settings)
        with harness.database(size.database, folder) as (url, pid), split(folder, config, url, workers) as group:
            database = Database(url)
            try:
                harness.until(lambda: _sources(database) == size.sources, 120, 0.2)
                yield group, database, remote, pid
            finally:
                database.dispose()


def _sources(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(SourceRow)) or 0


class UnfinishedError(Exception):
    """The time is over and there is work left."""


def follow(watching: Watch, items: int, *, every: float, within: float, what: str) -> None:
    """Samples until so many items are stored and the deployment is at rest. Raises UnfinishedError after `within`."""
    began = said = time.monotonic()
    while True:
        at = time.monotonic()
        sample = watching.sample()
        if sample.items >= items and sample.at_rest and not any(sample.depth.values()):
            return
        if at - began > within:
            raise UnfinishedError(f"{what}: not at rest after {within:.0f} s: {_line(sample)}")
        if at - said > 30:
            said = at
            print(f"  {what}: {_line(sample)}", file=sys.stderr, flush=True)
        while (left := at + every - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))
            watching.look()


def _line(sample: watch.Sample) -> str:
    waiting = ", ".join(f"{depth} in {name}" for name, depth in sample.depth.items())
    return (
        f"{sample.at:.0f} s, {sample.items:,} items, {waiting}; {sample.polls_due:,} polls, {sample.cases_due:,} "
        f"assessments and {sample.unsent:,} deliveries wait"
    )


def cpu(group: harness.Processes, others: Mapping[str, int]) -> dict[str, float]:
    pids = {name: process.pid for name, process in group.running.items()} | dict(others)
    return {name: harness.cpu(pid, children=True) for name, pid in pids.items()}


def run(size: Size, workers: int, *, every: float, within: float) -> dict[str, Any]:
    """One burst with so many workers: everything that is kept of it."""
    before, problems = os.getloadavg()[0], []
    with deployment(size, workers) as (group, database, remote, pid):
        others = {"feeds and receiver": remote.pid} | ({} if pid is None else {"database": pid})
        first = Watch(group, database, others)
        make_due(database)
        follow(first, size.sources, every=every, within=within, what="first read")
        remote.show(1, ahead=True)
        used, own = cpu(group, others), time.process_time()
        watching = Watch(group, database, others)
        watching.sample()
        began, since = time.monotonic(), datetime.now(UTC)
        make_due(database)
        try:
            follow(watching, size.sources + size.items, every=every, within=within, what="burst")
        except UnfinishedError as error:
            problems.append(str(error))
        took = time.monotonic() - began
        spent = {name: seconds - used[name] for name, seconds in cpu(group, others).items()}
        spent["this meter"] = time.process_time() - own
        found = reconcile.balance(
            database, [key for key, _ in remote.arrivals()], reconcile.expected(size.sources, {0: 1, 1: size.entries})
        )
        problems += found.problems
        told = delays(database, remote, since.timestamp())
        waited = reconcile.waits(database, since)
        stored = count(database) - size.sources
    samples = watching.samples
    problems += judged(watching, waited, size)
    work = sum(seconds for name, seconds in spent.items() if name.split("-")[0] in harness.QUEUES)
    return {
        "size": asdict(size),
        "workers": workers,
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": command(size, workers),
        "load": [round(before, 1), round(os.getloadavg()[0], 1)],
        "machine": machine(),
        "first_read_seconds": round(first.samples[-1].at, 1),
        "seconds": round(took, 1),
        "stored_seconds": next((each.at for each in samples if each.items >= size.sources + size.items), None),
        "items": stored,
        "rate": round(stored / took, 1),
        "rate_per_core": round(stored / work, 1),
        "cpu": {name: round(seconds, 1) for name, seconds in spent.items()},
        "books": asdict(found),
        "delay": spread(told),
        "wait": spread(waited),
        "limits": limits(),
        "deepest": watching.deepest,
        "deepest_first_read": first.deepest,
        "broker_most_mb": round(watching.most_broker, 1),
        "connections": max(each.connections for each in samples),
        "longest_without_tick": max(each.tick_age for each in samples),
        "memory": memory_of(watching),
        "samples": watch.records(samples),
        "problems": problems,
    }


def command(size: Size, workers: int) -> str:
    """How this run alone is had again."""
    usual = Size()
    given = {name: value for name, value in asdict(size).items() if value != getattr(usual, name)}
    options = " ".join(f"--{name} {value}" for name, value in {**given, "workers": workers}.items())
    return f'make load ARGS="{options}"'


def spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {"count": 0}
    figures = {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "longest": max(values)}
    return {"count": len(values), **{name: round(value, 3) for name, value in figures.items()}}


def limits() -> dict[str, int]:
    """How many tasks may be seen in each queue: twice what the program lets in, since two may look at once."""
    return {name: 2 * most for name, most in MAX_WAITING.items()}


def judged(watching: Watch, waited: list[float], size: Size) -> list[str]:
    """What is not bounded, not flat, or starved."""
    most = limits()
    found = [
        f"the queue {name} held {deep:,} tasks: at most {most[name]:,} may wait"
        for name, deep in watching.deepest.items()
        if deep > most[name]
    ]
    longest = max(waited, default=0.0)
    if longest > HOLD.total_seconds():
        found.append(f"a delivery waited {longest:.1f} s for its first attempt: at most {HOLD.total_seconds():.0f}")
    if size.items >= JUDGED_FROM:
        for name, kept in memory_of(watching).items():
            if kept["judged"] and not kept["flat"]:
                found.append(f"the memory of {name} grew by {kept['added']:.1f} MB in the second half of the burst")
    return found


def memory_of(watching: Watch) -> dict[str, dict[str, Any]]:
    """Of each process: unique memory at each quarter, and what the second half of the burst added."""
    samples, found = watching.samples, {}
    quarters = [watch.at_share(samples, share) for share in (0.25, 0.5, 0.75, 1.0)]
    for name in samples[0].memory:
        grown = watch.growth(samples, [each.memory[name].unique for each in samples])
        found[name] = {
            "unique": [each.memory[name].unique for each in quarters],
            "resident": samples[-1].memory[name].resident,
            "most": max(each.memory[name].resident for each in samples),
            "added": round(grown.added, 1),
            "flat": grown.flat,
            # A database fills its buffers, and the feeds are the benchmark's own.
            "judged": name not in {"database", "feeds and receiver"},
        }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--institutions", type=int, default=Size.institutions)
    parser.add_argument("--sources", type=int, default=Size.sources)
    parser.add_argument("--entries", type=int, default=Size.entries, help="new ones of each source")
    parser.add_argument("--workers", default="1,2,4", metavar="1,2")
    parser.add_argument("--database", choices=harness.DATABASES, default=Size.database)
    parser.add_argument("--every", type=float, default=2.0, metavar="S", help="between two samples")
    parser.add_argument("--within", type=float, default=5400.0, metavar="S", help="a burst that takes longer fails")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--out", type=Path, default=Path("docs/load.md"))
    options = parser.parse_args()
    size = Size(options.institutions, options.sources, options.entries, options.database)
    failed = False
    options.results.mkdir(parents=True, exist_ok=True)
    for workers in [] if options.page else [int(each) for each in options.workers.split(",")]:
        print(f"{size.items:,} items of {size.sources:,} sources, {workers} workers ...", flush=True)
        found = run(size, workers, every=options.every, within=options.within)
        path = options.results / f"load-{workers}.json"
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"  {found['seconds']:,.0f} s, {found['rate']:,.0f} items/s; {path}")
        for problem in found["problems"]:
            failed = True
            print(f"  {problem}", file=sys.stderr)
    load_page.write(options.results, options.out)
    print(f"{options.out} is written")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
