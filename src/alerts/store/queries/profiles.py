"""What a profile is read from: a few rows by index, for now or for any past instant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, bindparam, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from alerts.cases.case_file import AxisState
from alerts.cases.membership import evidence_of
from alerts.cases.observation import dated_as
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.profile import Counts
from alerts.model.source import Source
from alerts.model.story import Evidence, Report, StorySummary
from alerts.model.times import micros
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.score import NO_SCORE, PLACES, Score
from alerts.store.repositories import cases
from alerts.store.repositories.assessments import summary_of
from alerts.store.schema import AssessmentRow, FindingRow, StoryEventRow, StoryVersionRow, TransitionRow, table_of
from alerts.store.upsert import SOME, each_at, own_instants, rows_of

_A = table_of(AssessmentRow)
_V = table_of(StoryVersionRow)
_F = table_of(FindingRow).c
_E = table_of(StoryEventRow).c
_T = table_of(TransitionRow).c

_AT = bindparam("at", type_=_V.c.since.type)
_ABOUT = bindparam("institution", type_=_V.c.institution.type)
_THEN = and_(_V.c.institution == _ABOUT, _V.c.since <= _AT, or_(_V.c.until.is_(None), _V.c.until > _AT))
_LEADING = {
    axis: select(_V).where(_THEN, key <= bindparam("bound")).order_by(key.desc(), _V.c.story).limit(PLACES)
    for axis, key in ((axis, _V.c[f"key_{axis.value}"]) for axis in Axis)
}
# No story of a later newest report was known by then: the index is entered at the right place.
_SHOWN = select(_V).where(_THEN, _V.c.newest <= _AT, _V.c.confidence >= INTERNAL_BELOW)
_NEWEST = _SHOWN.order_by(_V.c.newest.desc(), _V.c.story).limit(bindparam("most"))
_TOTALS = select(_A).where(_A.c.institution == _ABOUT, _A.c.at <= _AT).order_by(_A.c.at.desc()).limit(1)
_LEVELS = select(_T.to_level, _T.at).where(_T.institution == _ABOUT, _T.axis == bindparam("axis"), _T.at <= _AT)
_LEVEL = _LEVELS.order_by(_T.at.desc()).limit(1)
_FOUND = _F.institution == _ABOUT, _F.item.in_(SOME), _F.observed <= _AT
_REPORTS = cases.REPORTS.where(*_FOUND).order_by(_F.observed)
_OBSERVED = cases.FINDINGS.where(*_FOUND).order_by(_F.observed)


@dataclass(frozen=True, slots=True)
class Totals:
    """What an institution's evidence amounted to from an instant on; `ranked` stories contribute to each axis."""

    scores: Mapping[Axis, Score]
    ranked: Mapping[Axis, int]
    counts: Counts


NOTHING = Totals(dict.fromkeys(Axis, NO_SCORE), dict.fromkeys(Axis, 0), Counts())


def totals(session: Session, institution: str, at: datetime) -> Totals:
    """What the evidence amounted to at an instant; NOTHING before there was any."""
    row = session.execute(_TOTALS, {"institution": institution, "at": at}).first()
    if row is None:
        return NOTHING
    return Totals(
        scores=_scores(row.scores),
        ranked={axis: count for axis, (_, _, count) in zip(Axis, row.scores, strict=True)},
        counts=Counts(row.stories, row.reports, row.publishers, row.direct),
    )


def scores_at(session: Session, instants: Mapping[str, datetime]) -> dict[str, Mapping[Axis, Score]]:
    """What the scores of each institution faded from at an instant of its own, where there were any."""
    found: dict[str, Mapping[Axis, Score]] = {}
    for count, asked in own_instants(instants):
        for institution, row in session.execute(_scores_until(count), asked):
            found[institution] = _scores(row)
    return found


@cache
def _scores_until(count: int) -> Select[Any]:
    newest = select(_A.c.institution, func.max(_A.c.at).label("at")).group_by(_A.c.institution)
    last = newest.where(each_at(count, _A.c.institution, _A.c.at.__le__)).subquery()
    same = and_(last.c.institution == _A.c.institution, last.c.at == _A.c.at)
    return select(_A.c.institution, _A.c.scores).join(last, same)


def _scores(row: Sequence[Sequence[float]]) -> dict[Axis, Score]:
    return {axis: Score(value, int(since)) for axis, (value, since, _) in zip(Axis, row, strict=True)}


def leading(session: Session, institution: str, axis: Axis, at: datetime, half_life: float) -> list[StorySummary]:
    """The stories that the score of an axis counted at an instant, in order; `half_life` in microseconds."""
    # The key of an impact of 1 reported at that very instant: nothing known by then has a larger one.
    asked = {"institution": institution, "at": at, "bound": micros(at) / half_life}
    return [summary_of(row) for row in session.execute(_LEADING[axis], asked)]


def newest(session: Session, institution: str, at: datetime, limit: int) -> list[StorySummary]:
    """The newest stories that profiles show, as they were at an instant."""
    asked = {"institution": institution, "at": at, "most": limit}
    return [summary_of(row) for row in session.execute(_NEWEST, asked)]


def levels(session: Session, institution: str, at: datetime) -> dict[Axis, AxisState]:
    """The levels as they were recorded by an instant."""
    found = {}
    for axis in Axis:
        row = session.execute(_LEVEL, {"institution": institution, "axis": axis.value, "at": at}).first()
        found[axis] = AxisState() if row is None else AxisState(Level(row.to_level), row.at)
    return found


def reports(
    session: Session, institution: str, sources: Mapping[str, Source], items: Collection[str], at: datetime
) -> dict[str, Report]:
    """Some items as they read at an instant, dated when they were first observed."""
    found: dict[str, Report] = {}
    for row in rows_of(session, _REPORTS, sorted(items), institution=institution, at=at):
        former = found.get(row.item)
        if former is not None:
            found[row.item] = dated_as(cases.report_of(row, sources), former)
        elif row.salience > 0:
            found[row.item] = cases.report_of(row, sources)
    return found


def scores(
    session: Session, institution: str, start: datetime, end: datetime, steps: int
) -> list[tuple[datetime, Mapping[Axis, Score]]]:
    """What each axis's score faded from, in order of time: as it stood at `start`, and the last of each of `steps`
    equal parts of the time from then to `end`."""
    width = max((end - start) // steps, timedelta.resolution) // timedelta.resolution
    part = (type_coerce(_A.c.at, BigInteger) - micros(start)) // width
    within = _A.c.institution == institution, _A.c.at > start, _A.c.at <= end
    last = select(func.max(_A.c.at).label("at")).where(*within).group_by(part).subquery()
    query = select(_A.c.at, _A.c.scores).join(last, last.c.at == _A.c.at).where(_A.c.institution == institution)
    found = [(start, totals(session, institution, start).scores)]
    found += [(at, _scores(row)) for at, row in session.execute(query.order_by(_A.c.at))]
    return found


def stories(
    session: Session, institution: Institution, sources: Mapping[str, Source], wanted: Iterable[str], at: datetime
) -> dict[str, Evidence]:
    """What some stories proved from what had been observed by an instant."""
    members = _members(session, institution.id, list(wanted), at)
    items = sorted({item for some in members.values() for item in some})
    rows = rows_of(session, _OBSERVED, items, institution=institution.id, at=at)
    read = cases.newest(cases.observation_of(row, sources) for row in rows)
    seen = {story: [read[item] for item in some if item in read] for story, some in members.items()}
    found = {story: evidence_of(story, institution.id, some) for story, some in seen.items()}
    return {story: proved for story, proved in found.items() if proved is not None}


def _members(session: Session, institution: str, wanted: Sequence[str], at: datetime) -> dict[str, list[str]]:
    """The items of stories at an instant, by following what joined them, and what was merged into them, until then."""
    root = {story: story for story in wanted}
    items: set[str] = set()
    frontier: Sequence[str] = wanted
    while frontier:
        merged = []
        for kind, story, other in _events(session, institution, _E.story, frontier, at):
            if kind == "joined":
                items.add(other)
            elif other not in root:
                root[other] = root[story]
                merged.append(other)
        frontier = merged
    moves = _events(session, institution, _E.other, sorted(items), at)
    last = {other: story for kind, story, other in moves if kind == "joined"}
    found: dict[str, list[str]] = {story: [] for story in wanted}
    for item in sorted(items):
        if last[item] in root:
            found[root[last[item]]].append(item)
    return found


def _events(
    session: Session, institution: str, column: object, keys: Sequence[str], at: datetime
) -> Iterable[tuple[str, str, str]]:
    """Kind, story and other of the events about some stories or items until an instant, in their order."""
    about = _E.institution == institution, _E.at <= at, column.in_(SOME)  # type: ignore[attr-defined]
    return rows_of(session, select(_E.kind, _E.story, _E.other).where(*about).order_by(_E.id), keys)
