"""Polls sources: leases them, fetches their feeds, and stores new items together with what they say about whom."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from alerts.cases.observation import observation, publisher_of
from alerts.feeds.diff import Decision, ItemChange, KnownItems, Wanted
from alerts.feeds.links import host_key
from alerts.feeds.poll import PolledFeed, poll_feed
from alerts.feeds.schedule import next_poll, unfinished
from alerts.feeds.state import poll_url
from alerts.model.errors import AlertsError
from alerts.model.item import Item
from alerts.model.mention import Matched
from alerts.model.records import fields_of
from alerts.model.source import Source
from alerts.pipeline import websub
from alerts.runtime import logs
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import ENQUEUE_GRACE, TaskRequests
from alerts.store import system_state
from alerts.store.clock import next_timestamp
from alerts.store.database import CROWD_PATIENCE
from alerts.store.repositories import cases, items, sources
from alerts.store.repositories.sources import Finished, LeasedSource
from alerts.stories.features import Features, features

LEASE_SECONDS = 180.0
# After one poll that did not end its worker may have been killed, and it is repeated at once; after two in a row the
# source is taken to be the cause.
MAX_LOST_LEASES = 2
HOST_GAP = timedelta(seconds=1)
MAX_HOST_WAIT = timedelta(seconds=3)  # a source whose turn at its host comes later is released and polled then
STOPPED_FOR = timedelta(days=36500)
# New and changed items stored in one transaction, but for those of one feed: few, so that the first are on their way to
# receivers while the next are matched; more where the feeds were never read before, and hold little news.
MAX_CHANGES, MAX_FIRST_CHANGES = 128, 500
# How long polls hold back from matching while assessments are in progress, and how often they look.
HOLD_BACK_SECONDS, GLANCE_SECONDS = 0.3, 0.002
GATHER_SECONDS = 0.02  # that a finished fetch waits for others of its batch, to be recorded with them


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """The result of one poll. `error` is one line, or empty; `fault` an exception of this program."""

    source: str
    new: int = 0
    revised: int = 0
    institutions: Sequence[str] = ()
    error: str = ""
    skipped: bool = False
    fault: Exception | None = None


def poll_sources(
    runtime: Runtime, *source_ids: str, due_only: bool = True, raise_faults: bool = True
) -> list[PollOutcome]:
    """Polls those of the sources that are due and stores what is new. Idempotent; enqueues the institutions to assess.

    All of them are leased in one transaction and fetched at the same time. What arrives at about the same time is
    recorded in one transaction, so that no source waits for a slow one. Without `due_only` sources that are not due are
    polled, too, however long they have to wait for their turn at their host. What a server or a feed does wrong is
    recorded on its source and harms no other. A fault of this program with one source is logged and harms no other
    either; with `raise_faults` it is raised when the others are done."""
    active = runtime.configuration.current()
    outcomes: dict[str, PollOutcome] = {}
    jobs = _lease(runtime, active, source_ids, outcomes, due_only=due_only)
    for done in _fetched(runtime, jobs, outcomes):
        outcomes |= _record_apart(runtime, active, done) if done else {}
        for each in done:
            if not (outcomes[each.source.id].skipped or outcomes[each.source.id].fault):
                try:
                    websub.after_poll(runtime, each.source, each.polled.plan.state)
                except Exception as fault:  # noqa: BLE001
                    outcomes[each.source.id] = _broken(each.source.id, fault)
    faults = [outcome.fault for outcome in outcomes.values() if outcome.fault is not None]
    if faults and raise_faults:
        raise faults[0]
    return [outcomes.get(each, PollOutcome(each, skipped=True)) for each in source_ids]


def _broken(source: str, fault: Exception) -> PollOutcome:
    """The outcome of a fault of this program. Called where it is handled: the log shows its traceback."""
    logs.event("poll.broken", logging.ERROR, caught=True, source=source)
    return PollOutcome(source, error=f"internal error: {type(fault).__name__}", fault=fault)


@dataclass(frozen=True, slots=True)
class _Job:
    """A leased source and when it may ask its host."""

    source: Source
    leased: LeasedSource
    began: datetime
    turn: datetime


@dataclass(frozen=True, slots=True)
class _Fetched(_Job):
    """A fetched source and the result."""

    polled: PolledFeed
    decision: Decision
    changes: tuple[ItemChange, ...]


class _LeaseLostError(Exception):
    """Another poll has a source by now."""


def _lease(
    runtime: Runtime, active: Active, source_ids: Sequence[str], outcomes: dict[str, PollOutcome], *, due_only: bool
) -> list[_Job]:
    """Takes the sources that can be polled now; `outcomes` gets those that cannot."""
    now = runtime.clock()
    jobs = []
    configured = {each: active.settings.sources[each] for each in source_ids if each in active.settings.sources}
    patience = MAX_HOST_WAIT if due_only else timedelta(seconds=LEASE_SECONDS / 3)
    with runtime.database.write(flush=False) as session:
        leased = sources.lease(session, list(configured), now, seconds=LEASE_SECONDS, due_only=due_only)
        hosts = {
            each.id: host_key(poll_url(configured[each.id], each.state))
            for each in leased
            if each.lost_leases < MAX_LOST_LEASES and not configured[each.id].allow_private
        }
        turns = sources.reserve_hosts(session, list(hosts.values()), now, HOST_GAP, patience=patience)
        turn_of = dict(zip(hosts, turns, strict=True))
        for each in leased:
            source, turn = configured[each.id], turn_of.get(each.id, now)
            if each.lost_leases >= MAX_LOST_LEASES:
                outcomes[each.id] = _record_unfinished(session, source, each, now)
            elif turn - now > patience:
                sources.release(session, each, turn)
            else:
                jobs.append(_Job(source, each, now, turn))
    # fault point: poll.leased
    return jobs


def _fetched(runtime: Runtime, jobs: Sequence[_Job], outcomes: dict[str, PollOutcome]) -> Iterator[list[_Fetched]]:
    """Yields finished fetches in groups, soon after any is done; `outcomes` gets what broke."""
    waiting = {runtime.fetchers.submit(_fetch, runtime, job): job for job in jobs}
    while waiting:
        done = []
        wait(waiting, return_when=FIRST_COMPLETED)
        for future in wait(waiting, timeout=GATHER_SECONDS).done:
            job = waiting.pop(future)
            try:
                done.append(future.result())
            except Exception as fault:  # noqa: BLE001
                outcomes[job.source.id] = _broken(job.source.id, fault)
        yield sorted(done, key=lambda each: each.source.id)


def _fetch(runtime: Runtime, job: _Job) -> _Fetched:
    pause = (job.turn - job.began).total_seconds()
    if pause > 0:
        time.sleep(pause)

    def known(wanted: Callable[[], Wanted]) -> KnownItems:
        with runtime.database.read() as session:
            return items.known_items(session, job.source.id, wanted)

    turn, state = runtime.database.computing(CROWD_PATIENCE), job.leased.state
    polled = poll_feed(runtime.client, job.source, state, known, now=runtime.clock(), computing=turn)
    # fault point: poll.fetched
    for note in polled.plan.notes:
        logs.event("source.noted", logging.WARNING, source=job.source.id, note=note)
    decision = polled.decision or Decision()
    changes = (*decision.new, *decision.revised, *decision.withdrawn)
    return _Fetched(job.source, job.leased, job.began, job.turn, polled, decision, changes)


def _record_apart(runtime: Runtime, active: Active, done: Sequence[_Fetched]) -> dict[str, PollOutcome]:
    """Records polls together; in halves where they bring too much at once, or where that fails, so that a fault with
    one of them harms no other."""
    most = MAX_FIRST_CHANGES if all(each.decision.begins for each in done if each.changes) else MAX_CHANGES
    if len(done) == 1 or sum(len(each.changes) for each in done) <= most:
        try:
            return _record(runtime, active, done)
        except Exception as fault:  # noqa: BLE001
            if len(done) == 1 and isinstance(fault, _LeaseLostError):
                logs.event("poll.lease_lost", logging.WARNING, source=done[0].source.id)
                return {done[0].source.id: PollOutcome(done[0].source.id, skipped=True)}
            if len(done) == 1 or isinstance(fault, AlertsError):  # of the database or the configuration: all would fail
                return {each.source.id: _broken(each.source.id, fault) for each in done}
    half = len(done) // 2
    return _record_apart(runtime, active, done[:half]) | _record_apart(runtime, active, done[half:])


def _record(runtime: Runtime, active: Active, done: Sequence[_Fetched]) -> dict[str, PollOutcome]:
    """Stores what polls brought, with what it says about whom, and finishes them: one statement a table, one commit.

    Raises _LeaseLostError, and records nothing, where one of them is not ours any more."""
    found: list[_Matched] = []
    patience = time.monotonic() + HOLD_BACK_SECONDS
    for each in done:
        # What was found already goes first.
        while runtime.assessments and each.changes and not each.decision.begins and time.monotonic() < patience:
            time.sleep(GLANCE_SECONDS)
        with runtime.database.computing(CROWD_PATIENCE):
            found += _match(active, [each])
    places = runtime.places("assess") if found else 0
    with runtime.database.write(flush=False) as session:
        if found:
            newest = runtime.configuration.current(system_state.in_force(session).number)
            if newest is not active:  # what is stored is found under what is in force
                active, found = newest, _match(newest, done)
        now = runtime.clock()
        if not sources.finish(session, [_finished(runtime, session, each, now) for each in done], now=now):
            raise _LeaseLostError
        institutions, due = _store(session, active, done, found, now, places) if found else ({}, [])
        # fault point: poll.written
    # fault point: poll.committed
    outcomes = {each.source.id: _outcome(each, sorted(institutions.get(each.source.id, ()))) for each in done}
    if due:
        runtime.enqueue(TaskRequests(assess=due))
        # fault point: poll.enqueued
    return outcomes


def _finished(runtime: Runtime, session: Session, done: _Fetched, now: datetime) -> Finished:
    """What to record of the source, with the time of its next poll."""
    plan = done.polled.plan
    at = plan.at or now + STOPPED_FOR
    if runtime.pages is not None and plan.state.hub:
        # A hub may push at any moment, so that the next poll depends on what it did meanwhile.
        former, new = done.leased.state, len(done.changes)
        at = websub.next_poll(session, done.source, plan.state, former=former, began=done.began, new=new, at=at)
    return Finished(done.leased, plan.state, at)


def _outcome(done: _Fetched, institutions: Sequence[str]) -> PollOutcome:
    decision = done.decision
    revised, error = len(decision.revised) + len(decision.withdrawn), done.polled.plan.state.error_line
    outcome = PollOutcome(done.source.id, len(decision.new), revised, institutions, error)
    severity, ms = logging.WARNING if error else logging.INFO, round(done.polled.result.elapsed * 1000)
    counts = fields_of(outcome, "source", "new", "revised", "error")
    logs.event("source.polled", severity, **counts, held=decision.held, ms=ms)
    return outcome


def _record_unfinished(session: Session, source: Source, leased: LeasedSource, now: datetime) -> PollOutcome:
    """Counts polls that never ended as one failure of the source: it waits, and holds up no other meanwhile."""
    plan = next_poll(source, leased.state, unfinished(source, leased.lost_leases), now=now)
    # The next poll that does not end is a failure at once.
    finished = Finished(leased, plan.state, plan.at or now + STOPPED_FOR, lost_leases=MAX_LOST_LEASES - 1)
    sources.finish(session, [finished], now=now)
    logs.event("source.unfinished", logging.ERROR, source=source.id, leases=leased.lost_leases)
    return PollOutcome(source.id, error=plan.state.error_line)


@dataclass(frozen=True, slots=True)
class _Matched:
    """A change with its mentions and topics. Computed outside any transaction."""

    change: ItemChange
    matched: Matched
    features: Features | None  # of an item that mentions an institution
    publisher: str
    backfill: bool


def _match(active: Active, done: Sequence[_Fetched]) -> list[_Matched]:
    found = []
    for each in done:
        for change in each.changes:
            item = change.item
            publisher = publisher_of(item, active.settings.sources)
            matched = Matched() if item.withdrawn else active.matcher.match(item, tracked_only=True)
            # What a feed holds at its first poll is accepted: its age is in its score. What comes out of quarantine
            # is not.
            backfill = change.backfill and each.decision.released
            reduced = features(item, publisher, matched.mentions) if matched.mentions else None
            if reduced is not None:
                reduced.prints  # noqa: B018 - so that they are not made while others wait for the transaction
            found.append(_Matched(change, matched, reduced, publisher, backfill))
    return found


def _store(
    session: Session, active: Active, done: Sequence[_Fetched], found: Sequence[_Matched], now: datetime, places: int
) -> tuple[dict[str, set[str]], list[str]]:
    """Writes items, revisions and findings with one timestamp of the logical clock. By source the institutions
    concerned; and those that the caller is to enqueue, `places` at most.

    The logical clock is a row lock that all writers of items wait for. So what needs no timestamp is written before:
    above all the rows of the institutions, which an assessment may have locked for a while."""
    known = [change for each in done for change in (*each.decision.revised, *each.decision.withdrawn)]
    former = items.institutions_of(session, [change.item.id for change in known])
    institutions: dict[str, set[str]] = {each.source.id: set() for each in done}
    for one in found:
        item = one.change.item
        institutions[item.source] |= {*one.matched.institutions(), *former.get(item.id, ())}
    due = sorted(set().union(*institutions.values()))
    cases.mark_due(session, due[:places], now, claimed_until=now + ENQUEUE_GRACE)
    cases.mark_due(session, due[places:], now)
    at = next_timestamp(session, now)
    revisions = items.add(session, [(each.change, each.publisher) for each in found], at)
    rows: list[dict[str, Any]] = []
    for each, revision in zip(found, revisions, strict=True):
        about = former.get(each.change.item.id, set())
        if each.features is not None or about:
            item = replace(each.change.item, observed=at)
            rows += finding_rows(active, each.matched, each.features, item, revision, about, quiet=each.backfill)
    cases.add_findings(session, rows)
    return institutions, due[:places]


def finding_rows(
    active: Active,
    matched: Matched,
    reduced: Features | None,
    item: Item,
    revision: int,
    former: set[str],
    *,
    quiet: bool = False,
) -> list[dict[str, Any]]:
    """Findings: one row for each institution that the item mentions, or mentioned until now.

    `reduced` are its features where they were already computed, before it had its timestamp."""
    institutions = sorted({*matched.institutions(), *former})
    if not institutions:
        return []
    reduced = reduced or features(item, publisher_of(item, active.settings.sources), matched.mentions)
    made = reduced
    reduced = replace(made, observed=item.observed, reported=item.reported, make_prints=lambda: made.prints)
    common = {"revision": revision, "quiet": quiet, "features": reduced.dump()}
    rows = []
    for institution in institutions:
        seen = observation(item, institution, matched, reduced, active.settings.sources, active.authorities).report
        mentions = [
            [each.field, each.start, each.end, each.text, each.rule.value, each.salience]
            for each in matched.mentions
            if each.institution == institution
        ]
        rows.append(cases.finding_row(seen, institution=institution, mentions=mentions, **common))
    return rows
