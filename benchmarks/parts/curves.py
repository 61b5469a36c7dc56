"""(h) What an item costs as institutions, sources, subscribers and history grow tenfold and a hundredfold."""

from __future__ import annotations

import time
from typing import Any

from alerts.pipeline import steps
from benchmarks import harness
from benchmarks.inline import Inline, Statements
from benchmarks.results import Figure, Part, Table, Target, exponent, fitted
from benchmarks.served import server
from benchmarks.world import World

POLLED, ENTRIES = 8, 25
BASE = {"institutions": 100, "sources": 10, "subscribers": 5, "history": 200}
HISTORY_PER_ROUND = 200


def cost(institutions: int, sources: int, subscribers: int, history: int) -> tuple[float, float]:
    """Milliseconds of processor time and statements of one new item, from fetch to send, in one process."""
    with harness.workplace() as folder, server(institutions, sources, ENTRIES) as remote:
        world = World(institutions, sources, subscribers)
        channel = remote.url.replace("http:", "json:") + "/hook"
        config = harness.configure(folder, world.config(remote.url, channel=channel))
        with harness.database("sqlite", folder) as (url, _):
            line = Inline(config, url)
            try:
                polled = line.sources[:POLLED]
                version = 0
                for version in range(max(1, history // HISTORY_PER_ROUND)):
                    remote.show(version)
                    _round(line, polled)
                remote.show(version + 1)
                statements, used = Statements(), time.process_time()
                with statements.counting(line.database):
                    _round(line, polled)
                used = time.process_time() - used
            finally:
                line.close()
    items = len(polled) * ENTRIES
    return used / items * 1000, statements.total / items


def _round(line: Inline, polled: list[str]) -> None:
    for source in polled:
        steps.poll_sources(line.runtime, source, due_only=False)
    line.once.settle(line.runtime)


def measure() -> Part:
    grown = ", ".join(f"{size} {name}" for name, size in BASE.items() if name != "history")
    part = Part(
        "h",
        "Cost curves",
        f"Processor time and statements of one new item, from fetch to send, in "
        f"one process on SQLite, as one size grows "
        f"and the others stay ({grown}, {BASE['history']} items before). The "
        f"exponent k fits cost ~ size^k: 0 is flat, 1 is "
        "linear. Where subscribers grow so does the number of messages an item makes, so linear is right there.",
    )
    rows: list[list[Any]] = []
    for name, base in BASE.items():
        factors = (1, 3, 10) if name == "history" else (1, 10, 100)
        points, counts = {}, {}
        for factor in factors:
            size = base * factor
            points[float(size)], counts[float(size)] = cost(**{**BASE, name: size})
        k = exponent(points)
        for to, spent in points.items():
            rows.append([name, f"{to:,.0f}", f"{spent:.2f}", f"{fitted(points, to):.2f}", f"{counts[to]:.2f}"])
        part.figures.append(
            Figure(f"{name}: exponent", "", [k], f"statements: {exponent(counts):.2f}", Target(most=1.1))
        )
    columns = ["what grows", "to", "ms/item", "fitted", "statements/item"]
    part.tables.append(Table("The curves", columns, rows))
    return part
