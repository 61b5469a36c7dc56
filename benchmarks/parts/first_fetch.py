"""(a) Feeds that were never read before, fetched and stored: beside lemon24/reader, and feedparser alone."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks import rig
from benchmarks.results import Figure, Part, Table, Target
from benchmarks.served import server
from benchmarks.world import World

INSTITUTIONS, SOURCES, ENTRIES, ROUNDS = 1_000, 80, 50, 3
PEERS = rig.ROOT / ".venv" / "peers" / "bin" / "python"
CHILD = rig.ROOT / "benchmarks" / "peers.py"
WHO = {
    "ours": "ours: fetch, parse, match, score, store, route, send",
    "ours, store": "ours: fetch, parse, match, store",
    "reader": "lemon24/reader: fetch, parse, store",
    "feedparser": "feedparser: fetch, parse",
}


def measure() -> Part:
    part = Part(
        "a",
        "First fetch to store, beside lemon24/reader and feedparser",
        f"{SOURCES} feeds of {ENTRIES} entries of 100 words, served by another process on the loopback interface, "
        f"none of them read before; {INSTITUTIONS:,} institutions tracked; SQLite. Every run is a process of its own, "
        f"{ROUNDS} rounds in turn; start-up is not counted. reader is given 1 and 8 workers, and the faster counts.",
    )
    found: dict[str, list[dict[str, float]]] = {name: [] for name in WHO}
    with server(INSTITUTIONS, SOURCES, ENTRIES) as remote:
        settings = World(INSTITUTIONS, SOURCES).config(
            remote.url, channel=remote.url.replace("http:", "json:") + "/hook"
        )
        for _ in range(ROUNDS):
            for name, runs in found.items():
                with rig.workplace() as folder:
                    config = rig.configure(folder, settings)
                    if name == "reader":
                        if PEERS.exists():
                            both = [
                                child(
                                    str(PEERS),
                                    "reader",
                                    remote.url,
                                    str(SOURCES),
                                    str(folder / str(n)),
                                    str(n),
                                )
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
    for name, title, goal in (
        ("ours", "all of it, beside reader's fetch and store", 1.0),
        ("ours, store", "fetch, parse, match and store, beside reader's fetch and store", 1.0),
    ):
        if found["reader"]:
            ratios = [a["wall"] / b["wall"] for a, b in zip(found["reader"], found[name], strict=True)]
            part.figures.append(
                Figure(
                    title,
                    "× as fast",
                    ratios,
                    "parsing: entries that are new are read by feedparser, as reader's are; one interpreter lock",
                    Target(least=goal),
                )
            )
    return part


def child(*command: str) -> dict[str, float]:
    interpreter, *arguments = command
    ended = subprocess.run(
        [interpreter, str(CHILD), *arguments], capture_output=True, text=True, check=False, cwd=rig.ROOT
    )
    if ended.returncode:
        raise RuntimeError(ended.stderr[-2000:])
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found
