"""Incidents of the system itself while they last, and the messages to its operators."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alerts.model.alert import DeliveryState
from alerts.model.fields import record_of
from alerts.model.subscriber import IncidentKind
from alerts.routing.alerts import Kind, Message
from alerts.store.repositories import deliveries
from alerts.store.schema import DeliveryRow, IncidentRow
from alerts.store.upsert import row_of, upsert

OPERATORS: Final = "@operators"  # whom deliveries to operators are for: no subscriber can have this id


@dataclass(frozen=True, slots=True)
class Known:
    """An incident that has lasted since `since` and was last seen at `seen`; `told`: operators were notified."""

    kind: IncidentKind
    subject: str
    line: str
    since: datetime
    seen: datetime
    told: bool


def known(session: Session) -> list[Known]:
    """All open incidents, the oldest first."""
    rows = session.scalars(select(IncidentRow).order_by(IncidentRow.since, IncidentRow.kind, IncidentRow.subject))
    return [record_of(Known, row, kind=IncidentKind(row.kind)) for row in rows]


def keep(session: Session, some: Iterable[Known]) -> None:
    upsert(session, IncidentRow, [row_of(IncidentRow, each) for each in some])


def forget(session: Session, some: Iterable[Known]) -> None:
    for each in some:
        which = IncidentRow.kind == each.kind.value, IncidentRow.subject == each.subject
        session.execute(delete(IncidentRow).where(*which))


def add_message(session: Session, delivery: str, channel: str, record: Mapping[str, Any], now: datetime) -> None:
    """Puts a message to the operators into the outbox."""
    message = Message(delivery, OPERATORS, channel, Kind.OPERATORS, now, ())
    deliveries.add_deliveries(session, [deliveries.Written(message, more=record)], now=now)


def dead_channels(session: Session) -> dict[tuple[str, str], int]:
    """How many deliveries were given up, by subscriber and channel."""
    key = DeliveryRow.subscriber, DeliveryRow.channel
    dead = select(*key, func.count()).where(DeliveryRow.state == DeliveryState.DEAD.value).group_by(*key)
    return {(subscriber, channel): count for subscriber, channel, count in session.execute(dead.order_by(*key))}
