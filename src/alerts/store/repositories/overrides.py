"""Manual overrides (deliveries sent again, sources released, resumed or polled sooner), and the audit trail of them."""

import secrets
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts.feeds.state import FeedState
from alerts.model.alert import DeliveryState
from alerts.model.times import micros
from alerts.store import system_state
from alerts.store.schema import DeliveryRow, FactRow, SourceRow
from alerts.store.upsert import equal

AGAIN = (DeliveryState.DEAD.value, DeliveryState.FAILED.value, DeliveryState.UNKNOWN.value)
"""The states from which a delivery can be sent again: it did not arrive, or may not have."""


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


def free_source(session: Session, source: str, now: datetime) -> FeedState | None:
    """What is remembered of a source, locked; None where there is no such source or it is being polled."""
    row = session.scalar(select(SourceRow).where(SourceRow.id == source).with_for_update())
    if row is None or (row.lease_until is not None and row.lease_until > now):
        return None
    return FeedState.from_json(row.state)


def poll_now(session: Session, source: str, state: FeedState, now: datetime) -> None:
    """Makes a source due now, with this state."""
    poll = update(SourceRow).where(SourceRow.id == source)
    session.execute(poll.values(state=state.to_json(), next_poll_at=now, claimed_until=None))


def hasten(session: Session, source: str, at: datetime) -> bool:
    """Makes a source due at `at`, if it is polled and was not due before."""
    later = update(SourceRow).where(SourceRow.id == source, SourceRow.active.is_(True), SourceRow.next_poll_at > at)
    return session.scalar(later.values(next_poll_at=at, claimed_until=None).returning(SourceRow.id)) is not None


def record(session: Session, at: datetime, who: str, what: str, about: str) -> None:
    """Adds to the audit trail who did what, and to what, in the transaction that does it. Nothing is ever changed
    there; retention removes what is old."""
    name = f"{system_state.ACT}{micros(at)}/{secrets.token_hex(4)}"
    system_state.put(session, name, at, {"who": who, "what": what, "about": about})


def recorded(session: Session, limit: int) -> list[tuple[datetime, str, str, str]]:
    """The newest acts of the audit trail, the newest first: when, who, what, and to what."""
    acts = select(FactRow.at, FactRow.value).where(FactRow.name.startswith(system_state.ACT))
    newest_first = session.execute(acts.order_by(FactRow.name.desc()).limit(limit))
    return [(at, value["who"], value["what"], value["about"]) for at, value in newest_first]
