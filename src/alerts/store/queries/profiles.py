"""What pages read of an institution's stories: a few columns of many rows, everything of a few.

An institution may have tens of thousands of findings, so the columns come as the database holds them, without a row
object, a date or a parsed list for each; what repeats is read once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, Text, func, select, type_coerce
from sqlalchemy.orm import Session

from alerts.cases.case_file import AxisState
from alerts.cases.observation import dated_as
from alerts.cases.snapshot import Summary, Terms, terms_of
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.source import Reliability, Source
from alerts.model.story import Evidence, Group, Mix, Report
from alerts.model.times import micros
from alerts.model.topic import Topic
from alerts.scoring.confidence import weight
from alerts.scoring.evidence import evidence
from alerts.scoring.series import Seen, Topics
from alerts.store.repositories import cases
from alerts.store.schema import FindingRow, StoryEventRow, StoryRow, TransitionRow
from alerts.store.upsert import chunks
from alerts.stories.features import Features
from alerts.stories.independence import independent


class Recorded:
    """What is recorded of an institution's stories as of the cursor of its case; `follow` takes in what is new.

    Reading ten thousand findings takes a tenth of a second, following a piece of news a few milliseconds. Values
    are replaced, never changed, so what has been taken from here stays as it was.
    """

    def __init__(
        self, institution: Institution, sources: Mapping[str, Source], topics: Mapping[str, Topic]
    ) -> None:
        self.institution = institution
        self._topics = topics
        self._reader = _Reader(institution, sources)
        self._begin()

    def _begin(self) -> None:
        self.cursor = cases.BEGINNING
        self.stories: dict[str, Summary] = {}
        self.members: dict[str, list[Seen]] = {}
        self.terms: Terms = {axis: {} for axis in Axis}
        self.evidence: dict[str, Evidence] = {}
        """All about some of the stories, those that were asked for last."""
        self._seen: dict[str, Seen] = {}
        self._story_of: dict[str, str] = {}
        self._items: dict[str, set[str]] = {}
        self._event = 0

    def __len__(self) -> int:
        return len(self._seen)

    def follow(self, session: Session, upto: datetime) -> None:
        """Takes in what was assessed up to the cursor of the case, `upto`. If that fails midway, all is read anew."""
        try:
            self._follow(session, upto)
        except Exception:
            self._begin()
            raise

    def _follow(self, session: Session, upto: datetime) -> None:
        news = self._reader.read(_rows(session, self.institution.id, self.cursor, upto), self._seen)
        touched = {self._story_of[item] for item in news if item in self._story_of}
        whole = self.cursor == cases.BEGINNING
        if whole:
            self._place(session)
        else:
            touched |= self._move(session, upto)
        self._seen |= news
        touched |= {self._story_of[item] for item in news if item in self._story_of}
        stored = _summaries(session, self.institution.id, None if whole else touched)
        for story in touched:
            self._forget(story)
            reports = [self._seen[item] for item in self._items.get(story, ()) if item in self._seen]
            counting = sorted((each for each in reports if each.salience > 0), key=_observed)
            if counting and story in stored:
                self.members[story] = counting
                self.stories[story] = stored[story]
        anew = [self.stories[story] for story in touched if story in self.stories]
        for axis, some in terms_of(anew, self._topics, self.institution).items():
            self.terms[axis] |= some
        self.cursor = upto

    def _forget(self, story: str) -> None:
        for known in self.terms.values():
            known.pop(story, None)
        self.stories.pop(story, None)
        self.members.pop(story, None)
        self.evidence.pop(story, None)

    def _place(self, session: Session) -> None:
        self._story_of = cases.placed(session, self.institution.id)
        for item, story in self._story_of.items():
            self._items.setdefault(story, set()).add(item)
        newest = select(func.max(StoryEventRow.id)).where(StoryEventRow.institution == self.institution.id)
        self._event = session.scalar(newest) or 0

    def _move(self, session: Session, upto: datetime) -> set[str]:
        """Follows the events since the cursor; the stories that they touched."""
        touched = set()
        for kind, story, other, event in _events(session, self.institution.id, self._event, upto):
            self._event = event
            touched |= {story, other if kind == "merged" else self._story_of.get(other, story)}
            _follow(self._story_of, self._items, kind, story, other)
        return touched


_observed = attrgetter("observed")


def largest(session: Session, least: int, *, limit: int) -> list[str]:
    """The institutions with most findings, those with `least` or more."""
    count = func.count()
    query = select(FindingRow.institution).group_by(FindingRow.institution).having(count >= least)
    return list(session.scalars(query.order_by(count.desc()).limit(limit)))


@dataclass(frozen=True, slots=True)
class Loaded:
    """The stories as of an instant: what each came to, and the items that count in it as they were observed."""

    stories: Sequence[Summary]
    members: Mapping[str, Sequence[Seen]]
    axes: Mapping[Axis, AxisState]


def load(
    session: Session, institution: Institution, sources: Mapping[str, Source], case: cases.Case, at: datetime
) -> Loaded:
    """What had been assessed by `at`, an instant before the case's cursor, from what is recorded.

    A story of which nothing was observed since is read as it was stored; the others are weighed again from what
    had been observed by then. Levels are those that were recorded.
    """
    seen = _Reader(institution, sources).read(_rows(session, institution.id, cases.BEGINNING, at), {})
    later = set(
        session.scalars(
            select(FindingRow.item).where(
                FindingRow.institution == institution.id,
                FindingRow.observed > at,
                FindingRow.observed <= case.cursor,
            )
        )
    )
    now = cases.placed(session, institution.id)
    then: dict[str, str] = {}
    items: dict[str, set[str]] = {}
    for kind, story, other, _ in _events(session, institution.id, 0, at):
        _follow(then, items, kind, story, other)
    members: dict[str, list[Seen]] = {}
    for item, each in seen.items():
        if each.salience > 0 and (story := then.get(item)) is not None:
            members.setdefault(story, []).append(each)
    for some in members.values():
        some.sort(key=_observed)
    moved = {story for item, story in then.items() if now.get(item) != story}
    moved |= {now[item] for item in later if item in now}
    stored = _summaries(session, institution.id)
    kept = [stored[story] for story in members if story in stored and story not in moved]
    anew = [story for story in members if story not in stored or story in moved]
    found = fetch(session, institution, sources, members, anew, at, at)
    return Loaded(
        stories=[*kept, *(Summary.of(each) for each in found.values())],
        members=members,
        axes=_axes_at(session, institution.id, at),
    )


def _rows(session: Session, institution: str, after: datetime, upto: datetime) -> Iterable[Any]:
    """The findings of (after, upto] in their order."""
    return session.execute(
        select(
            FindingRow.item,
            type_coerce(FindingRow.observed, BigInteger),
            type_coerce(FindingRow.published, BigInteger),
            FindingRow.publisher,
            FindingRow.source,
            FindingRow.salience,
            type_coerce(FindingRow.topics, Text),
        )
        .where(
            FindingRow.institution == institution, FindingRow.observed > after, FindingRow.observed <= upto
        )
        .order_by(FindingRow.observed, FindingRow.item)
    )


class _Reader:
    """Makes of findings what counting needs; what repeats in them is judged and parsed once."""

    def __init__(self, institution: Institution, sources: Mapping[str, Source]) -> None:
        self._institution = institution.id
        self._sources = sources
        self._judged: dict[str, tuple[bool, float]] = {}
        self._parsed: dict[str, Topics] = {}

    def read(self, rows: Iterable[Any], known: Mapping[str, Seen]) -> dict[str, Seen]:
        """Each item of the rows as it reads after them, where `known` is how items read before."""
        judged, parsed = self._judged, self._parsed
        seen: dict[str, Seen] = {}
        for item, observed, published, publisher, source, salience, topics in rows:
            former = seen.get(item) or known.get(item)
            if former is None and salience <= 0:
                continue  # an item begins with the first revision that counts
            if source not in judged:
                judged[source] = self._judge(source)
            if topics not in parsed:
                parsed[topics] = tuple((name, share) for name, share in json.loads(topics))
            direct, heavy = judged[source]
            if former is None:
                reported = observed if published is None else min(published, observed)
            else:  # what it says is new, when it was said stays
                observed, reported = former.observed, former.reported  # noqa: PLW2901
            seen[item] = Seen(item, observed, reported, publisher, direct, heavy, salience, parsed[topics])
        return seen

    def _judge(self, source: str) -> tuple[bool, float]:
        known = self._sources.get(source)
        direct = known is not None and known.is_direct_for(self._institution)
        return direct, weight(Reliability.F if known is None else known.reliability, direct)


def _events(session: Session, institution: str, after: int, upto: datetime) -> Iterable[Any]:
    """What happened among the stories since an event and up to an instant: kind, story, the other one, event.

    The other one is the item that joined, or the story that was found to be this one.
    """
    return session.execute(
        select(StoryEventRow.kind, StoryEventRow.story, StoryEventRow.other, StoryEventRow.id)
        .where(StoryEventRow.institution == institution, StoryEventRow.id > after, StoryEventRow.at <= upto)
        .order_by(StoryEventRow.id)
    )


def _follow(story_of: dict[str, str], items: dict[str, set[str]], kind: str, story: str, other: str) -> None:
    """An event in the books of which item is in which story."""
    if kind == "joined":
        items.get(story_of.get(other, ""), set()).discard(other)
        story_of[other] = story
        items.setdefault(story, set()).add(other)
    else:
        moving = items.pop(other, set())
        story_of.update(dict.fromkeys(moving, story))
        items.setdefault(story, set()).update(moving)


def _summaries(
    session: Session, institution: str, stories: Collection[str] | None = None
) -> dict[str, Summary]:
    """The stories as last assessed, all or some."""
    query = select(
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
    if stories is None:
        rows = [*session.execute(query)]
    else:
        rows = [
            row
            for some in chunks(list(stories))
            for row in session.execute(query.where(StoryRow.id.in_(some)))
        ]
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
    # One report is independent of itself: what it says need not be compared.
    several = {item for some in items.values() if len(some) > 1 for item in some}
    read = _reports(session, institution, sources, [item for some in items.values() for item in some], at)
    said = _features(session, institution, several, at)
    found = {}
    for story, some in items.items():
        told = [item for item in some if item in read]
        if told:
            groups = (
                independent([said[item] for item in told]) if len(told) > 1 else (Group(items=(told[0],)),)
            )
            found[story] = evidence(story, institution.id, [read[item] for item in told], groups)
    return found


def _reports(
    session: Session,
    institution: Institution,
    sources: Mapping[str, Source],
    items: Collection[str],
    at: datetime,
) -> dict[str, Report]:
    """Some items as they read at an instant."""
    query = cases.REPORTS.where(FindingRow.institution == institution.id, FindingRow.observed <= at)
    found: dict[str, Report] = {}
    for some in chunks(list(items)):
        for row in session.execute(query.where(FindingRow.item.in_(some)).order_by(FindingRow.observed)):
            former = found.get(row.item)
            if former is not None:
                found[row.item] = dated_as(cases.report_of(row, sources), former)
            elif row.salience > 0:
                found[row.item] = cases.report_of(row, sources)
    return found


def _features(
    session: Session, institution: Institution, items: Collection[str], at: datetime
) -> dict[str, Features]:
    """What some items say at an instant, reduced to what is compared."""
    query = (
        select(FindingRow.item, FindingRow.features)
        .where(FindingRow.institution == institution.id, FindingRow.observed <= at)
        .order_by(FindingRow.observed)
    )
    newest: dict[str, bytes] = {}
    for some in chunks(list(items)):
        newest.update(session.execute(query.where(FindingRow.item.in_(some))).all())
    return {item: Features.load(features) for item, features in newest.items()}
