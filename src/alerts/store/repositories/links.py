"""Links that let their bearers see more of the pages, and tokens for programs."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.model.subscriber import Tier
from alerts.store.schema import LinkRow
from alerts.store.upsert import insert_all, row_of


@dataclass(frozen=True, slots=True)
class Link:
    """Good for a tier until it expires or is revoked; with a `subscriber` it also opens that one's alerts.

    With `scopes` it is a token for programs, which may do no more than these say."""

    id: str
    tier: Tier
    name: str
    created_at: datetime
    expires_at: datetime
    subscriber: str = ""
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] = ()

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


def invite(
    session: Session,
    *,
    tier: Tier,
    now: datetime,
    lasting: timedelta,
    name: str = "",
    subscriber: str = "",
    scopes: Iterable[str] = (),
) -> Link:
    """Records a new link, or with `scopes` a token for programs."""
    made = Link(secrets.token_hex(6), tier, name, now, now + lasting, subscriber, scopes=tuple(scopes))
    insert_all(session, LinkRow, [row_of(LinkRow, made, scopes=list(made.scopes) or None)])
    return made


def get(session: Session, link_id: str) -> Link | None:
    row = session.get(LinkRow, link_id)
    return None if row is None else _link(row)


def all_links(session: Session) -> list[Link]:
    """Every link, the newest first."""
    return [_link(row) for row in session.scalars(select(LinkRow).order_by(LinkRow.created_at.desc(), LinkRow.id))]


def revoke(session: Session, link_id: str, now: datetime) -> bool:
    """Whether there is such a link; revoking one again changes nothing."""
    session.execute(update(LinkRow).where(LinkRow.id == link_id, LinkRow.revoked_at.is_(None)).values(revoked_at=now))
    return session.get(LinkRow, link_id) is not None


def _link(row: LinkRow) -> Link:
    return record_of(Link, row, tier=Tier(row.tier), scopes=tuple(row.scopes or ()))
