"""What the pages keep of institutions, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit.world import World
from sqlalchemy import delete

from alerts.model.institution import Institution
from alerts.scoring.plot import Point
from alerts.store.schema import FindingRow, MembershipRow, StoryEventRow, StoryRow
from alerts.web import reading
from alerts.web.reading import Picture, Reading

WINDOW = timedelta(days=30)


@pytest.fixture
def acme(town: World) -> Institution:
    town.later(seconds=1)
    return town.runtime.configuration.current().settings.institutions["acme"]


def plot(town: World, kept: Reading, institution: Institution) -> tuple[str, Picture]:
    with town.runtime.database.read() as session:
        drawn = kept.plot(session, institution, kept.now(session, institution), WINDOW)
    picture = kept._pictures.get((institution.id, town.runtime.configuration.current().settings.hash))
    assert picture is not None
    return drawn, picture


def test_much_is_drawn_aside_and_shown_up_to_now(
    town: World, acme: Institution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MANY", 0)
    kept = Reading(town.runtime)
    _, first = plot(town, kept, acme)
    town.later(minutes=4)
    town.observe("tribune", "Acme shut down for a day")
    town.later(seconds=1)
    drawn, same = plot(town, kept, acme)
    assert same is first, "no older than five minutes"
    whole, _ = plot(town, Reading(town.runtime), acme)
    assert drawn.count("plot-mark") == whole.count("plot-mark"), "the level changes are of now"
    town.later(minutes=6)
    plot(town, kept, acme)
    kept._aside.shutdown(wait=True)
    _, later = plot(town, kept, acme)
    assert later.made > first.made


def test_whatever_goes_wrong_aside_is_in_the_log(
    town: World, acme: Institution, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Reading(town.runtime)
    monkeypatch.setattr(reading, "score_series", lambda *_arguments, **_options: 1 / 0)
    kept._redraw((acme.id, ""), acme, (WINDOW,), ())
    (record,) = [each for each in caplog.records if each.message == "picture.failed"]
    assert record.__dict__["fields"] == {"error": "ZeroDivisionError"}


def test_little_is_drawn_while_the_reader_waits(town: World, acme: Institution) -> None:
    kept = Reading(town.runtime)
    _, first = plot(town, kept, acme)
    town.observe("tribune", "Acme shut down for a day")
    town.later(seconds=1)
    _, second = plot(town, kept, acme)
    assert second.made > first.made


def test_what_was_pruned_is_forgotten_after_a_while(town: World, acme: Institution) -> None:
    kept = Reading(town.runtime)

    def stories() -> int:
        with town.runtime.database.read() as session:
            return kept.now(session, acme).profile.counts.stories

    before = stories()
    assert before > 0
    with town.runtime.database.write() as session:
        for table in (FindingRow, MembershipRow, StoryRow, StoryEventRow):
            session.execute(delete(table).where(table.institution == "acme"))
    town.later(minutes=10)
    assert stories() == before
    town.later(hours=1)
    assert stories() == 0


def test_curves_of_a_while_ago_are_shown_from_the_start_to_now(town: World, acme: Institution) -> None:
    kept = Reading(town.runtime)
    with town.runtime.database.read() as session:
        shown = kept.now(session, acme).profile
    made = shown.at - timedelta(hours=1)
    past: list[Point] = [(made - timedelta(days=40 - each), each / 100) for each in range(41)]
    curves = reading._upto(
        dict.fromkeys((row.axis for row in shown.matrix), past), made, shown, made - WINDOW
    )
    for row in shown.matrix:
        points = curves[row.axis]
        assert points[0][0] == made - WINDOW
        assert points[-1] == (shown.at, row.score)
        assert [at for at, _ in points] == sorted(at for at, _ in points)
