"""(f) Replay of history."""

from __future__ import annotations

import time
from datetime import datetime

from alerts.config.load import load
from alerts.model.item import Item
from alerts.replay.backtest import rehearse
from alerts.runtime.configuration import Active
from benchmarks import harness
from benchmarks.results import Figure, Part, Table, Target
from benchmarks.world import World, records

ITEMS, INSTITUTIONS = 12_000, 1_000


def measure() -> Part:
    part = Part(
        "f",
        "Replay of new items",
        f"{ITEMS:,} new items of 100 words, one a second, through matching, clustering, scoring and routing for "
        f"{INSTITUTIONS:,} institutions in memory. The target is of new items; "
        f"entries that were seen before cost less.",
    )
    world = World(INSTITUTIONS, 100)
    items = [
        Item(
            id=each["id"],
            title=each["title"],
            observed=datetime.fromisoformat(each["observed"]),
            summary=each["summary"],
            url=each["url"],
            source=each["source"],
            published=datetime.fromisoformat(each["published"]),
        )
        for each in records(world, ITEMS)
    ]
    with harness.workplace() as folder:
        settings = load(harness.configure(folder, world.config("https://feeds.example")))
    active = Active(settings)
    active.matcher  # noqa: B018
    rows = []
    for processes in (1, 2):
        began, used = time.perf_counter(), time.process_time()
        result = rehearse(items, settings, active=active, processes=processes)
        wall, cpu = ITEMS / (time.perf_counter() - began), ITEMS / (time.process_time() - used)
        rows.append(
            [str(processes), f"{wall:,.0f}", f"{cpu:,.0f}" if processes == 1 else "", str(len(result.transitions))]
        )
        if processes == 1:
            part.figures.append(
                Figure("one process, per core", "items/s", [cpu], "processor: features, matching", Target(least=10_000))
            )
    part.tables.append(
        Table("The runs", ["processes", "items/s by the clock", "items/s per core", "level changes"], rows)
    )
    return part
