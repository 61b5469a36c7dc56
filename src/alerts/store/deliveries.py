"""The outbox: alerts, deliveries, leases, attempts."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from alerts.delivery.messages import Message
from alerts.model.alert import Alert, AlertState, DeliveryState
from alerts.model.level import Transition
from alerts.model.subscriber import On
from alerts.store import desks
from alerts.store.claims import free
from alerts.store.tables import (
    AlertRow,
    AttemptRow,
    ChannelRow,
    DeliveryRow,
    SnapshotRow,
    ThreadRow,
    TransitionRow,
)
from alerts.store.upsert import insert_all, insert_new, upsert

_WAITING = (DeliveryState.PENDING.value, DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value)


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery in the hands of one sender. `number` counts its attempts from 1.

    `copy`: an earlier attempt was cut off or got no answer, so its message may have arrived.
    """

    id: str
    token: str
    number: int
    subscriber: str
    channel: str
    kind: str
    at: datetime
    created_at: datetime
    message: Mapping[str, Any]
    copy: bool


def add_alerts(
    session: Session,
    alerts: Sequence[Alert],
    *,
    transitions: Mapping[str, int],
    details: Mapping[str, Mapping[str, Any]],
) -> None:
    """Stores alerts. `transitions` gives row ids by transition key, `details` more of an alert by its id."""
    insert_new(
        session,
        AlertRow,
        [
            {
                "id": each.id,
                "at": each.at,
                "subscriber": each.subscriber,
                "channel": each.channel,
                "institution": each.institution,
                "on": each.on.value,
                "transition": None if each.transition is None else transitions.get(each.transition.key),
                "state": each.state.value,
                "reason": each.reason,
                "detail": dict(details.get(each.id, {})),
            }
            for each in alerts
        ],
    )


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is to be written, and the instant of the newest observation behind it."""

    message: Message
    record: Mapping[str, Any]
    observed: datetime | None


def add_deliveries(session: Session, written: Sequence[Written], *, now: datetime) -> None:
    """Writes the rows of messages and what each tells of; one already known is left as it is."""
    insert_new(session, DeliveryRow, [_delivery(each, now) for each in written])
    told = [each.message for each in written if each.message.held is None]
    desks.carry(session, ((alert, each.id) for each in told for alert in each.carries))


def _delivery(each: Written, now: datetime) -> dict[str, Any]:
    message, held = each.message, each.message.held
    return {
        "id": message.id,
        "created_at": now,
        "subscriber": message.subscriber,
        "channel": message.channel,
        "kind": message.kind.value,
        "at": message.at,
        "message": dict(each.record),
        "state": (DeliveryState.PENDING if held is None else DeliveryState.SUPPRESSED).value,
        "reason": "" if held is None else held.value,
        "due_at": now if held is None else None,
        "claimed_until": None,
        "lease_until": None,
        "lease_token": None,
        "attempts": 0,
        "sent_at": None,
        "observed_at": each.observed,
        "turn_at": None,
    }


def add_snapshot(session: Session, institution: str, at: datetime, profile: bytes) -> None:
    insert_new(session, SnapshotRow, [{"institution": institution, "at": at, "profile": profile}])


def snapshot(session: Session, institution: str, at: datetime) -> bytes | None:
    """The newest profile snapshot of the institution not after `at`, else the first one after it."""
    mine = select(SnapshotRow.profile).where(SnapshotRow.institution == institution)
    before = mine.where(SnapshotRow.at <= at).order_by(SnapshotRow.at.desc()).limit(1)
    found = session.scalar(before)
    return found if found is not None else session.scalar(mine.order_by(SnapshotRow.at).limit(1))


def alerts_by_id(session: Session, ids: Sequence[str]) -> dict[str, AlertRow]:
    return {row.id: row for row in session.scalars(select(AlertRow).where(AlertRow.id.in_(ids)))}


def claim_due(session: Session, now: datetime, *, limit: int, hold: timedelta) -> list[str]:
    """Deliveries to send now, expired leases among them; each is not handed out again for `hold`."""
    due = (
        select(DeliveryRow.id)
        .where(DeliveryRow.due_at <= now, free(DeliveryRow.claimed_until, now))
        .order_by(DeliveryRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(session.scalars(due))
    if found:
        session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(found)).values(claimed_until=now + hold))
    return found


def alerts_of(session: Session, transition: Transition) -> list[Alert]:
    """The alerts that told of a transition."""
    rows = session.scalars(
        select(AlertRow)
        .join(TransitionRow, TransitionRow.id == AlertRow.transition)
        .where(
            TransitionRow.institution == transition.institution,
            TransitionRow.axis == transition.axis.value,
            TransitionRow.at == transition.at,
        )
        .order_by(AlertRow.id)
    )
    return [alert_of(row, transition) for row in rows]


def alert_of(row: AlertRow, transition: Transition | None) -> Alert:
    return Alert(
        id=row.id,
        at=row.at,
        subscriber=row.subscriber,
        channel=row.channel,
        institution=row.institution,
        on=On(row.on),
        transition=transition,
        state=AlertState(row.state),
        reason=row.reason,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is due and in nobody's hands."""

    id: str
    subscriber: str
    channel: str
    turn_at: datetime | None


def waiting(session: Session, delivery: str, now: datetime) -> Waiting | None:
    """The delivery, locked until the transaction ends; None where it is done, in other hands, or not due."""
    row = session.execute(
        select(DeliveryRow.id, DeliveryRow.subscriber, DeliveryRow.channel, DeliveryRow.turn_at)
        .where(DeliveryRow.id == delivery, *_free(now))
        .with_for_update()
    ).one_or_none()
    return None if row is None else Waiting(*row)


def turn(session: Session, found: Waiting, gap: timedelta, now: datetime) -> datetime:
    """When it is the delivery's turn in its channel, `gap` after the one before it; not after `now`: at once.

    A later turn is noted and kept: the delivery is due again then. A pause of the channel ends all turns in it.
    """
    key = found.subscriber, found.channel
    if found.turn_at is not None and found.turn_at <= now:
        paused = session.scalar(select(ChannelRow.paused_until).filter_by(subscriber=key[0], channel=key[1]))
        if paused is None or paused <= now:
            return now
        put_off(session, found.id, paused)
        return paused
    if gap:
        row = _channel(session, *key, now)
        mine = max(now, row.free_at)
        row.free_at = mine + gap
    else:
        free_at = session.scalar(select(ChannelRow.free_at).filter_by(subscriber=key[0], channel=key[1]))
        mine = now if free_at is None else max(now, free_at)
    if mine > now:
        put_off(session, found.id, mine, turn_at=mine)
    return mine


def put_off(session: Session, delivery: str, until: datetime, *, turn_at: datetime | None = None) -> None:
    """Makes a delivery due later, without an attempt. Without `turn_at` it gives back the turn it had."""
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery)
        .values(due_at=until, claimed_until=None, turn_at=turn_at)
    )


def hold(session: Session, delivery: str, until: datetime) -> None:
    """Leaves a delivery due, to be handed out by no tick before then. It gives back the turn it had."""
    session.execute(
        update(DeliveryRow).where(DeliveryRow.id == delivery).values(claimed_until=until, turn_at=None)
    )


def thread(session: Session, leased: Leased, about: str) -> str:
    """The message in the delivery's channel that others about the same go under; empty before the first one."""
    row = session.get(ThreadRow, (leased.subscriber, leased.channel, about))
    return "" if row is None else row.posted


def begin_thread(session: Session, leased: Leased, about: str, posted: str, now: datetime) -> None:
    key = {"subscriber": leased.subscriber, "channel": leased.channel, "about": about}
    upsert(session, ThreadRow, [{**key, "posted": posted, "at": now}])


def pause(session: Session, leased: Leased, until: datetime) -> None:
    """Takes no further message into a channel until then: its service asks for that."""
    row = _channel(session, leased.subscriber, leased.channel, until)
    row.free_at = max(row.free_at, until)
    row.paused_until = until if row.paused_until is None else max(row.paused_until, until)


def _channel(session: Session, subscriber: str, channel: str, free_at: datetime) -> ChannelRow:
    """The channel's row, locked until the transaction ends; a new one is free then."""
    fresh = {"subscriber": subscriber, "channel": channel, "free_at": free_at, "paused_until": None}
    insert_new(session, ChannelRow, [fresh])
    return session.get_one(ChannelRow, (subscriber, channel), with_for_update=True)


def next_turn(session: Session, after: datetime) -> datetime | None:
    """The first turn that a delivery waits for."""
    return session.scalar(
        select(func.min(DeliveryRow.turn_at)).where(
            DeliveryRow.turn_at > after, DeliveryRow.state.in_(_WAITING), DeliveryRow.due_at.is_not(None)
        )
    )


def _free(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        DeliveryRow.due_at <= now,
        or_(
            DeliveryRow.state.in_(_WAITING),
            (DeliveryRow.state == DeliveryState.LEASED.value) & (DeliveryRow.lease_until <= now),
        ),
    )


def lease(session: Session, delivery: str, now: datetime, *, seconds: float) -> Leased | None:
    """Takes a delivery and marks the attempt; None where it is done, in other hands, or not due."""
    until = now + timedelta(seconds=seconds)
    token = uuid.uuid4().hex
    row = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery, *_free(now))
        .values(
            state=DeliveryState.LEASED.value,
            lease_until=until,
            lease_token=token,
            # Found again here, should this sender die.
            due_at=until,
            turn_at=None,
            attempts=DeliveryRow.attempts + 1,
        )
        .returning(
            DeliveryRow.id,
            DeliveryRow.attempts,
            DeliveryRow.subscriber,
            DeliveryRow.channel,
            DeliveryRow.kind,
            DeliveryRow.at,
            DeliveryRow.created_at,
            DeliveryRow.message,
        )
    ).one_or_none()
    if row is None:
        return None
    copy = row.attempts > 1 and _cut_off(session, delivery, now)
    insert_all(
        session,
        AttemptRow,
        [
            {
                "delivery": delivery,
                "number": row.attempts,
                "started_at": now,
                "ended_at": None,
                "state": DeliveryState.LEASED.value,
                "line": "",
            }
        ],
    )
    return Leased(
        id=row.id,
        token=token,
        number=row.attempts,
        subscriber=row.subscriber,
        channel=row.channel,
        kind=row.kind,
        at=row.at,
        created_at=row.created_at,
        message=row.message,
        copy=copy,
    )


def _cut_off(session: Session, delivery: str, now: datetime) -> bool:
    """Ends the attempts that nobody ended; whether any attempt may have arrived."""
    session.execute(
        update(AttemptRow)
        .where(AttemptRow.delivery == delivery, AttemptRow.ended_at.is_(None))
        .values(
            ended_at=now,
            state=DeliveryState.UNKNOWN.value,
            line="cut off before its end: it may have arrived",
        )
    )
    unknown = AttemptRow.delivery == delivery, AttemptRow.state == DeliveryState.UNKNOWN.value
    return session.scalar(select(AttemptRow.id).where(*unknown).limit(1)) is not None


def finish(
    session: Session,
    leased: Leased,
    state: DeliveryState,
    *,
    reason: str,
    line: str,
    now: datetime,
    next_at: datetime | None,
) -> bool:
    """Marks the end of an attempt; False where the lease had run out and the row is in other hands.

    Such an attempt stays `unknown`, as whoever took the row over marked it: that one may have sent a copy.
    """
    session.execute(
        update(AttemptRow)
        .where(
            AttemptRow.delivery == leased.id,
            AttemptRow.number == leased.number,
            AttemptRow.ended_at.is_(None),
        )
        .values(ended_at=now, state=state.value, line=line)
    )
    mine = session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == leased.id, DeliveryRow.lease_token == leased.token)
        .values(
            state=state.value,
            reason=reason,
            due_at=next_at,
            claimed_until=None,
            lease_until=None,
            lease_token=None,
            sent_at=now if state is DeliveryState.SENT else None,
        )
        .returning(DeliveryRow.id)
    ).scalar_one_or_none()
    return mine is not None
