"""A few schedules against the real program; `make test-faults` runs as many as there are seeds."""

from __future__ import annotations

import sys

import pytest
from faults.harness import run_all
from faults.schedules import schedule

pytestmark = pytest.mark.servers

# A sender is killed after its request: the one place where a second copy may go out, on each database.
SEEDS = (22, 23)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the processes of PostgreSQL in /proc")
def test_nothing_is_lost_and_a_copy_says_so() -> None:
    assert {schedule(seed)["plan"]["point"] for seed in SEEDS} == {"send.sent"}
    found = list(run_all(list(SEEDS), jobs=2))
    assert [each.get("broken") for each in found] == [None, None]
    for each in found:
        assert each["struck"], each
        assert each["violations"] == [], each
        assert each["transitions"] > 5
        assert each["deliveries"] > 5
