"""Sources: when each is due, the lease of its poller, its health."""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, or_, select, update
from sqlalchemy.orm import Session

from alerts.feeds.links import storable
from alerts.feeds.state import FeedState
from alerts.model.fields import grouped, record_of
from alerts.model.source import Source
from alerts.model.times import format_time, micros, parse_time
from alerts.store import system_state
from alerts.store.claims import Claim
from alerts.store.schema import CaseRow, FindingRow, HostRow, SourceRow, table_of
from alerts.store.upsert import SOME, each_at, insert_new, own_instants, rows_of, upsert

_SOURCES = table_of(SourceRow)
_S = _SOURCES.c
_FINDINGS = table_of(FindingRow).c
_HOSTS = table_of(HostRow).c

_FREE = (
    select(_S.id)
    .where(_S.id.in_(SOME), _S.active.is_(True), or_(_S.lease_until.is_(None), _S.lease_until <= bindparam("now")))
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(_SOURCES)
    .where(_S.id.in_(_FREE))
    .values(
        lease_until=bindparam("until"),
        lease_token=bindparam("token"),
        # A token that is still there belongs to a poll that never gave the source back.
        lost_leases=case((_S.lease_token.is_not(None), _S.lost_leases + 1), else_=_S.lost_leases),
    )
    .returning(_S.id, _S.state, _S.lost_leases)
)
_LEASE_DUE = _LEASE.where(_S.next_poll_at <= bindparam("now"))
_GIVE_BACK = (
    update(_SOURCES)
    .where(_S.id == bindparam("source"), _S.lease_token == bindparam("token"))
    .values(next_poll_at=bindparam("next_poll"), claimed_until=None, lease_until=None, lease_token=None)
)
_RESULT = ("state", "last_poll_at", "last_success_at", "error", "error_streak", "lost_leases", "stale_at")
_FINISH = _GIVE_BACK.values({name: bindparam(f"new_{name}") for name in _RESULT})
_FREE_AT = select(_HOSTS.host, _HOSTS.free_at).where(_HOSTS.host.in_(SOME)).order_by(_HOSTS.host).with_for_update()
_HEALTH = select(
    _S.id, _S.url, _S.active, _S.next_poll_at, _S.last_poll_at, _S.last_success_at, _S.error, _S.error_streak, _S.state
).order_by(_S.id)
_HEALTH_OF = _HEALTH.where(_S.id.in_(SOME))
_VITALS = select(_S.id, _S.last_success_at, _S.error, _S.error_streak, _S.stale_at)
_VITALS_OF = _VITALS.where(_S.id.in_(SOME))
claim_due = Claim(_SOURCES, _S.id, _S.next_poll_at, _S.active.is_(True)).due  # sources to poll now: see `Claim.due`


@dataclass(frozen=True, slots=True)
class LeasedSource:
    """A source leased to one poller. A result counts only with the `token`; `lost_leases` counts the polls in a row,
    before this one, whose lease ran out."""

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
    """What shows whether a source works. From `stale_at` on its feed is silent for too long."""

    id: str
    last_success_at: datetime | None
    error: str | None
    error_streak: int
    stale_at: datetime | None


def sync(session: Session, configured: Mapping[str, Source], due: Callable[[Source], datetime]) -> None:
    """Makes the rows follow the configuration. `due` says when to poll a source that is new or has a new URL;
    sources left out are not polled any more."""
    rows = {row.id: row for row in session.scalars(select(SourceRow))}
    new = (source for source in configured.values() if source.id not in rows)
    fresh = {"active": True, "error_streak": 0, "lost_leases": 0, "state": {}}
    fresh_rows = ({"id": each.id, "url": storable(each.url), "next_poll_at": due(each), **fresh} for each in new)
    insert_new(session, SourceRow, list(fresh_rows))
    for row in rows.values():
        source = configured.get(row.id)
        if source is None:
            row.active = False
        elif not row.active or row.url != storable(source.url):
            # The state belongs to the former URL: its validators mean nothing to another one.
            row.active, row.url, row.next_poll_at = True, storable(source.url), due(source)


def lease(
    session: Session, ids: Sequence[str], now: datetime, *, seconds: float, due_only: bool = True
) -> list[LeasedSource]:
    """Takes sources for one poll each: those of `ids` that are active, due and not leased."""
    token = uuid.uuid4().hex
    until = now + timedelta(seconds=seconds)
    leased = [
        LeasedSource(row.id, token, FeedState.from_json(row.state), row.lost_leases)
        for row in rows_of(session, _LEASE_DUE if due_only else _LEASE, ids, now=now, until=until, token=token)
    ]
    return sorted(leased, key=lambda each: each.id)


@dataclass(frozen=True, slots=True)
class Finished:
    """What to record of a source after a poll."""

    leased: LeasedSource
    state: FeedState
    next_poll_at: datetime
    lost_leases: int = 0


def finish(session: Session, finished: Sequence[Finished], *, now: datetime) -> bool:
    """Records polls and releases their leases, those that are still the poller's; whether all of them were.

    In the order of the sources, whose rows stay locked until the transaction ends."""
    rows = [
        {
            "source": each.leased.id,
            "token": each.leased.token,
            "new_state": each.state.to_json(),
            "next_poll": each.next_poll_at,
            "new_last_poll_at": now,
            "new_last_success_at": each.state.last_success,
            "new_error": each.state.error_line or None,
            "new_error_streak": each.state.failures,
            "new_lost_leases": each.lost_leases,
            "new_stale_at": each.state.stale_at,
        }
        for each in finished
    ]
    ours = session.connection().execute(_FINISH, rows).rowcount
    for each in finished:
        before, after = each.leased.state, each.state
        since = before.last_success or before.failing_since
        if before.failures and not after.failures and since and after.last_success:
            add_outage(session, each.leased.id, since, after.last_success)
    return ours == len(rows)


def add_outage(session: Session, source: str, since: datetime, until: datetime) -> None:
    """Records that a source, or every source where it is empty, was not read for a while that is over."""
    name = f"{system_state.OUTAGE}{source}/{micros(since)}"
    system_state.put(session, name, until, {"source": source, "since": format_time(since)})


def outages(session: Session, source: str | None = None) -> list[tuple[str, datetime, datetime]]:
    """The outages on record, or those of one source and of all sources at once: source, since when and until when."""
    prefixes = [""] if source is None else [f"{source}/", "/"]
    facts = [fact for each in prefixes for _, fact in system_state.named(session, system_state.OUTAGE + each)]
    return [(fact.value["source"], parse_time(fact.value["since"]), fact.at) for fact in facts]


def release(session: Session, leased: LeasedSource, next_poll_at: datetime) -> None:
    """Gives a source back without a poll."""
    session.execute(_GIVE_BACK, {"source": leased.id, "token": leased.token, "next_poll": next_poll_at})


def reserve_hosts(
    session: Session, hosts: Sequence[str], now: datetime, gap: timedelta, *, patience: timedelta
) -> list[datetime]:
    """When this poller may ask each of the hosts: at least `gap` after every other request to it, of any process.

    A turn within `patience` is reserved. A later one is not: the caller has to ask again then."""
    names = sorted(set(hosts))
    insert_new(session, HostRow, [{"host": host, "free_at": now} for host in names])
    free_at: dict[str, datetime] = dict(rows_of(session, _FREE_AT, names))
    turns = []
    for host in hosts:
        turn = max(now, free_at[host])
        if turn - now <= patience:
            free_at[host] = turn + gap
        turns.append(turn)
    upsert(session, HostRow, [{"host": host, "free_at": free_at[host]} for host in names])
    return turns


def health(session: Session, ids: Iterable[str] | None = None) -> list[Health]:
    """The health of sources, by id; of all where no ids are given."""
    rows = session.execute(_HEALTH) if ids is None else session.execute(_HEALTH_OF, {"some": sorted(ids)})
    return [record_of(Health, row, error=row.error or "", state=FeedState.from_json(row.state)) for row in rows]


def reports_by_source(session: Session) -> dict[str, int]:
    """How many reports about tracked institutions each source has brought."""
    counts = select(FindingRow.source, func.count()).where(FindingRow.salience > 0).group_by(FindingRow.source)
    return dict(session.execute(counts).all())


def vitals(session: Session, ids: Collection[str] | None = None) -> list[Vital]:
    """Whether sources work; all of them where no ids are given."""
    if ids is None:
        return [Vital(*row) for row in session.execute(_VITALS)]
    return [Vital(*row) for row in rows_of(session, _VITALS_OF, sorted(ids))]


def reporting(session: Session, since: Mapping[str, datetime]) -> Iterator[tuple[str, str]]:
    """Institution and source: which sources mentioned each institution since an instant of its own."""
    for count, asked in own_instants(since):
        yield from session.execute(_reporting(count), asked)


@cache
def _reporting(count: int) -> Select[Any]:
    pairs = select(_FINDINGS.institution, _FINDINGS.source).distinct()
    lately = pairs.where(each_at(count, _FINDINGS.institution, _FINDINGS.observed.__ge__))
    total = select(func.count()).select_from(SourceRow).scalar_subquery()
    return lately.limit(count * total)  # once all are found, it is done


def reporters(session: Session, since: datetime) -> dict[str, set[str]]:
    """The institutions that each source mentioned since an instant."""
    pairs = select(FindingRow.source, FindingRow.institution).where(FindingRow.observed >= since).distinct()
    found = grouped((source, institution) for source, institution in session.execute(pairs))
    return {source: set(institutions) for source, institutions in found.items()}


def reported_by(session: Session, some: Collection[str], *, since: datetime, others: bool = False) -> frozenset[str]:
    """The institutions that any of these sources (`others`: any active source but these) has mentioned."""
    active = select(SourceRow.id).where(SourceRow.active.is_(True))
    of_these = FindingRow.source.not_in(some) if others else FindingRow.source.in_(some)
    asked = FindingRow.observed >= since, of_these, FindingRow.source.in_(active)
    found = select(FindingRow.item).where(FindingRow.institution == CaseRow.institution, *asked)
    return frozenset(session.scalars(select(CaseRow.institution).where(found.exists())))


# --- by hand -----------------------------------------------------------------------------------------------


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
