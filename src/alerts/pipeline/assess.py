"""One institution's findings to stories, levels, transitions and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from alerts.cases.casefile import CaseFile, Change, Correction
from alerts.delivery.events import CorrectionEvent, Event, LevelEvent, MentionEvent
from alerts.model.institution import Institution
from alerts.model.level import Transition
from alerts.model.story import Evidence
from alerts.pipeline import log
from alerts.pipeline.configuration import Active
from alerts.pipeline.hints import Hints
from alerts.pipeline.profiles import snapshot
from alerts.pipeline.route import Routed, route
from alerts.pipeline.runtime import Runtime
from alerts.store import cases, deliveries
from alerts.store.cases import Case
from alerts.store.stamp import stamp
from alerts.stories.cluster import Joined


@dataclass(slots=True)
class Assessed:
    """What assessing an institution brought."""

    transitions: Sequence[Transition] = ()
    routed: Routed | None = None


def assess(runtime: Runtime, institution_id: str) -> Assessed:
    """Takes in what was found about an institution and is not assessed yet, and the falls until now.

    Idempotent: what is assessed stands in the case's cursor. Enqueues the deliveries that can be sent.
    """
    active = runtime.configuration.current()
    institution = active.settings.institutions.get(institution_id)
    # A stamp of its own, committed first: everything observed before it is visible to the transaction below,
    # so no fall can be recorded that an observation on its way would have prevented.
    with runtime.database.write() as session:
        upto = stamp(session, runtime.clock())
    with runtime.database.write() as session:
        stored = cases.lock(session, institution_id)
        if stored is None:
            return Assessed()
        if institution is None:  # no longer tracked: kept, but not due
            cases.save(
                session,
                stored,
                cursor=stored.cursor,
                configuration=active.settings.hash,
                axes=stored.axes,
                next_fall_at=None,
            )
            return Assessed()
        case = open_case(session, runtime, active, stored, institution)
        result = _assess(session, active, stored, case, upto=upto, now=runtime.clock())
    runtime.cases.put(institution_id, stored.version + 1, active.settings.hash, case)
    for each in result.transitions:
        log.event(
            "level.changed",
            institution=each.institution,
            axis=each.axis.value,
            before=each.from_.value,
            after=each.to.value,
            score=round(each.score, 6),
            cause=each.cause.value,
        )
    if result.routed is not None and result.routed.ready:
        runtime.enqueue(Hints(send=result.routed.ready))
    return result


def open_case(
    session: Session, runtime: Runtime, active: Active, stored: Case, institution: Institution
) -> CaseFile:
    """The case file as assessed up to the stored cursor: from this process's cache, else from the database.

    Taken out of the cache: put it back only once the transaction that changed it has committed.
    """
    known = runtime.cases.take(stored.institution, stored.version, active.settings.hash)
    return known if known is not None else load_case(session, active, stored, institution)


def load_case(session: Session, active: Active, stored: Case, institution: Institution) -> CaseFile:
    case = CaseFile(institution, active.settings.topics, active.settings.levels)
    case.restore(
        cases.members(session, stored.institution, active.settings.sources, stored.cursor),
        axes=stored.axes,
        rises=cases.transitions(session, stored.institution, rises_only=True),
        clock=stored.cursor if stored.version else None,
    )
    return case


def _assess(
    session: Session, active: Active, stored: Case, case: CaseFile, *, upto: datetime, now: datetime
) -> Assessed:
    institution = case.institution.id
    transitions: list[Transition] = []
    events: list[Event] = []
    touched: set[str] = set()
    observed: datetime | None = None
    if stored.version and stored.configuration != active.settings.hash:
        transitions += case.reconsider(upto, stored.axes)
        touched |= {each.story for each in case.evidence()}
    waiting = cases.observations(
        session, institution, active.settings.sources, after=stored.cursor, upto=upto
    )
    for at, batch in waiting:
        change = case.observe(at, batch)
        cases.add_events(session, institution, at, change.events)
        corrected = _corrections(
            session, change.corrections, withdrawn={each.report.item for each in batch if not each.counts}
        )
        transitions += change.transitions
        touched |= change.stories
        # A correction goes before the fall that the same withdrawal causes.
        events += corrected
        events += [LevelEvent(each) for each in change.transitions]
        events += mentions(case, change, at)
        observed = at
    falls = case.advance(upto)
    transitions += falls
    events += [LevelEvent(each) for each in falls]
    ids = cases.add_transitions(session, transitions)
    cases.save_stories(session, _evidence(case, touched))
    cases.save(
        session,
        stored,
        cursor=upto,
        configuration=active.settings.hash,
        axes=case.axes,
        next_fall_at=case.next_fall(),
    )
    events = [LevelEvent(each) for each in transitions if each.cause == "config"] + events
    keys = {each.key: row for each, row in zip(transitions, ids, strict=True)}
    routed = route(session, active, events, transitions=keys, now=now, observed=observed)
    if routed.alerts:
        at = max(alert.at for alert in routed.alerts.values())
        deliveries.add_snapshot(
            session, institution, at, snapshot(session, active, case, at, history=transitions)
        )
    return Assessed(transitions, routed)


def mentions(case: CaseFile, change: Change, at: datetime) -> list[Event]:
    """One event for each item that was found to be about the institution."""
    found: list[Event] = []
    for event in change.events:
        if not isinstance(event, Joined):
            continue
        evidence = case.evidence_of(case.story_of(event.item) or event.story)
        if evidence is None:
            continue
        report = next((each for each in evidence.reports if each.item == event.item), None)
        if report is not None:
            found.append(
                MentionEvent(
                    at=at,
                    institution=case.institution.id,
                    item=event.item,
                    story=evidence.story,
                    title=report.title,
                    url=report.url,
                    publisher=report.publisher,
                    confidence=evidence.confidence,
                )
            )
    return found


def _corrections(session: Session, corrections: Sequence[Correction], *, withdrawn: set[str]) -> list[Event]:
    return [
        CorrectionEvent(
            at=each.at,
            institution=each.transition.institution,
            item=each.item,
            alerts=tuple(deliveries.alerts_of(session, each.transition)),
            why="withdrawn" if each.item in withdrawn else "corrected",
        )
        for each in corrections
    ]


def _evidence(case: CaseFile, stories: Iterable[str]) -> list[Evidence]:
    return [found for story in sorted(stories) if (found := case.evidence_of(story)) is not None]
