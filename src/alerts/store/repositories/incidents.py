"""What is wrong with the system itself, while it is, and the messages that tell its operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from alerts.model.alert import DeliveryState
from alerts.model.fields import record_of
from alerts.model.operators import IncidentKind
from alerts.routing.alerts import Kind, Message
from alerts.store.repositories import deliveries
from alerts.store.schema import DeliveryRow, TroubleRow
from alerts.store.upsert import row_of, upsert

OPERATORS: Final = "@operators"
"""Whom deliveries to operators are for: no subscriber can have this id."""


@dataclass(frozen=True, slots=True)
class Known:
    """A trouble that was there at `seen`, since `since`; `told`: the operators know."""

    kind: IncidentKind
    subject: str
    line: str
    since: datetime
    seen: datetime
    told: bool


def known(session: Session) -> list[Known]:
    """All that is wrong, the oldest first."""
    rows = session.scalars(select(TroubleRow).order_by(TroubleRow.since, TroubleRow.kind, TroubleRow.subject))
    return [record_of(Known, row, kind=IncidentKind(row.kind)) for row in rows]


def keep(session: Session, troubles: Iterable[Known]) -> None:
    upsert(session, TroubleRow, [row_of(TroubleRow, each) for each in troubles])


def forget(session: Session, troubles: Iterable[Known]) -> None:
    for each in troubles:
        session.execute(
            delete(TroubleRow).where(TroubleRow.kind == each.kind.value, TroubleRow.subject == each.subject)
        )


def add_message(session: Session, delivery: str, channel: str, record: Mapping[str, Any], now: datetime) -> None:
    """Puts a message to the operators into the outbox."""
    message = Message(delivery, OPERATORS, channel, Kind.OPERATORS, now, ())
    written = deliveries.Written(message, {**record, "alerts": []}, None)
    deliveries.add_deliveries(session, [written], now=now, claimed_until=None)


def dead_channels(session: Session) -> dict[tuple[str, str], int]:
    """How many deliveries were given up, by subscriber and channel."""
    rows = session.execute(
        select(DeliveryRow.subscriber, DeliveryRow.channel, func.count())
        .where(DeliveryRow.state == DeliveryState.DEAD.value)
        .group_by(DeliveryRow.subscriber, DeliveryRow.channel)
        .order_by(DeliveryRow.subscriber, DeliveryRow.channel)
    )
    return {(subscriber, channel): count for subscriber, channel, count in rows}
