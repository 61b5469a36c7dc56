"""One institution's findings to stories, levels, transitions and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.cases.casefile import CORRECTABLE, CaseFile
from alerts.delivery.events import LevelEvent
from alerts.model.institution import Institution
from alerts.model.level import Transition
from alerts.model.story import Evidence
from alerts.pipeline import log
from alerts.pipeline.configuration import Active
from alerts.pipeline.hints import Hints
from alerts.pipeline.profiles import snapshot
from alerts.pipeline.rematch import is_current
from alerts.pipeline.report import Happening, Reporter, ReporterState
from alerts.pipeline.route import Routed, route
from alerts.pipeline.runtime import Runtime
from alerts.store import cases, deliveries, facts
from alerts.store.cases import Case
from alerts.store.stamp import stamp


@dataclass(slots=True)
class Assessed:
    """What assessing an institution brought; `case` is its case file now, None where there is none."""

    case: CaseFile | None = None
    transitions: Sequence[Transition] = ()
    routed: Routed | None = None


def assess(runtime: Runtime, institution_id: str) -> Assessed:
    """Takes in what was found about an institution and is not assessed yet, and the falls until now.

    Idempotent: what is assessed stands in the case's cursor. Enqueues the deliveries that can be sent.
    """
    # A stamp of its own, committed first: everything observed before it is visible to the transaction below,
    # so no fall can be recorded that an observation on its way would have prevented.
    with runtime.database.write() as session:
        upto = stamp(session, runtime.clock())
        in_force = facts.configuration(session)
    # Where another worker has seen an edit before this one, look again instead of turning it back.
    active = runtime.configuration.current(elsewhere=in_force)
    institution = active.settings.institutions.get(institution_id)
    with runtime.database.write() as session:
        stored = cases.lock(session, institution_id)
        if stored is None:
            return Assessed()
        if institution is None:
            cases.shelve(session, institution_id)
            return Assessed()
        upto = max(upto, stored.cursor)  # another worker may have been here with a later stamp
        key = active.case_key(institution_id)
        # While recorded items are being matched again, the rebuilding waits for all of them.
        rebuild = bool(stored.version) and stored.configuration != key and is_current(session, active)
        case = None if rebuild else runtime.cases.take(institution_id, stored.version, key)
        if rebuild:
            case = CaseFile(institution, active.settings.topics, active.settings.levels)
        elif case is None:
            case = load_case(session, active, stored, institution)
        result = _assess(session, active, stored, case, key, rebuild=rebuild, upto=upto, now=runtime.clock())
    # Only now that the transaction has committed is the case file good for the next time.
    if result.case is not None:
        runtime.cases.put(institution_id, stored.version + 1, key, result.case)
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


def load_case(session: Session, active: Active, stored: Case, institution: Institution) -> CaseFile:
    """The case file from the database, as assessed up to the stored cursor."""
    case = CaseFile(institution, active.settings.topics, active.settings.levels)
    case.restore(
        cases.members(session, stored.institution, active.settings.sources, stored.cursor),
        axes=stored.axes,
        rises=_correctable(session, stored),
        clock=stored.cursor if stored.version else None,
        merged=cases.merged(session, stored.institution),
        left=cases.left(session, stored.institution),
    )
    return case


def _rebuilt(session: Session, active: Active, stored: Case, case: CaseFile) -> ReporterState:
    """Works an empty case file through the whole history up to the cursor, and stores its stories."""
    institution = case.institution.id
    reporter = Reporter(case, ReporterState(), frozenset())
    events = []
    for at, batch in cases.observations(session, institution, active.settings.sources, upto=stored.cursor):
        change, _ = reporter.observe(at, batch)
        events.append((at, change.events))
    reporter.advance(stored.cursor)
    cases.replace_stories(session, institution, events, case.evidence())
    return reporter.state


def _assess(
    session: Session,
    active: Active,
    stored: Case,
    case: CaseFile,
    key: str,
    *,
    rebuild: bool,
    upto: datetime,
    now: datetime,
) -> Assessed:
    institution = case.institution.id
    transitions: list[Transition] = []
    happenings: list[Happening] = []
    touched: set[str] = set()
    observed: datetime | None = None
    waiting = cases.observations(
        session, institution, active.settings.sources, after=stored.cursor, upto=upto
    )
    state = ReporterState.of(stored.reporter)
    if rebuild:
        state = _rebuilt(session, active, stored, case)
        # In force before anything that waits, so that time does not run backwards.
        moved = case.reconsider(
            waiting[0][0] - timedelta.resolution if waiting else upto,
            stored.axes,
            _correctable(session, stored),
        )
        transitions += moved
        happenings += [LevelEvent(each) for each in moved]
    reporter = Reporter(case, state, active.wanted)
    for at, batch in waiting:
        change, found = reporter.observe(at, batch)
        cases.add_events(session, institution, at, change.events)
        transitions += change.transitions
        touched |= change.stories
        happenings += found
        observed = at
    falls, found = reporter.advance(upto)
    transitions += falls
    happenings += found
    ids = cases.add_transitions(session, transitions)
    cases.save_stories(session, _evidence(case, touched))
    cases.save(
        session,
        stored,
        cursor=upto,
        configuration=key if rebuild or not stored.version else stored.configuration,
        axes=case.axes,
        next_fall_at=case.next_fall(),
        reporter=reporter.state.record(),
    )
    keys = {each.key: row for each, row in zip(transitions, ids, strict=True)}
    routed = route(
        session, active, case.institution, happenings, transitions=keys, now=now, observed=observed
    )
    if routed.alerts:
        at = max(alert.at for alert in routed.alerts.values())
        deliveries.add_snapshot(
            session, institution, at, snapshot(session, active, case, at, history=transitions)
        )
    return Assessed(case, transitions, routed)


def _correctable(session: Session, stored: Case) -> list[Transition]:
    """The recorded rises that an item can still take back."""
    since = stored.cursor - CORRECTABLE
    return cases.transitions(session, stored.institution, since=since, rises_only=True)


def _evidence(case: CaseFile, stories: Iterable[str]) -> list[Evidence]:
    return [found for story in sorted(stories) if (found := case.evidence_of(story)) is not None]
