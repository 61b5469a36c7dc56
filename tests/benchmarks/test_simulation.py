"""The simulation of docs/scaling.md against queueing theory, and the page against the simulation."""

from __future__ import annotations

import sys
from math import factorial
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks.simulate import (  # noqa: E402
    Costs,
    Deployment,
    Load,
    Simulation,
    Station,
    lines,
    simulate,
    sized,
)


def mean_wait(arrivals: float, service: float, servers: int) -> float:
    """The mean wait of an M/M/c queue: Erlang's C formula."""
    offered = arrivals * service
    tail = offered**servers / factorial(servers) / (1 - offered / servers)
    waiting = tail / (sum(offered**k / factorial(k) for k in range(servers)) + tail)
    return waiting * service / (servers - offered)


@pytest.mark.slow
@pytest.mark.parametrize(("servers", "busy"), [(1, 0.5), (1, 0.8), (3, 0.7), (8, 0.8)])
def test_a_station_waits_as_erlang_says(servers: int, busy: float) -> None:
    service, customers = 0.01, 60_000
    arrivals = busy * servers / service
    play, station = Simulation(seed=7), Station(servers)

    def arrive(at: float) -> None:
        play.at(at + play.chance.expovariate(arrivals), arrive)
        play.serve(station, service, lambda _: None)

    play.at(0.0, arrive)
    play.run(customers / arrivals)
    found = sum(station.waits) / len(station.waits)
    assert found == pytest.approx(mean_wait(arrivals, service, servers), rel=0.15)
    assert station.busy / servers / play.now == pytest.approx(busy, rel=0.05)


@pytest.mark.slow
def test_what_is_sized_is_as_busy_as_it_was_sized_for() -> None:
    costs = Costs()
    load = Load(1_000_000)
    found = simulate(load, sized(load, costs), costs, seconds=60, seed=3)
    assert found.polls == pytest.approx(load.polls, rel=0.05)
    assert all(share <= 0.65 for share in found.busy.values())


@pytest.mark.slow
def test_too_few_workers_fall_behind() -> None:
    costs, load = Costs(), Load(1_000_000, polls_an_hour=12)
    made = sized(load, costs)
    short = Deployment(1, made.match, made.send, made.shards)
    found = simulate(load, short, costs, seconds=30)
    behind = load.polls * costs.poll - 1
    assert behind > 0
    # What one core cannot do in 30 s waits.
    assert found.longest["poll"] == pytest.approx(behind * 30 / costs.poll, rel=0.2)


def test_the_same_seed_plays_the_same() -> None:
    load, costs = Load(100_000), Costs()
    first, second = (simulate(load, sized(load, costs), costs, seconds=30) for _ in range(2))
    assert first == second
    assert first != simulate(load, sized(load, costs), costs, seconds=30, seed=2)


@pytest.mark.slow
def test_the_page_shows_what_the_simulation_prints() -> None:
    page = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    assert "\n".join(lines(Costs())) in page
