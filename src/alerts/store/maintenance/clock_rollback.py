"""Repairs future timestamps after the clock moved backwards.

Most of what the program does next stands in the database as an instant. What was written while the clock was an
hour ahead would wait for an hour once it is set back: sources would not be polled, what was handed out and lost
would not be handed out again. So it is all made due, which costs no more than a round of polls and assessments."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from alerts.model.alert import DeliveryState
from alerts.store.repositories import cases, deliveries
from alerts.store.schema import AttemptRow, CaseRow, ChannelRow, DeliveryRow, DeskRow, SourceRow


def repair(session: Session, now: datetime, *, longest: timedelta) -> None:
    """Makes due what was written by a clock that was ahead of `now`.

    `longest` is how long a lease may hold from now on: current leases are kept, so that nothing is sent twice."""
    for table in (SourceRow, CaseRow, DeliveryRow, DeskRow):
        _clip(session, table.claimed_until, now)
    for until in (DeliveryRow.turn_at, ChannelRow.free_at, ChannelRow.paused_until):
        _clip(session, until, now)
    for leased in (SourceRow, DeliveryRow):
        _clip(session, leased.lease_until, now + longest)
    polled_ahead = SourceRow.last_poll_at > now, SourceRow.next_poll_at > now
    session.execute(update(SourceRow).where(*polled_ahead).values(next_poll_at=now))
    cases.mark_all_due(session, now)
    tried = select(AttemptRow.id).where(AttemptRow.delivery == DeliveryRow.id)
    tried_ahead = ~tried.exists() | tried.where(AttemptRow.started_at > now).exists()
    waits = DeliveryRow.due_at > now, DeliveryRow.state.in_(deliveries.WAITING), tried_ahead
    session.execute(update(DeliveryRow).where(*waits).values(due_at=now))
    leased_till = (DeliveryRow.state == DeliveryState.LEASED.value) & (DeliveryRow.due_at > now + longest)
    session.execute(update(DeliveryRow).where(leased_till).values(due_at=now + longest))


def _clip(session: Session, until: InstrumentedAttribute[Any], latest: datetime) -> None:
    session.execute(update(until.class_).where(until > latest).values({until: latest}))
