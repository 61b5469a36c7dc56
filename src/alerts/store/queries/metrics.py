"""Numbers for metrics: counted by the database, never row by row."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.store.schema import AlertRow, CaseRow, DeliveryRow, SourceRow

RECENT: Final = timedelta(hours=1)
SAMPLE: Final = 1000


def source_numbers(session: Session, now: datetime) -> dict[str, float]:
    """How many sources are polled and failing, and how late the latest one is (seconds)."""
    failing = func.count().filter(SourceRow.error_streak > 0)
    asked = select(func.count(), failing, func.min(SourceRow.next_poll_at)).where(SourceRow.active.is_(True))
    active, failed, due = tuple[int, int, datetime | None](session.execute(asked).one())
    return {"active": active, "failing": failed, "lag": 0.0 if due is None else max(0.0, (now - due).total_seconds())}


def by_outcome(session: Session, table: type[AlertRow | DeliveryRow]) -> list[tuple[str, str, int]]:
    """How many alerts or deliveries there are of each state and reason."""
    rows = session.execute(select(table.state, table.reason, func.count()).group_by(table.state, table.reason))
    return [(state, reason, count) for state, reason, count in rows]


def newest_id(session: Session, table: type) -> int:
    """The newest row id of a table whose ids count up: how many rows there ever were, without counting them."""
    return session.scalar(select(func.max(table.id))) or 0  # type: ignore[attr-defined]


def tracked(session: Session) -> int:
    """Institutions about which anything was ever found."""
    return session.scalar(select(func.count()).select_from(CaseRow)) or 0


def dwell_times(session: Session, now: datetime) -> Sequence[float]:
    """Seconds from observation to the receiver of the messages sent within the last hour, at most a sample."""
    observed, sent = DeliveryRow.observed_at, DeliveryRow.sent_at
    recent = DeliveryRow.created_at >= now - RECENT, sent.is_not(None), observed.is_not(None)
    newest = select(observed, sent).where(*recent).order_by(DeliveryRow.created_at.desc()).limit(SAMPLE)
    rows = session.execute(newest).all()
    return [(sent - observed).total_seconds() for observed, sent in rows if observed is not None and sent is not None]
