"""(c) How long after its observation an item has become a message at the receiver."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from statistics import median

from sqlalchemy import select, update

from alerts.runtime.runtime import utc_now
from alerts.store.database import Database
from alerts.store.schema import DeliveryRow, SourceRow
from benchmarks import harness
from benchmarks.parts.throughput import deployment, make_due, rest
from benchmarks.results import Figure, Part, Table, Target, percentile
from benchmarks.served import Remote

SOURCES, ENTRIES, IDLE_SECONDS = 120, 8, 30
BURSTS, ROUNDS = 3, 3


def delays(database: Database, remote: Remote, since: float) -> list[float]:
    """Seconds from the observation behind each message to its arrival, of those that arrived after an instant."""
    arrived = {key: at for key, at in reversed(remote.arrivals()) if at >= since}
    with database.read() as session:
        rows = session.execute(select(DeliveryRow.id, DeliveryRow.observed_at)).all()
    return [arrived[key] - observed.timestamp() for key, observed in rows if observed is not None and key in arrived]


def measure() -> Part:
    part = Part(
        "c",
        "Item observed to message at the receiver",
        "Two workers with all queues. The observation is stamped as the poll's transaction stores it; the message has "
        "arrived when a receiver on the loopback interface has read it. *Idle*: sources become due one after another, "
        f"{SOURCES / IDLE_SECONDS:.0f} a second. *Under load*: all {SOURCES} sources are due at once with {ENTRIES} "
        f"new entries each, {BURSTS} times over, so that both workers are busy to the last; {ROUNDS} rounds, each with "
        "its percentiles.",
    )
    rows = []
    for kind in harness.DATABASES:
        with deployment(kind, 2, sources=SOURCES, entries=ENTRIES) as (_, database, remote, _pid):
            remote.show(1)
            since = time.time()
            _spread(database)
            time.sleep(IDLE_SECONDS)
            harness.until(lambda: rest(database), 120, 0.2)
            runs = {"idle": [delays(database, remote, since)], "under load": []}
            for first in range(2, 2 + BURSTS * ROUNDS, BURSTS):
                since = time.time()
                for burst in range(BURSTS):
                    remote.show(first + burst)
                    make_due(database)
                    harness.until(lambda: _polled(database), 300, 0.2)
                harness.until(lambda: rest(database), 300, 0.2)
                runs["under load"].append(delays(database, remote, since))
        bounds = {"idle": "fsync and the sender", "under load": "the wait for a free worker, then what sending costs"}
        for name, found in runs.items():
            p50, p99 = ([percentile(run, at) for run in found] for at in (0.5, 0.99))
            seconds = [f"{each:.3f}" for each in (median(p50), median(p99), max(map(max, found)))]
            rows.append([kind, name, str(sum(map(len, found))), *seconds])
            part.figures.append(Figure(f"{kind}, {name}, p99", "s", p99, bounds[name], Target(most=0.5)))
    part.tables.append(Table("Seconds", ["database", "", "messages", "p50", "p99", "longest"], rows))
    return part


def _spread(database: Database) -> None:
    chance, now = random.Random(1), utc_now()
    with database.write() as session:
        for source in session.scalars(select(SourceRow.id)).all():
            at = now + timedelta(seconds=chance.random() * IDLE_SECONDS)
            session.execute(update(SourceRow).where(SourceRow.id == source).values(next_poll_at=at, claimed_until=None))


def _polled(database: Database) -> bool:
    with database.read() as session:
        return session.scalar(select(SourceRow.id).where(SourceRow.next_poll_at <= utc_now()).limit(1)) is None
