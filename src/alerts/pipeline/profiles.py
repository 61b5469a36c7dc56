"""The profile of an institution from its case file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from alerts.cases.casefile import CaseFile
from alerts.model.institution import Institution
from alerts.model.level import Axis, Transition
from alerts.model.profile import Coverage, Profile
from alerts.model.settings import Settings
from alerts.pipeline.configuration import Active
from alerts.pipeline.coverage import coverage
from alerts.scoring.profile import build
from alerts.store import cases

HISTORY = 100
"""How many of the newest level changes a profile shows."""


def profile(
    session: Session, active: Active, case: CaseFile, at: datetime, *, history: Sequence[Transition] = ()
) -> Profile:
    """The profile as of `at`, which is not before the case's clock. `history` may not be stored yet."""
    institution = case.institution
    known = {each.key: each for each in cases.transitions(session, institution.id, upto=at, limit=HISTORY)}
    known |= {each.key: each for each in history}
    return profile_of(
        active.settings,
        case,
        at,
        history=sorted(known.values(), key=lambda each: (each.at, each.axis.value)),
        coverage=coverage(session, active.settings, institution, at),
    )


def profile_of(
    settings: Settings, case: CaseFile, at: datetime, *, history: Sequence[Transition], coverage: Coverage
) -> Profile:
    """The profile from a case file alone."""
    return build(
        case.institution,
        evidence=case.evidence(),
        topics=settings.topics,
        rules=settings.levels,
        states={axis: case.state(axis, at) for axis in Axis},
        contributions={axis: case.contributions(axis, at) for axis in Axis},
        history=history,
        coverage=coverage,
        at=at,
        names={each.id: each.name for each in settings.institutions.values()},
    )


def snapshot(
    session: Session, active: Active, case: CaseFile, at: datetime, *, history: Sequence[Transition]
) -> bytes:
    """The profile as bytes that `restored` reads."""
    return _adapter().dump_json(profile(session, active, case, max(at, case.clock or at), history=history))


def restored(snapshot: bytes) -> Profile:
    return _adapter().validate_json(snapshot)


@cache
def _adapter() -> TypeAdapter[Profile]:
    return TypeAdapter(Profile)


def profile_at(session: Session, active: Active, institution: Institution, at: datetime) -> Profile:
    """The profile as of a past or present instant, from what had been observed by then."""
    return profile(session, active, case_at(session, active, institution, at), at)


def case_at(session: Session, active: Active, institution: Institution, at: datetime) -> CaseFile:
    """The case file as of a past or present instant.

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
