"""A deployment of any size as a queueing network, played event by event: `make simulate-scale`.

    sources ─> poll workers ─> database shards ─> clock row ─> match workers ─> send workers ─> receivers

Polls become due at even intervals with seeded jitter; each brings new items with some probability. Every hop is a
first-come-first-served station with servers of its own; service times are those measured (benchmarks/results/ or the
options), and vary exponentially. Deterministic: the same sizes and seed give the same output.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.results import percentile


@dataclass(frozen=True)
class Costs:
    """Seconds of a core for a poll without news, for a new item, for a message; and of the database for each. `clock`:
    from taking a timestamp to the commit, in which no other transaction stores items."""

    poll: float = 0.0012
    item: float = 0.003
    message: float = 0.014
    database_poll: float = 0.0005
    database_item: float = 0.0014
    database_message: float = 0.003
    clock: float = 0.01


@dataclass(frozen=True)
class Load:
    """What comes in: polls a source an hour, the share of them with news, items in each, and what becomes of them."""

    sources: int
    polls_an_hour: float = 1.0
    news: float = 0.06
    items: int = 3
    about: float = 0.33
    messages: float = 0.10

    @property
    def polls(self) -> float:
        """A second."""
        return self.sources * self.polls_an_hour / 3600


@dataclass
class Station:
    """Servers that take one customer each, in the order in which they came."""

    servers: int
    free: int = 0
    queue: deque[tuple[float, float, Callable[[float], None]]] = field(default_factory=deque)
    busy: float = 0.0
    longest: int = 0
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.free = self.servers


class Simulation:
    """Events in order of time; ties in the order in which they were made."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._made = 0

    def at(self, when: float, what: Callable[[float], None]) -> None:
        self._made += 1
        heapq.heappush(self._events, (when, self._made, what))

    def serve(self, station: Station, mean: float, then: Callable[[float], None]) -> None:
        """A customer for a station, whose service takes `mean` seconds on average."""
        station.queue.append((self.now, self.chance.expovariate(1 / mean), then))
        station.longest = max(station.longest, len(station.queue))
        self._begin(station)

    def _begin(self, station: Station) -> None:
        while station.free and station.queue:
            came, takes, then = station.queue.popleft()
            station.free -= 1
            station.busy += takes
            station.waits.append(self.now - came)

            def end(at: float, then: Callable[[float], None] = then) -> None:
                station.free += 1
                self._begin(station)
                then(at)

            self.at(self.now + takes, end)

    def run(self, until: float) -> None:
        while self._events and self._events[0][0] <= until:
            self.now, _, what = heapq.heappop(self._events)
            what(self.now)


@dataclass(frozen=True)
class Deployment:
    """Cores of each kind of worker, and database shards of so many cores."""

    poll: int
    match: int
    send: int
    shards: int
    shard_cores: int = 8


def sized(load: Load, costs: Costs, *, busy: float = 0.6) -> Deployment:
    """The least deployment in which nothing is busier than that."""
    items = load.polls * load.news * load.items
    messages = items * load.about * load.messages
    database = load.polls * costs.database_poll + items * costs.database_item + messages * costs.database_message
    return Deployment(
        poll=max(1, ceil(load.polls * costs.poll / busy)),
        match=max(1, ceil(items * costs.item / busy)),
        send=max(1, ceil(messages * costs.message / busy)),
        shards=max(1, ceil(database / busy / Deployment.shard_cores)),
    )


@dataclass(frozen=True)
class Outcome:
    """What a simulation came to; delays in seconds from the poll's end to the receiver."""

    deployment: Deployment
    polls: float
    busy: dict[str, float]
    longest: dict[str, int]
    delays: Sequence[float]


def simulate(load: Load, deployment: Deployment, costs: Costs, *, seconds: float, seed: int = 1) -> Outcome:
    """Plays so many seconds of a deployment under a load."""
    play = Simulation(seed)
    stations = {name: Station(getattr(deployment, name)) for name in ("poll", "match", "send")} | {"clock": Station(1)}
    shards = [Station(deployment.shard_cores) for _ in range(deployment.shards)]
    delays: list[float] = []
    polled = 0

    def shard() -> Station:
        return shards[play.chance.randrange(len(shards))]

    def due(at: float) -> None:
        play.at(at + play.chance.expovariate(load.polls), due)
        play.serve(stations["poll"], costs.poll, lambda _: play.serve(shard(), costs.database_poll, stored))

    def stored(_: float) -> None:
        nonlocal polled
        polled += 1
        if play.chance.random() >= load.news:
            return
        play.serve(stations["clock"], costs.clock, observed)

    def observed(at: float) -> None:
        for _ in range(load.items):
            play.serve(shard(), costs.database_item, lambda _, began=at: matched(began))  # type: ignore[misc]

    def matched(began: float) -> None:
        told = play.chance.random() < load.about * load.messages

        def assessed(_: float) -> None:
            if told:
                play.serve(stations["send"], costs.message, recorded)

        def recorded(_: float) -> None:
            play.serve(shard(), costs.database_message, lambda at: delays.append(at - began))

        play.serve(stations["match"], costs.item, assessed)

    play.at(play.chance.expovariate(load.polls), due)
    play.run(seconds)
    busy = {name: each.busy / each.servers / seconds for name, each in stations.items()}
    cores = deployment.shards * deployment.shard_cores
    busy["database"] = sum(each.busy for each in shards) / cores / seconds
    longest = {name: each.longest for name, each in stations.items()}
    longest["database"] = max(each.longest for each in shards)
    return Outcome(deployment, polled / seconds, busy, longest, delays)


def lines(costs: Costs, *, seconds: float = 20.0) -> Iterator[str]:
    """The table of docs/scaling.md."""
    columns = ("sources", "polled every", "polls/s", "cores poll / match / send")
    more = (f"shards of {Deployment.shard_cores} cores", "busy poll / match / send / database / clock row")
    yield f"| {' | '.join((*columns, *more, 'longest queue', 'p50', 'p99'))} |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for sources, minutes in (
        (1_000, 60),
        (10_000, 60),
        (100_000, 60),
        (1_000_000, 60),
        (1_000_000, 15),
        (1_000_000, 5),
    ):
        load = Load(sources, polls_an_hour=60 / minutes)
        found = simulate(load, sized(load, costs), costs, seconds=max(seconds, 3_000_000 / sources))
        made = found.deployment
        busy = " / ".join(f"{found.busy[name]:.0%}" for name in ("poll", "match", "send", "database", "clock"))
        p50, p99 = (percentile(found.delays, share) * 1000 for share in (0.5, 0.99))
        yield (
            f"| {sources:,} | {minutes} min | {found.polls:,.1f} | {made.poll} / {made.match} / {made.send} "
            f"| {made.shards} | {busy} | {max(found.longest.values())} | {p50:.0f} ms | {p99:.0f} ms |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = Costs()
    for name in Costs.__dataclass_fields__:
        parser.add_argument(f"--{name.replace('_', '-')}", type=float, default=getattr(default, name), metavar="S")
    parser.add_argument("--seconds", type=float, default=20.0, help="of simulated time, at the largest size")
    given = vars(parser.parse_args())
    seconds = given.pop("seconds")
    for line in lines(Costs(**given), seconds=seconds):
        print(line)


if __name__ == "__main__":
    main()
