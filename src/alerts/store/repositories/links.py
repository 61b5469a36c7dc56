"""Links that let their bearers see more of the pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from alerts.model.subscriber import Tier
from alerts.store.schema import LinkRow


@dataclass(frozen=True, slots=True)
class Link:
    """Good for a tier until it expires or is revoked; with a `subscriber` it also opens that one's alerts."""

    id: str
    tier: Tier
    name: str
    created_at: datetime
    expires_at: datetime
    subscriber: str = ""
    revoked_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


def add(session: Session, link: Link) -> None:
    session.add(
        LinkRow(
            id=link.id,
            tier=link.tier.value,
            subscriber=link.subscriber,
            name=link.name,
            created_at=link.created_at,
            expires_at=link.expires_at,
            revoked_at=link.revoked_at,
        )
    )


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
    return Link(
        id=row.id,
        tier=Tier(row.tier),
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        subscriber=row.subscriber,
        revoked_at=row.revoked_at,
    )
