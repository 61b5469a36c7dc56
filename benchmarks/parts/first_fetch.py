"""(a) Feeds that were never read before, fetched and stored: beside lemon24/reader, and feedparser alone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from alerts.store.database import Database
from alerts.store.schema import SourceRow
from benchmarks import harness
from benchmarks.parts.throughput import count, first_polls, make_due, rest
from benchmarks.results import Figure, Part, Table, Target
from benchmarks.served import Remote, server
from benchmarks.world import World

INSTITUTIONS, SOURCES, ENTRIES, ROUNDS = 1_000, 240, 50, 3
PEERS = harness.ROOT / ".venv" / "peers" / "bin" / "python"
CHILD = harness.ROOT / "benchmarks" / "peers.py"
WORKERS = 2
WHO = {
    "ours": "ours: fetch, parse, match, score, store, route, send",
    "ours, score": "ours: fetch, parse, match, score, store",
    "ours, store": "ours: fetch, parse, match, store",
    "ours, workers": f"ours, {WORKERS} worker processes: fetch, parse, match, score, store",
    "reader": "lemon24/reader: fetch, parse, store",
    "feedparser": "feedparser: fetch, parse",
}


def measure() -> Part:
    part = Part(
        "a",
        "First fetch to store, beside lemon24/reader and feedparser",
        f"{SOURCES} feeds of {ENTRIES} entries of 100 words, served by another process on the loopback interface, "
        f"none of them read before; {INSTITUTIONS:,} institutions tracked; SQLite. Every run is a process of its own, "
        f"{ROUNDS} rounds in turn; start-up is not counted. reader is given 1 and 8 workers (threads), and the faster "
        f"counts. Ours is `run --once` in one process, and a broker, beat and {WORKERS} worker processes with 8 "
        "threads each, from all feeds due at once to the last item stored and assessed; its processor time is that "
        "of the workers.",
    )
    found: dict[str, list[dict[str, float]]] = {name: [] for name in WHO}
    with server(INSTITUTIONS, SOURCES, ENTRIES, first=0) as remote:
        settings = World(INSTITUTIONS, SOURCES).config(
            remote.url, channel=remote.url.replace("http:", "json:") + "/hook"
        )
        nobody = {**settings, "subscribers": []}
        for _ in range(ROUNDS):
            for name, runs in found.items():
                with harness.workplace() as folder:
                    config = harness.configure(folder, settings if name == "ours" else nobody)
                    if name == "ours, workers":
                        runs.append(workers(folder, config, remote))
                        continue
                    remote.show(1, ahead=True)
                    if name == "reader":
                        if PEERS.exists():
                            both = [
                                child(str(PEERS), "reader", remote.url, str(SOURCES), str(folder / str(n)), str(n))
                                for n in (1, 8)
                            ]
                            runs.append(min(both, key=lambda each: each["wall"]))
                    elif name == "feedparser":
                        runs.append(child(sys.executable, "feedparser", remote.url, str(SOURCES)))
                    else:
                        runs.append(child(sys.executable, name, str(config), str(folder)))
    items = SOURCES * ENTRIES
    rows = []
    for name, runs in found.items():
        if runs:
            wall = Figure(name, "", [items / each["wall"] for each in runs])
            used = Figure(name, "", [items / each["cpu"] for each in runs])
            rows.append([WHO[name], f"{wall.value:,.0f}", f"{used.value:,.0f}"])
            for each in runs:
                if each["items"] != items:
                    part.notes.append(f"{WHO[name]}: {each['items']:.0f} of {items} items arrived")
    part.tables.append(Table("Items a second", ["what", "by the clock", "by the processor (one core)"], rows))
    if not found["reader"]:
        part.notes.append("lemon24/reader could not be installed, so its column is missing.")
    bound = "processor: a sixth of it reads feeds (by lxml), a quarter matches, a third assesses, the rest stores"
    for name, title, limit in (
        ("ours, workers", f"{WORKERS} worker processes", f"{bound}; two cores for all processes"),
        ("ours, score", "one process", f"{bound}; one interpreter lock"),
    ):
        if found["reader"]:
            ratios = [a["wall"] / b["wall"] for a, b in zip(found["reader"], found[name], strict=True)]
            part.figures.append(
                Figure(
                    f"{title}: fetch, parse, match, score and store, beside reader's fetch and store",
                    "× as fast",
                    ratios,
                    limit,
                    Target(least=1.0),
                )
            )
    return part


def workers(folder: Path, config: Path, remote: Remote) -> dict[str, Any]:
    """One run by worker processes, which have found the feeds empty before."""
    remote.show(0)
    with (
        harness.database("sqlite", folder) as (url, _),
        harness.processes(folder, config, url, [harness.QUEUES] * WORKERS, tick=0.5) as group,
    ):
        database = Database(url)
        try:
            first_polls(database, SOURCES)
            harness.until(lambda: polled(database) == SOURCES, 120, 0.2)
            remote.show(1, ahead=True)
            used = group.cpu()
            began = time.perf_counter()
            make_due(database)
            harness.until(lambda: count(database) >= SOURCES * ENTRIES and rest(database), 300, 0.05)
            wall = time.perf_counter() - began
            spent = sum(seconds - used[name] for name, seconds in group.cpu().items() if name.startswith("worker"))
            return {"wall": wall, "cpu": spent, "items": count(database)}
        finally:
            database.dispose()


def polled(database: Database) -> int:
    with database.read() as session:
        query = select(func.count()).select_from(SourceRow).where(SourceRow.last_success_at.is_not(None))
        return session.scalar(query) or 0


def child(*command: str) -> dict[str, float]:
    interpreter, *arguments = command
    ended = subprocess.run(
        [interpreter, str(CHILD), *arguments], capture_output=True, text=True, check=False, cwd=harness.ROOT
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2000:])
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found
