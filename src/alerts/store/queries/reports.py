"""What briefings, reports of a silence and feedback are read from: spans of the record, as they were at their end.

Each query is about all institutions, and goes through them by the indexes that begin with one."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, ColumnElement, Text, cast, func, literal, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from alerts.model.alert import AlertState
from alerts.model.answer import AnswerKind
from alerts.model.fields import grouped
from alerts.model.level import Axis, Level
from alerts.model.story import StorySummary
from alerts.model.times import EPOCH, LAST_INSTANT, MICROSECOND
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.score import Score
from alerts.store import system_state
from alerts.store.repositories import answers
from alerts.store.repositories.assessments import summary_of
from alerts.store.schema import (
    AlertRow,
    AssessmentRow,
    CaseRow,
    ClockRow,
    DecisionRow,
    FindingRow,
    ItemRow,
    MembershipRow,
    RevisionRow,
    StoryVersionRow,
    TransitionRow,
    table_of,
)
from alerts.store.upsert import SOME, rows_of

_V, _T = table_of(StoryVersionRow), table_of(TransitionRow).c
_KNOWN = select(CaseRow.institution)
_A = table_of(AlertRow).c
_DETAIL = ("lead", "changes", "rules", "level")


def recorded_until(session: Session) -> datetime:
    """Up to when there is a record: the newest observation or level change, or the last look for what is due."""
    tick = system_state.get(session, system_state.TICK)
    newest = [session.scalar(select(ClockRow.stamp)), session.scalar(select(func.max(_T.at))), tick and tick.at]
    return max((each for each in newest if isinstance(each, datetime)), default=EPOCH)


def recorded_since(session: Session) -> datetime:
    """The observation of the oldest item; the far future where there is none."""
    return session.scalar(select(func.min(RevisionRow.observed))) or LAST_INSTANT


def levels_before(session: Session, at: datetime) -> dict[str, dict[Axis, Level]]:
    """The levels that stood right before an instant, as recorded; institutions without any change are left out."""
    axis = _T.institution, _T.axis
    last = select(*axis, func.max(_T.at).label("at")).where(_T.at < at).group_by(*axis).subquery()
    same = (_T.institution == last.c.institution) & (_T.axis == last.c.axis) & (_T.at == last.c.at)
    found: dict[str, dict[Axis, Level]] = {}
    for institution, name, level in session.execute(select(*axis, _T.to_level).join(last, same)):
        found.setdefault(institution, {})[Axis(name)] = Level(level)
    return found


def stories(session: Session, start: datetime, end: datetime) -> dict[str, list[StorySummary]]:
    """The stories of each institution with a report in a span, as they were at its end, the newest first."""
    last = end - MICROSECOND
    at_its_end = _V.c.since <= last, or_(_V.c.until.is_(None), _V.c.until > last)
    shown = _V.c.institution.in_(_KNOWN), _V.c.newest.between(start, last), _V.c.confidence >= INTERNAL_BELOW
    newest_first = select(_V).where(*shown, *at_its_end).order_by(_V.c.newest.desc(), _V.c.story)
    return grouped((row.institution, summary_of(row)) for row in session.execute(newest_first))


def scores(session: Session, start: datetime, end: datetime) -> Iterator[tuple[str, datetime, dict[Axis, Score]]]:
    """The scores of institutions at each of their assessments in a span."""
    mine = AssessmentRow.institution.in_(_KNOWN), AssessmentRow.at >= start, AssessmentRow.at < end
    query = select(AssessmentRow).where(*mine).order_by(AssessmentRow.institution, AssessmentRow.at)
    for row in session.scalars(query):
        yield row.institution, row.at, {axis: Score(*each[:2]) for axis, each in zip(Axis, row.scores, strict=True)}


def corrected(session: Session, start: datetime, end: datetime) -> Iterator[tuple[FindingRow, str]]:
    """The reports that counted for an institution and from an instant of a span on no more, as the topic or the
    institution is no longer in them, and why, in order of time."""
    before = aliased(FindingRow)
    same = before.institution == FindingRow.institution, before.item == FindingRow.item
    counted = select(1).where(*same, before.observed < FindingRow.observed, before.topics != [], before.salience > 0)
    query = (
        select(FindingRow, RevisionRow.withdrawn)
        .outerjoin(RevisionRow, RevisionRow.id == FindingRow.revision)
        .where(FindingRow.institution.in_(_KNOWN), FindingRow.observed >= start, FindingRow.observed < end)
        .where(or_(FindingRow.salience == 0, FindingRow.topics == []), counted.exists())
    )
    for row, withdrawn in session.execute(query.order_by(FindingRow.observed, FindingRow.institution, FindingRow.item)):
        yield row, "withdrawn" if withdrawn else "corrected"


def alerts_by_fate(session: Session, subscriber: str, start: datetime, end: datetime) -> tuple[int, dict[str, int]]:
    """How many alerts a subscriber was to be sent in a span, and how many were held back, by reason.

    Alerts of one assessment are one, whatever the number of channels."""
    mine = _A.subscriber == subscriber, _A.at >= start, _A.at < end
    rows = session.execute(select(_A.institution, _A.at, _A.state, _A.reason).where(*mine)).all()
    sent = {row[:2] for row in rows if row.state != AlertState.SUPPRESSED.value}
    held = {row[:2]: row.reason for row in rows if row[:2] not in sent}
    return len(sent), dict(sorted(Counter(held.values()).items()))


def read(session: Session, institutions: Collection[str], start: datetime, end: datetime) -> tuple[int, int]:
    """How many revisions of items were observed in a span, and how many mentions of some institutions were found."""
    items = select(func.count()).where(RevisionRow.observed >= start, RevisionRow.observed < end)
    mine = FindingRow.institution.in_(_KNOWN), FindingRow.observed >= start, FindingRow.observed < end
    found = select(FindingRow.institution, func.count()).where(*mine, FindingRow.salience > 0)
    counts = session.execute(found.group_by(FindingRow.institution))
    return session.scalar(items) or 0, sum(count for institution, count in counts if institution in institutions)


class Sent(NamedTuple):
    """An alert of one assessment to one subscriber, whatever the number of channels: `alert` is one of its ids.

    `verdict` is in the words of evaluations/verdicts.jsonl, empty where nobody gave one, the newest of several."""

    alert: str
    at: datetime
    subscriber: str
    institution: str
    detail: dict[str, Any]
    verdict: str
    acknowledged: bool


def sent(session: Session, subscriber: str | None, since: datetime | None) -> list[Sent]:
    """The alerts of a subscriber, or of all, that were sent or wait for a digest, in order of time."""
    mine = [_A.state != AlertState.SUPPRESSED.value, _A.at >= (since or EPOCH)]
    mine += [] if subscriber is None else [_A.subscriber == subscriber]
    columns = _A.id, _A.at, _A.subscriber, _A.institution, _lean(session).label("lean")
    given = sorted(answers.find(session, subscriber=subscriber), key=lambda each: (each.at, each.id))
    standing = [each for each in given if each.undone_at is None]
    verdicts = {each.alert: each.verdict for each in standing if each.verdict}
    seen = {each.alert for each in standing if each.kind is AnswerKind.ACKNOWLEDGE}
    found: dict[tuple[str, str, datetime], Sent] = {}
    query = select(*columns).join(DecisionRow, DecisionRow.id == _A.decision).where(*mine)
    for row in session.execute(query.order_by(_A.at, _A.id)):
        key = row.subscriber, row.institution, row.at
        former, verdict = found.get(key), verdicts.get(row.id, "")
        if former is None:
            known = dict(zip(_DETAIL, json.loads(row.lean), strict=True))
            found[key] = Sent(row.id, row.at, row.subscriber, row.institution, known, verdict, row.id in seen)
        else:
            acknowledged = former.acknowledged or row.id in seen
            found[key] = former._replace(verdict=verdict or former.verdict, acknowledged=acknowledged)
    return list(found.values())


def _lean(session: Session) -> ColumnElement[str]:
    """Those of the detail of an alert, without what was considered, which is most of it."""
    text = type_coerce(DecisionRow.detail, Text)
    if session.get_bind().dialect.name == "sqlite":
        return func.json_extract(text, *(f"$.{name}" for name in _DETAIL))
    # As `json`, which takes any escape that a title may hold; `jsonb` does not.
    return cast(func.json_build_array(*(cast(text, JSON).op("->")(literal(name, Text)) for name in _DETAIL)), Text)


def items(session: Session, some: Collection[str]) -> list[ItemRow]:
    """Items by their ids, the newest first."""
    found = rows_of(session, select(ItemRow).where(ItemRow.id.in_(SOME)), sorted(some))
    return sorted((row for (row,) in found), key=lambda row: (row.first_observed, row.id), reverse=True)


def reporters(session: Session, some: Collection[str]) -> dict[str, dict[str, datetime]]:
    """By story of which some items are reports when each source first brought a report of it."""
    member, finding = table_of(MembershipRow).c, table_of(FindingRow).c
    same = (member.institution == finding.institution) & (member.item == finding.item)
    placed = select(member.story).where(same, finding.item.in_(SOME)).distinct()
    stories = {story for (story,) in rows_of(session, placed, sorted(some))}
    first = select(member.story, ItemRow.source, func.min(ItemRow.first_observed)).where(member.story.in_(SOME))
    by_source = first.join(ItemRow, ItemRow.id == member.item).group_by(member.story, ItemRow.source)
    found = grouped((story, (source, at)) for story, source, at in rows_of(session, by_source, sorted(stories)))
    return {story: dict(pairs) for story, pairs in found.items()}


def reported(session: Session, items: list[str]) -> dict[str, datetime]:
    """The time of the report of items: published, never later than first observed."""
    query = select(ItemRow.id, ItemRow.published, ItemRow.first_observed).where(ItemRow.id.in_(SOME))
    return {
        item: observed if published is None else min(published, observed)
        for item, published, observed in rows_of(session, query, items)
    }
