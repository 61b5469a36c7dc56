"""What a briefing and a report of a silence are read from: spans of the record, as they were at their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
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
    ClockRow,
    DeliveryRow,
    FindingRow,
    OutageRow,
    RevisionRow,
    StoryVersionRow,
    TransitionRow,
    table_of,
)
from alerts.store.upsert import chunks

_V, _F, _T = table_of(StoryVersionRow), table_of(FindingRow).c, table_of(TransitionRow).c


def recorded_until(session: Session) -> datetime | None:
    """Up to when there is a record: the newest observation, or the last time that somebody looked for what is due."""
    tick = system_state.get(session, system_state.TICK)
    stamp = session.scalar(select(ClockRow.stamp))
    newest = session.scalar(select(func.max(_T.at)))
    known: list[datetime | None] = [stamp, newest, None if tick is None else tick.at]
    return max((each for each in known if each is not None), default=None)


def levels_before(session: Session, at: datetime) -> dict[str, dict[Axis, Level]]:
    """The levels that stood right before an instant, as recorded; institutions without any change are left out."""
    ranked = (
        select(
            _T.institution,
            _T.axis,
            _T.to_level,
            func.row_number()
            .over(partition_by=(_T.institution, _T.axis), order_by=(_T.at.desc(), _T.id.desc()))
            .label("place"),
        )
        .where(_T.at < at)
        .subquery()
    )
    found: dict[str, dict[Axis, Level]] = {}
    for row in session.execute(select(ranked).where(ranked.c.place == 1)):
        found.setdefault(row.institution, {})[Axis(row.axis)] = Level(row.to_level)
    return found


def stories(
    session: Session, institutions: Sequence[str], start: datetime, end: datetime
) -> dict[str, list[StorySummary]]:
    """The stories of each institution with a report in a span, as they were at its end, the newest first."""
    last = end - MICROSECOND
    found: dict[str, list[StorySummary]] = {}
    for some in chunks(institutions):
        query = select(_V).where(
            _V.c.institution.in_(some),
            _V.c.newest.between(start, last),
            _V.c.since <= last,
            or_(_V.c.until.is_(None), _V.c.until > last),
            _V.c.confidence >= INTERNAL_BELOW,
        )
        for row in session.execute(query.order_by(_V.c.institution, _V.c.newest.desc(), _V.c.story)):
            found.setdefault(row.institution, []).append(summary_of(row))
    return found


def impacts(
    session: Session, institutions: Sequence[str], start: datetime, end: datetime, half_lives: Mapping[Axis, float]
) -> Iterator[tuple[str, StorySummary, datetime, dict[Axis, float]]]:
    """The impacts of stories on each axis when something was observed about them in a span, with the instant.

    An impact is what its key was made of: see `scoring.score.order_key`.
    """
    for some in chunks(institutions):
        query = select(_V).where(_V.c.institution.in_(some), _V.c.since >= start, _V.c.since < end)
        for row in session.execute(query.order_by(_V.c.id)):
            keys = zip(Axis, (row.key_priority, row.key_policy, row.key_continuity), strict=True)
            newest = micros(row.newest)
            known = {axis: 2.0 ** (key - newest / half_lives[axis]) for axis, key in keys if key is not None}
            yield row.institution, summary_of(row), row.since, known


def scores(
    session: Session, institutions: Sequence[str], start: datetime, end: datetime
) -> Iterator[tuple[str, datetime, dict[Axis, Score]]]:
    """The scores of institutions at each of their assessments in a span."""
    for some in chunks(institutions):
        query = select(AssessmentRow.institution, AssessmentRow.at, AssessmentRow.scores).where(
            AssessmentRow.institution.in_(some), AssessmentRow.at >= start, AssessmentRow.at < end
        )
        for institution, at, row in session.execute(query.order_by(AssessmentRow.institution, AssessmentRow.at)):
            yield (
                institution,
                at,
                {axis: Score(value, int(since)) for axis, (value, since, _) in zip(Axis, row, strict=True)},
            )


def retracted(session: Session, institutions: Sequence[str], start: datetime, end: datetime) -> list[Row[Any]]:
    """The reports that no longer counted for an institution from an instant in the span on, in order of time."""
    found: list[Row[Any]] = []
    for some in chunks(institutions):
        found += session.execute(
            select(_F.observed, _F.institution, _F.item, _F.title, _F.url, _F.publisher, RevisionRow.withdrawn)
            .outerjoin(RevisionRow, RevisionRow.id == _F.revision)
            .where(_F.institution.in_(some), _F.observed >= start, _F.observed < end, _F.salience == 0)
        ).all()
    return sorted(found, key=lambda row: (row.observed, row.institution, row.item))


def corrected_alerts(
    session: Session, start: datetime, end: datetime, subscriber: str
) -> Iterator[tuple[datetime, str, AlertRow]]:
    """The alerts that were corrected in the span, when and why; of all subscribers where none is named."""
    query = select(DeliveryRow.at, DeliveryRow.message).where(
        DeliveryRow.created_at >= start,
        DeliveryRow.at >= start,
        DeliveryRow.at < end,
        DeliveryRow.kind == Kind.CORRECTION.value,
        DeliveryRow.state != DeliveryState.SUPPRESSED.value,
    )
    if subscriber:
        query = query.where(DeliveryRow.subscriber == subscriber)
    told = [(at, message) for at, message in session.execute(query.order_by(DeliveryRow.at, DeliveryRow.id))]
    ids = sorted({alert for _, message in told for alert in message["alerts"]})
    known = {
        row.id: row for some in chunks(ids) for row in session.scalars(select(AlertRow).where(AlertRow.id.in_(some)))
    }
    for at, message in told:
        yield from ((at, message["detail"], known[each]) for each in message["alerts"] if each in known)


def alerts_by_fate(session: Session, subscriber: str, start: datetime, end: datetime) -> tuple[int, dict[str, int]]:
    """How many alerts a subscriber was to be sent in a span, and how many were held back, by reason.

    Alerts of one assessment are one, whatever the number of channels.
    """
    rows = session.execute(
        select(AlertRow.institution, AlertRow.at, AlertRow.state, AlertRow.reason)
        .where(AlertRow.subscriber == subscriber, AlertRow.at >= start, AlertRow.at < end)
        .distinct()
    ).all()
    sent = {(row.institution, row.at) for row in rows if row.state != AlertState.SUPPRESSED.value}
    held = {(row.institution, row.at): row.reason for row in rows if (row.institution, row.at) not in sent}
    reasons = sorted(held.values())
    return len(sent), {reason: reasons.count(reason) for reason in dict.fromkeys(reasons)}


def read(session: Session, institutions: Sequence[str], start: datetime, end: datetime) -> tuple[int, int]:
    """How many revisions of items were observed in a span, and how many mentions of some institutions were found."""
    span = RevisionRow.observed >= start, RevisionRow.observed < end
    items = session.scalar(select(func.count()).select_from(RevisionRow).where(*span)) or 0
    found = and_(_F.observed >= start, _F.observed < end, _F.salience > 0)
    counts = (
        session.scalar(select(func.count()).where(_F.institution.in_(some), found)) for some in chunks(institutions)
    )
    return items, sum(count or 0 for count in counts)


def outages(session: Session, start: datetime, end: datetime) -> dict[str, list[tuple[datetime, datetime]]]:
    """When sources were not read, of those times that ended after `start` and began before `end`; see `OutageRow`."""
    query = select(OutageRow).where(OutageRow.until > start, OutageRow.since < end)
    found: dict[str, list[tuple[datetime, datetime]]] = {}
    for row in session.scalars(query.order_by(OutageRow.source, OutageRow.since)):
        found.setdefault(row.source, []).append((row.since, row.until))
    return found
