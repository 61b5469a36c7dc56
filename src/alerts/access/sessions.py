"""Sessions of people who signed in: they live on the server, and end when unused, after a time, or when left.

The cookie holds a random token, the database a keyed digest of it: neither a copy of the database nor a guess opens a
session, and a new ALERTS_SECRET ends all of them.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from alerts.access.signing import Purpose, Signer
from alerts.store.repositories import sessions
from alerts.store.repositories.sessions import WebSession

LASTING: Final = timedelta(hours=12)  # from the sign-in, however much a session is used
IDLE: Final = timedelta(hours=2)  # without a request
NOTED: Final = timedelta(minutes=5)  # how exactly the last request is recorded, so that few requests write


def begin(
    session: Session,
    signer: Signer,
    now: datetime,
    *,
    person: str,
    credential: str,
    groups: Iterable[str] = (),
    request: str | None = None,
) -> str:
    """Records a new session; what its cookie holds. Raises IntegrityError where `request` was answered before."""
    token = secrets.token_urlsafe(32)
    made = WebSession(_id(signer, token), person, tuple(groups), credential, now, now, now + LASTING, request)
    sessions.add(session, made)
    return token


def find(session: Session, signer: Signer, token: str, now: datetime) -> WebSession | None:
    """The session of a cookie; None where there is none, or it has ended."""
    found = sessions.get(session, _id(signer, token)) if token else None
    return found if found is not None and is_live(found, now) else None


def is_live(session: WebSession, now: datetime) -> bool:
    return now < session.ends_at and now - session.seen_at < IDLE


def end(session: Session, signer: Signer, token: str, now: datetime) -> None:
    """Ends the session of a cookie, if there is one."""
    if token:
        sessions.end(session, _id(signer, token), now)


def _id(signer: Signer, token: str) -> str:
    return hmac.digest(signer.derived_key(Purpose.SESSION), token.encode(), hashlib.sha256).hex()
