"""Whether all is well, by how the work is done: all the time, or once in a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import FeedServer
from kit.system import START, System, settings, write
from sqlalchemy import delete

from alerts.insight.health import FIRST_TICK_LATE, RUN_LATE, Report, health
from alerts.pipeline import steps
from alerts.runtime.configuration import Files
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import FactRow

pytestmark = pytest.mark.servers


@pytest.fixture
def made(lines: Any, feeds: FeedServer) -> System:
    feeds.put("wire", [])
    wire: System = lines(settings({"wire": f"{feeds.url}/wire"}))
    return wire


def report(made: System, after: timedelta) -> Report:
    with made.database.read() as session:
        return health(session, Files.of(made.config), made.clock() + after)


def last_tick(found: Report) -> str:
    return dict(found.facts)["last tick"]


def test_a_system_that_never_ticks_is_unhealthy_once_it_had_time_to_start(database_url: str, tmp_path: Path) -> None:
    config = write(tmp_path / "config", settings({}))
    database = Database(database_url)
    database.upgrade(START)
    database.upgrade(START + timedelta(hours=1))  # it was made the first time

    def problems(after: timedelta) -> tuple[str, ...]:
        with database.read() as session:
            found = health(session, Files.of(config), START + after)
        assert last_tick(found) == "never"
        return found.problems

    assert problems(timedelta(0)) == problems(FIRST_TICK_LATE) == ()
    assert problems(timedelta(minutes=5)) == (
        "no tick yet, 5m after the database was made: is `alerts run`, or beat with a worker, up?",
    )
    database.dispose()


def test_a_database_that_ticked_before_its_making_was_recorded_is_not_made_anew(made: System) -> None:
    with made.database.write() as session:
        session.execute(delete(FactRow))
    steps.tick(made.runtime)
    made.database.upgrade(made.clock())
    assert not made.rows(FactRow, name=system_state.CREATED)


def test_between_two_runs_of_cron_nobody_misses_a_beat(made: System) -> None:
    made.run()
    assert last_tick(report(made, timedelta(hours=3))) == "3h ago, by `alerts run --once`"
    for after in (timedelta(minutes=2), timedelta(hours=3), RUN_LATE):
        assert report(made, after).problems == ()
    (problem,) = report(made, RUN_LATE + timedelta(hours=4)).problems
    assert problem == "no run for 1d6h: does cron still call `alerts run --once`?"


def test_a_beat_that_ends_is_missed_within_a_minute(made: System) -> None:
    made.run()
    steps.tick(made.runtime)
    assert last_tick(report(made, timedelta(minutes=2))) == "2m ago"
    (problem,) = report(made, timedelta(minutes=2)).problems
    assert problem == "no tick for 2m: is `alerts run`, or beat with a worker, up?"
