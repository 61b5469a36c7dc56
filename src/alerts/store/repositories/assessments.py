"""What an institution's stories amounted to, instant by instant: their versions, scores, own levels that rose."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from alerts.cases.history import Assessed, Rise
from alerts.model.fields import record_of
from alerts.model.level import Axis, Level
from alerts.model.story import Mix, Report, StorySummary
from alerts.store.schema import AssessmentRow, StoryRiseRow, StoryVersionRow, table_of
from alerts.store.upsert import SOME, insert_all, insert_new, row_of, rows_of

_V = table_of(StoryVersionRow)
_CLOSE = update(_V).where(_V.c.story == bindparam("closed"), _V.c.until.is_(None)).values(until=bindparam("closed_at"))
_RISES = select(table_of(StoryRiseRow)).where(StoryRiseRow.institution.in_(SOME))


def add(session: Session, assessed: Iterable[Assessed]) -> None:
    """Stores what was assessed, in order of time for each institution: a story's new version ends the one before."""
    open_: dict[str, dict[str, Any]] = {}
    closed: dict[str, datetime] = {}
    versions: list[dict[str, Any]] = []
    totals: list[dict[str, Any]] = []
    rises: list[dict[str, Any]] = []
    for each in assessed:
        for version in each.versions:
            former = open_.pop(version.story, None)
            if former is not None:
                former["until"] = each.at
            else:
                closed.setdefault(version.story, each.at)
            if version.summary is not None:
                row = _version(each, version.summary, version.keys)
                versions.append(row)
                open_[version.story] = row
        scores = [[*each.scores[axis], each.ranked[axis]] for axis in Axis]
        key = {"institution": each.institution, "at": each.at}
        totals.append(row_of(AssessmentRow, each.counts, **key, scores=scores))
        rises += [row_of(StoryRiseRow, one, **key, from_level=one.from_, to_level=one.to) for one in each.rises]
    if closed:
        session.execute(_CLOSE, [{"closed": story, "closed_at": at} for story, at in sorted(closed.items())])
    insert_all(session, StoryVersionRow, versions)
    insert_new(session, AssessmentRow, totals)
    insert_new(session, StoryRiseRow, rises)


def _version(each: Assessed, story: StorySummary, keys: Mapping[Axis, float]) -> dict[str, Any]:
    ranks = {f"key_{axis}": keys.get(axis) for axis in Axis}
    key = {"institution": each.institution, "since": each.at, "until": None}
    return row_of(StoryVersionRow, story, **key, topics=topic_rows(story), **ranks)


def topic_rows(of: StorySummary | Report) -> list[list[Any]]:
    """The topics of a story or a report as a row holds them: name, weight, and a mark on those that are over."""
    return [[topic, weight, "resolved"] if topic in of.resolved else [topic, weight] for topic, weight in of.topics]


def topics_of(row: Any) -> dict[str, Any]:
    """The topics of a row, as fields of a story or a report."""
    over = tuple(topic for topic, _, *state in row.topics if state)
    return {"topics": tuple((topic, weight) for topic, weight, *_ in row.topics), "resolved": over}


def replace(session: Session, institution: str, assessed: Iterable[Assessed]) -> None:
    """Replaces what is stored by the result of a rebuild. Rises that subscribers were notified of stay recorded."""
    for table in (StoryVersionRow, AssessmentRow):
        session.execute(delete(table).where(table.institution == institution))
    add(session, (dataclasses.replace(each, rises=()) for each in assessed))


def summary_of(row: Any) -> StorySummary:
    """The story of a row of its versions."""
    return record_of(StorySummary, row, mix=Mix(row.mix), items=tuple(row.items), **topics_of(row))


def story_rises(session: Session, institutions: Sequence[str], since: datetime) -> dict[str, list[Rise]]:
    """The own levels of stories that rose from an instant on, in order of time, by institution."""
    found: dict[str, list[Rise]] = {}
    query = _RISES.where(StoryRiseRow.at >= since).order_by(StoryRiseRow.at, StoryRiseRow.story)
    for row in rows_of(session, query, institutions):
        levels = Level(row.from_level), Level(row.to_level)
        rise = Rise(row.at, Axis(row.axis), *levels, behind=frozenset({row.story}), story=row.story)
        found.setdefault(row.institution, []).append(rise)
    return found
