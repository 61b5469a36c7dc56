"""What must hold at the end, whatever struck: nothing lost, nothing twice but where a sending was cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kit.feeds import Entry
from kit.receiver import Received
from sqlalchemy import func, select

from alerts.config.load import load_entries
from alerts.model.alert import AlertState
from alerts.model.records import to_line, transition_record
from alerts.replay.backtest import rehearse
from alerts.routing.alerts import alert_ref
from alerts.store.database import Database
from alerts.store.repositories import items, transitions
from alerts.store.schema import (
    AlertRow,
    AttemptRow,
    CarriedRow,
    CaseRow,
    DeliveryRow,
    DeskRow,
    FindingRow,
    ItemRow,
    RevisionRow,
)


@dataclass(frozen=True)
class Progress:
    """How far the program is; equal while it stands still."""

    items: int
    transitions: int
    attempts: int
    states: tuple[tuple[str, str], ...]
    behind: int
    done: bool
    low: bool


@dataclass(frozen=True)
class Found:
    wrong: list[str]
    copies: int
    deliveries: int
    transitions: int


def progress(database: Database, wanted: int, now: datetime) -> Progress:
    """`done`: everything published is stored, assessed, and told as far as it is due at `now`."""
    with database.read() as session:
        stored = session.scalar(select(func.count()).select_from(ItemRow)) or 0
        states = tuple(
            sorted((row.id, row.state) for row in session.execute(select(DeliveryRow.id, DeliveryRow.state)))
        )
        waiting = session.scalar(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.due_at.is_not(None)))
        live = transitions.find(session)
        behind = session.scalar(
            select(func.count())
            .select_from(FindingRow)
            .join(CaseRow, CaseRow.institution == FindingRow.institution)
            .where(CaseRow.cursor < FindingRow.observed)
        )
        attempts = session.scalar(select(func.count()).select_from(AttemptRow)) or 0
        due = sum(
            session.scalar(select(func.count()).select_from(table).where(table.due_at <= now)) or 0
            for table in (CaseRow, DeskRow)
        )
    last = {(each.institution, each.axis): each.to.value for each in live}
    return Progress(
        stored,
        len(live),
        attempts,
        states,
        behind or 0,
        done=stored >= wanted and not waiting and not behind and not due,
        low=set(last.values()) == {"low"},
    )


def judge(
    database: Database, config: Path, published: Mapping[str, Sequence[Entry]], received: Sequence[Received]
) -> Found:
    """Holds what is stored and what was received against what was published and a replay of the record."""
    wrong: list[str] = []
    with database.read() as session:
        stored = Counter(row.title for row in session.scalars(select(RevisionRow)))
        found = transitions.find(session)
        expected = rehearse(items.record(session), load_entries(config).settings)
        rows = {row.id: row for row in session.scalars(select(DeliveryRow))}
        cut = Counter(row.delivery for row in session.scalars(select(AttemptRow).where(AttemptRow.state == "unknown")))
        carried = {(row.alert, row.delivery) for row in session.scalars(select(CarriedRow))}
        alerts = list(session.scalars(select(AlertRow).where(AlertRow.state != "suppressed")))
        waiting = {row.subscriber: row.state for row in session.scalars(select(DeskRow))}
    titles = Counter(each.title for entries in published.values() for each in entries)
    if stored != titles:
        wrong.append(f"items: {list(stored - titles)} twice, {list(titles - stored)} missing")
    live = [to_line(transition_record(each)) for each in found]
    replayed = [to_line(transition_record(each)) for each in expected.transitions]
    if sorted(live) != sorted(replayed):
        wrong.append(
            f"transitions: {len(set(live) - set(replayed))} not in the replay, "
            f"{len(set(replayed) - set(live))} in the replay alone"
        )
    taken = [each for each in received if 200 <= each.answered < 300 or each.answered == 0]
    told = {each.id for each in expected.alerts if each.state is AlertState.SENT and each.subscriber == "desk"}
    arrived = {alert["id"] for each in taken if each.body["subscriber"] == "desk" for alert in each.body["alerts"]}
    if told != arrived:
        wrong.append(f"alerts: {len(told - arrived)} not received, {len(arrived - told)} not expected")
    wrong += _deliveries(rows, alerts, carried, waiting)
    copies: dict[str, list[bool]] = {}
    for each in taken:
        copies.setdefault(each.body["id"], []).append(each.body["copy"])
    if missing := {row.id for row in rows.values() if row.state == "sent"} - set(copies):
        wrong.append(f"marked as sent, not received: {sorted(missing)}")
    if unknown := set(copies) - set(rows):
        wrong.append(f"received, not recorded: {sorted(unknown)}")
    second = {each: marks for each, marks in copies.items() if len(marks) > 1}
    if unmarked := {each for each, marks in second.items() if cut[each] < len(marks) - 1}:
        wrong.append(f"second copies without an attempt that says unknown: {sorted(unmarked)}")
    # One of them does not know of the others; held up on its way, it need not be the first to arrive.
    if silent := {each for each, marks in second.items() if marks.count(False) > 1}:
        wrong.append(f"second copies that do not say so: {sorted(silent)}")
    return Found(wrong, sum(len(marks) - 1 for marks in second.values()), len(rows), len(found))


def _deliveries(
    rows: Mapping[str, DeliveryRow],
    alerts: Sequence[AlertRow],
    carried: set[tuple[str, str]],
    waiting: Mapping[str, str],
) -> list[str]:
    wrong = []
    states = Counter(row.state for row in rows.values())
    if set(states) - {"sent", "suppressed"}:
        wrong.append(f"deliveries not sent: {dict(states)}")
    sent = {alert for alert, delivery in carried if rows[delivery].state == "sent"}
    held = {alert for row in rows.values() if row.state == "suppressed" for alert in row.message.get("alerts", ())}
    # What waited and was then told as it stands, in a message about something else, is told.
    standing = {
        (row.subscriber, institution)
        for row in rows.values()
        if row.state == "sent"
        for institution, _, _ in row.message.get("standing", ())
    }
    lost = [
        each.id
        for each in alerts
        if each.id not in sent | held
        and alert_ref(each.institution, each.at, each.channel) not in waiting[each.subscriber]
        and (each.state == "sent" or (each.subscriber, each.institution) not in standing)
    ]
    if lost:
        wrong.append(f"alerts that no message tells: {lost}")
    return wrong
