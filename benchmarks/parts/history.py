"""(f) Replay of history."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median

from alerts.config.load import load_entries
from alerts.model.item import Item
from alerts.replay.backtest import Result, places_of, rehearse, route
from alerts.replay.work import Observed, follow, matched_in
from alerts.routing.case_events import CaseEvents, EventState
from alerts.runtime.configuration import Active
from benchmarks import harness
from benchmarks.results import Figure, Part, Table, Target
from benchmarks.world import START, World, records

ITEMS, INSTITUTIONS = 12_000, 1_000
REPORTS, EVERY = 10_000, timedelta(minutes=10)  # of one institution


def measure() -> Part:
    part = Part(
        "f",
        "Replay of new items",
        f"{ITEMS:,} new items of 100 words, one a second, through matching, clustering, scoring and routing for "
        f"{INSTITUTIONS:,} institutions in memory, of which half are watched; a third is about one of them, and half "
        "of these moves levels. "
        f"The target is of new items; entries that were seen before cost less. Then {REPORTS:,} reports of one "
        "institution, one every ten minutes, through its case file alone: what a worker does in an assessment between "
        "reading and writing. Processor time, the median of three runs.",
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
        active = Active(load_entries(harness.configure(folder, world.config("https://feeds.example"))).settings)
    active.matcher  # noqa: B018
    rows, rates = [], []
    for processes in (1, 1, 1, 2):
        gc.collect()  # no run pays for the one before
        began, used = time.perf_counter(), time.process_time()
        result = rehearse(items, active.settings, active=active, processes=processes)
        wall, cpu = ITEMS / (time.perf_counter() - began), ITEMS / (time.process_time() - used)
        rates += [cpu] if processes == 1 else []
        per_core = f"{cpu:,.0f}" if processes == 1 else ""
        rows.append([str(processes), f"{wall:,.0f}", per_core, str(len(result.transitions))])
    bound = (
        "processor: matching takes nearly half of what the target allows an item, and a report about an institution "
        "twice as much as all of it to be clustered and scored"
    )
    part.figures.append(Figure("one process, per core", "items/s", rates, bound, Target(least=12_000)))
    columns = ["processes", "items/s by the clock", "items/s per core", "level changes"]
    part.tables.append(Table("The runs", columns, rows))
    columns = ["stage", "µs/item", "items", "µs each"]
    part.tables.append(Table("Where the time of an item goes", columns, _stages(items, active)))
    columns = ["reports", "µs/report", "µs for what an alert shows"]
    part.tables.append(Table("The case file of one institution", columns, _one_institution(world, active)))
    return part


class _Clock:
    """Processor seconds of each stage, run after run."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        used = time.process_time()
        yield
        self.spent.setdefault(name, []).append(time.process_time() - used)


def _stages(items: list[Item], active: Active) -> list[list[str]]:
    """The stages of a replay one after the other, with how many items each has to do with."""
    clock, about, eventful = _Clock(), 0, 0
    for _ in range(3):
        with clock.stage("matching: names, topics"):
            matched = matched_in(1, active, items, lambda _: None)
        places = places_of(items, matched, None)
        observed = Observed(active, items, matched)
        with clock.stage("features: the terms of a story"):
            instants = {name: observed.about(name, each) for name, each in places.items()}
        with clock.stage("case file: stories, evidence, levels, falls"):
            followed = [follow(active, name, each, None) for name, each in instants.items()]
        result, events = Result(), [event for each in followed for event in each.events]
        with clock.stage("routing: rules, checks, alerts"):
            route(active, events, result, {})
        about, eventful = sum(map(len, places.values())), len(events)
    counts = [len(items), about, about, eventful]
    return [
        [name, f"{median(runs) / len(items) * 1e6:.0f}", f"{count:,}", f"{median(runs) / count * 1e6:.0f}"]
        for (name, runs), count in zip(clock.spent.items(), counts, strict=True)
    ]


def _one_institution(world: World, active: Active) -> list[list[str]]:
    """What a report costs as the history of its institution grows, and what is read for an alert about it."""
    chance, name = random.Random(1), world.names[0]
    items = []
    for number in range(REPORTS):
        words = chance.choices(world.vocabulary, k=40)
        title = f"{name} {chance.choice(('outage', 'fine', 'plans'))} {' '.join(words[:7])}"
        at = START + EVERY * number
        items.append(Item(str(number), title, at, summary=" ".join(words[7:]), source=f"source-{number % 100}"))
    observed = Observed(active, items, matched_in(1, active, items, lambda _: None))
    case = active.new_case("inst-0")
    reporter = CaseEvents(case, EventState(), active.wanted, topics=active.settings.topics)
    rows: list[list[str]] = []
    clock = _Clock()
    for number, (at, batch) in enumerate(observed.about("inst-0", range(REPORTS)).items(), start=1):
        with clock.stage("report"):
            change, _ = reporter.observe(at, batch)
            case.assessed(change)
        if number % 50 == 0:
            with clock.stage("alert"):
                case.standing(at)
        if number % (REPORTS // 5) == 0:
            spent = [clock.spent.pop(each) for each in ("report", "alert")]
            rows.append([f"{number:,}", *(f"{median(each) * 1e6:.0f}" for each in spent)])
    return rows
