"""A soak of the polling: thousands of local feeds through simulated days, and the books balanced at the end.

    make soak-feeds [ARGS="--feeds 5000 --days 4 --database postgresql://…"]

The program's own verbs (tick, poll, assess, selfcheck) on its own store, with a clock that stands still while
they work and then moves on by one tick, so a day takes as long as its work. Publishers of every kind answer
over HTTP from a process of their own. Afterwards:

- every item that a publisher has shown is stored, once, and nothing else is;
- how late polls are, and how many each kind of publisher gets a day, is the same on every day;
- memory, open files, threads and the rows of the bookkeeping tables stay the same from day to day.

Exit status 1 where one of these does not hold. Ctrl-C ends it with the books of what was done by then.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import yaml
from soak.publishers import DAY, TRACKED, Feed, feeds, moment, seconds
from soak.server import Clock, serving
from sqlalchemy import func, select

from alerts.pipeline import steps
from alerts.pipeline.publish import publish_edits
from alerts.pipeline.selfcheck import selfcheck
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime, configuration_of
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import Base, FactRow, ItemRow, RevisionRow, SourceRow

TICK = 60.0
STATE = 10_000
"""Bytes that a source may take: what is remembered of its entries is bounded, and no feed here is a long one."""

SELFCHECK = 3600.0
# Not `cases`: there is one for each institution that was ever in the news, of the few that are tracked.
BOOKKEEPING = ("sources", "hosts", "facts", "locks", "troubles", "clock", "desks")


@dataclass
class Day:
    """What one simulated day was like."""

    polls: Counter[str] = field(default_factory=Counter)  # by kind of publisher
    late: list[float] = field(default_factory=list)  # seconds after they were due
    failed: int = 0
    new: int = 0
    found: list[float] = field(default_factory=list)  # seconds from the publication of an item to its storage
    left: int = 0  # polls due and not done at the end of the day
    claims: int = 0  # leases that were not given back
    rss: float = 0.0  # MB
    files: int = 0
    threads: int = 0
    rows: int = 0  # of the bookkeeping tables, but for the outages of sources: these are the record, and pruned with it
    state: int = 0  # bytes of JSON, of the source of which the most is remembered
    wall: float = 0.0


@dataclass
class Books:
    """The end: `missing`, `strange` and `twice` are to be empty."""

    published: int
    waiting: int  # published after their source was last read
    expected: int
    stored: int
    missing: list[str]
    strange: list[str]
    twice: int
    revised: int  # revisions beyond the first, of publishers that edit
    rewritten: int  # the same of publishers that do not
    early: int  # requests within a Retry-After
    not_adopted: int  # moved sources that are still asked at their old address on the last day
    not_stopped: int  # sources that say 410 and are asked on
    requests: int
    hours: float  # simulated


class Soak:
    """The program under a clock of our own."""

    def __init__(self, world: Sequence[Feed], base: str, clock: Clock, database: Database, home: Path) -> None:
        self.world = {feed.name: feed for feed in world}
        self._base, self._clock, self._database = base, clock, database
        (home / "alerts.yaml").write_text(yaml.safe_dump(self._configuration()), encoding="utf-8")
        self._hints: list[TaskRequests] = []
        self._lock = threading.Lock()
        self.ended = threading.Event()  # set: no further tick is begun
        self.runtime = Runtime(
            database=database,
            configuration=configuration_of(home, self._database, home, {}),
            enqueue=self._enqueue,
            clock=lambda: moment(self._clock.at),
            contact="https://soak.example/",
        )

    def _configuration(self) -> dict[str, Any]:
        return {
            "sources": [
                {
                    "id": feed.name,
                    "url": self._base + feed.path,
                    "publisher": f"Publisher {feed.number}",
                    "interval": feed.kind.interval,
                    "allow_private": True,
                }
                for feed in self.world.values()
            ],
            "institutions": [{"id": f"tracked-{n}", "name": f"Tracked{n} Corporation"} for n in range(TRACKED)],
        }

    def _enqueue(self, hints: TaskRequests) -> None:
        with self._lock:
            self._hints.append(hints)

    def run(self, days: int, workers: int, tick: float = TICK) -> Iterator[Day]:
        """Each day when it is over. `tick`: seconds between two beats."""
        publish_edits(self.runtime)
        with ThreadPoolExecutor(workers, thread_name_prefix="poll") as pool:
            for number in range(days):
                started = time.monotonic()
                day = Day()
                for step in range(int(DAY / tick)):
                    self._clock.at = number * DAY + step * tick
                    if self._clock.at % SELFCHECK == 0:
                        selfcheck(self.runtime)
                    self._tick(day, pool)
                    if self.ended.is_set():
                        break
                self._look(day, number * DAY)
                day.wall = time.monotonic() - started
                yield day
                if self.ended.is_set():
                    return

    def _tick(self, day: Day, pool: ThreadPoolExecutor) -> None:
        """One beat, and everything that follows from it."""
        steps.tick(self.runtime)
        while self._hints:
            with self._lock:
                hints, self._hints = self._hints, []
            polls = [source for each in hints for source in each.poll]
            due = self._due(polls)
            for outcome in pool.map(lambda source: steps.poll_sources(self.runtime, source)[0], polls):
                if not outcome.skipped:
                    day.polls[self.world[outcome.source].kind.name] += 1
                    day.late.append(self._clock.at - due[outcome.source])
                    day.failed += bool(outcome.error)
                    day.new += outcome.new
            for each in hints:
                for institution in each.assess:
                    steps.assess(self.runtime, institution)
                for key in each.rematch:
                    steps.rematch(self.runtime, key)

    def _due(self, sources: Sequence[str]) -> dict[str, float]:
        with self._database.read() as session:
            rows = session.execute(select(SourceRow.id, SourceRow.next_poll_at).where(SourceRow.id.in_(sources)))
            return {name: seconds(at) for name, at in rows}

    def _look(self, day: Day, since: float) -> None:
        gc.collect()
        process = psutil.Process()
        day.rss = process.memory_info().rss / 1e6
        day.files = process.num_fds()
        day.threads = process.num_threads()
        with self._database.read() as session:
            counts = (select(func.count()).select_from(Base.metadata.tables[name]) for name in BOOKKEEPING)
            outages = select(func.count()).where(FactRow.name.startswith(system_state.OUTAGE))
            day.rows = sum(session.scalars(each).one() for each in counts) - session.scalars(outages).one()
            now = moment(self._clock.at)
            day.left = self._count(session, SourceRow.active.is_(True), SourceRow.next_poll_at < now)
            day.claims = self._count(session, SourceRow.lease_token.is_not(None))
            day.state = max(len(json.dumps(state)) for state in session.scalars(select(SourceRow.state)))
            rows = session.execute(
                select(ItemRow.first_observed, ItemRow.published).where(
                    ItemRow.first_observed >= moment(since), ItemRow.published >= moment(0)
                )
            )
            day.found = [(seen - published).total_seconds() for seen, published in rows if published]

    @staticmethod
    def _count(session: Any, *conditions: Any) -> int:
        return session.scalar(select(func.count()).select_from(SourceRow).where(*conditions)) or 0

    def books(self) -> Books:
        """What publishers have shown, beside what is stored."""
        with urllib.request.urlopen(f"{self._base}/report") as answer:
            seen = json.load(answer)
        stored: dict[str, list[str]] = {name: [] for name in self.world}
        with self._database.read() as session:
            for source, title in session.execute(select(ItemRow.source, ItemRow.title)):
                stored[source].append(title)
            revisions = dict(
                session.execute(select(RevisionRow.source, func.count()).group_by(RevisionRow.source)).all()
            )
        expected = {
            name: {feed.title(index) for index in range(feed.published(shown))}
            for name, feed in self.world.items()
            if (shown := seen[name]["shown"]) is not None
        }
        editing = {name for name, feed in self.world.items() if feed.kind.name == "edited"}
        more = {name: revisions.get(name, 0) - len(titles) for name, titles in stored.items()}
        published = sum(feed.published(self._clock.at) for feed in self.world.values())
        wanted = sum(map(len, expected.values()))
        return Books(
            published=published,
            waiting=published - wanted,
            expected=wanted,
            stored=sum(map(len, stored.values())),
            missing=[title for name in expected for title in sorted(expected[name] - set(stored[name]))],
            strange=[title for name in stored for title in sorted(set(stored[name]) - expected.get(name, set()))],
            twice=sum(len(titles) - len(set(titles)) for titles in stored.values()),
            revised=sum(count for name, count in more.items() if name in editing),
            rewritten=sum(count for name, count in more.items() if name not in editing),
            early=sum(each["early"] for each in seen.values()),
            not_adopted=sum((each["old_address"] or 0) > self._clock.at - DAY / 2 for each in seen.values()),
            not_stopped=self._asked_though_gone(),
            requests=sum(each["requests"] for each in seen.values()),
            hours=self._clock.at / 3600,
        )

    def _asked_though_gone(self) -> int:
        gone = [name for name, feed in self.world.items() if feed.kind.name == "410"]
        with self._database.read() as session:
            states = session.scalars(select(SourceRow.state).where(SourceRow.id.in_(gone)))
            return sum("stopped" not in state for state in states)


@contextmanager
def soaking(count: int, days: int, home: Path, database_url: str = "") -> Iterator[Soak]:
    """A soak that is ready to run, its files in the folder `home`."""
    world = feeds(count, days)
    with serving(count, days) as (base, clock):
        database = Database(database_url or f"sqlite:///{home}/soak.db")
        database.upgrade()
        (home / "config").mkdir()
        soak = Soak(world, base, clock, database, home / "config")
        try:
            yield soak
        finally:
            soak.runtime.close()


# The report


def quantile(values: Sequence[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


_COLUMNS = (
    ("day", 3), ("polls", 7), ("failed", 6), ("new", 6), ("late p50 s", 10), ("p99", 5), ("max", 5), ("left", 4),
    ("found p50 min", 13), ("p99", 5), ("RSS MB", 6), ("files", 5), ("threads", 7), ("leases", 6), ("rows", 6),
    ("state max B", 11), ("wall s", 6),
)  # fmt: skip


def line(number: int, day: Day) -> str:
    cells = (
        number, sum(day.polls.values()), day.failed, day.new,
        f"{quantile(day.late, 0.5):.0f}", f"{quantile(day.late, 0.99):.0f}", f"{max(day.late, default=0):.0f}",
        day.left, f"{quantile(day.found, 0.5) / 60:.0f}", f"{quantile(day.found, 0.99) / 60:.0f}",
        f"{day.rss:.0f}", day.files, day.threads, day.claims, day.rows, day.state, f"{day.wall:.0f}",
    )  # fmt: skip
    return "  ".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True))


def wrong(days: Sequence[Day], books: Books, tick: float = TICK) -> list[str]:
    """What does not hold, one line each."""
    found = []
    for what, value in (
        ("items are missing", len(books.missing)),
        ("items were never shown", len(books.strange)),
        ("items are stored twice", books.twice),
        ("revisions of what nobody edited", books.rewritten),
        ("requests came within a Retry-After", books.early),
        ("polls were left over at the end of a day", sum(day.left for day in days)),
        ("leases were not given back", sum(day.claims for day in days)),
    ):
        if value:
            found.append(f"{value} {what}")
    if any(max(day.late, default=0) > 2 * tick for day in days):
        found.append("a poll came later than two ticks after it was due")
    if any(day.state > STATE for day in days):
        found.append(f"more than {STATE} bytes are remembered of a source")
    if len(days) >= 4 and books.hours > 95:
        for what, value in (
            ("moved sources are asked at the old address", books.not_adopted),
            ("sources that are gone are asked on", books.not_stopped),
        ):
            if value:
                found.append(f"{value} {what}")
    if len(days) > 2:  # the first day learns the rhythms and loads what is loaded once
        settled, last = days[1], days[-1]
        if last.files > settled.files + 4 or last.threads > settled.threads + 4:
            found.append("open files or threads grow")
        if last.rows > settled.rows * 1.02:
            found.append("the bookkeeping tables grow")
        if last.rss > settled.rss * 1.1 + 20:
            found.append("memory grows")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=5000)
    parser.add_argument("--days", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2, help="threads that poll")
    parser.add_argument("--database", default="", metavar="URL", help="default: a SQLite file, gone afterwards")
    options = parser.parse_args()
    logs.configure("CRITICAL")
    before = os.getloadavg()[0]
    days: list[Day] = []
    with (
        tempfile.TemporaryDirectory(prefix="alerts-soak-") as home,
        soaking(options.feeds, options.days, Path(home), options.database) as soak,
    ):
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: soak.ended.set())
        print(f"{options.feeds} feeds, {options.days} simulated days, {datetime.now(UTC):%Y-%m-%d}\n")
        print("  ".join(f"{name:>{width}}" for name, width in _COLUMNS), flush=True)
        for day in soak.run(options.days, options.workers):
            days.append(day)
            print(line(len(days), day), flush=True)
        books = soak.books()
        if soak.ended.is_set():
            print(f"ended after {books.hours:.1f} simulated hours")
        count = Counter(feed.kind.name for feed in soak.world.values())
    print(f"\n{'polls of a feed a day':<24} {'feeds':>5} " + "".join(f"{n + 1:>7}" for n in range(len(days))))
    for kind, size in count.items():
        print(f"{kind:<24} {size:>5} " + "".join(f"{day.polls[kind] / size:>7.1f}" for day in days))
    print(
        f"\nitems published {books.published}, of them since their source was last read {books.waiting}; "
        f"expected {books.expected}, stored {books.stored}, missing {len(books.missing)}, "
        f"never shown {len(books.strange)}, twice {books.twice}\n"
        f"revisions: {books.revised} of edited items, {books.rewritten} of items that nobody edited\n"
        f"requests {books.requests}, within a Retry-After {books.early}\n"
        f"load average {before:.1f} at the beginning, {os.getloadavg()[0]:.1f} at the end, {os.cpu_count()} cores, "
        f"{timedelta(seconds=round(sum(day.wall for day in days)))}"
    )
    problems = wrong(days, books)
    for problem in problems:
        print(f"NOT AS IT SHOULD BE: {problem}")
    for title in (*books.missing[:20], *books.strange[:20]):
        print(f"  {title}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
