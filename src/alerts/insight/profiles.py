"""The profile of an institution: from its case file, or read from what is recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from alerts.cases.case_file import AxisState, CaseFile
from alerts.cases.snapshot import Fetch, Standing
from alerts.insight.coverage import coverage, coverages
from alerts.model.institution import Institution
from alerts.model.level import Axis, Transition
from alerts.model.profile import Coverage, Profile
from alerts.model.settings import Settings
from alerts.model.story import Evidence
from alerts.runtime.configuration import Active
from alerts.scoring.profile import build
from alerts.scoring.series import Seen
from alerts.store.queries import profiles
from alerts.store.repositories import cases, transitions
from alerts.store.repositories.cases import Case

HISTORY = 100
"""How many of the newest level changes a profile shows."""


def profile(session: Session, active: Active, standing: Standing) -> Profile:
    """The profile as of the standing's clock."""
    institution, at = standing.institution, standing.clock
    return _profile(
        active.settings,
        standing,
        history=_in_order(transitions.find(session, institution.id, upto=at, limit=HISTORY)),
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
        names={
            each.to: settings.institutions[each.to].name
            for each in standing.institution.relations
            if each.to in settings.institutions
        },
    )


def snapshots(
    session: Session, active: Active, wanted: Sequence[tuple[CaseFile, datetime]]
) -> Iterator[tuple[CaseFile, datetime, bytes]]:
    """The profile of each case file at an instant, or at its clock if that is later, as bytes that `restored` reads.

    The level changes until then must be stored. All of them share a few statements.
    """
    if not wanted:  # most assessments alert nobody
        return
    settings = active.settings
    cases = [
        Standing.of(case, settings.topics, settings.levels, max(at, case.clock or at)) for case, at in wanted
    ]
    clocks = {each.institution.id: each.clock for each in cases}
    history = transitions.newest(session, clocks, limit=HISTORY)
    covered = coverages(session, settings, clocks)
    for (case, at), standing in zip(wanted, cases, strict=True):
        key = standing.institution.id
        made = _profile(settings, standing, history=_in_order(history[key]), coverage=covered[key])
        yield case, at, _adapter().dump_json(made)


def _in_order(history: Iterable[Transition]) -> list[Transition]:
    return sorted(history, key=lambda each: (each.at, each.axis.value))


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
    if stored is None or stored.cursor <= at or not _is_current(active, stored):
        return standing_now(session, active, stored, at, recorded_of(active, institution))
    loaded = profiles.load(session, institution, active.settings.sources, stored, at)
    return Standing(
        institution,
        active.settings.topics,
        active.settings.levels,
        stories=loaded.stories,
        members=loaded.members,
        axes=loaded.axes,
        clock=at,
        fetch=_fetch(session, active, institution, loaded.members, at),
    )


def recorded_of(active: Active, institution: Institution) -> profiles.Recorded:
    """To be kept for `standing_now` while the configuration is the same."""
    return profiles.Recorded(institution, active.settings.sources, active.settings.topics)


def standing_now(
    session: Session, active: Active, stored: Case | None, at: datetime, recorded: profiles.Recorded
) -> Standing:
    """How the institution stands at an instant not before the cursor of its case, `stored`.

    `recorded` is what was read of it before; it is brought up to date.
    """
    institution, settings = recorded.institution, active.settings
    if stored is not None and (stored.cursor > at or not _is_current(active, stored)):
        return Standing.of(case_at(session, active, institution, at), settings.topics, settings.levels, at)
    axes: dict[Axis, AxisState] = {}
    if stored is not None:
        recorded.follow(session, stored.cursor)
        axes = dict(stored.axes)
    clock = at if stored is None else stored.cursor
    members = dict(recorded.members)
    standing = Standing(
        institution,
        settings.topics,
        settings.levels,
        stories=recorded.stories.values(),
        members=members,
        axes=axes,
        clock=clock,
        fetch=_fetch(session, active, institution, members, clock),
        terms={axis: dict(some) for axis, some in recorded.terms.items()},
        known=recorded.evidence,
    )
    standing.advance(at)  # levels may have fallen that nobody has recorded yet
    return standing


def _fetch(
    session: Session,
    active: Active,
    institution: Institution,
    members: Mapping[str, Sequence[Seen]],
    read_at: datetime,
) -> Fetch:
    def fetch(stories: Collection[str], upto: datetime) -> Mapping[str, Evidence]:
        sources = active.settings.sources
        return profiles.fetch(session, institution, sources, members, stories, upto, read_at)

    return fetch


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
