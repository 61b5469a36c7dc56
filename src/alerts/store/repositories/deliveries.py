"""The outbox: deliveries, leases, attempts."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from alerts.model.alert import DeliveryState
from alerts.model.fields import record_of
from alerts.routing.alerts import Message
from alerts.store.claims import Claim
from alerts.store.repositories import subscriber_state
from alerts.store.schema import AttemptRow, ChannelRow, DeliveryRow, SnapshotRow, ThreadRow, table_of
from alerts.store.upsert import equal, insert_all, insert_new, row_of, upsert

WAITING = (DeliveryState.PENDING.value, DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value)
"""The states of a delivery that is still to be sent."""
AGAIN = (DeliveryState.DEAD.value, DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value)
"""The states from which a delivery can be sent again: it did not arrive, or may not have."""

_DELIVERIES = table_of(DeliveryRow)
_ATTEMPTS = table_of(AttemptRow)
_D, _T = _DELIVERIES.c, _ATTEMPTS.c
_C = table_of(ChannelRow).c
_S = table_of(SnapshotRow).c

# Due, and leased by no sender.
_FREE = (
    _D.id == bindparam("which"),
    _D.due_at <= bindparam("now"),
    or_(_D.state.in_(WAITING), (_D.state == DeliveryState.LEASED.value) & (_D.lease_until <= bindparam("now"))),
)
_TO_SEND = select(_D.id, _D.subscriber, _D.channel, _D.turn_at).where(*_FREE).with_for_update()
_LEASE = (
    update(_DELIVERIES)
    .where(*_FREE)
    .values(state=DeliveryState.LEASED.value, lease_until=bindparam("until"), lease_token=bindparam("token"))
    # Due again then, should this sender die.
    .values(due_at=bindparam("until"), turn_at=None, attempts=_D.attempts + 1)
    .returning(_D.id, _D.attempts, _D.subscriber, _D.channel, _D.kind, _D.at, _D.created_at, _D.message)
)
_END_ATTEMPT = (
    update(_ATTEMPTS)
    .where(_T.delivery == bindparam("which"), _T.number == bindparam("nth"), _T.ended_at.is_(None))
    .values(ended_at=bindparam("now"), state=bindparam("ended"), line=bindparam("said"))
)
_END = (
    update(_DELIVERIES)
    .where(_D.id == bindparam("which"), _D.lease_token == bindparam("token"))
    .values(state=bindparam("ended"), reason=bindparam("why"), due_at=bindparam("next_at"), sent_at=bindparam("sent"))
    .values(claimed_until=None, lease_until=None, lease_token=None)
    .returning(_D.id)
)
_CHANNEL_KEY = _C.subscriber == bindparam("whose"), _C.channel == bindparam("which")
_CHANNEL = select(_C.free_at, _C.paused_until).where(*_CHANNEL_KEY)
_SNAPSHOTS = select(_S.profile).where(_S.institution == bindparam("whom"))
_NEWEST_BEFORE = _SNAPSHOTS.where(_S.at <= bindparam("upto")).order_by(_S.at.desc()).limit(1)
_FIRST = _SNAPSHOTS.order_by(_S.at).limit(1)
claim_due = Claim(_DELIVERIES, _D.id, _D.due_at).due  # deliveries to send now, expired leases too: see `Claim.due`


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


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is to be written, and the instant of the newest observation behind it."""

    message: Message
    record: Mapping[str, Any]
    observed: datetime | None


def add_deliveries(
    session: Session, written: Sequence[Written], *, now: datetime, claimed_until: datetime | None
) -> None:
    """Writes the rows of messages and which alerts each carries; one already known is left as it is.

    Those to be sent are claimed by the caller until `claimed_until`; None: not claimed.
    """
    insert_new(session, DeliveryRow, [_delivery(each, now, claimed_until) for each in written])
    sent = [each.message for each in written if each.message.held is None]
    subscriber_state.carry(session, ((alert, each.id) for each in sent for alert in each.carries))


def _delivery(each: Written, now: datetime, claimed_until: datetime | None) -> dict[str, Any]:
    held = each.message.held
    state = DeliveryState.PENDING if held is None else DeliveryState.SUPPRESSED
    due = {"due_at": now, "claimed_until": claimed_until} if held is None else {"due_at": None, "claimed_until": None}
    known = {"created_at": now, "observed_at": each.observed, "message": dict(each.record), "attempts": 0}
    return row_of(DeliveryRow, each.message, **known, **due, state=state, reason=held or "")


def add_snapshots(session: Session, shown: Iterable[tuple[str, datetime, bytes]]) -> None:
    """Stores the profiles of institutions as messages of an instant will show them."""
    rows = [{"institution": institution, "at": at, "profile": profile} for institution, at, profile in shown]
    insert_new(session, SnapshotRow, rows)


def snapshot(session: Session, institution: str, at: datetime) -> bytes | None:
    """The newest profile snapshot of the institution not after `at`, else the first one after it."""
    found: bytes | None = session.scalar(_NEWEST_BEFORE, {"whom": institution, "upto": at})
    return found if found is not None else session.scalar(_FIRST, {"whom": institution})


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is due and leased by no sender."""

    id: str
    subscriber: str
    channel: str
    turn_at: datetime | None


def waiting(session: Session, delivery: str, now: datetime) -> Waiting | None:
    """The delivery, locked until the transaction ends; None where it is done, leased by another sender, or not due."""
    row = session.execute(_TO_SEND, {"which": delivery, "now": now}).one_or_none()
    return None if row is None else Waiting(*row)


def turn(session: Session, found: Waiting, gap: timedelta, now: datetime) -> datetime:
    """When it is the delivery's turn in its channel, `gap` after the one before it; not after `now`: at once.

    A later turn is noted and kept: the delivery is due again then. A pause of the channel ends all turns in it.
    """
    key = found.subscriber, found.channel
    if found.turn_at is not None and found.turn_at <= now:
        _, paused = _channel_times(session, *key)
        if paused is None or paused <= now:
            return now
        put_off(session, found.id, paused)
        return paused
    if gap:
        row = _channel(session, *key, now)
        reserved = max(now, row.free_at)
        row.free_at = reserved + gap
    else:
        free_at, _ = _channel_times(session, *key)
        reserved = now if free_at is None else max(now, free_at)
    if reserved > now:
        put_off(session, found.id, reserved, turn_at=reserved)
    return reserved


def _channel_times(session: Session, subscriber: str, channel: str) -> tuple[datetime | None, datetime | None]:
    """When the channel is free, and until when its service asked for a pause."""
    row = session.execute(_CHANNEL, {"whose": subscriber, "which": channel}).one_or_none()
    return (None, None) if row is None else (row.free_at, row.paused_until)


def put_off(session: Session, delivery: str, until: datetime, *, turn_at: datetime | None = None) -> None:
    """Makes a delivery due later, without an attempt. Without `turn_at` it gives back the turn it had."""
    later = update(_DELIVERIES).where(_D.id == delivery)
    session.execute(later.values(due_at=until, claimed_until=None, turn_at=turn_at))


def hold(session: Session, delivery: str, until: datetime) -> None:
    """Leaves a delivery due, to be handed out by no tick before then. It gives back the turn it had."""
    session.execute(update(_DELIVERIES).where(_D.id == delivery).values(claimed_until=until, turn_at=None))


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
    waits = _D.turn_at > after, _D.state.in_(WAITING), _D.due_at.is_not(None)
    return session.scalar(select(func.min(DeliveryRow.turn_at)).where(*waits))


def lease(session: Session, delivery: str, now: datetime, *, seconds: float) -> Leased | None:
    """Takes a delivery and marks the attempt; None where it is done, leased by another sender, or not due."""
    until = now + timedelta(seconds=seconds)
    token = uuid.uuid4().hex
    taken = {"which": delivery, "now": now, "until": until, "token": token}
    row = session.execute(_LEASE, taken).one_or_none()
    if row is None:
        return None
    copy = row.attempts > 1 and _cut_off(session, delivery, now)
    attempt = {"delivery": delivery, "number": row.attempts, "started_at": now, "state": DeliveryState.LEASED}
    insert_all(session, AttemptRow, [attempt | {"line": ""}])
    return record_of(Leased, row, token=token, number=row.attempts, copy=copy)


def recorded(session: Session, delivery: str) -> Leased:
    """A delivery as it was last sent."""
    row = session.get_one(DeliveryRow, delivery)
    return record_of(Leased, row, token="", number=row.attempts, copy=False)


def _cut_off(session: Session, delivery: str, now: datetime) -> bool:
    """Ends the attempts that were cut off; returns whether any attempt may have arrived."""
    ended = {"ended_at": now, "state": DeliveryState.UNKNOWN, "line": "cut off before its end: it may have arrived"}
    session.execute(update(_ATTEMPTS).where(_T.delivery == delivery, _T.ended_at.is_(None)).values(ended))
    unknown = _T.delivery == delivery, _T.state == DeliveryState.UNKNOWN
    return session.scalar(select(_T.id).where(*unknown).limit(1)) is not None


def suppress(session: Session, delivery: str, reason: str) -> None:
    """Suppresses a delivery that was waiting to be sent."""
    ended = {"due_at": None, "claimed_until": None, "turn_at": None}
    held_back = update(_DELIVERIES).where(_D.id == delivery)
    session.execute(held_back.values(state=DeliveryState.SUPPRESSED.value, reason=reason, **ended))


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
    """Marks the end of an attempt; False where the lease had run out and another sender has the row.

    Such an attempt stays `unknown`, as the other sender marked it: that one may have sent a copy.
    """
    ended = {"which": leased.id, "ended": state.value}
    session.execute(_END_ATTEMPT, {**ended, "nth": leased.number, "now": now, "said": line})
    sent = now if state is DeliveryState.SENT else None
    ended_row = session.scalar(_END, {**ended, "token": leased.token, "why": reason, "next_at": next_at, "sent": sent})
    return ended_row is not None


# --- by hand -----------------------------------------------------------------------------------------------


def find_delivery(session: Session, prefix: str) -> DeliveryRow | None:
    """The delivery of this id, or the only one that begins so; locked until the transaction ends."""
    named_so = select(DeliveryRow).where(DeliveryRow.id.startswith(prefix, autoescape=True)).order_by(DeliveryRow.id)
    found = session.scalars(named_so.limit(2).with_for_update()).all() if prefix else []
    return found[0] if found and (len(found) == 1 or found[0].id == prefix) else None


def revive(session: Session, delivery: str, now: datetime) -> bool:
    """Makes a delivery due now; False where it is not one of those that can be sent again."""
    revive_it = update(DeliveryRow).where(DeliveryRow.id == delivery, DeliveryRow.state.in_(AGAIN))
    due_now = {"state": DeliveryState.PENDING, "reason": "", "due_at": now, "claimed_until": None}
    return session.scalar(revive_it.values(due_now).returning(DeliveryRow.id)) is not None


def dead_letters(session: Session, subscriber: str | None = None) -> list[str]:
    """The ids of the deliveries that were given up, the oldest first."""
    asked = equal((DeliveryRow.state, DeliveryState.DEAD), (DeliveryRow.subscriber, subscriber))
    query = select(DeliveryRow.id).where(*asked).order_by(DeliveryRow.created_at, DeliveryRow.id)
    return list(session.scalars(query))
