"""Fault points: each in the documentation, each struck by the schedules, comments and nothing else in production."""

from __future__ import annotations

import re
from pathlib import Path

from faults import schedules
from faults.inject import faultpoints

ROOT = Path(__file__).parents[2]


def test_every_point_is_documented_and_no_other() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    section = text.partition("## Fault points")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([a-z.]+)`", " ".join(rows))) == schedules.points()


def test_the_schedules_strike_at_every_point_on_both_databases() -> None:
    struck = {
        (plan["plan"]["point"], plan["database"])
        for plan in map(schedules.schedule, range(1, 2 * len(schedules.points()) + 1))
    }
    assert struck == {(point, database) for point in schedules.points() for database in schedules.DATABASES}


def test_a_point_becomes_a_call_on_its_own_line() -> None:
    source = "def f():\n    # fault point: poll.leased\n    return 1\n"
    found = faultpoints.rewritten(source)
    assert found.splitlines()[1] == '    __import__("faultpoints").reach("poll.leased")'
    assert len(found.splitlines()) == len(source.splitlines())
