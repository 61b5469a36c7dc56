"""Whether all is well, by how the work is done: all the time, or once in a while."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.feeds import FeedServer
from kit.line import Line, settings

from alerts.insight.health import RUN_LATE, Report, health
from alerts.pipeline import steps
from alerts.runtime.configuration import Files

pytestmark = pytest.mark.servers


@pytest.fixture
def made(lines: Any, feeds: FeedServer) -> Line:
    feeds.put("wire", [])
    wire: Line = lines(settings({"wire": f"{feeds.url}/wire"}))
    return wire


def report(made: Line, after: timedelta) -> Report:
    with made.database.read() as session:
        return health(session, Files.of(made.config), made.clock() + after)


def last_tick(found: Report) -> str:
    return dict(found.facts)["last tick"]


def test_between_two_runs_of_cron_nobody_misses_a_beat(made: Line) -> None:
    made.run()
    assert last_tick(report(made, timedelta(hours=3))) == "3h ago, by `alerts run --once`"
    for after in (timedelta(minutes=2), timedelta(hours=3), RUN_LATE):
        assert report(made, after).problems == ()
    (problem,) = report(made, RUN_LATE + timedelta(hours=4)).problems
    assert problem == "no run for 1d6h: does cron still call `alerts run --once`?"


def test_a_beat_that_ends_is_missed_within_a_minute(made: Line) -> None:
    made.run()
    steps.tick(made.runtime)
    assert last_tick(report(made, timedelta(minutes=2))) == "2m ago"
    (problem,) = report(made, timedelta(minutes=2)).problems
    assert problem == "no tick for 2m: is `alerts run`, or beat with a worker, up?"
