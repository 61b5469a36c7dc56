"""Institutions' findings to stories, levels, transitions and alerts."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from alerts.cases.case_file import CaseFile
from alerts.cases.history import CORRECTABLE, Assessed
from alerts.cases.observation import Observation
from alerts.insight.profiles import snapshots
from alerts.model.errors import AlertsError
from alerts.model.level import Transition
from alerts.model.records import fields_of
from alerts.model.story import Evidence
from alerts.pipeline.rematch import is_current
from alerts.pipeline.route import InstitutionEvents, Routed, route
from alerts.routing.alerts import alert_id, reference
from alerts.routing.case_events import CaseEvents, EventState
from alerts.routing.events import Event
from alerts.runtime import logs
from alerts.runtime.case_cache import CaseCache
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state
from alerts.store.clock import next_timestamp
from alerts.store.repositories import assessments, cases, deliveries, stories, transitions
from alerts.store.repositories.cases import Case
from alerts.store.repositories.stories import Happened
from alerts.stories.cluster import Event as StoryEvent
from alerts.stories.cluster import Joined

Waiting = Sequence[tuple[datetime, Sequence[Observation]]]


@dataclass(frozen=True, slots=True)
class History:
    """What working through the whole history again brought, in the place of what is stored."""

    events: Sequence[tuple[datetime, Sequence[StoryEvent]]]
    stories: Sequence[Evidence]
    assessed: Sequence[Assessed]


@dataclass(slots=True)
class Draft:
    """What assessing an institution brought, and what of it is to be stored."""

    stored: Case
    case: CaseFile
    reporter: EventState
    configuration: str
    upto: datetime
    history: History | None = None
    transitions: list[Transition] = field(default_factory=list)
    happenings: list[Event] = field(default_factory=list)
    assessed: list[Assessed] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    observed: datetime | None = None

    def saved(self, more: datetime | None) -> Case:
        """The case to be stored: due at its next fall, or at `more`, when something was observed meanwhile."""
        due = min((at for at in (*self.case.falls().values(), more) if at is not None), default=None)
        key = self.stored.institution, self.upto, self.stored.version + 1, self.configuration
        return Case(*key, self.case.axes, self.reporter.record(), due)


def assess(runtime: Runtime, *institutions: str) -> list[Transition]:
    """Assesses what was found about institutions since their last assessment, and the falls until now.

    Idempotent: the cursors of the cases say what is assessed. Enqueues the deliveries that can be sent. Several
    institutions share one transaction, so each costs a few rows and not a dozen statements."""
    with runtime.assessing():
        try:
            return _assess_together(runtime, institutions)
        except (AlertsError, DBAPIError):
            raise  # of the database or the configuration: no institution's fault
        except Exception:
            if len(institutions) == 1:
                raise
        # One that cannot be assessed must not block the others: each is tried alone, and its error raised at the end.
        found, faults = [], []
        for each in institutions:
            try:
                found += _assess_together(runtime, [each])
            except Exception as fault:  # noqa: BLE001
                logs.event("assess.broken", logging.ERROR, caught=True, institution=each)
                faults.append(fault)
        if faults:
            raise faults[0]
        return found


def _assess_together(runtime: Runtime, institutions: Sequence[str]) -> list[Transition]:
    while institutions:
        # A timestamp of its own, committed first: everything observed before it is visible to the transactions below,
        # so no fall can be recorded that an observation not yet committed would have prevented.
        with runtime.database.write() as session:
            upto = next_timestamp(session, runtime.clock())
            in_force = system_state.in_force(session)
        # What another process has put in force is adopted first.
        active = runtime.configuration.current(in_force.number)
        # Computes outside the write transaction, to keep locks short: on SQLite every writer would wait for it, on
        # PostgreSQL every worker that stores news of the same institutions.
        with runtime.database.computing(), runtime.database.read() as session:
            seen = cases.read(session, institutions)
            drafts = _draft(session, active, runtime.cases, seen, upto)
        if not drafts and seen.keys() <= active.settings.institutions.keys():
            break
        places = runtime.places("send")
        with runtime.database.write() as session:
            stored = cases.lock(session, institutions)
            if system_state.in_force(session) != in_force:
                continue  # all was computed under a configuration that is no longer in force
            same = {name for name, case in seen.items() if stored.get(name) == (case.version, case.cursor)}
            done = [each for each in drafts if each.stored.institution in same]
            if changed := stored.keys() - same:
                # Another worker was faster: recomputed under the row lock, from what it has written.
                done += _draft(session, active, runtime.cases, cases.read(session, changed), upto)
            cases.shelve(session, stored.keys() - active.settings.institutions.keys())
            more = cases.observed_after(session, [each.stored.institution for each in done], upto)
            routed = _store(session, active, done, more, now=runtime.clock(), places=places)
        return _committed(runtime, active, done, routed)
    return []


def _committed(runtime: Runtime, active: Active, done: Sequence[Draft], routed: Routed) -> list[Transition]:
    """What must wait for the commit: case files go to the cache, deliveries to the queue."""
    changes = []
    for each in done:
        institution = each.stored.institution
        if logs.shows_news():
            _log_stories(each)
        runtime.cases.put(institution, each.stored.version + 1, active.case_key(institution), each.case)
        changes += each.transitions
    for alert, _, subscribers in routed.alerts if logs.shows_news() else ():
        about = fields_of(alert, "institution", "channel", "on", "state", "reason")
        about["title"] = alert.lead.title if alert.lead is not None else ""
        for subscriber in subscribers:
            logs.event("alert.made", alert=alert_id(reference(alert), subscriber), subscriber=subscriber, **about)
    for change in changes:
        moved = fields_of(change, "institution", "axis", "score", "cause")
        logs.event("level.changed", before=change.from_.value, after=change.to.value, **moved)
    runtime.enqueue(TaskRequests(send=routed.ready))
    return changes


def _log_stories(draft: Draft) -> None:
    for event in (event for _, _, events in draft.events for event in events):
        found = draft.case.evidence_of(event.story) if isinstance(event, Joined) and not event.score else None
        if found is not None:
            logs.event("story.begun", **fields_of(found, "institution", "story", "grade", "title"))


def _draft(
    session: Session, active: Active, cache: CaseCache, stored: Mapping[str, Case], upto: datetime
) -> list[Draft]:
    """Assesses cases without writing. Those that are no longer tracked or have nothing to assess are left out."""
    stored = {name: case for name, case in stored.items() if name in active.settings.institutions}
    if not stored:
        return []
    waiting = cases.waiting(session, stored, active.settings.sources, upto)
    # All others were assessed since they were requested: of many requests about one, the first does the work.
    due = [case for name, case in stored.items() if name in waiting or _is_due(active, case, upto)]
    files = _files(session, active, cache, due)
    return [_assess(session, active, files, case, waiting.get(case.institution, ()), upto) for case in due]


def _is_due(active: Active, case: Case, upto: datetime) -> bool:
    """Whether a level falls by then, or the configuration is another one."""
    fallen = case.due_at is not None and case.due_at <= upto
    return fallen or case.configuration != active.case_key(case.institution)


def _rebuilt(session: Session, active: Active, stored: Case, case: CaseFile) -> tuple[EventState, History]:
    """Builds an empty case file from the whole history up to the cursor."""
    institution = case.institution.id
    reporter = CaseEvents(case, EventState(), frozenset())
    events, assessed = [], []
    for at, batch in cases.observations(session, institution, active.settings.sources, upto=stored.cursor):
        change, _ = reporter.observe(at, batch)
        events.append((at, change.events))
        if change.stories:
            assessed.append(case.assessed(change))
    reporter.advance(stored.cursor)
    return reporter.state, History(events, case.evidence(), assessed)


def _files(session: Session, active: Active, cache: CaseCache, stored: Sequence[Case]) -> dict[str, CaseFile | None]:
    """The case file of each institution as last assessed, those that are not cached read together.

    None where it is to be rebuilt. While recorded items are being matched again, that waits for all of them."""
    found: dict[str, CaseFile | None] = {}
    missing: list[Case] = []
    edited = {
        each.institution for each in stored if each.version and each.configuration != active.case_key(each.institution)
    }
    rebuilt = edited if edited and is_current(session, active) else set()
    for each in stored:
        key = active.case_key(each.institution)
        if each.institution in rebuilt:
            found[each.institution] = None
        elif (known := cache.take(each.institution, each.version, key)) is not None:
            found[each.institution] = known
        elif not each.version:
            found[each.institution] = active.new_case(each.institution)
        else:
            missing.append(each)
    cursors = {each.institution: each.cursor for each in missing}
    recorded = cases.recorded(session, cursors, active.settings.sources, correctable=CORRECTABLE)
    for each in missing:
        case = found[each.institution] = active.new_case(each.institution)
        case.restore(recorded[each.institution], each.axes, each.cursor)
    return found


def _assess(
    session: Session,
    active: Active,
    files: Mapping[str, CaseFile | None],
    stored: Case,
    waiting: Waiting,
    upto: datetime,
) -> Draft:
    upto = max(upto, stored.cursor)  # another worker may have been here with a later stamp
    known = files[stored.institution]
    rebuild = known is None
    case = active.new_case(stored.institution) if known is None else known
    state = EventState.of(stored.reporter)
    in_force = active.case_key(stored.institution) if rebuild or not stored.version else stored.configuration
    done = Draft(stored, case, state, in_force, upto)
    brought: list[Transition] = []
    if rebuild:
        state, done.history = _rebuilt(session, active, stored, case)
        done.reporter = state
        # In force before anything that waits, so that time does not run backwards.
        since = waiting[0][0] - timedelta.resolution if waiting else upto
        correctable = cases.rises(session, {stored.institution: stored.cursor - CORRECTABLE})[stored.institution]
        done.transitions += case.reconsider(since, stored.axes, correctable)
        if stored.configuration != cases.FORMER_FORMULA:  # whose new levels alert nobody
            brought = [*done.transitions]
    reporter = CaseEvents(case, state, active.wanted, topics=active.settings.topics, fresh=active.settings.fresh)
    done.happenings += reporter.reconsidered(brought)
    for at, batch in waiting:
        change, found = reporter.observe(at, batch)
        done.events.append((stored.institution, at, change.events))
        done.transitions += change.transitions
        done.touched |= change.stories
        if change.stories:
            done.assessed.append(case.assessed(change))
        done.happenings += found
        done.observed = at
    falls, found = reporter.advance(upto)
    done.transitions += falls
    done.happenings += found
    return done


def _store(
    session: Session, active: Active, done: Sequence[Draft], more: Mapping[str, datetime], *, now: datetime, places: int
) -> Routed:
    """Writes what assessing institutions brought, and routes it."""
    changes = [change for each in done for change in each.transitions]
    ids = transitions.add(session, changes)
    for each in done:
        if each.history is not None:
            institution_id = each.stored.institution
            stories.replace(session, institution_id, each.history.events, each.history.stories)
            assessments.replace(session, institution_id, each.history.assessed)
    stories.add_events(session, [event for each in done for event in each.events])
    touched = [(story, each.case.evidence_of(story)) for each in done for story in sorted(each.touched)]
    stories.save(session, [evidence for _, evidence in touched if evidence is not None])
    stories.empty(session, [story for story, evidence in touched if evidence is None])
    assessments.add(session, [assessed for each in done for assessed in each.assessed])
    # The stamp of what was observed meanwhile may be ahead of a clock that was set back.
    again = {institution: min(at, now) for institution, at in more.items()}
    cases.save(session, [each.saved(again.get(each.stored.institution)) for each in done])
    happened = [InstitutionEvents(each.case.institution, each.happenings, each.observed) for each in done]
    row_ids = {each.key: row for each, row in zip(changes, ids, strict=True)}
    routed = route(session, active, happened, transitions=row_ids, now=now, places=places)
    told: dict[str, datetime] = dict(routed.corrected)
    for alert, _, _ in routed.alerts:
        told[alert.institution] = max(alert.at, told.get(alert.institution, alert.at))
    wanted = [(each.case, told[each.stored.institution]) for each in done if each.stored.institution in told]
    shown = [(case.institution.id, at, made) for case, at, made in snapshots(session, active, wanted)]
    deliveries.add_snapshots(session, shown)
    return routed
