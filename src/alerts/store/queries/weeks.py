"""What a briefing and a report of a silence are read from: spans of the record, as they were at their end.

Each query is about all institutions, and goes through them by the indexes that begin with one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import func, or_, select, true
from sqlalchemy.orm import Session

from alerts.model.alert import AlertState, DeliveryState
from alerts.model.level import Axis, Level
from alerts.model.story import StorySummary
from alerts.model.times import MICROSECOND, micros
from alerts.routing.alerts import Kind
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.score import Score
from alerts.store import system_state
from alerts.store.repositories.assessments import summary_of
from alerts.store.schema import (
    AlertRow,
    AssessmentRow,
    CaseRow,
    ClockRow,
    DeliveryRow,
    FindingRow,
    RevisionRow,
    StoryVersionRow,
    TransitionRow,
    table_of,
)

_V, _F, _T = table_of(StoryVersionRow), table_of(FindingRow).c, table_of(TransitionRow).c
_KNOWN = select(CaseRow.institution)


def recorded_until(session: Session) -> datetime | None:
    """Up to when there is a record: the newest observation or level change, or the last look for what is due."""
    tick = system_state.get(session, system_state.TICK)
    known: list[datetime | None] = [session.scalar(select(ClockRow.stamp)), session.scalar(select(func.max(_T.at)))]
    known.append(None if tick is None else tick.at)
    return max((each for each in known if each is not None), default=None)


def levels_before(session: Session, at: datetime) -> dict[str, dict[Axis, Level]]:
    """The levels that stood right before an instant, as recorded; institutions without any change are left out."""
    newest = (func.max(_T.at).label("at"), _T.institution, _T.axis)
    last = select(*newest).where(_T.at < at).group_by(_T.institution, _T.axis).subquery()
    same = (_T.institution == last.c.institution) & (_T.axis == last.c.axis) & (_T.at == last.c.at)
    found: dict[str, dict[Axis, Level]] = {}
    for institution, axis, level in session.execute(select(_T.institution, _T.axis, _T.to_level).join(last, same)):
        found.setdefault(institution, {})[Axis(axis)] = Level(level)
    return found


def stories(session: Session, start: datetime, end: datetime) -> dict[str, list[StorySummary]]:
    """The stories of each institution with a report in a span, as they were at its end, the newest first."""
    last = end - MICROSECOND
    query = select(_V).where(
        _V.c.institution.in_(_KNOWN),
        _V.c.newest.between(start, last),
        _V.c.since <= last,
        or_(_V.c.until.is_(None), _V.c.until > last),
        _V.c.confidence >= INTERNAL_BELOW,
    )
    found: dict[str, list[StorySummary]] = {}
    for row in session.execute(query.order_by(_V.c.newest.desc(), _V.c.story)):
        found.setdefault(row.institution, []).append(summary_of(row))
    return found


def impacts(
    session: Session, start: datetime, end: datetime, half_lives: Mapping[Axis, float]
) -> Iterator[tuple[str, datetime, StorySummary, dict[Axis, float]]]:
    """What each story about which something was observed in a span did to each axis by itself, and when.

    An impact is what the story's key was made of: see `scoring.score.order_key`.
    """
    query = select(_V).where(_V.c.since >= start, _V.c.since < end).order_by(_V.c.id)
    for row in session.execute(query):
        keys = zip(Axis, (row.key_priority, row.key_policy, row.key_continuity), strict=True)
        known = {axis: 2.0 ** (key - micros(row.newest) / half_lives[axis]) for axis, key in keys if key is not None}
        yield row.institution, row.since, summary_of(row), known


def scores(session: Session, start: datetime, end: datetime) -> Iterator[tuple[str, datetime, dict[Axis, Score]]]:
    """The scores of institutions at each of their assessments in a span."""
    query = select(AssessmentRow.institution, AssessmentRow.at, AssessmentRow.scores)
    mine = AssessmentRow.institution.in_(_KNOWN), AssessmentRow.at >= start, AssessmentRow.at < end
    ordered = query.where(*mine).order_by(AssessmentRow.institution, AssessmentRow.at)
    for institution, at, found in session.execute(ordered):
        yield institution, at, {axis: Score(each[0], int(each[1])) for axis, each in zip(Axis, found, strict=True)}


def retracted(session: Session, start: datetime, end: datetime) -> Iterator[tuple[datetime, FindingRow, bool]]:
    """The reports that no longer counted for an institution from an instant of a span on; whether withdrawn."""
    query = select(FindingRow, RevisionRow.withdrawn).outerjoin(RevisionRow, RevisionRow.id == FindingRow.revision)
    of_span = _F.institution.in_(_KNOWN), _F.observed >= start, _F.observed < end, _F.salience == 0
    for row, withdrawn in session.execute(query.where(*of_span).order_by(_F.observed, _F.institution, _F.item)):
        yield row.observed, row, bool(withdrawn)


def corrected_alerts(
    session: Session, start: datetime, end: datetime, subscriber: str
) -> Iterator[tuple[datetime, str, AlertRow]]:
    """When and why alerts were taken back in a span, by messages to a subscriber, to all where none is named."""
    query = select(DeliveryRow.at, DeliveryRow.message).where(
        DeliveryRow.created_at >= start,
        DeliveryRow.at < end,
        DeliveryRow.kind == Kind.CORRECTION.value,
        DeliveryRow.state != DeliveryState.SUPPRESSED.value,
        DeliveryRow.subscriber == subscriber if subscriber else true(),
    )
    for at, message in session.execute(query.order_by(DeliveryRow.at, DeliveryRow.id)).all():
        for alert in session.scalars(select(AlertRow).where(AlertRow.id.in_(message["alerts"])).order_by(AlertRow.id)):
            yield at, message["detail"], alert


def alerts_by_fate(session: Session, subscriber: str, start: datetime, end: datetime) -> tuple[int, dict[str, int]]:
    """How many alerts a subscriber was to be sent in a span, and how many were held back, by reason.

    Alerts of one assessment are one, whatever the number of channels.
    """
    columns = AlertRow.institution, AlertRow.at, AlertRow.state, AlertRow.reason
    mine = AlertRow.subscriber == subscriber, AlertRow.at >= start, AlertRow.at < end
    rows = session.execute(select(*columns).where(*mine)).all()
    sent = {(row.institution, row.at) for row in rows if row.state != AlertState.SUPPRESSED.value}
    held = {(row.institution, row.at): row.reason for row in rows if (row.institution, row.at) not in sent}
    return len(sent), dict(sorted(Counter(held.values()).items()))


def read(session: Session, institutions: Collection[str], start: datetime, end: datetime) -> tuple[int, int]:
    """How many revisions of items were observed in a span, and how many mentions of some institutions were found."""
    span = RevisionRow.observed >= start, RevisionRow.observed < end
    items = session.scalar(select(func.count()).select_from(RevisionRow).where(*span)) or 0
    found = select(_F.institution, func.count()).where(
        _F.institution.in_(_KNOWN), _F.observed >= start, _F.observed < end, _F.salience > 0
    )
    counts = session.execute(found.group_by(_F.institution))
    return items, sum(count for institution, count in counts if institution in institutions)
