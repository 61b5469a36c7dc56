"""Sources: when each is due, who polls it, how it fares."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from alerts.feeds.state import FeedState
from alerts.model.source import Source
from alerts.store.claims import free
from alerts.store.tables import CaseRow, FindingRow, HostRow, SourceRow
from alerts.store.upsert import insert_new, upsert


@dataclass(frozen=True, slots=True)
class Polled:
    """A source in the hands of one poller; `token` fences off one whose lease ran out."""

    id: str
    token: str
    state: FeedState


@dataclass(frozen=True, slots=True)
class Health:
    id: str
    url: str
    active: bool
    next_poll_at: datetime
    last_poll_at: datetime | None
    last_success_at: datetime | None
    error: str
    error_streak: int
    state: FeedState


def sync(session: Session, configured: Mapping[str, Source], due: Callable[[Source], datetime]) -> None:
    """Makes the rows follow the configuration. `due` says when to poll a source that is new or has a new URL;
    sources left out are not polled any more."""
    rows = {row.id: row for row in session.scalars(select(SourceRow))}
    insert_new(
        session,
        SourceRow,
        [
            {
                "id": source.id,
                "url": source.url,
                "active": True,
                "next_poll_at": due(source),
                "claimed_until": None,
                "lease_until": None,
                "lease_token": None,
                "last_poll_at": None,
                "last_success_at": None,
                "error": None,
                "error_streak": 0,
                "state": {},
            }
            for source in configured.values()
            if source.id not in rows
        ],
    )
    for row in rows.values():
        source = configured.get(row.id)
        if source is None:
            row.active = False
        elif not row.active or row.url != source.url:
            # The state belongs to the former URL: its validators mean nothing to another one.
            row.active, row.url, row.next_poll_at = True, source.url, due(source)


def claim_due(session: Session, now: datetime, *, limit: int, hold: timedelta) -> list[str]:
    """Sources to poll now, at most `limit`; each is not handed out again for `hold`."""
    due = (
        select(SourceRow.id)
        .where(
            SourceRow.active.is_(True),
            SourceRow.next_poll_at <= now,
            free(SourceRow.claimed_until, now),
        )
        .order_by(SourceRow.next_poll_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(session.scalars(due))
    if found:
        session.execute(update(SourceRow).where(SourceRow.id.in_(found)).values(claimed_until=now + hold))
    return found


def lease(
    session: Session, source: str, now: datetime, *, seconds: float, due_only: bool = True
) -> Polled | None:
    """Takes a source for one poll; None where it is in other hands, not due, or not polled any more."""
    token = uuid.uuid4().hex
    taken = session.execute(
        update(SourceRow)
        .where(
            SourceRow.id == source,
            SourceRow.active.is_(True),
            *([SourceRow.next_poll_at <= now] if due_only else []),
            or_(SourceRow.lease_until.is_(None), SourceRow.lease_until <= now),
        )
        .values(lease_until=now + timedelta(seconds=seconds), lease_token=token)
        .returning(SourceRow.state)
    ).scalar_one_or_none()
    return None if taken is None else Polled(source, token, FeedState.from_json(taken))


def still_ours(session: Session, polled: Polled) -> bool:
    """Whether the lease is still this poller's; locks the row until the transaction ends."""
    token = session.scalar(select(SourceRow.lease_token).where(SourceRow.id == polled.id).with_for_update())
    return token == polled.token


def finish(
    session: Session, polled: Polled, state: FeedState, *, now: datetime, next_poll_at: datetime
) -> bool:
    """Writes what came of a poll and gives the source back; False where it was in other hands by now."""
    done = session.execute(
        update(SourceRow)
        .where(SourceRow.id == polled.id, SourceRow.lease_token == polled.token)
        .values(
            state=state.to_json(),
            next_poll_at=next_poll_at,
            claimed_until=None,
            lease_until=None,
            lease_token=None,
            last_poll_at=now,
            last_success_at=state.last_success,
            error=state.error_line or None,
            error_streak=state.failures,
        )
        .returning(SourceRow.id)
    ).scalar_one_or_none()
    return done is not None


def release(session: Session, polled: Polled, next_poll_at: datetime) -> None:
    """Gives a source back without a poll."""
    session.execute(
        update(SourceRow)
        .where(SourceRow.id == polled.id, SourceRow.lease_token == polled.token)
        .values(next_poll_at=next_poll_at, claimed_until=None, lease_until=None, lease_token=None)
    )


def reserve_host(
    session: Session, host: str, now: datetime, gap: timedelta, *, patience: timedelta
) -> datetime:
    """When this poller may ask a host: at least `gap` after everybody else.

    A turn within `patience` is taken. One beyond it is not: come back then, and ask again.
    """
    insert_new(session, HostRow, [{"host": host, "free_at": now}])
    free_at = session.scalar(select(HostRow.free_at).where(HostRow.host == host).with_for_update()) or now
    turn = max(now, free_at)
    if turn - now <= patience:
        upsert(session, HostRow, [{"host": host, "free_at": turn + gap}])
    return turn


def health(session: Session, ids: Iterable[str] | None = None) -> list[Health]:
    """How sources fare, by id; all of them where no ids are given."""
    query = select(SourceRow).order_by(SourceRow.id)
    if ids is not None:
        query = query.where(SourceRow.id.in_(sorted(ids)))
    return [
        Health(
            id=row.id,
            url=row.url,
            active=row.active,
            next_poll_at=row.next_poll_at,
            last_poll_at=row.last_poll_at,
            last_success_at=row.last_success_at,
            error=row.error or "",
            error_streak=row.error_streak,
            state=FeedState.from_json(row.state),
        )
        for row in session.scalars(query)
    ]


def reports_by_source(session: Session) -> dict[str, int]:
    """How many reports about tracked institutions each source has brought."""
    rows = session.execute(
        select(FindingRow.source, func.count()).where(FindingRow.salience > 0).group_by(FindingRow.source)
    )
    return dict(rows.all())


def reporting_on(session: Session, institution: str, since: datetime) -> set[str]:
    """The sources that mentioned an institution since an instant."""
    return set(
        session.scalars(
            select(FindingRow.source)
            .where(FindingRow.institution == institution, FindingRow.observed >= since)
            .distinct()
        )
    )


def reporters(session: Session, since: datetime) -> dict[str, set[str]]:
    """The institutions that each source mentioned since an instant: `reporting_on` for all at once."""
    found: dict[str, set[str]] = {}
    pairs = select(FindingRow.source, FindingRow.institution).where(FindingRow.observed >= since).distinct()
    for source, institution in session.execute(pairs):
        found.setdefault(source, set()).add(institution)
    return found


def reported_by(
    session: Session, some: Collection[str], *, since: datetime, others: bool = False
) -> frozenset[str]:
    """The institutions that any of these sources (`others`: any active source but these) has mentioned."""
    active = select(SourceRow.id).where(SourceRow.active.is_(True))
    of_these = FindingRow.source.not_in(some) if others else FindingRow.source.in_(some)
    found = (
        select(FindingRow.item)
        .where(
            FindingRow.institution == CaseRow.institution,
            FindingRow.observed >= since,
            of_these,
            FindingRow.source.in_(active),
        )
        .exists()
    )
    return frozenset(session.scalars(select(CaseRow.institution).where(found)))
