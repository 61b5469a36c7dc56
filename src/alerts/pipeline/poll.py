"""One source: fetched, its new items stored together with what they say about whom."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.cases.observation import publisher_of
from alerts.feeds import poll as feeds
from alerts.feeds.diff import Decision, KnownItems, Verdict, Wanted
from alerts.feeds.links import host_key
from alerts.feeds.schedule import first_poll, next_poll, unfinished
from alerts.feeds.state import poll_url
from alerts.model.mention import Matched
from alerts.model.source import Source
from alerts.pipeline import websub
from alerts.pipeline.mentions import finding_rows
from alerts.runtime import logs
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import HINTED, Hints
from alerts.store import system_state
from alerts.store.logical_clock import stamp
from alerts.store.repositories import cases, items, sources
from alerts.store.repositories.sources import LeasedSource
from alerts.stories.features import Features, features

LEASE_SECONDS = 180.0

MAX_LOST_LEASES = 2
"""One poll that never ends may be that of a worker that was killed, and is repeated at once; of two in a row the source
is the cause."""

HOST_GAP = timedelta(seconds=1)
LONGEST_WAIT = timedelta(seconds=3)
"""How long a worker waits for its turn at a host before it leaves the source for later."""

STOPPED_FOR = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What a poll brought; `error` is one line, empty where there was none."""

    source: str
    new: int = 0
    revised: int = 0
    institutions: Sequence[str] = ()
    error: str = ""
    skipped: bool = False


def poll(runtime: Runtime, source_id: str, *, due_only: bool = True) -> PollOutcome:
    """Polls a source, if it is due, and stores what is new. Idempotent; enqueues the institutions to assess.

    Without `due_only` one that is not due is polled, too, however long it has to wait for its turn at its host.
    What a server or a feed does wrong is recorded on the source and harms no other.
    """
    active = runtime.configuration.current()
    source = active.settings.sources.get(source_id)
    now = runtime.clock()
    if source is None:
        return PollOutcome(source_id, skipped=True)
    with runtime.database.write() as session:
        leased = sources.lease(session, source_id, now, seconds=LEASE_SECONDS, due_only=due_only)
        if leased is None:
            return PollOutcome(source_id, skipped=True)
        if leased.lost_leases >= MAX_LOST_LEASES:
            return _record_unfinished(session, source, leased, now)
        host = host_key(poll_url(source, leased.state))
        gap = timedelta(0) if source.allow_private else HOST_GAP
        patience = LONGEST_WAIT if due_only else timedelta(seconds=LEASE_SECONDS / 2)
        turn = sources.reserve_host(session, host, now, gap, patience=patience) if gap else now
        if turn - now > patience:
            sources.release(session, leased, turn)
            return PollOutcome(source_id, skipped=True)
    if turn > now:
        time.sleep((turn - now).total_seconds())

    def known(wanted: Wanted) -> KnownItems:
        with runtime.database.read() as session:
            return items.known_items(session, source_id, wanted)

    # fault point: poll.leased
    computing = runtime.database.computing
    polled = feeds.poll(
        runtime.client, source, leased.state, known, now=runtime.clock(), computing=computing()
    )
    # fault point: poll.fetched
    for note in polled.plan.notes:
        logs.event("source.noted", logging.WARNING, source=source_id, note=note)
    decision = polled.decision or Decision()
    with computing():
        findings = _match(active, decision)
    with runtime.database.write() as session:
        state = polled.plan.state
        hub = runtime.pages is not None and bool(state.hub)  # it may push at any moment
        # Where there is nothing to store, finishing tells by itself whether the source is still ours.
        if (findings or hub) and not sources.still_ours(session, leased):
            return _overtaken(source_id)
        if findings:
            newest = runtime.configuration.current(elsewhere=system_state.configuration(session))
            if newest is not active:  # changed meanwhile: what is stored was found under what is in force
                active, findings = newest, _match(newest, decision)
        done = runtime.clock()
        next_at = polled.plan.at or done + STOPPED_FOR
        if hub:
            next_at = websub.next_poll(
                session,
                source,
                state,
                former=leased.state,
                began=now,
                new=len(findings),
                at=next_at,
            )
        if not sources.finish(session, leased, state, now=done, next_poll_at=next_at):
            return _overtaken(source_id)
        institutions = _store(session, active, decision, findings, done) if findings else []
        # fault point: poll.written
    # fault point: poll.committed
    outcome = PollOutcome(
        source_id,
        new=len(decision.new),
        revised=len(decision.revised) + len(decision.withdrawn),
        institutions=institutions,
        error=state.error_line,
    )
    logs.event(
        "source.polled",
        logging.WARNING if outcome.error else logging.INFO,
        source=source_id,
        new=outcome.new,
        revised=outcome.revised,
        held=decision.held,
        error=outcome.error,
        ms=round(polled.result.elapsed * 1000),
    )
    if institutions:
        runtime.enqueue(Hints(assess=institutions))
        # fault point: poll.enqueued
    websub.after_poll(runtime, source, state)
    return outcome


def _record_unfinished(session: Session, source: Source, leased: LeasedSource, now: datetime) -> PollOutcome:
    """Counts polls that never ended as one failure of the source: it waits, and holds up no other meanwhile."""
    plan = next_poll(source, leased.state, unfinished(source, leased.lost_leases), now=now)
    sources.finish(
        session,
        leased,
        plan.state,
        now=now,
        next_poll_at=plan.at or now + STOPPED_FOR,
        lost_leases=MAX_LOST_LEASES - 1,  # the next poll that does not end is a failure at once
    )
    logs.event("source.unfinished", logging.ERROR, source=source.id, leases=leased.lost_leases)
    return PollOutcome(source.id, error=plan.state.error_line)


def _overtaken(source: str) -> PollOutcome:
    logs.event("poll.overtaken", logging.WARNING, source=source)
    return PollOutcome(source, skipped=True)


def sync(runtime: Runtime) -> None:
    """Makes the stored sources follow the configuration, new ones spread over their interval."""
    active = runtime.configuration.current()
    settings = active.settings
    now = runtime.clock()

    def due(source: Source) -> datetime:
        return first_poll(source, now, min(source.interval, timedelta(seconds=len(settings.sources) / 5)))

    with runtime.database.write() as session:
        sources.sync(session, settings.sources, due)
        if items.count(session) == 0:  # nothing was ever matched otherwise
            system_state.put(session, system_state.MATCHING, now, {"key": active.matching_key, "done": None})


@dataclass(frozen=True, slots=True)
class _Found:
    """A verdict with what matching found in it. All of it was computed outside any transaction."""

    verdict: Verdict
    matched: Matched
    features: Features | None  # of an item that is about somebody
    publisher: str
    quiet: bool


def _match(active: Active, decision: Decision) -> list[_Found]:
    found = []
    for verdict in (*decision.new, *decision.revised, *decision.withdrawn):
        item = verdict.item
        publisher = publisher_of(item, active.settings.sources)
        matched = Matched() if item.withdrawn else active.matcher.match(item, tracked_only=True)
        # What a feed holds when it is first read is believed: its age is in its score. What comes out of
        # quarantine is not.
        quiet = verdict.quiet and decision.released
        reduced = features(item, publisher) if matched.mentions else None
        found.append(_Found(verdict, matched, reduced, publisher, quiet))
    return found


def _store(
    session: Session, active: Active, decision: Decision, found: Sequence[_Found], now: datetime
) -> list[str]:
    """Writes items, revisions and findings under one stamp; the institutions that have something new.

    All who store wait for the one that has the stamp, so what needs none comes before it: above all the rows of
    the institutions, which an assessment may hold for a while.
    """
    known = [*decision.revised, *decision.withdrawn]
    former = items.institutions_of(session, [each.item.id for each in known])
    institutions = {name for each in found for name in each.matched.institutions()}
    institutions |= {name for names in former.values() for name in names}
    cases.mark_due(session, institutions, now, claimed_until=now + HINTED)
    at = stamp(session, now)
    stamped = [replace(each.verdict.item, observed=at) for each in found]
    revisions = items.add(
        session, [each.verdict for each in found], stamped, [each.publisher for each in found]
    )
    rows = [
        row
        for each, item, revision in zip(found, stamped, revisions, strict=True)
        for row in finding_rows(
            active,
            each.matched,
            each.features,
            item,
            each.publisher,
            revision,
            former.get(item.id, set()),
            quiet=each.quiet,
        )
    ]
    cases.add_findings(session, rows)
    return sorted(institutions)
