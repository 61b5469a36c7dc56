"""Sessions of people who signed in to the pages: they end when unused, after a time, or when somebody ends them.

The cookie holds a random token, the database a keyed digest of it: a copy of the database opens no session, and
another key (of another ALERTS_SECRET) ends all of them."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.store.schema import SessionRow
from alerts.store.upsert import insert_new, row_of

LASTING: Final = timedelta(hours=12)  # from the sign-in, however much a session is used
IDLE: Final = timedelta(hours=2)  # without a request
NOTED: Final = timedelta(minutes=5)  # how exactly the last request is recorded, so that few requests write


@dataclass(frozen=True, slots=True)
class WebSession:
    """`groups` are those that the sign-on named, `credential` identifies the token or the provider that vouched."""

    id: str
    person: str
    groups: Sequence[str]
    credential: str
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    request: str | None = None


def begin(
    session: Session,
    key: bytes,
    now: datetime,
    *,
    person: str,
    credential: str,
    groups: Sequence[str] = (),
    request: str | None = None,
) -> str:
    """Records a new session; what its cookie holds, empty where `request` was answered before."""
    token = secrets.token_urlsafe(32)
    made = WebSession(digest(key, token), person, groups, credential, now, now, now + LASTING, request)
    insert_new(session, SessionRow, [row_of(SessionRow, made)])
    return token if find(session, key, token, now) is not None else ""


def digest(key: bytes, token: str) -> str:
    """The id of the session whose cookie holds a token."""
    return hmac.digest(key, token.encode(), hashlib.sha256).hex()


def find(session: Session, key: bytes, token: str, now: datetime) -> WebSession | None:
    """The session of a cookie; None where there is none, or it has ended."""
    return next(iter(live(session, now, SessionRow.id == digest(key, token))), None) if token else None


def live(session: Session, now: datetime, *where: ColumnElement[bool]) -> list[WebSession]:
    """The sessions that have not ended and for which all of `where` holds, the newest first."""
    query = select(SessionRow).where(SessionRow.ends_at > now, SessionRow.seen_at > now - IDLE, *where)
    return [record_of(WebSession, row) for row in session.scalars(query.order_by(SessionRow.started_at.desc()))]


def note(session: Session, session_id: str, now: datetime) -> None:
    """Records that a session is in use."""
    session.execute(update(SessionRow).where(SessionRow.id == session_id).values(seen_at=now))


def end(session: Session, which: str, now: datetime) -> int:
    """Ends the sessions whose id begins so, or that are of this person; how many there were."""
    about = or_(SessionRow.id.startswith(which, autoescape=True), SessionRow.person == which)
    ended = update(SessionRow).where(about, SessionRow.ends_at > now).values(ends_at=now).returning(SessionRow.id)
    return len(session.execute(ended).all())
