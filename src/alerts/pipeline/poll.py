"""The poll step: leases sources, fetches them, and stores new items together with the institutions found in them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.cases.observation import publisher_of
from alerts.feeds.diff import Decision, ItemChange, KnownItems, Wanted
from alerts.feeds.links import host_key
from alerts.feeds.poll import PolledFeed, poll_feed
from alerts.feeds.schedule import next_poll, unfinished
from alerts.feeds.state import poll_url
from alerts.model.mention import Matched
from alerts.model.source import Source
from alerts.pipeline import websub
from alerts.pipeline.mentions import finding_rows
from alerts.runtime import logs
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import ENQUEUE_GRACE, TaskRequests
from alerts.store import system_state
from alerts.store.clock import next_timestamp
from alerts.store.repositories import cases, items, sources
from alerts.store.repositories.sources import Finished, LeasedSource
from alerts.stories.features import Features, features

LEASE_SECONDS = 180.0

MAX_LOST_LEASES = 2
"""One poll that never ends may be that of a worker that was killed, and is repeated at once; of two in a row the source
is the cause."""

HOST_GAP = timedelta(seconds=1)
MAX_HOST_WAIT = timedelta(
    seconds=3
)  # a source whose turn at its host comes later than this is released and polled then
STOPPED_FOR = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """The result of one poll; `error` is one line, or empty."""

    source: str
    new: int = 0
    revised: int = 0
    institutions: Sequence[str] = ()
    error: str = ""
    skipped: bool = False


def poll(runtime: Runtime, source_id: str, *, due_only: bool = True) -> PollOutcome:
    """Polls one source; see `poll_sources`."""
    return poll_sources(runtime, source_id, due_only=due_only)[0]


def poll_sources(runtime: Runtime, *source_ids: str, due_only: bool = True) -> list[PollOutcome]:
    """Polls those of the sources that are due and stores what is new. Idempotent; enqueues the institutions to assess.

    All of them are leased in one transaction and fetched at the same time. What has news is stored as soon as it is
    there; what is unchanged by then is recorded in one transaction. Without `due_only` sources that are not due are
    polled, too, however long they have to wait for their turn at their host. What a server or a feed does wrong is
    recorded on its source and harms no other; a fault of this program is raised when the others are done.
    """
    active = runtime.configuration.current()
    outcomes: dict[str, PollOutcome] = {}
    jobs = _lease(runtime, active, source_ids, outcomes, due_only=due_only)
    faults: list[Exception] = []
    for done in _fetched(runtime, jobs, faults):
        unchanged = [each for each in done if not (each.changes or each.awaits_pushes(runtime))]
        outcomes |= _record_unchanged(runtime, unchanged)
        for each in done:
            try:
                if each.source.id not in outcomes:
                    outcomes[each.source.id] = _record(runtime, active, each)
                if not outcomes[each.source.id].skipped:
                    websub.after_poll(runtime, each.source, each.polled.plan.state)
            except Exception as fault:  # noqa: BLE001 - raised below
                faults.append(fault)
    if faults:
        raise faults[0]
    return [outcomes.get(each, PollOutcome(each, skipped=True)) for each in source_ids]


@dataclass(frozen=True, slots=True)
class _Job:
    """A leased source and when it may ask its host."""

    source: Source
    leased: LeasedSource
    began: datetime
    turn: datetime


@dataclass(frozen=True, slots=True)
class _Fetched(_Job):
    """A source that was asked, and what came of it."""

    polled: PolledFeed

    @property
    def decision(self) -> Decision:
        return self.polled.decision or Decision()

    @property
    def changes(self) -> tuple[ItemChange, ...]:
        return (*self.decision.new, *self.decision.revised, *self.decision.withdrawn)

    def awaits_pushes(self, runtime: Runtime) -> bool:
        """Whether a hub may push at any moment, so that the next poll depends on what it did meanwhile."""
        return runtime.pages is not None and bool(self.polled.plan.state.hub)


def _lease(
    runtime: Runtime, active: Active, source_ids: Sequence[str], outcomes: dict[str, PollOutcome], *, due_only: bool
) -> list[_Job]:
    """Takes the sources that can be polled now; `outcomes` gets those that cannot."""
    now = runtime.clock()
    jobs = []
    configured = {each: active.settings.sources[each] for each in source_ids if each in active.settings.sources}
    patience = MAX_HOST_WAIT if due_only else timedelta(seconds=LEASE_SECONDS / 3)
    with runtime.database.write() as session:
        for leased in sources.lease(session, list(configured), now, seconds=LEASE_SECONDS, due_only=due_only):
            source = configured[leased.id]
            if leased.lost_leases >= MAX_LOST_LEASES:
                outcomes[source.id] = _record_unfinished(session, source, leased, now)
                continue
            gap = timedelta(0) if source.allow_private else HOST_GAP
            host = host_key(poll_url(source, leased.state))
            turn = sources.reserve_host(session, host, now, gap, patience=patience) if gap else now
            if turn - now > patience:
                sources.release(session, leased, turn)
            else:
                jobs.append(_Job(source, leased, now, turn))
    # fault point: poll.leased
    return jobs


def _fetched(runtime: Runtime, jobs: Sequence[_Job], faults: list[Exception]) -> Iterator[list[_Fetched]]:
    """Yields finished fetches in groups, as soon as any is done. Unexpected exceptions go to `faults`."""
    if len(jobs) <= 1:
        yield [_fetch(runtime, job) for job in jobs]
        return
    with ThreadPoolExecutor(len(jobs), thread_name_prefix="fetch") as pool:
        waiting = {pool.submit(_fetch, runtime, job) for job in jobs}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            failed = [error for each in done if isinstance(error := each.exception(), Exception)]
            faults += failed
            yield [each.result() for each in done if each.exception() is None]


def _fetch(runtime: Runtime, job: _Job) -> _Fetched:
    pause = (job.turn - job.began).total_seconds()
    if pause > 0:
        time.sleep(pause)

    def known(wanted: Wanted) -> KnownItems:
        with runtime.database.read() as session:
            return items.known_items(session, job.source.id, wanted)

    polled = poll_feed(
        runtime.client, job.source, job.leased.state, known, now=runtime.clock(), computing=runtime.database.computing()
    )
    # fault point: poll.fetched
    for note in polled.plan.notes:
        logs.event("source.noted", logging.WARNING, source=job.source.id, note=note)
    return _Fetched(job.source, job.leased, job.began, job.turn, polled)


def _record_unchanged(runtime: Runtime, done: Sequence[_Fetched]) -> dict[str, PollOutcome]:
    """Finishes polls that brought nothing to store, all in one transaction."""
    if not done:
        return {}
    now = runtime.clock()
    finished = [
        Finished(each.leased, each.polled.plan.state, each.polled.plan.at or now + STOPPED_FOR) for each in done
    ]
    with runtime.database.write() as session:
        ours = sources.finish(session, finished, now=now)
        # fault point: poll.written
    # fault point: poll.committed
    return {
        each.source.id: _outcome(each, ()) if each.source.id in ours else _lease_lost(each.source.id) for each in done
    }


def _record(runtime: Runtime, active: Active, done: _Fetched) -> PollOutcome:
    """Stores the items of a poll with the institutions found in them, and finishes it."""
    source, leased, state = done.source, done.leased, done.polled.plan.state
    with runtime.database.computing():
        findings = _match(active, done)
    with runtime.database.write() as session:
        if not sources.still_ours(session, leased):
            return _lease_lost(source.id)
        if findings:
            newest = runtime.configuration.current(system_state.in_force(session).number)
            if newest is not active:  # changed meanwhile: what is stored was found under what is in force
                active, findings = newest, _match(newest, done)
        now = runtime.clock()
        next_at = done.polled.plan.at or now + STOPPED_FOR
        if done.awaits_pushes(runtime):
            next_at = websub.next_poll(
                session, source, state, former=leased.state, began=done.began, new=len(findings), at=next_at
            )
        sources.finish(session, [Finished(leased, state, next_at)], now=now)
        institutions = _store(session, active, done.decision, findings, now) if findings else []
        # fault point: poll.written
    # fault point: poll.committed
    outcome = _outcome(done, institutions)
    if institutions:
        runtime.enqueue(TaskRequests(assess=institutions))
        # fault point: poll.enqueued
    return outcome


def _outcome(done: _Fetched, institutions: Sequence[str]) -> PollOutcome:
    decision = done.decision
    outcome = PollOutcome(
        done.source.id,
        new=len(decision.new),
        revised=len(decision.revised) + len(decision.withdrawn),
        institutions=institutions,
        error=done.polled.plan.state.error_line,
    )
    logs.event(
        "source.polled",
        logging.WARNING if outcome.error else logging.INFO,
        source=outcome.source,
        new=outcome.new,
        revised=outcome.revised,
        held=decision.held,
        error=outcome.error,
        ms=round(done.polled.result.elapsed * 1000),
    )
    return outcome


def _record_unfinished(session: Session, source: Source, leased: LeasedSource, now: datetime) -> PollOutcome:
    """Counts polls that never ended as one failure of the source: it waits, and holds up no other meanwhile."""
    plan = next_poll(source, leased.state, unfinished(source, leased.lost_leases), now=now)
    # The next poll that does not end is a failure at once.
    finished = Finished(leased, plan.state, plan.at or now + STOPPED_FOR, lost_leases=MAX_LOST_LEASES - 1)
    sources.finish(session, [finished], now=now)
    logs.event("source.unfinished", logging.ERROR, source=source.id, leases=leased.lost_leases)
    return PollOutcome(source.id, error=plan.state.error_line)


def _lease_lost(source: str) -> PollOutcome:
    logs.event("poll.lease_lost", logging.WARNING, source=source)
    return PollOutcome(source, skipped=True)


@dataclass(frozen=True, slots=True)
class _Matched:
    """A change with its mentions and topics. Computed outside any transaction."""

    change: ItemChange
    matched: Matched
    features: Features | None  # of an item that mentions an institution
    publisher: str
    backfill: bool


def _match(active: Active, done: _Fetched) -> list[_Matched]:
    found = []
    for change in done.changes:
        item = change.item
        publisher = publisher_of(item, active.settings.sources)
        matched = Matched() if item.withdrawn else active.matcher.match(item, tracked_only=True)
        # What a feed holds at its first poll is accepted: its age is in its score. What comes out of quarantine is not.
        backfill = change.backfill and done.decision.released
        reduced = features(item, publisher, matched.mentions) if matched.mentions else None
        found.append(_Matched(change, matched, reduced, publisher, backfill))
    return found


def _store(session: Session, active: Active, decision: Decision, found: Sequence[_Matched], now: datetime) -> list[str]:
    """Writes items, revisions and findings with one timestamp of the logical clock; the institutions concerned.

    The logical clock is a row lock that all writers of items wait for. So what needs no timestamp is written before:
    above all the rows of the institutions, which an assessment may have locked for a while.
    """
    known = [*decision.revised, *decision.withdrawn]
    former = items.institutions_of(session, [each.item.id for each in known])
    institutions = {name for each in found for name in each.matched.institutions()}
    institutions |= {name for names in former.values() for name in names}
    cases.mark_due(session, institutions, now, claimed_until=now + ENQUEUE_GRACE)
    at = next_timestamp(session, now)
    stamped = [replace(each.change.item, observed=at) for each in found]
    revisions = items.add(session, [each.change for each in found], stamped, [each.publisher for each in found])
    rows = [
        row
        for each, item, revision in zip(found, stamped, revisions, strict=True)
        for row in finding_rows(
            active, each.matched, each.features, item, revision, former.get(item.id, set()), quiet=each.backfill
        )
    ]
    cases.add_findings(session, rows)
    return sorted(institutions)
