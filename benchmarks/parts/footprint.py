"""(g) `alerts run`: how soon it has stored an item, and the memory of each of its processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil

from alerts.store.database import Database
from benchmarks import harness
from benchmarks.parts.throughput import count
from benchmarks.results import Figure, Part, Table, Target
from benchmarks.served import server
from benchmarks.world import World

INSTITUTIONS, SOURCES, ENTRIES, ROUNDS = 1_000, 30, 20, 3
SETTLED = 3.0  # seconds after the last item


def measure() -> Part:
    part = Part(
        "g",
        "Start-up and memory of `alerts run`",
        f"{INSTITUTIONS:,} institutions, {SOURCES} feeds of {ENTRIES} entries, SQLite, a new state directory, with "
        f"pages; {ROUNDS} rounds. From the start of the command to the first stored item, which includes imports, the "
        "configuration, the matcher, the schema, the broker and beat's first tick. Memory is the proportional set size "
        f"(and what is unique to the process), {SETTLED:.0f} s after all feeds are read.",
    )
    rounds = [_round() for _ in range(ROUNDS)]
    first = [seconds for seconds, _ in rounds]
    part.figures.append(
        Figure("first item stored within", "s", first, "imports, then the configuration and matcher", Target(most=2.0))
    )
    whole = [sum(pss for pss, _ in held.values()) for _, held in rounds]
    part.figures.append(Figure("all processes", "MB", whole, "pages that forks copy", Target(most=300.0)))
    beat = [held["beat"][0] for _, held in rounds]
    part.figures.append(Figure("beat", "MB", beat, "its share of what all have in common", Target(most=30.0)))
    _, last = rounds[-1]
    rows = [[name, f"{pss:.0f}", f"{unique:.0f}"] for name, (pss, unique) in last.items()]
    part.tables.append(Table("MB, last round", ["process", "proportional", "unique"], rows))
    return part


def _round() -> tuple[float, dict[str, tuple[float, float]]]:
    """Seconds to the first item, and the memory of each process by name."""
    with harness.workplace() as folder, server(INSTITUTIONS, SOURCES, ENTRIES) as remote:
        remote.show(0, ahead=True)
        config = harness.configure(folder, World(INSTITUTIONS, SOURCES).config(remote.url))
        state, port = folder / "state", harness.free_port()
        database = Database(f"sqlite:///{state}/alerts.db")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
        command = [sys.executable, "-m", "alerts", "--config", str(config), "--state", str(state)]
        with (folder / "log").open("wb") as log:
            began = time.perf_counter()
            process = subprocess.Popen(
                [*command, "run", "--port", str(port)], cwd=harness.ROOT, env=kept, stdout=log, stderr=log
            )
        try:
            harness.until((state / "alerts.db").exists, 120, 0.01)
            harness.until(lambda: _stored(database) > 0, 120, 0.01)
            first = time.perf_counter() - began
            harness.until(lambda: _stored(database) >= SOURCES * ENTRIES, 240, 0.2)
            time.sleep(SETTLED)
            parent = psutil.Process(process.pid)
            named = {"supervisor": parent, **{each.name(): each for each in parent.children()}}
            held = {name.removeprefix("alerts: "): each.memory_full_info() for name, each in named.items()}
            return first, {name: (each.pss / 1e6, each.uss / 1e6) for name, each in held.items()}
        finally:
            database.dispose()
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _stored(database: Database) -> int:
    """Items stored; 0 also while the tables are made."""
    return count(database) if database.revision() else 0
