"""(d) Polls of feeds that have nothing new."""

from __future__ import annotations

import time

from benchmarks import harness
from benchmarks.parts.throughput import deployment, make_due
from benchmarks.results import Figure, Part, Table

SOURCES, SECONDS = 1_000, 12.0


def measure() -> Part:
    part = Part(
        "d",
        "Steady state: polls of unchanged feeds",
        f"{SOURCES:,} feeds that answer 304 Not Modified, made due again as soon as polled, for {SECONDS:.0f} s. "
        "One worker with 8 threads; a task leases up to 32 sources, fetches each over a connection of its own, plans "
        "the next polls and records them.",
    )
    rows = []
    for kind in harness.DATABASES:
        with deployment(kind, 1, sources=SOURCES, entries=5) as (group, database, remote, pid):
            before, used = remote.counts()["unchanged"], group.cpu()["worker-1"]
            served = 0.0 if pid is None else harness.cpu(pid, children=True)
            began = time.perf_counter()
            while time.perf_counter() - began < SECONDS:
                make_due(database)
                time.sleep(0.25)
            polls, took = remote.counts()["unchanged"] - before, time.perf_counter() - began
            used = group.cpu()["worker-1"] - used
            served = 0.0 if pid is None else harness.cpu(pid, children=True) - served
        rows.append([kind, f"{polls / took:,.0f}", f"{polls / used:,.0f}", f"{served / max(polls, 1) * 1000:.2f}"])
        bound = "processor: sockets and the HTTP client, planning; then the two transactions of a task"
        part.figures.append(Figure(f"{kind}, per core", "polls/s", [polls / used], bound))
    part.tables.append(
        Table("The runs", ["database", "polls/s by the clock", "polls/s per core", "database ms/poll"], rows)
    )
    return part
