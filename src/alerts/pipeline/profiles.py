"""The profile of an institution: from its case file, or read from what is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from alerts.cases.casefile import CaseFile
from alerts.cases.standing import Standing
from alerts.model.institution import Institution
from alerts.model.level import Transition
from alerts.model.profile import Coverage, Profile
from alerts.model.settings import Settings
from alerts.model.story import Evidence
from alerts.pipeline.configuration import Active
from alerts.pipeline.coverage import coverage
from alerts.scoring.profile import build
from alerts.store import cases, standings
from alerts.store.cases import Case

HISTORY = 100
"""How many of the newest level changes a profile shows."""


def profile(
    session: Session, active: Active, standing: Standing, *, history: Sequence[Transition] = ()
) -> Profile:
    """The profile as of the standing's clock. `history` may not be stored yet."""
    institution, at = standing.institution, standing.clock
    known = {each.key: each for each in cases.transitions(session, institution.id, upto=at, limit=HISTORY)}
    known |= {each.key: each for each in history}
    return _profile(
        active.settings,
        standing,
        history=sorted(known.values(), key=lambda each: (each.at, each.axis.value)),
        coverage=coverage(session, active.settings, institution, at),
    )


def profile_of(
    settings: Settings, case: CaseFile, at: datetime, *, history: Sequence[Transition], coverage: Coverage
) -> Profile:
    """The profile from a case file alone, as of an instant not before its clock."""
    standing = Standing.of(case, settings.topics, settings.levels, at)
    return _profile(settings, standing, history=history, coverage=coverage)


def _profile(
    settings: Settings, standing: Standing, *, history: Sequence[Transition], coverage: Coverage
) -> Profile:
    return build(
        standing.institution,
        stories=standing.summaries(),
        evidence=standing.evidence,
        counts=standing.counts(),
        topics=settings.topics,
        rules=settings.levels,
        states=standing.states(),
        amounts=standing.amounts(),
        history=history,
        coverage=coverage,
        at=standing.clock,
        names={each.id: each.name for each in settings.institutions.values()},
    )


def snapshot(
    session: Session, active: Active, case: CaseFile, at: datetime, *, history: Sequence[Transition]
) -> bytes:
    """The profile as bytes that `restored` reads."""
    settings = active.settings
    standing = Standing.of(case, settings.topics, settings.levels, max(at, case.clock or at))
    return _adapter().dump_json(profile(session, active, standing, history=history))


def restored(snapshot: bytes) -> Profile:
    return _adapter().validate_json(snapshot)


@cache
def _adapter() -> TypeAdapter[Profile]:
    return TypeAdapter(Profile)


def profile_at(session: Session, active: Active, institution: Institution, at: datetime) -> Profile:
    """The profile as of a past or present instant, from what had been observed by then."""
    return profile(session, active, standing_at(session, active, institution, at))


def standing_at(session: Session, active: Active, institution: Institution, at: datetime) -> Standing:
    """How the institution stands, or stood, at an instant, read from what is recorded.

    Levels of the past are those that were recorded; what they rest on is judged by the configuration given. Until
    the institution has been assessed under it, everything is worked through again, which takes its time.
    """
    stored = cases.peek(session, institution.id)
    if stored is not None and not _is_current(active, stored):
        case = case_at(session, active, institution, at)
        return Standing.of(case, active.settings.topics, active.settings.levels, at)
    loaded = standings.Loaded((), {}, {})
    if stored is not None:
        loaded = standings.load(session, institution, active.settings.sources, stored, at)

    def fetch(stories: Collection[str], upto: datetime) -> Mapping[str, Evidence]:
        sources = active.settings.sources
        return standings.fetch(session, institution, sources, loaded.members, stories, upto, read_at)

    read_at = at if stored is None else min(at, stored.cursor)
    standing = Standing(
        institution,
        active.settings.topics,
        active.settings.levels,
        stories=loaded.stories,
        members=loaded.members,
        axes=loaded.axes,
        clock=read_at,
        fetch=fetch,
    )
    if at > standing.clock:  # levels may have fallen that nobody has recorded yet
        standing.advance(at)
    return standing


def _is_current(active: Active, stored: Case) -> bool:
    """Whether what is recorded of the institution was assessed under this configuration."""
    return stored.version > 0 and stored.configuration == active.case_key(stored.institution)


def case_at(session: Session, active: Active, institution: Institution, at: datetime) -> CaseFile:
    """The case file as of a past or present instant: what can take in further observations.

    As of now the recorded case is read; for the past the case is worked through again up to then, under the
    configuration given.
    """
    stored = cases.peek(session, institution.id)
    case = CaseFile(institution, active.settings.topics, active.settings.levels)
    if stored is not None and stored.version and stored.cursor <= at:
        case.restore(
            cases.members(session, institution.id, active.settings.sources, stored.cursor),
            axes=stored.axes,
            rises=(),
            clock=stored.cursor,
        )
    elif stored is not None:
        for instant, batch in cases.observations(session, institution.id, active.settings.sources, upto=at):
            case.observe(instant, batch)
    case.advance(at)
    return case
