"""(b) The whole line with real processes: broker, beat, workers, on both databases."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from sqlalchemy import func, select, update

from alerts.runtime.runtime import utc_now
from alerts.store.database import Database
from alerts.store.schema import CaseRow, DeliveryRow, RevisionRow, SourceRow
from benchmarks import harness
from benchmarks.results import Figure, Part, Table
from benchmarks.served import Remote, server
from benchmarks.world import World

INSTITUTIONS, SOURCES, ENTRIES, BURSTS = 1_000, 60, 25, 3
UNSENT = ("pending", "leased", "failed", "unknown")


@contextlib.contextmanager
def deployment(
    kind: str, workers: int, *, institutions: int = INSTITUTIONS, sources: int = SOURCES, entries: int = ENTRIES
) -> Iterator[tuple[harness.Processes, Database, Remote, int | None]]:
    """A deployment whose sources have all been read once, at rest; with the process id of a database server."""
    with harness.workplace() as folder, server(institutions, sources, entries) as remote:
        channel = remote.url.replace("http:", "json:") + "/hook"
        config = harness.configure(Path(folder), World(institutions, sources).config(remote.url, channel=channel))
        with (
            harness.database(kind, folder) as (url, pid),
            harness.processes(folder, config, url, [harness.QUEUES] * workers, tick=0.5) as group,
        ):
            database = Database(url)
            try:
                first_polls(database, sources)
                harness.until(lambda: count(database) >= sources * entries and rest(database), 300, 0.2)
                yield group, database, remote, pid
            finally:
                database.dispose()


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(RevisionRow)) or 0


def rest(database: Database) -> bool:
    """Whether everything that was found is assessed and everything that is to be told is sent."""
    with database.read() as session:
        due = session.scalar(select(func.count()).where(CaseRow.due_at <= utc_now())) or 0
        unsent = session.scalar(select(func.count()).where(DeliveryRow.state.in_(UNSENT))) or 0
    return due + unsent == 0


def first_polls(database: Database, sources: int) -> None:
    """Makes all sources due once the workers know them: left alone, their first polls are spread over minutes."""

    def known() -> int:
        with database.read() as session:
            return session.scalar(select(func.count()).select_from(SourceRow)) or 0

    harness.until(lambda: known() == sources, 120)
    make_due(database)


def make_due(database: Database) -> None:
    """Every source is due now, as its interval makes it in time."""
    with database.write() as session:
        session.execute(select(SourceRow.id).order_by(SourceRow.id).with_for_update()).all()  # in the order of polls
        session.execute(update(SourceRow).values(next_poll_at=utc_now(), claimed_until=None))


def measure() -> Part:
    part = Part(
        "b",
        "The whole line: fetched to sent",
        f"{SOURCES} sources read before show {ENTRIES} new entries each and are all due at once; {INSTITUTIONS:,} "
        "institutions, a third of the items is about one of them. From then until every item is stored and assessed "
        f"and every message sent; {BURSTS} times over, one after the other. Worker processes have 8 threads and all "
        "three queues; PostgreSQL has fsync on, SQLite is in WAL mode. *Per core*: items divided by the processor "
        "seconds of the workers.",
    )
    items, rows = SOURCES * ENTRIES, []
    for kind in harness.DATABASES:
        for workers in (1, 2):
            with deployment(kind, workers) as (group, database, remote, pid):
                bursts = [_burst(group, database, remote, pid, number) for number in range(1, BURSTS + 1)]
            per_core = Figure(
                f"{kind}, {workers} worker{'s' if workers > 1 else ''}, per core",
                "items/s",
                [items / each.workers for each in bursts],
                "processor: parsing, and the statements' way through SQLAlchemy",
            )
            part.figures.append(per_core)
            database_ms = _per_item(each.database for each in bursts) if pid else "in the worker"
            rows.append(
                [
                    kind,
                    str(workers),
                    f"{items / median(each.took for each in bursts):,.0f}",
                    f"{per_core.value:,.0f}",
                    _per_item(each.workers for each in bursts),
                    database_ms,
                    _per_item(each.broker for each in bursts),
                ]
            )
    columns = ["database", "workers", "items/s by the clock", "items/s per core"]
    part.tables.append(Table("The runs", [*columns, "worker ms/item", "database ms/item", "broker ms/item"], rows))
    return part


@dataclass(frozen=True, slots=True)
class _Burst:
    """How long it took by the clock, and processor seconds of those who had a part in it."""

    took: float
    workers: float
    database: float
    broker: float


def _burst(group: harness.Processes, database: Database, remote: Remote, pid: int | None, number: int) -> _Burst:
    had = count(database)
    used, served = group.cpu(), 0.0 if pid is None else harness.cpu(pid, children=True)
    remote.show(number)
    began = time.perf_counter()
    make_due(database)
    harness.until(lambda: count(database) >= had + SOURCES * ENTRIES and rest(database), 300, 0.1)
    took = time.perf_counter() - began
    spent = {name: seconds - used[name] for name, seconds in group.cpu().items()}
    served = 0.0 if pid is None else harness.cpu(pid, children=True) - served
    work = sum(seconds for name, seconds in spent.items() if name.startswith("worker"))
    return _Burst(took, work, served, spent["broker"])


def _per_item(seconds: Iterable[float]) -> str:
    """Milliseconds, of the burst in the middle."""
    return f"{median(seconds) / (SOURCES * ENTRIES) * 1000:.2f}"
