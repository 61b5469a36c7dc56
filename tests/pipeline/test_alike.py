"""What happens to subscribers who are alike is decided once; each has what it would have had alone."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as options
from hypothesis import strategies as st
from kit.laws import examples
from kit.routing import INSTITUTIONS, build, instant, level_event, rule, story_event
from routing.test_router_laws import Course, Step, offices, starts, steps
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.model.alert import Lead
from alerts.model.answer import Answer, AnswerKind
from alerts.model.fields import grouped
from alerts.model.level import Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.pipeline.route import InstitutionEvents, advance, locked_routers, route
from alerts.routing.events import CorrectionEvent, Event, InstitutionEvent, Mention, Spike
from alerts.runtime.configuration import Active
from alerts.store.database import Database
from alerts.store.repositories import answers
from alerts.store.schema import AlertRow, CarriedRow, DeliveryRow, DeskRow, WatchRow, table_of

ALIKE = 3  # subscribers of each kind
ODD = "0-0"  # the one that does something by itself


@dataclass(frozen=True)
class Batch:
    """Events that are routed in one transaction; `of_one`: what one subscriber does by itself before."""

    events: tuple[Event, ...]
    of_one: str = ""

    @property
    def at(self) -> datetime:
        return self.events[-1].at


def subscribers(kinds: Sequence[dict[str, Any]]) -> list[Subscriber]:
    """A few of each kind. Their rules are one object, as the configuration makes equal ones."""
    found = []
    for number, kind in enumerate(kinds):
        rules = tuple(rule(**each) for each in kind["rules"])
        made = build(*rules, **{name: value for name, value in kind.items() if name != "rules"}).subscriber
        found += [replace(made, id=f"{number}-{one}", watch=made.watch) for one in range(ALIKE)]
    return found


def batches(start: str, course: Course, sizes: Sequence[int]) -> list[Batch]:
    """What a course of steps amounts to, some of it together."""
    at, of_one = instant(start), ""
    levels: dict[tuple[str, Axis], Level] = {}
    risen: dict[str, datetime] = {}
    made: list[Batch] = []
    together: list[Event] = []
    for number, step in enumerate(course):
        at += timedelta(minutes=step.after, seconds=1)
        event = _event(at, number, step, levels, risen)
        if event is not None:
            together.append(event)
        elif step.what in {"ack", "silence"}:
            of_one = step.what
        if len(together) == sizes[len(made) % len(sizes)]:
            made.append(Batch(tuple(together), of_one))
            together, of_one = [], ""
    return made + ([Batch(tuple(together), of_one)] if together else [])


def _event(
    at: datetime, number: int, step: Step, levels: dict[tuple[str, Axis], Level], risen: dict[str, datetime]
) -> Event | None:
    key = step.institution, step.axis
    old = levels.get(key, Level.LOW)
    match step.what:
        case "mention":
            mention = Mention(Lead(step.story, "A headline", f"i{number}"))
            return InstitutionEvent(step.institution, at, mentions=(mention,))
        case "spike":
            return InstitutionEvent(step.institution, at, spike=Spike(9, 2.0, 6))
        case "correct":
            assessed = risen.get(step.institution)
            if assessed is None:
                return None
            return CorrectionEvent(step.institution, assessed, at, f"i{number}", axes=frozenset(Axis))
        case "ack" | "silence":
            return None
    if old is step.to:
        return None
    levels[key] = step.to
    if step.to > old:
        risen[step.institution] = at
    change = f"{step.axis} {old}>{step.to}"
    if step.to > old and number % 2:
        return story_event(
            at, f"{step.story}-{number}", change, to=step.to, axis=step.axis, institution=step.institution
        )
    return level_event(at, change, institution=step.institution, story=step.story)


def play(database: Database, together: Sequence[Sequence[Subscriber]], course: Sequence[Batch]) -> None:
    """Routes a course to some groups of subscribers, each group in transactions of its own."""
    for some in together:
        active = active_of(some)
        for number, batch in enumerate(course):
            with database.write() as session:
                if batch.of_one and ODD in active.settings.subscribers:
                    _by_itself(session, active, batch)
            happened = grouped((each.institution, each) for each in batch.events)
            about = [InstitutionEvents(INSTITUTIONS[each], events, batch.at) for each, events in happened.items()]
            with database.write() as session:
                route(session, active, about, transitions={}, now=batch.at, places=0)
            for each in some if number % 3 == 2 else ():
                with database.write() as session:
                    advance(session, active, each.id, batch.at + timedelta(milliseconds=1))
        for each in some:
            with database.write() as session:
                advance(session, active, each.id, course[-1].at + timedelta(days=2))


def _by_itself(session: Session, active: Active, batch: Batch) -> None:
    """One subscriber acknowledges what it knows, or mutes an institution."""
    at = batch.events[0].at
    if batch.of_one == "silence":
        answers.add(session, [Answer(f"x{at}", "", ODD, "mail", AnswerKind.MUTE, "acme", at, days=1)])
    else:
        advance(session, active, ODD, at)
        with locked_routers(session, active, {ODD: ()}) as routers:
            (router,) = routers.values()
            router.ack("acme", Axis, at, "ops")


def stored(database: Database) -> dict[str, list[Any]]:
    """All rows, each alert with what its decision holds."""
    tables = {each: table_of(each) for each in (AlertRow, DeliveryRow, CarriedRow, DeskRow, WatchRow)}
    columns = {each: [name for name in table.c.keys() if name != "decision"] for each, table in tables.items()}  # noqa: SIM118
    columns[AlertRow].append("detail")
    with database.read() as session:
        return {
            each.__tablename__: sorted(
                repr([getattr(row, name) for name in columns[each]]) for row in session.scalars(select(each))
            )
            for each in tables
        }


@given(
    kinds=st.lists(offices, min_size=1, max_size=2),
    start=starts,
    course=steps,
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4),
)
@options(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_each_has_what_it_would_have_alone(
    migrated: Path, tmp_path: Path, kinds: list[dict[str, Any]], start: str, course: Course, sizes: list[int]
) -> None:
    some, made = subscribers(kinds), batches(start, course, sizes)
    found = []
    for together in ([some], [[each] for each in some]) if made else ():
        shutil.copyfile(migrated, tmp_path / "alerts.db")
        database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
        play(database, together, made)
        found.append(stored(database))
        database.dispose()
    assert found[:1] == found[1:]


def active_of(some: Sequence[Subscriber]) -> Active:
    return Active(Settings(institutions=INSTITUTIONS, subscribers={each.id: each for each in some}))


def happen(database: Database, some: Sequence[Subscriber], event: InstitutionEvent) -> None:
    about = InstitutionEvents(INSTITUTIONS[event.institution], [event], event.at)
    with database.write() as session:
        route(session, active_of(some), [about], transitions={}, now=event.at, places=0)


def test_who_is_alike(database: Database) -> None:
    kinds: list[dict[str, Any]] = [{"rules": [{"all": True}]}, {"rules": [{"all": True}], "repeat": "6h"}]
    some, at = subscribers(kinds), instant("10:00")
    watched = {each.id: {"acme"} for each in some}

    def alike(*instants: datetime) -> list[tuple[str, ...]]:
        with database.write() as session, locked_routers(session, active_of(some), watched, {*instants}) as routers:
            return list(routers)

    kinds_of = [("0-0", "0-1", "0-2"), ("1-0", "1-1", "1-2")]
    assert alike(at) == kinds_of
    assert alike() == [(each,) for each in watched], "a correction names alerts of one subscriber"
    happen(database, some, level_event("10:00", "low>high"))
    assert alike(at, instant("15:59")) == kinds_of[:1] + [(each,) for each in kinds_of[1]], "their reminders wait"
    assert alike(at) == kinds_of
    with database.write() as session:
        answers.add(session, [Answer("x", "", "1-2", "mail", AnswerKind.MUTE, "acme", at, days=1)])
    with database.write() as session, locked_routers(session, active_of(some), {"0-1": ()}) as routers:
        routers["0-1",].ack("acme", Axis, at, "ops")
    assert alike(at) == [("0-0", "0-2"), ("0-1",), ("1-0", "1-1"), ("1-2",)]


def test_what_falls_due_for_one_goes_to_nobody_else(database: Database) -> None:
    """Both know the same of acme, and remember the same; one was told of another institution, before the other came."""
    late, early = subscribers([{"rules": [{"all": True}], "repeat": "6h"}])[:2]
    happen(database, [early], level_event("08:00", "low>high", institution="bolt"))
    both = [late, early]
    happen(database, both, level_event("09:00", "low>medium"))
    with database.read() as session:
        states = {row.subscriber: row.state for row in session.scalars(select(DeskRow))}
    assert states[late.id] == states[early.id]
    happen(database, both, level_event("14:30", "medium>critical"))
    with database.read() as session:
        sent = sorted((row.subscriber, row.kind) for row in session.scalars(select(DeliveryRow)))
    assert [kind for subscriber, kind in sent if subscriber == late.id] == ["alert", "alert"]
    assert [kind for subscriber, kind in sent if subscriber == early.id] == ["alert", "alert", "alert", "reminder"]
