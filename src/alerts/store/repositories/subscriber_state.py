"""What each subscriber's router remembers between two events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from alerts.model.alert import DeliveryState
from alerts.model.level import Axis
from alerts.routing.alerts import Kind, Message
from alerts.routing.state import Carried, RouterState, WatchKey, WatchState
from alerts.store.claims import Claim
from alerts.store.schema import CarriedRow, DeliveryRow, DeskRow, WatchRow, table_of
from alerts.store.upsert import SOME, insert_new, upsert

_DESKS = table_of(DeskRow)
_W = table_of(WatchRow).c
_CARRIED = table_of(CarriedRow)
_DELIVERIES = table_of(DeliveryRow)

_WATCHES = select(_W.institution, _W.axis, _W.state).where(_W.subscriber == bindparam("whose"))
_WATCHES_OF = _WATCHES.where(_W.institution.in_(SOME))
_WATCH = _WATCHES.where(_W.institution == bindparam("whom"), _W.axis == bindparam("on"))
_FIRST_REMINDER = (
    select(_W.institution, _W.axis, _W.due_at)
    .where(_W.subscriber == bindparam("whose"), _W.due_at.is_not(None))
    .order_by(_W.due_at)
    .limit(1)
)
_REMINDERS = (
    select(_W.institution, _W.axis)
    .where(_W.subscriber == bindparam("whose"), _W.due_at <= bindparam("at"))
    .order_by(_W.institution, _W.axis)
)
_CARRIED_BY = (
    select(_DELIVERIES.c.kind, _DELIVERIES.c.channel)
    .join(_CARRIED, _CARRIED.c.delivery == _DELIVERIES.c.id)
    .where(_CARRIED.c.alert == bindparam("told"), _DELIVERIES.c.state != DeliveryState.DEAD.value)
)
_STATE = select(_DESKS.c.state).where(_DESKS.c.subscriber == bindparam("whose"))
_LOCKED = _STATE.with_for_update()
_SAVE = (
    update(_DESKS)
    .where(_DESKS.c.subscriber == bindparam("whose"))
    .values(state=bindparam("new_state"), due_at=bindparam("due"), claimed_until=None)
)
_NONE_MUTED = '"muted":{}'
claim_due = Claim.of(_DESKS, _DESKS.c.subscriber, _DESKS.c.due_at).due
"""Subscribers with something due now: see `Claim.due`."""


class SqlNotifications:
    """The notifications of one subscriber, within one transaction.

    Reads what it knows of some institutions at once, and writes at the end: call `flush` before the commit.
    """

    def __init__(self, session: Session, subscriber: str, institutions: Collection[str] = ()) -> None:
        self._session = session
        self._subscriber = subscriber
        self._new: dict[str, set[Carried]] = {}
        self._whole = frozenset(institutions)
        self._asked: set[WatchKey] = set()
        self._known: dict[WatchKey, WatchState] = {}
        self._changed: dict[WatchKey, WatchState] = {}
        self._first: tuple[WatchKey, datetime] | None = None
        self._looked = False
        if self._whole:
            self._read(_WATCHES_OF, {"some": sorted(self._whole)})

    def watch(self, key: WatchKey) -> WatchState:
        if key.institution not in self._whole and key not in self._asked:
            self._asked.add(key)
            self._read(_WATCH, {"whom": key.institution, "on": _axis(key)})
        return self._known.get(key) or WatchState()

    def _read(self, query: Select[Any], which: dict[str, Any]) -> None:
        for institution, axis, state in self._session.execute(query, {"whose": self._subscriber, **which}):
            key = WatchKey(institution, Axis(axis) if axis else None)
            self._known[key] = WatchState.from_json(state)

    def keep(self, key: WatchKey, watch: WatchState) -> None:
        self._asked.add(key)
        self._known[key] = self._changed[key] = watch

    def flush(self) -> None:
        """Writes what was kept."""
        rows = [
            {
                "subscriber": self._subscriber,
                "institution": key.institution,
                "axis": _axis(key),
                "state": watch.to_json(),
                "due_at": watch.due,
            }
            for key, watch in self._changed.items()
        ]
        upsert(self._session, WatchRow, rows)
        if rows:
            self._changed.clear()
            self._first, self._looked = None, False

    def next_reminder(self) -> datetime | None:
        if self._first is not None and self._first[0] in self._changed:
            self.flush()
        if not self._looked:
            self.flush()
            self._first, self._looked = self._stored_first(), True
        dues = [each.due for each in self._changed.values() if each.due is not None]
        return min([*dues, *([] if self._first is None else [self._first[1]])], default=None)

    def _stored_first(self) -> tuple[WatchKey, datetime] | None:
        """The stored watch that is due first: good until it is changed or something is written."""
        row = self._session.execute(_FIRST_REMINDER, {"whose": self._subscriber}).first()
        if row is None:
            return None
        return WatchKey(row.institution, Axis(row.axis) if row.axis else None), row.due_at

    def reminders(self, at: datetime) -> Sequence[WatchKey]:
        self.flush()
        rows = self._session.execute(_REMINDERS, {"whose": self._subscriber, "at": at})
        return [WatchKey(institution, Axis(axis) if axis else None) for institution, axis in rows]

    def carry(self, message: Message) -> None:
        for alert in message.carries:
            self._new.setdefault(alert, set()).add(Carried(message.kind, message.channel))

    def carried(self, alert: str) -> frozenset[Carried]:
        rows = self._session.execute(_CARRIED_BY, {"told": alert})
        return frozenset({Carried(Kind(kind), channel) for kind, channel in rows} | self._new.get(alert, set()))


def _axis(key: WatchKey) -> str:
    return key.axis.value if key.axis is not None else ""


def lock(session: Session, subscriber: str) -> RouterState:
    """The subscriber's state, locked until the transaction ends.

    Lock several in the order of their ids, or two workers wait for each other.
    """
    state = session.scalar(_LOCKED, {"whose": subscriber})
    if state is None:
        fresh = {"subscriber": subscriber, "state": RouterState().to_json(), "due_at": None, "claimed_until": None}
        insert_new(session, DeskRow, [fresh])
        state = session.scalar(_LOCKED, {"whose": subscriber})
    return RouterState() if state is None else RouterState.from_json(state)


def peek(session: Session, subscriber: str) -> RouterState:
    """The subscriber's state, without a lock: to read, not to change."""
    state = session.scalar(_STATE, {"whose": subscriber})
    return RouterState() if state is None else RouterState.from_json(state)


def is_muted(session: Session, subscriber: str, channel: str) -> bool:
    """Whether the subscriber has unsubscribed the channel."""
    state = session.scalar(_STATE, {"whose": subscriber})
    if state is None or _NONE_MUTED in state:  # most have none: not worth reading the whole state
        return False
    return channel in RouterState.from_json(state).muted


def save(session: Session, subscriber: str, state: RouterState, due: datetime | None) -> None:
    session.execute(_SAVE, {"whose": subscriber, "new_state": state.to_json(), "due": due})


def due_by(session: Session, until: datetime) -> list[str]:
    """Subscribers with something due until then."""
    query = select(_DESKS.c.subscriber).where(_DESKS.c.due_at <= until).order_by(_DESKS.c.subscriber)
    return list(session.scalars(query))


def carry(session: Session, carried: Iterable[tuple[str, str]]) -> None:
    """Records which delivery carries which alert."""
    insert_new(
        session, CarriedRow, [{"alert": alert, "delivery": delivery} for alert, delivery in sorted(set(carried))]
    )
