"""Small facts that all processes share (the last tick, the configuration in force, …), and the rate gate."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from alerts.model.times import micros
from alerts.store.schema import FactRow, LockRow, table_of
from alerts.store.upsert import insert_new, upsert

CONFIGURATION = "configuration"  # the configuration in force: its number and the hash of its files
MATCHING = "matching"  # under which configuration the recorded items were matched, and how far
JUDGED = "judged"  # by source a digest of publisher, reliability and the institutions it speaks for
SEARCH = "search"  # which revisions the search index holds, and by which rules
PLAN = "plan"  # the result of the last `alerts plan` that was published
OUTAGE = "outage/"  # facts: when sources were not read, by source and beginning; retention removes them
ACT = "act/"  # facts: what people did, by time; retention removes them
TICK = "tick"  # when a tick last looked for what is due
CREATED = "created"
"""When the database was made; kept while there was no tick yet, to tell a young system from one that never ticks."""

_FACTS = table_of(FactRow).c
_FACT = select(_FACTS.at, _FACTS.value).where(_FACTS.name == bindparam("asked"))
_LOCKED = _FACT.with_for_update()
_JUDGING = select(_FACTS.name, _FACTS.value).where(_FACTS.name.in_([CONFIGURATION, MATCHING]))


@dataclass(frozen=True, slots=True)
class Fact:
    at: datetime
    value: Mapping[str, Any]


def get(session: Session, name: str, *, lock: bool = False) -> Fact | None:
    """The fact; with `lock` no other transaction changes it before this one ends."""
    row = session.execute(_LOCKED if lock else _FACT, {"asked": name}).one_or_none()
    return None if row is None else Fact(*row)


def put(session: Session, name: str, at: datetime, value: Mapping[str, Any]) -> None:
    upsert(session, FactRow, [{"name": name, "at": at, "value": dict(value)}])


def record_creation(connection: Connection, at: datetime) -> None:
    """Records when the database was made, unless that or a tick is on record."""
    known = select(_FACTS.name).where(_FACTS.name.in_([TICK, CREATED]))
    if connection.execute(known).first() is None:
        connection.execute(insert(FactRow).values(name=CREATED, at=at, value={}))


def named(session: Session, prefix: str) -> list[tuple[str, Fact]]:
    """The facts whose name begins with `prefix`, in order."""
    query = select(_FACTS.name, _FACTS.at, _FACTS.value).where(_FACTS.name.startswith(prefix, autoescape=True))
    return [(name, Fact(at, value)) for name, at, value in session.execute(query.order_by(_FACTS.name))]


def forget(session: Session, prefix: str, *, before: datetime) -> None:
    """Removes the facts whose name begins with `prefix` and that are older than `before`."""
    session.execute(delete(FactRow).where(FactRow.name.startswith(prefix, autoescape=True), FactRow.at < before))


def record_act(session: Session, at: datetime, who: str, what: str, about: str) -> None:
    """Adds to the audit trail who did what, and to what, in the transaction that does it. Nothing is ever changed
    there; retention removes what is old."""
    put(session, f"{ACT}{micros(at)}/{secrets.token_hex(4)}", at, {"who": who, "what": what, "about": about})


def newest_acts(session: Session, limit: int) -> list[tuple[datetime, str, str, str]]:
    """The newest acts of the audit trail, the newest first: when, who, what, and to what."""
    acts = select(_FACTS.at, _FACTS.value).where(_FACTS.name.startswith(ACT))
    newest_first = session.execute(acts.order_by(_FACTS.name.desc()).limit(limit))
    return [(at, value["who"], value["what"], value["about"]) for at, value in newest_first]


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides how items are judged: the configuration in force (`number` 0 and `hash` empty before the first),
    and under which one the recorded items were matched. While it is the same, items are judged alike."""

    number: int
    hash: str
    matching: Mapping[str, Any]


def in_force(session: Session) -> InForce:
    """What is in force, in one statement."""
    known = dict(session.execute(_JUDGING).all())
    configuration = known.get(CONFIGURATION, {})
    return InForce(int(configuration.get("number", 0)), str(configuration.get("hash", "")), known.get(MATCHING, {}))


def try_acquire(session: Session, name: str, now: datetime, gap: timedelta) -> bool:
    """The rate gate: whether this transaction may do what `name` stands for; no other of any process may for `gap`.

    The row is locked until the transaction ends, so the work is done in this transaction or not at all: one that was
    delayed past the interval finds the name taken, or its commit fails. A time further ahead than `gap` was written by
    a clock that has been set back since, and is ignored."""
    insert_new(session, LockRow, [{"name": name, "until": now}])
    free = or_(LockRow.until <= now, LockRow.until > now + gap)
    take = update(LockRow).where(LockRow.name == name, free).values(until=now + gap)
    return session.scalar(take.returning(LockRow.name)) is not None
