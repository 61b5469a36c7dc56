"""What happens under a seed: pure, so that a seed means the same everywhere."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from faults.inject.faultpoints import MARK

ROOT = Path(__file__).parents[2]
DATABASES = ("sqlite", "postgresql")
PROCESSES = ("poll", "match", "send", "beat")
STEPS, STEP_SECONDS = 6, 0.7

_COMMON = (
    *(f"{how} {name}" for how in ("kill", "stop", "restart") for name in (*PROCESSES, "broker")),
    *("disconnect broker", "empty broker"),
    *("receiver error", "receiver drops", "receiver slow", "receiver down"),
    *("clock forward", "clock back", "disk full"),
)
OUTSIDE = {
    "sqlite": (*_COMMON, "lock database"),
    "postgresql": (*_COMMON, *(f"{how} database" for how in ("kill", "stop", "restart", "disconnect"))),
}
SKEW = {"poll": 400, "match": -250, "send": 900, "beat": -700}
"""Seconds by which each process's own clock is off where the clocks differ."""


def points() -> list[str]:
    """The fault points of the program, by name."""
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]
    return sorted({name for file in files for _, name in MARK.findall(file.read_text(encoding="utf-8"))})


def schedule(seed: int) -> dict[str, Any]:
    """Every fault point in turn, on one database and then on the other, and two faults from outside, in turn too.

    The first round over the points kills; later ones also stop, and raise as a full disk does.
    """
    chance = random.Random(seed)
    names, database = points(), DATABASES[seed % 2]
    turn = seed // 2
    point = names[turn % len(names)]
    action = "kill" if turn < len(names) else chance.choice(["kill", "stop", "kill"])
    if point == "store.uncommitted" and turn >= len(names):
        action = chance.choice(["full", "stop", "kill"])
    possible = OUTSIDE[database]
    chosen = [possible[(2 * turn + each) % len(possible)] for each in range(2)]
    world = []
    if turn % 4 == 1:
        world.append("two beats")
    if turn % 5 == 2 and database == "postgresql":  # all of SQLite's processes share one machine's clock
        world.append("clocks differ")
    return {
        "seed": seed,
        "database": database,
        "plan": {"point": point, "action": action, "nth": chance.randint(1, 2)},
        "outside": sorted([round(chance.uniform(0.2, STEPS * STEP_SECONDS), 2), fault] for fault in chosen),
        "world": world,
    }
