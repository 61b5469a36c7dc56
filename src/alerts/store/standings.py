"""What pages read of an institution's stories: a few columns of many rows, everything of a few.

An institution may have tens of thousands of findings, so the columns come as the database holds them, without a row
object, a date or a parsed list for each; what repeats is read once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Text, select, type_coerce
from sqlalchemy.orm import Session

from alerts.cases.casefile import AxisState
from alerts.cases.observation import report
from alerts.cases.standing import Summary
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.source import Reliability, Source
from alerts.model.story import Evidence, Mix, Report
from alerts.scoring.axis import micros
from alerts.scoring.confidence import weight
from alerts.scoring.evidence import evidence
from alerts.scoring.series import Seen, Topics
from alerts.store import cases
from alerts.store.tables import FindingRow, MembershipRow, StoryEventRow, StoryRow, TransitionRow
from alerts.stories.features import Features
from alerts.stories.independence import independent

_CHUNK: Final = 500
"""Bound parameters of a statement."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The stories as of an instant: what each came to, and the items that count in it."""

    stories: Sequence[Summary]
    members: Mapping[str, Sequence[Seen]]
    axes: Mapping[Axis, AxisState]


def load(
    session: Session, institution: Institution, sources: Mapping[str, Source], case: cases.Case, at: datetime
) -> Loaded:
    """What had been assessed by `at`, from what is recorded as of the case's cursor.

    A story of which nothing was observed since is read as it was stored; the few others are weighed again from what
    had been observed by then. Levels of the past are those that were recorded.
    """
    past = at < case.cursor
    rows = session.execute(
        select(
            FindingRow.item,
            type_coerce(FindingRow.observed, BigInteger),
            type_coerce(FindingRow.published, BigInteger),
            FindingRow.publisher,
            FindingRow.source,
            FindingRow.salience,
            type_coerce(FindingRow.topics, Text),
        )
        .where(FindingRow.institution == institution.id, FindingRow.observed <= case.cursor)
        .order_by(FindingRow.observed, FindingRow.item)
    )
    now = _placed(session, institution.id)
    then = _placed_at(session, institution.id, at) if past else now
    seen, later = _seen(rows, institution, sources, micros(at))
    members: dict[str, list[Seen]] = {}
    for item, each in seen.items():
        if each.salience > 0 and (story := then.get(item)) is not None:
            members.setdefault(story, []).append(each)
    moved = {story for item, story in then.items() if now.get(item) != story} if past else set()
    moved |= {now[item] for item in later if item in now}
    stored = _summaries(session, institution.id)
    kept = [stored[story] for story in members if story in stored and story not in moved]
    anew = [story for story in members if story not in stored or story in moved]
    found = fetch(session, institution, sources, members, anew, at, at)
    return Loaded(
        stories=[*kept, *(Summary.of(each) for each in found.values())],
        members=members,
        axes=_axes_at(session, institution.id, at) if past else case.axes,
    )


def _seen(
    rows: Iterable[Any], institution: Institution, sources: Mapping[str, Source], at: int
) -> tuple[dict[str, Seen], set[str]]:
    """Each item as it read at an instant, and the items of which anything was observed later."""
    judged: dict[str, tuple[bool, float]] = {}
    parsed: dict[str, Topics] = {}
    seen: dict[str, Seen] = {}
    later: set[str] = set()
    for item, observed, published, publisher, source, salience, topics in rows:
        if observed > at:
            later.add(item)
            continue
        if source not in judged:
            known = sources.get(source)
            direct = known is not None and known.is_direct_for(institution.id)
            judged[source] = direct, weight(Reliability.F if known is None else known.reliability, direct)
        if topics not in parsed:
            parsed[topics] = tuple((name, share) for name, share in json.loads(topics))
        direct, heavy = judged[source]
        former = seen.get(item)
        if former is None and salience <= 0:
            continue  # an item begins with the first revision that counts
        if former is None:
            reported = observed if published is None else min(published, observed)
        else:  # what it says is new, when it was said stays
            observed, reported = former.observed, former.reported  # noqa: PLW2901
        seen[item] = Seen(item, observed, reported, publisher, direct, heavy, salience, parsed[topics])
    return seen, later


def _placed(session: Session, institution: str) -> dict[str, str]:
    rows = session.execute(
        select(MembershipRow.item, MembershipRow.story).where(MembershipRow.institution == institution)
    )
    return dict(rows.all())


def _placed_at(session: Session, institution: str, at: datetime) -> dict[str, str]:
    """The story of each item at an instant, from what has happened up to then."""
    rows = session.execute(
        select(StoryEventRow.kind, StoryEventRow.story, StoryEventRow.other)
        .where(StoryEventRow.institution == institution, StoryEventRow.at <= at)
        .order_by(StoryEventRow.id)
    )
    placed: dict[str, str] = {}
    items: dict[str, set[str]] = {}
    for kind, story, other in rows:
        if kind == "joined":
            items.get(placed.get(other, ""), set()).discard(other)
            placed[other] = story
            items.setdefault(story, set()).add(other)
        else:
            moving = items.pop(other, set())
            placed.update(dict.fromkeys(moving, story))
            items.setdefault(story, set()).update(moving)
    return placed


def _summaries(session: Session, institution: str) -> dict[str, Summary]:
    """The stories as last assessed."""
    rows = session.execute(
        select(
            StoryRow.id,
            StoryRow.title,
            StoryRow.confidence,
            StoryRow.grade,
            StoryRow.mix,
            StoryRow.salience,
            type_coerce(StoryRow.topics, Text),
            type_coerce(StoryRow.newest, BigInteger),
            StoryRow.publishers,
        ).where(StoryRow.institution == institution)
    )
    mixes = {each.value: each for each in Mix}
    parsed: dict[str, Topics] = {}
    found = {}
    for story, title, sure, grade, mix, salience, topics, newest, publishers in rows:
        if topics not in parsed:
            parsed[topics] = tuple((name, share) for name, share in json.loads(topics))
        found[story] = Summary(
            story, title, sure, grade, mixes[mix], salience, parsed[topics], newest, publishers
        )
    return found


def _axes_at(session: Session, institution: str, at: datetime) -> dict[Axis, AxisState]:
    """The levels as they were recorded by an instant."""
    found = {}
    for axis in Axis:
        row = session.execute(
            select(TransitionRow.to_level, TransitionRow.at)
            .where(
                TransitionRow.institution == institution,
                TransitionRow.axis == axis.value,
                TransitionRow.at <= at,
            )
            .order_by(TransitionRow.at.desc(), TransitionRow.id.desc())
            .limit(1)
        ).first()
        if row is not None:
            found[axis] = AxisState(Level(row.to_level), row.at)
    return found


def fetch(
    session: Session,
    institution: Institution,
    sources: Mapping[str, Source],
    members: Mapping[str, Sequence[Seen]],
    stories: Collection[str],
    upto: datetime,
    at: datetime,
) -> dict[str, Evidence]:
    """What some stories proved from what had been observed by `upto`, as their items read at `at`."""
    since = micros(upto)
    items = {
        story: [each.item for each in members[story] if each.observed <= since]
        for story in stories
        if story in members
    }
    read = _observations(
        session, institution, sources, [item for some in items.values() for item in some], at
    )
    found = {}
    for story, some in items.items():
        told = [read[item] for item in some if item in read]
        if told:
            groups = independent([features for _, features in told])
            found[story] = evidence(story, institution.id, [report for report, _ in told], groups)
    return found


def _observations(
    session: Session,
    institution: Institution,
    sources: Mapping[str, Source],
    items: Sequence[str],
    at: datetime,
) -> dict[str, tuple[Report, Features]]:
    """Some items as they read at an instant."""
    first: dict[str, FindingRow] = {}
    last: dict[str, FindingRow] = {}
    for start in range(0, len(items), _CHUNK):
        rows = session.scalars(
            select(FindingRow)
            .where(
                FindingRow.institution == institution.id,
                FindingRow.item.in_(items[start : start + _CHUNK]),
                FindingRow.observed <= at,
            )
            .order_by(FindingRow.observed)
        )
        for row in rows:
            if row.item in first or row.salience > 0:
                first.setdefault(row.item, row)
                last[row.item] = row
    return {
        item: (
            report(
                institution.id,
                sources,
                item=item,
                title=row.title,
                url=row.url,
                source=row.source,
                publisher=row.publisher,
                published=first[item].published,
                observed=first[item].observed,
                salience=row.salience,
                topics=tuple((topic, share) for topic, share in row.topics),
            ),
            Features.load(row.features),
        )
        for item, row in last.items()
    }
