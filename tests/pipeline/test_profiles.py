"""A profile read from the columns of the store says what one worked out from every observation says."""

from __future__ import annotations

import dataclasses
import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.system import START, System, case_at
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from alerts.insight.coverage import coverage
from alerts.insight.profiles import profile_at
from alerts.model.level import Axis, Cause, Level
from alerts.pipeline import steps
from alerts.scoring.profile import build
from alerts.store.database import Database
from alerts.store.queries import profiles
from alerts.store.repositories import cases, transitions
from alerts.store.schema import AlertRow, AssessmentRow, Base, CaseRow, FindingRow, StoryVersionRow

_EVENTS = ("hit by an outage", "under a pricing probe", "opens a plant", "shut down for a day")
_PLACES = ("in Lyon", "in Porto", "in Ghent", "in Tartu", "in Graz")


@pytest.fixture
def town(database: Database, tmp_path: Path) -> System:
    return System(database, tmp_path / "config")


def live(town: System, seed: int, steps: int, after: Callable[[], None] = lambda: None) -> None:
    """News, copies of it, second reports, edits that change what an item says, and quiet weeks."""
    chance = random.Random(seed)
    told: list[tuple[str, str, str, str]] = []
    for step in range(steps):
        source = chance.choice(("acme-news", "tribune", "coastline"))
        about = chance.choice(("Acme", "Acme", "Globex"))
        title = f"{about} {chance.choice(_EVENTS)} {chance.choice(_PLACES)}"
        text = f"More of it, part {chance.randrange(4)}."
        kind = chance.random()
        if told and kind < 0.25:  # another publisher reports the same
            _, _, title, text = chance.choice(told)
            text = text if chance.random() < 0.5 else f"As it was said: {text}"
            item = town.observe(source, title, text=text)
        elif told and kind < 0.4:  # an edit
            item, source, title, _ = chance.choice(told)
            change = chance.choice((title.replace("outage", "party"), f"Globex {title}", "Nothing of the kind"))
            town.observe(source, change, text=text, id=item, withdrawn=chance.random() < 0.2)
            item = ""
        else:
            item = town.observe(source, title, text=text)
        if item:
            told.append((item, source, title, text))
        after()
        town.later(**chance.choice(({"minutes": 7}, {"hours": 20}, {"days": 4}, {"days": 30 if step % 9 == 8 else 1})))
    town.settle()


def both(town: System, session: Session, institution: str, at: datetime) -> tuple[Any, Any]:
    active = town.runtime.configuration.current()
    tracked = active.settings.institutions[institution]
    case = case_at(session, active, tracked, at)
    case.advance(at)
    worked_out = build(
        case.standing(at),
        active.settings,
        history=transitions.find(session, institution, upto=at),
        coverage=coverage(session, active.settings, tracked, at),
    )
    return profile_at(session, active, tracked, at), worked_out


def differences(left: Any, right: Any, where: str = "profile") -> list[str]:
    """Where two profiles differ, but for the last digits of numbers, which depend on the order of adding."""
    if dataclasses.is_dataclass(left) and type(left) is type(right):
        names = [each.name for each in dataclasses.fields(left)]
        return [
            found
            for name in names
            for found in differences(getattr(left, name), getattr(right, name), f"{where}.{name}")
        ]
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) == len(right):
        pairs = enumerate(zip(left, right, strict=True))
        return [found for place, pair in pairs for found in differences(*pair, f"{where}[{place}]")]
    if isinstance(left, float) and isinstance(right, float):
        return [] if left == pytest.approx(right, abs=1e-9) else [f"{where}: {left} and {right}"]
    return [] if left == right else [f"{where}: {left} and {right}"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_what_is_read_is_what_would_be_worked_out(town: System, seed: int) -> None:
    live(town, seed, 27)
    end = town.now
    raised = 0
    instants = [START - timedelta(days=1), end, end + timedelta(days=3)]
    instants += [START + (end - START) * part / 7 for part in range(1, 7)]
    with town.runtime.database.read() as session:
        for institution in ("acme", "globex", "initech"):
            for at in instants:
                read, worked_out = both(town, session, institution, at)
                assert differences(read, worked_out) == [], (institution, at)
                raised += read.impact is not Level.LOW
    assert raised > 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_all_of_a_story_at_a_past_instant_is_what_the_case_file_had_of_it(town: System, seed: int) -> None:
    live(town, seed, 24)
    active = town.runtime.configuration.current()
    compared = 0
    with town.runtime.database.read() as session:
        for institution in (active.settings.institutions[each] for each in ("acme", "globex")):
            for part in range(1, 8):
                at = START + (town.now - START) * part / 7
                known = {each.story: each for each in case_at(session, active, institution, at).evidence()}
                read = profiles.stories(session, institution, active.settings.sources, known, at)
                assert read == known
                compared += len(known)
    assert compared > 10


@pytest.mark.slow
def test_the_curve_is_that_of_the_case_file(town: System) -> None:
    live(town, 1, 24)
    active = town.runtime.configuration.current()
    acme = active.settings.institutions["acme"]
    start = START - timedelta(days=1)
    with town.runtime.database.read() as session:
        read = profiles.scores(session, "acme", start, town.now, 10_000)
        case = case_at(session, active, acme, town.now)
    for axis in Axis:
        steps = [(at, scores[axis]) for at, scores in read]
        changes = [each for place, each in enumerate(steps) if place and each[1] != steps[place - 1][1]]
        assert changes == list(case.courses[axis])


def test_an_item_begins_with_the_first_revision_that_counts(town: System) -> None:
    item = town.observe("tribune", "Acme hit by an outage in Lyon", withdrawn=True)
    town.later(hours=5)
    town.observe("tribune", "Acme hit by an outage in Lyon", text="After all.", id=item)
    begun = town.now - timedelta(microseconds=1)
    town.later(hours=1)
    with town.runtime.database.read() as session:
        for at in (town.now, town.now - timedelta(minutes=30)):
            read, worked_out = both(town, session, "acme", at)
            assert differences(read, worked_out) == []
            assert [each.observed for each in read.evidence] == [begun]


def test_a_level_that_nobody_has_taken_down_yet_is_down(town: System) -> None:
    town.observe("acme-news", "Acme hit by an outage in Lyon")
    with town.runtime.database.read() as session:
        read, worked_out = both(town, session, "acme", town.now + timedelta(days=400))
    assert differences(read, worked_out) == []
    assert [row.level for row in read.matrix] == [Level.LOW] * 3
    assert {row.axis: row for row in read.matrix}[Axis.PRIORITY].since > town.now


def test_one_that_cannot_be_assessed_does_not_hold_up_the_others(
    town: System, caplog: pytest.LogCaptureFixture
) -> None:
    town.observe("tribune", "Acme hit by an outage in Porto; Globex, too", assessed=False)
    with town.runtime.database.write() as session:  # as if a defect had written what cannot be read
        session.execute(update(FindingRow).where(FindingRow.institution == "acme").values(features=b"no features"))
    caplog.set_level(logging.ERROR, logger="alerts")  # others may have silenced it
    with pytest.raises(Exception, match=r".+"):
        steps.assess(town.runtime, "acme", "globex")
    with town.runtime.database.read() as session:
        acme, globex = cases.peek(session, "acme"), cases.peek(session, "globex")
    assert acme is not None
    assert globex is not None
    assert (acme.version, globex.version) == (0, 1)
    assert "assess.broken" in caplog.text


def test_a_case_of_the_former_formula_is_rebuilt_once_and_tells_nobody(town: System) -> None:
    town.observe("acme-news", "Acme hit by an outage in Lyon")
    active = town.runtime.configuration.current()
    acme = active.settings.institutions["acme"]

    def rows(table: type[Base]) -> int:
        with town.runtime.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    told = rows(AlertRow)
    assert told > 0
    with town.runtime.database.write() as session:  # as the migration leaves it, with a level of the former formula
        session.execute(delete(StoryVersionRow))
        session.execute(delete(AssessmentRow))
        session.execute(update(CaseRow).values(configuration=cases.FORMER_FORMULA, axes={}))
        cases.mark_all_due(session, town.now)
    town.later(minutes=1)
    town.settle()
    with town.runtime.database.read() as session:
        stored = cases.peek(session, "acme")
        read = profile_at(session, active, acme, town.now)
        causes = [each.cause for each in transitions.find(session, "acme")]
    assert stored is not None
    assert stored.configuration == active.case_key("acme")
    assert {row.axis: row for row in read.matrix}[Axis.PRIORITY].level is Level.HIGH
    assert len(read.evidence) == 1
    assert Cause.CONFIG in causes
    assert rows(AlertRow) == told


def test_the_rise_of_a_story_is_remembered_by_the_next_process(town: System) -> None:
    item = town.observe("tribune", "Acme hit by an outage in Lyon")
    active = town.runtime.configuration.current()
    with town.runtime.database.read() as session:
        stored = cases.peek(session, "acme")
        assert stored is not None
        found = cases.recorded(
            session, {"acme": stored.cursor}, active.settings.sources, correctable=timedelta(days=90)
        )["acme"]
    (rise,) = [each for each in found.rises if each.story]
    assert (rise.axis, rise.from_, rise.to, rise.transition) == (Axis.PRIORITY, Level.LOW, Level.MEDIUM, None)
    assert rise.behind == {rise.story} == {story for each, story in found.members if each.report.item == item}
