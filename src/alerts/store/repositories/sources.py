"""Sources: when each is due, who polls it, how it fares."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session

from alerts.feeds.links import storable
from alerts.feeds.state import FeedState
from alerts.model.source import Source
from alerts.store.claims import Claim
from alerts.store.schema import CaseRow, FindingRow, HostRow, SourceRow, table_of
from alerts.store.upsert import SOME, chunks, insert_new, upsert

_SOURCES = table_of(SourceRow)
_S = _SOURCES.c
_FINDINGS = table_of(FindingRow).c
_HOSTS = table_of(HostRow).c

_LEASE = (
    update(_SOURCES)
    .where(
        _S.id == bindparam("source"),
        _S.active.is_(True),
        or_(_S.lease_until.is_(None), _S.lease_until <= bindparam("now")),
    )
    .values(
        lease_until=bindparam("until"),
        lease_token=bindparam("token"),
        # A token that is still there belongs to a poll that never gave the source back.
        lost_leases=case((_S.lease_token.is_not(None), _S.lost_leases + 1), else_=_S.lost_leases),
    )
    .returning(_S.state, _S.lost_leases)
)
_LEASE_DUE = _LEASE.where(_S.next_poll_at <= bindparam("now"))
_TOKEN = select(_S.lease_token).where(_S.id == bindparam("source")).with_for_update()
_GIVE_BACK = (
    update(_SOURCES)
    .where(_S.id == bindparam("source"), _S.lease_token == bindparam("token"))
    .values(next_poll_at=bindparam("next_at"), claimed_until=None, lease_until=None, lease_token=None)
)
_FINISH = _GIVE_BACK.values(
    state=bindparam("now_in"),
    last_poll_at=bindparam("now"),
    last_success_at=bindparam("succeeded_at"),
    error=bindparam("line"),
    error_streak=bindparam("failures"),
    lost_leases=bindparam("lost"),
    stale_at=bindparam("stale"),
).returning(_S.id)
_FREE_AT = select(_HOSTS.free_at).where(_HOSTS.host == bindparam("name")).with_for_update()
_HEALTH = select(
    _S.id,
    _S.url,
    _S.active,
    _S.next_poll_at,
    _S.last_poll_at,
    _S.last_success_at,
    _S.error,
    _S.error_streak,
    _S.state,
).order_by(_S.id)
_HEALTH_OF = _HEALTH.where(_S.id.in_(SOME))
_VITALS = select(_S.id, _S.last_success_at, _S.error, _S.error_streak, _S.stale_at)
_VITALS_OF = _VITALS.where(_S.id.in_(SOME))
_LAST_REPORTS = (
    select(_FINDINGS.institution, _FINDINGS.source, func.max(_FINDINGS.observed))
    .where(_FINDINGS.institution.in_(SOME), _FINDINGS.observed >= bindparam("since"))
    .group_by(_FINDINGS.institution, _FINDINGS.source)
)
_CLAIM = Claim.of(_SOURCES, _S.id, _S.next_poll_at, _S.active.is_(True))


@dataclass(frozen=True, slots=True)
class LeasedSource:
    """A source leased to one poller. `token` fences off a poller whose lease ran out; `lost_leases` counts the polls
    in a row, before this one, whose lease ran out."""

    id: str
    token: str
    state: FeedState
    lost_leases: int = 0


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


@dataclass(frozen=True, slots=True)
class Vital:
    """What tells whether a source works. From `stale_at` on its feed is silent for too long."""

    id: str
    last_success_at: datetime | None
    error: str | None
    error_streak: int
    stale_at: datetime | None


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
                "url": storable(source.url),
                "active": True,
                "next_poll_at": due(source),
                "claimed_until": None,
                "lease_until": None,
                "lease_token": None,
                "last_poll_at": None,
                "last_success_at": None,
                "error": None,
                "error_streak": 0,
                "lost_leases": 0,
                "stale_at": None,
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
        elif not row.active or row.url != storable(source.url):
            # The state belongs to the former URL: its validators mean nothing to another one.
            row.active, row.url, row.next_poll_at = True, storable(source.url), due(source)


def claim_due(session: Session, now: datetime, *, limit: int, hold: timedelta) -> list[str]:
    """Sources to poll now, at most `limit`; each is not handed out again for `hold`."""
    return _CLAIM.due(session, now, limit=limit, hold=hold)


def lease(
    session: Session, source: str, now: datetime, *, seconds: float, due_only: bool = True
) -> LeasedSource | None:
    """Takes a source for one poll; None where it is in other hands, not due, or not polled any more."""
    token = uuid.uuid4().hex
    until = now + timedelta(seconds=seconds)
    taken = session.execute(
        _LEASE_DUE if due_only else _LEASE, {"source": source, "now": now, "until": until, "token": token}
    ).first()
    if taken is None:
        return None
    return LeasedSource(source, token, FeedState.from_json(taken.state), taken.lost_leases)


def still_ours(session: Session, leased: LeasedSource) -> bool:
    """Whether the lease is still this poller's; locks the row until the transaction ends."""
    return bool(session.scalar(_TOKEN, {"source": leased.id}) == leased.token)


def finish(
    session: Session,
    leased: LeasedSource,
    state: FeedState,
    *,
    now: datetime,
    next_poll_at: datetime,
    lost_leases: int = 0,
) -> bool:
    """Writes what came of a poll and releases the lease; False where another poller has taken it over."""
    done = {
        "source": leased.id,
        "token": leased.token,
        "now_in": state.to_json(),
        "next_at": next_poll_at,
        "now": now,
        "succeeded_at": state.last_success,
        "line": state.error_line or None,
        "failures": state.failures,
        "lost": lost_leases,
        "stale": state.stale_at,
    }
    return session.scalar(_FINISH, done) is not None


def release(session: Session, leased: LeasedSource, next_poll_at: datetime) -> None:
    """Gives a source back without a poll."""
    session.execute(_GIVE_BACK, {"source": leased.id, "token": leased.token, "next_at": next_poll_at})


def reserve_host(
    session: Session, host: str, now: datetime, gap: timedelta, *, patience: timedelta
) -> datetime:
    """When this poller may ask a host: at least `gap` after everybody else.

    A turn within `patience` is taken. One beyond it is not: come back then, and ask again.
    """
    insert_new(session, HostRow, [{"host": host, "free_at": now}])
    free_at: datetime = session.scalar(_FREE_AT, {"name": host}) or now
    turn = max(now, free_at)
    if turn - now <= patience:
        upsert(session, HostRow, [{"host": host, "free_at": turn + gap}])
    return turn


def health(session: Session, ids: Iterable[str] | None = None) -> list[Health]:
    """How sources fare, by id; all of them where no ids are given."""
    rows = session.execute(_HEALTH) if ids is None else session.execute(_HEALTH_OF, {"some": sorted(ids)})
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
        for row in rows
    ]


def reports_by_source(session: Session) -> dict[str, int]:
    """How many reports about tracked institutions each source has brought."""
    rows = session.execute(
        select(FindingRow.source, func.count()).where(FindingRow.salience > 0).group_by(FindingRow.source)
    )
    return dict(rows.all())


def vitals(session: Session, ids: Collection[str] | None = None) -> list[Vital]:
    """Whether sources work; all of them where no ids are given."""
    if ids is None:
        return [Vital(*row) for row in session.execute(_VITALS)]
    return [
        Vital(*row) for some in chunks(sorted(ids)) for row in session.execute(_VITALS_OF, {"some": some})
    ]


def last_reports(
    session: Session, institutions: Iterable[str], since: datetime
) -> list[tuple[str, str, datetime]]:
    """Institution, source and instant: the newest mention of each institution in each source since an instant."""
    return [
        (institution, source, newest)
        for some in chunks(sorted(institutions))
        for institution, source, newest in session.execute(_LAST_REPORTS, {"some": some, "since": since})
    ]


def reporters(session: Session, since: datetime) -> dict[str, set[str]]:
    """The institutions that each source mentioned since an instant."""
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
