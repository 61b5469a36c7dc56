"""The outbox: deliveries, leases, attempts."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, case, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from alerts.channels.result import SendResult
from alerts.model.alert import DeliveryState
from alerts.model.fields import grouped, record_of
from alerts.routing.alerts import Message
from alerts.store.claims import Claim
from alerts.store.repositories import subscriber_state
from alerts.store.schema import AttemptRow, ChannelRow, DeliveryRow, SnapshotRow, ThreadRow, table_of
from alerts.store.upsert import SOME, equal, insert_all, insert_new, upsert

WAITING = (DeliveryState.PENDING.value, DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value)
"""The states of a delivery that is still to be sent."""
AGAIN = (DeliveryState.DEAD.value, DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value)
"""The states from which a delivery can be sent again: it did not arrive, or may not have."""

_DELIVERIES = table_of(DeliveryRow)
_ATTEMPTS = table_of(AttemptRow)
_D, _T = _DELIVERIES.c, _ATTEMPTS.c
_S = table_of(SnapshotRow).c

# Rows are locked in the order of their ids, so that two senders cannot wait for each other.
_SOME_BY_ID = select(_D.id, _D.subscriber, _D.channel, _D.turn_at).where(_D.id.in_(SOME)).order_by(_D.id)
_HOLDERS = _SOME_BY_ID.with_only_columns(_D.id, _D.lease_token).with_for_update()
# Due, and leased by no sender.
_FREE = (
    _D.due_at <= bindparam("now"),
    or_(_D.state.in_(WAITING), (_D.state == DeliveryState.LEASED.value) & (_D.lease_until <= bindparam("now"))),
)
_TO_SEND = _SOME_BY_ID.where(*_FREE).with_for_update()
_LEASE = (
    update(_DELIVERIES)
    .where(_D.id.in_(SOME), *_FREE)
    .values(state=DeliveryState.LEASED.value, lease_until=bindparam("until"), lease_token=bindparam("token"))
    # Due again then, should this sender die.
    .values(due_at=bindparam("until"), turn_at=None, attempts=_D.attempts + 1)
    .returning(_D.id, _D.attempts, _D.subscriber, _D.channel, _D.kind, _D.at, _D.created_at, _D.message)
)
_OPEN = _T.delivery.in_(SOME), _T.ended_at.is_(None)
_CLOSE = (
    update(_ATTEMPTS).where(*_OPEN).values(ended_at=bindparam("now"), state=bindparam("ended"), line=bindparam("said"))
)
_UNDO = delete(_ATTEMPTS).where(*_OPEN)
_LET_GO = (
    update(_DELIVERIES)
    .where(_D.id.in_(SOME))
    .values(due_at=bindparam("next_at"), claimed_until=None, lease_until=None, lease_token=None)
)
_END = _LET_GO.values(state=bindparam("ended"), reason=bindparam("why"), sent_at=bindparam("sent"))
_GIVE_BACK = _LET_GO.values(
    state=case((_D.attempts == 1, DeliveryState.PENDING.value), else_=DeliveryState.FAILED.value),
    attempts=_D.attempts - 1,
)
_PUT_OFF = (
    update(_DELIVERIES)
    .where(_D.id == bindparam("which"))
    .values(due_at=bindparam("until"), claimed_until=None, turn_at=bindparam("turn"))
)
_HOLD = update(_DELIVERIES).where(_D.id.in_(_TO_SEND.with_only_columns(_D.id))).returning(_D.id)
_HOLD = _HOLD.values(claimed_until=bindparam("until"), turn_at=None)
_CHANNEL_KEY = ChannelRow.subscriber, ChannelRow.channel
_CHANNELS = select(ChannelRow).where(tuple_(*_CHANNEL_KEY).in_(SOME)).order_by(*_CHANNEL_KEY).with_for_update()
_SNAPSHOTS = select(_S.profile).where(_S.institution == bindparam("whom"))
_NEWEST_BEFORE = _SNAPSHOTS.where(_S.at <= bindparam("upto")).order_by(_S.at.desc()).limit(1)
_FIRST = _SNAPSHOTS.order_by(_S.at).limit(1)
# What a sender needs of a message (its alerts are rows of their own), with the values that a row leaves out.
_DEFAULTS: Final = {"alerts": [], "reminders": [], "superseded": [], "standing": [], "more": 0, "detail": ""}
claim_due = Claim(_DELIVERIES, _D.id, _D.due_at).due  # deliveries to send now, expired leases too: see `Claim.due`


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery in the hands of one sender. `number` counts its attempts from 1.

    `copy`: an earlier attempt was cut off or got no answer, so its message may have arrived."""

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


class Written(NamedTuple):
    """A message to be written, the instant of the newest observation behind it, and what else its sender must know.

    Until `claimed_until` it is in the hands of who writes it; None: the next tick hands it out."""

    message: Message
    observed: datetime | None = None
    more: Mapping[str, Any] = MappingProxyType({})
    claimed_until: datetime | None = None


def add_deliveries(session: Session, written: Sequence[Written], *, now: datetime) -> None:
    """Writes the rows of messages and which alerts each carries; one already known is left as it is."""
    insert_new(session, DeliveryRow, [_delivery(each, now) for each in written])
    sent = [each.message for each in written if each.message.held is None]
    subscriber_state.carry(session, ((alert, each.id) for each in sent for alert in each.carries))


def _delivery(each: Written, now: datetime) -> dict[str, Any]:
    held = each.message.held
    state = DeliveryState.PENDING if held is None else DeliveryState.SUPPRESSED
    due = {"due_at": now if held is None else None, "claimed_until": each.claimed_until}
    message = {name: said for name in _DEFAULTS if (said := getattr(each.message, name))}
    known = {name: getattr(each.message, name) for name in ("id", "subscriber", "channel", "kind", "at")}
    known |= {"created_at": now, "observed_at": each.observed, "message": {**message, **each.more}, "attempts": 0}
    return {**known, **due, "state": state, "reason": held or ""}


def add_snapshots(session: Session, shown: Iterable[tuple[str, datetime, bytes]]) -> None:
    """Stores the profiles of institutions as messages of an instant will show them."""
    rows = [{"institution": institution, "at": at, "profile": profile} for institution, at, profile in shown]
    insert_new(session, SnapshotRow, rows)


def snapshot(session: Session, institution: str, at: datetime) -> bytes | None:
    """The newest profile snapshot of the institution not after `at`, else the first one after it."""
    found: bytes | None = session.scalar(_NEWEST_BEFORE, {"whom": institution, "upto": at})
    return found if found is not None else session.scalar(_FIRST, {"whom": institution})


def channels(session: Session, some: Collection[str]) -> dict[str, tuple[str, str]]:
    """Subscriber and channel of some deliveries by id."""
    return {row.id: (row.subscriber, row.channel) for row in session.execute(_SOME_BY_ID, {"some": some})}


def waiting(session: Session, some: Collection[str], now: datetime) -> Sequence[Any]:
    """The id, subscriber, channel and turn of those of some deliveries that are not done, not leased by another sender,
    and due; locked until the transaction ends."""
    return session.execute(_TO_SEND, {"some": some, "now": now}).all()


def take_turns(session: Session, gaps: Mapping[Any, timedelta], now: datetime) -> list[str]:
    """Of `waiting` deliveries those whose turn it is in their channel, each message the `gap` after the one before it.

    A later turn is noted and kept: the delivery is due again then. A pause of the channel ends all turns in it."""
    to = {each: (each.subscriber, each.channel) for each in gaps}
    rows = _channels(session, {*to.values()}, {to[each] for each, gap in gaps.items() if gap}, now)
    due, later = [], []
    for each, gap in gaps.items():
        row = rows.get(to[each])
        in_turn = each.turn_at is not None and each.turn_at <= now
        free_at = None if row is None else row.paused_until if in_turn else row.free_at
        turn = max(now, free_at or now)
        if row is not None and gap and not in_turn:
            row.free_at = turn + gap
        if turn > now:
            later.append({"which": each.id, "until": turn, "turn": None if in_turn else turn})
        else:
            due.append(each.id)
    if later:
        session.execute(_PUT_OFF, later)
    return due


def put_off(session: Session, until: Mapping[str, datetime]) -> None:
    """Makes deliveries due later, without an attempt. They give back the turns they had."""
    if until:
        session.execute(_PUT_OFF, [{"which": each, "until": at, "turn": None} for each, at in until.items()])


def hold(session: Session, some: Collection[str], now: datetime, until: datetime) -> set[str]:
    """Those of some deliveries that wait, to be handed out by no tick before then. They give back their turns."""
    return set(session.scalars(_HOLD, {"some": some, "now": now, "until": until}))


def thread(session: Session, leased: Leased, about: str) -> str:
    """The message in the delivery's channel that others about the same go under; empty before the first one."""
    row = session.get(ThreadRow, (leased.subscriber, leased.channel, about))
    return "" if row is None else row.posted


def begin_thread(session: Session, leased: Leased, about: str, posted: str, now: datetime) -> None:
    key = {"subscriber": leased.subscriber, "channel": leased.channel, "about": about}
    upsert(session, ThreadRow, [{**key, "posted": posted, "at": now}])


def pause(session: Session, leased: Leased, until: datetime) -> None:
    """Takes no further message into a channel until then: its service asks for that."""
    key = leased.subscriber, leased.channel
    row = _channels(session, {key}, {key}, until)[key]
    row.free_at = max(row.free_at, until)
    row.paused_until = until if row.paused_until is None else max(row.paused_until, until)


def _channels(
    session: Session, keys: Collection[tuple[str, str]], needed: Collection[tuple[str, str]], free_at: datetime
) -> dict[tuple[str, str], ChannelRow]:
    """The rows of channels, locked until the transaction ends; a `needed` one that is new is free at an instant."""
    columns = {"free_at": free_at, "paused_until": None}
    fresh = [{"subscriber": subscriber, "channel": channel, **columns} for subscriber, channel in sorted(needed)]
    insert_new(session, ChannelRow, fresh)
    return {(row.subscriber, row.channel): row for row in session.scalars(_CHANNELS, {"some": list(keys)})}


def next_turn(session: Session, after: datetime) -> datetime | None:
    """The first turn that a delivery waits for."""
    waits = _D.turn_at > after, _D.state.in_(WAITING), _D.due_at.is_not(None)
    return session.scalar(select(func.min(DeliveryRow.turn_at)).where(*waits))


def lease(session: Session, some: Collection[str], now: datetime, *, seconds: float) -> list[Leased]:
    """Takes deliveries and marks an attempt of each; those done, leased by another sender, or not due are left out."""
    until, token = now + timedelta(seconds=seconds), uuid.uuid4().hex
    rows = session.execute(_LEASE, {"some": some, "now": now, "until": until, "token": token}).all()
    copies = _cut_off(session, [row.id for row in rows if row.attempts > 1], now)
    begun = {"started_at": now, "state": DeliveryState.LEASED, "line": ""}
    insert_all(session, AttemptRow, [{**begun, "delivery": row.id, "number": row.attempts} for row in rows])
    taken = [_leased(row, token, copy=row.id in copies) for row in rows]
    return sorted(taken, key=lambda each: (each.created_at, each.at, each.id))


def _leased(row: Any, token: str, *, copy: bool) -> Leased:
    return record_of(Leased, row, token=token, number=row.attempts, message=_DEFAULTS | row.message, copy=copy)


def recorded(session: Session, delivery: str) -> Leased:
    """A delivery as it was last sent."""
    return _leased(session.get_one(DeliveryRow, delivery), "", copy=False)


def _cut_off(session: Session, some: Collection[str], now: datetime) -> set[str]:
    """Ends the attempts that were cut off; the deliveries of which any attempt may have arrived."""
    if not some:
        return set()
    ended = {"ended_at": now, "state": DeliveryState.UNKNOWN, "line": "cut off before its end: it may have arrived"}
    session.execute(update(_ATTEMPTS).where(_T.delivery.in_(some), _T.ended_at.is_(None)).values(ended))
    unknown = _T.delivery.in_(some), _T.state == DeliveryState.UNKNOWN
    return set(session.scalars(select(_T.delivery).where(*unknown)))


def suppress(session: Session, some: Collection[str], reason: str) -> None:
    """Suppresses deliveries that were waiting to be sent."""
    ended = {"due_at": None, "claimed_until": None, "turn_at": None}
    held_back = update(_DELIVERIES).where(_D.id.in_(some))
    session.execute(held_back.values(state=DeliveryState.SUPPRESSED.value, reason=reason, **ended))


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an attempt: what becomes of the delivery, and when it is tried again."""

    leased: Leased
    result: SendResult
    state: DeliveryState
    next_at: datetime | None


def finish(session: Session, ended: Sequence[Ended], now: datetime, others: Sequence[Leased] = ()) -> set[str]:
    """Marks the ends of attempts; the deliveries of which the lease had not run out and gone to another sender.

    The attempts of the rest stay `unknown`, as the other sender marked them: that one may have sent a copy. `others`
    are given back: their sending has not begun. What ended alike is marked together."""
    tokens = {each.id: each.token for each in [*(each.leased for each in ended), *others]}
    locked = session.execute(_HOLDERS, {"some": list(tokens)})
    held = {row.id for row in locked if row.lease_token == tokens[row.id]}
    alike = grouped(((each.result, each.state, each.next_at), each.leased.id) for each in ended)
    for (result, state, next_at), ids in alike.items():
        some = {"some": [each for each in ids if each in held], "ended": state.value}
        session.execute(_CLOSE, {**some, "now": now, "said": result.line})
        sent = now if state is DeliveryState.SENT else None
        session.execute(_END, {**some, "why": result.reason.value, "next_at": next_at, "sent": sent})
    if back := [each.id for each in others if each.id in held]:
        session.execute(_UNDO, {"some": back})
        session.execute(_GIVE_BACK, {"some": back, "next_at": now})
    return held


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
