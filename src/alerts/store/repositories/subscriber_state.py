"""What each subscriber's router remembers between two events."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from alerts.model.alert import Alert, DeliveryState
from alerts.routing.alerts import Kind, Message, reference
from alerts.routing.state import NOTHING_KNOWN, Carried, Knowledge, RouterState
from alerts.store.claims import Claim
from alerts.store.schema import CarriedRow, DeliveryRow, DeskRow, WatchRow, table_of
from alerts.store.upsert import SOME, Many, chunks, insert_new, rows_of, upsert

_DESKS = table_of(DeskRow)
_W = table_of(WatchRow).c
_CARRIED = table_of(CarriedRow)
_D = table_of(DeliveryRow).c

_WATCHES = select(_W.subscriber, _W.institution, _W.state).where(
    _W.subscriber.in_(SOME), _W.institution.in_(Many("institution_ids"))
)
_IN_TURN = (
    select(
        *(_W.subscriber, _W.institution, _W.due_at),
        func.row_number().over(partition_by=_W.subscriber, order_by=_W.due_at).label("place"),
    )
    .where(_W.subscriber.in_(SOME), _W.due_at.is_not(None))
    .subquery()
)
_FIRST_REMINDERS = select(_IN_TURN).where(_IN_TURN.c.place == 1)
_REMINDERS = select(_W.institution).where(_W.subscriber == bindparam("subscriber_id"), _W.due_at <= bindparam("at"))
_ARRIVED = _CARRIED.c.alert == bindparam("alert"), _D.state != DeliveryState.DEAD.value
_CARRIED_BY = select(_D.kind, _D.channel).join(_CARRIED, _CARRIED.c.delivery == _D.id).where(*_ARRIVED)
_STATE = select(_DESKS.c.state).where(_DESKS.c.subscriber == bindparam("subscriber_id"))
_STATES = select(_DESKS.c.subscriber, _DESKS.c.state).where(_DESKS.c.subscriber.in_(SOME))
_LOCKED = _STATES.add_columns(_DESKS.c.due_at).order_by(_DESKS.c.subscriber).with_for_update()
_WITH_MUTED = _STATES.where(_DESKS.c.state.contains('"muted":{"'))  # most have none: their states are not read
claim_due = Claim(_DESKS, _DESKS.c.subscriber, _DESKS.c.due_at).due  # subscribers with something due: see `Claim.due`


@dataclass(slots=True)
class SqlNotifications:
    """The notifications of one subscriber within one transaction; pass them to `save` before it ends.

    What it knows of an institution is one row, of all axes together: an assessment mostly moves several. `first` is the
    institution whose stored row is due first, if any; None: not known, as something was written since."""

    session: Session
    subscriber: str
    known: dict[str, Knowledge] = field(default_factory=dict)  # by institution, as far as it was read
    first: list[tuple[str, datetime]] | None = None
    _changed: set[str] = field(default_factory=set)
    _new: dict[str, set[Carried]] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, watched: Mapping[str, Collection[str]]) -> "dict[str, SqlNotifications]":
        """The notifications of some subscribers; those about the institutions given for each are read together."""
        known = {subscriber: dict.fromkeys(about, NOTHING_KNOWN) for subscriber, about in watched.items()}
        first: dict[str, list[tuple[str, datetime]]] = {subscriber: [] for subscriber in watched}
        for some in chunks(sorted(watched)):
            if about := sorted({each for subscriber in some for each in watched[subscriber]}):
                for row in session.execute(_WATCHES, {"some": some, "institution_ids": about}):
                    known[row.subscriber][row.institution] = Knowledge.from_json(row.state)
            for row in session.execute(_FIRST_REMINDERS, {"some": some}):
                first[row.subscriber].append((row.institution, row.due_at))
        return {each: cls(session, each, known[each], first[each]) for each in watched}

    def knowledge(self, institution: str) -> Knowledge:
        if institution not in self.known:
            asked = {"some": [self.subscriber], "institution_ids": [institution]}
            row = self.session.execute(_WATCHES, asked).one_or_none()
            self.known[institution] = NOTHING_KNOWN if row is None else Knowledge.from_json(row.state)
        return self.known[institution]

    def keep(self, institution: str, knowledge: Knowledge) -> None:
        if knowledge is not self.knowledge(institution):
            self.known[institution] = knowledge
            self._changed.add(institution)

    def changed(self) -> list[dict[str, Any]]:
        """The rows of what was kept."""
        kept = ((each, self.known[each]) for each in sorted(self._changed))
        return [
            {"subscriber": self.subscriber, "institution": each, "state": known.to_json(), "due_at": known.due}
            for each, known in kept
        ]

    def flush(self) -> None:
        """Writes what was kept."""
        if self._changed:
            upsert(self.session, WatchRow, self.changed())
            self._changed.clear()
            self.first = None

    def next_reminder(self) -> datetime | None:
        if self.first is None or any(each in self._changed for each, _ in self.first):
            self.flush()
            rows = self.session.execute(_FIRST_REMINDERS, {"some": [self.subscriber]})
            self.first = [(row.institution, row.due_at) for row in rows]
        changed = (due for each in self._changed if (due := self.known[each].due) is not None)
        return min((*changed, *(due for _, due in self.first)), default=None)

    def reminders(self, at: datetime) -> Sequence[str]:
        self.flush()
        return list(self.session.scalars(_REMINDERS, {"subscriber_id": self.subscriber, "at": at}))

    def carry(self, message: Message) -> None:
        for alert in message.carries:
            self._new.setdefault(alert, set()).add(Carried(message.kind, message.channel))

    def carried(self, alert: Alert) -> frozenset[Carried]:
        rows = self.session.execute(_CARRIED_BY, {"alert": alert.id})
        new = (self._new.get(name, set()) for name in (alert.id, reference(alert)))
        return frozenset({Carried(Kind(kind), channel) for kind, channel in rows}.union(*new))


def lock(session: Session, subscribers: Iterable[str]) -> dict[str, tuple[str, datetime | None]]:
    """The texts of the states of some subscribers, and when something of each is due next; locked until the transaction
    ends in the order of their ids.

    One order, so that two workers cannot wait for each other."""
    ids = sorted(subscribers)
    known = {who: (state, due) for who, state, due in rows_of(session, _LOCKED, ids)}
    if missing := [each for each in ids if each not in known]:
        fresh = {"state": RouterState().to_json(), "due_at": None, "claimed_until": None}
        insert_new(session, DeskRow, [{"subscriber": each, **fresh} for each in missing])
        known |= {who: (state, due) for who, state, due in rows_of(session, _LOCKED, missing)}
    return {each: known[each] for each in ids}


def peek(session: Session, subscriber: str) -> RouterState:
    """The subscriber's state, without a lock: to read, not to change."""
    state = session.scalar(_STATE, {"subscriber_id": subscriber})
    return RouterState() if state is None else RouterState.from_json(state)


def muted(session: Session, subscribers: Iterable[str]) -> set[tuple[str, str]]:
    """The channels that some subscribers have unsubscribed, as pairs of subscriber and channel."""
    found = session.execute(_WITH_MUTED, {"some": sorted(set(subscribers))})
    return {(subscriber, channel) for subscriber, state in found for channel in RouterState.from_json(state).muted}


def save(
    session: Session, states: Mapping[str, tuple[str, datetime | None]], notifications: Iterable[SqlNotifications] = ()
) -> None:
    """Writes what the routers of some subscribers remember, and when something of each is due next."""
    upsert(session, WatchRow, [row for each in notifications for row in each.changed()])
    saved = ({"subscriber": who, "state": state, "due_at": due} for who, (state, due) in states.items())
    upsert(session, DeskRow, [row | {"claimed_until": None} for row in saved])


def due_by(session: Session, until: datetime) -> list[str]:
    """Subscribers with something due until then."""
    query = select(_DESKS.c.subscriber).where(_DESKS.c.due_at <= until).order_by(_DESKS.c.subscriber)
    return list(session.scalars(query))


def carry(session: Session, carried: Iterable[tuple[str, str]]) -> None:
    """Records which delivery carries which alert."""
    rows = [{"alert": alert, "delivery": delivery} for alert, delivery in sorted(set(carried))]
    insert_new(session, CarriedRow, rows)
