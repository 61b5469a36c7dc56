"""Sessions of people who signed in to the pages."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.store.schema import SessionRow
from alerts.store.upsert import insert_all, row_of


@dataclass(frozen=True, slots=True)
class WebSession:
    """`groups` are those that the sign-on named, `credential` identifies the token or the provider that vouched."""

    id: str
    person: str
    groups: tuple[str, ...]
    credential: str
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    request: str | None = None


def add(session: Session, made: WebSession) -> None:
    """Raises IntegrityError where another session answered the same sign-in request."""
    insert_all(session, SessionRow, [row_of(SessionRow, made)])


def get(session: Session, session_id: str) -> WebSession | None:
    row = session.get(SessionRow, session_id)
    return None if row is None else _record(row)


def recent(session: Session, since: datetime) -> list[WebSession]:
    """The sessions that had not ended at an instant, the newest first."""
    query = select(SessionRow).where(SessionRow.ends_at > since).order_by(SessionRow.started_at.desc(), SessionRow.id)
    return [_record(row) for row in session.scalars(query)]


def note(session: Session, session_id: str, now: datetime) -> None:
    """Records that a session is in use."""
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=now))


def end(session: Session, which: str, now: datetime) -> int:
    """Ends the sessions whose id begins so, or that are of this person; how many there were."""
    about = or_(SessionRow.id.startswith(which, autoescape=True), SessionRow.person == which)
    ended = update(SessionRow).where(about, SessionRow.ends_at > now).values(ends_at=now).returning(SessionRow.id)
    return len(session.execute(ended).all())


def _record(row: SessionRow) -> WebSession:
    return record_of(WebSession, row, groups=tuple(row.groups))
