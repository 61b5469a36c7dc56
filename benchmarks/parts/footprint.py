"""(g) Memory and start-up of each process."""

from __future__ import annotations

import time

import psutil

from alerts.store.database import Database
from benchmarks import harness
from benchmarks.parts.throughput import count
from benchmarks.results import Figure, Part, Table
from benchmarks.served import server
from benchmarks.world import World

INSTITUTIONS, SOURCES, ENTRIES = 1_000, 30, 20


def measure() -> Part:
    part = Part(
        "g",
        "Memory and start-up of each process",
        f"{INSTITUTIONS:,} institutions, SQLite. A worker is up when it has "
        f"stored the first item of {SOURCES} feeds that "
        "are due from the start, which includes reading the configuration, building the matcher and beat's first tick. "
        "Memory is resident (and unique to the process), after all feeds are read.",
    )
    with harness.workplace() as folder, server(INSTITUTIONS, SOURCES, ENTRIES) as remote:
        config = harness.configure(folder, World(INSTITUTIONS, SOURCES).config(remote.url))
        with harness.database("sqlite", folder) as (url, _):
            database = Database(url)
            began = time.perf_counter()
            with harness.processes(folder, config, url, [["poll"], ["match"], ["send"]]) as group:
                broker = time.perf_counter() - began
                harness.until(lambda: count(database) > 0, 120)
                up = time.perf_counter() - began
                harness.until(lambda: count(database) >= SOURCES * ENTRIES, 240, 0.2)
                names = {"worker-1": "worker, poll", "worker-2": "worker, match", "worker-3": "worker, send"}
                rows = []
                for name, process in group.running.items():
                    held = psutil.Process(process.pid).memory_full_info()
                    rows.append([names.get(name, name), f"{held.rss / 1e6:.0f}", f"{held.uss / 1e6:.0f}"])
            database.dispose()
    part.figures.append(Figure("broker answers within", "s", [broker], "fork and exec"))
    part.figures.append(
        Figure("first item stored within", "s", [up], "imports, the configuration, the matcher, a tick")
    )
    part.tables.append(Table("MB", ["process", "resident", "unique"], rows))
    return part
