"""The profile of an institution, built from its evidence. Pure.

Everything said is a field of the configuration, a number computed from evidence, or the words of a source
with the numbers of the records that say them. No sentence is made here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from alerts.model.institution import Institution
from alerts.model.level import LEVELS, Axis, Contribution, Level, LevelRules, Transition
from alerts.model.profile import (
    AxisContributions,
    Brief,
    Confidence,
    Counts,
    Coverage,
    GovernanceSurface,
    MatrixRow,
    Profile,
    RelationLine,
    SignalLine,
    SourceRecord,
    Statement,
    Trend,
)
from alerts.model.story import Evidence, Mix, Report
from alerts.model.topic import Signal, Topic
from alerts.scoring.confidence import INTERNAL_BELOW, grade

STORIES = 100
"""Stories in an evidence pack: those that add most, then the newest."""
REPORTS = 12
"""Source records of one story: the best of each independent publisher first."""
KEY_POINTS = 5
HAPPENED = 6
BEHIND_A_ROW = 10
STEADY = 0.005
"""A score that moved less than this since the previous evaluation is steady."""

_Key = TypeVar("_Key")


class AxisState(Protocol):
    """What is known of one axis now; `previous` is the score before, None where there was none."""

    @property
    def level(self) -> Level: ...
    @property
    def score(self) -> float: ...
    @property
    def since(self) -> datetime | None: ...
    @property
    def next_fall(self) -> datetime | None: ...
    @property
    def previous(self) -> float | None: ...


def build(
    institution: Institution,
    *,
    evidence: Sequence[Evidence],
    topics: Mapping[str, Topic],
    rules: LevelRules,
    states: Mapping[Axis, AxisState],
    contributions: Mapping[Axis, Sequence[Contribution]],
    history: Sequence[Transition],
    coverage: Coverage,
    at: datetime,
    names: Mapping[str, str] | None = None,
) -> Profile:
    """The profile as of `at`. The order of `evidence` does not matter.

    An axis without a state is low. `names` gives the names of related institutions by id. Stories kept for
    internal monitoring (confidence below 0.10) are left out.
    """
    shown = [story for story in evidence if story.confidence >= INTERNAL_BELOW]
    known = {story.story for story in shown}
    moved = {
        axis: tuple(each for each in contributions.get(axis, ()) if each.story in known) for axis in Axis
    }
    weights = _weights(moved)
    pack = _Pack.of(shown, weights)
    shares = _Shares.of(pack.stories, topics, moved)
    matrix = tuple(_row(axis, states.get(axis), moved[axis], pack, rules) for axis in Axis)
    points = tuple(
        Statement(story.title, pack.numbers(story.story), story.newest, story.story)
        for story in pack.stories[:KEY_POINTS]
    )
    lines = _signals(pack, topics)
    return Profile(
        at=at,
        institution=institution.id,
        name=institution.name,
        category=institution.category,
        region=institution.region,
        primary_domain=institution.primary_domain,
        signal_focus=shares.focus,
        topic=shares.topic,
        impact=max((row.level for row in matrix), key=LEVELS.index),
        confidence=_confidence(shown, weights),
        coverage=coverage,
        counts=_counts(shown),
        matrix=matrix,
        headline=points[0] if points else None,
        key_points=points,
        what_happened=_happened(pack, weights),
        brief=Brief(
            also_known_as=institution.aliases,
            products=institution.products,
            domains=institution.domains,
            tags=tuple(sorted(institution.tags)),
        ),
        service_surface=lines[Signal.CONTINUITY],
        governance_surface=_governance(institution, lines[Signal.GOVERNANCE], shares),
        evidence=pack.records,
        contributions=tuple(AxisContributions(axis, moved[axis]) for axis in Axis if moved[axis]),
        relations=tuple(
            RelationLine(each.kind, each.to, (names or {}).get(each.to, each.to))
            for each in institution.relations
        ),
        relationship_signals=lines[Signal.RELATIONSHIP],
        history=tuple(sorted(history, key=lambda each: (each.at, each.axis))),
    )


def _weights(contributions: Mapping[Axis, Sequence[Contribution]]) -> dict[str, float]:
    """What each story adds over all axes."""
    weights: defaultdict[str, float] = defaultdict(float)
    for axis in Axis:
        for each in contributions[axis]:
            weights[each.story] += each.value
    return dict(weights)


@dataclass(frozen=True, slots=True)
class _Pack:
    """The stories of the profile, newest first, and their source records, numbered in that order."""

    stories: tuple[Evidence, ...]
    records: tuple[SourceRecord, ...]
    by_story: Mapping[str, tuple[SourceRecord, ...]]

    @classmethod
    def of(cls, evidence: Iterable[Evidence], weights: Mapping[str, float]) -> _Pack:
        by_weight = sorted(
            evidence, key=lambda each: (-weights.get(each.story, 0.0), -each.newest.timestamp(), each.story)
        )
        stories = sorted(by_weight[:STORIES], key=lambda each: (-each.newest.timestamp(), each.story))
        records: list[SourceRecord] = []
        by_story: dict[str, tuple[SourceRecord, ...]] = {}
        for story in stories:
            mine = tuple(
                _record(len(records) + place, story.story, report)
                for place, report in enumerate(_leading_reports(story), start=1)
            )
            records += mine
            by_story[story.story] = mine
        return cls(tuple(stories), tuple(records), by_story)

    def numbers(self, story: str) -> tuple[int, ...]:
        return tuple(record.number for record in self.by_story.get(story, ()))


def _record(number: int, story: str, report: Report) -> SourceRecord:
    return SourceRecord(
        number=number,
        story=story,
        item=report.item,
        source=report.source,
        publisher=report.publisher,
        reliability=report.reliability,
        direct=report.direct,
        title=report.title,
        url=report.url,
        published=report.published,
        observed=report.observed,
    )


def _leading_reports(story: Evidence) -> list[Report]:
    """At most REPORTS of the story in order of their time: first the best of each independent publisher."""
    by_item = {report.item: report for report in story.reports}

    def best_first(report: Report) -> tuple[bool, str, datetime, str]:
        return (not report.direct, report.reliability.value, report.reported, report.item)

    groups = [[by_item[item] for item in group.items if item in by_item] for group in story.groups]
    leaders = sorted((min(group, key=best_first) for group in groups if group), key=best_first)
    chosen = {report.item: report for report in leaders[:REPORTS]}
    for report in sorted(story.reports, key=best_first):
        if len(chosen) >= REPORTS:
            break
        chosen.setdefault(report.item, report)
    return sorted(chosen.values(), key=lambda report: (report.reported, report.item))


@dataclass(frozen=True, slots=True)
class _Shares:
    """Which topic and which signal class weigh most, and where governance does."""

    topic: str | None
    focus: Signal | None
    governance: Axis | None

    @classmethod
    def of(
        cls,
        stories: Iterable[Evidence],
        topics: Mapping[str, Topic],
        contributions: Mapping[Axis, Sequence[Contribution]],
    ) -> _Shares:
        """A contribution is credited to each topic of its story in proportion to the topic's severity."""
        by_story = {story.story: story for story in stories}
        by_topic: defaultdict[str, float] = defaultdict(float)
        by_signal: defaultdict[Signal, float] = defaultdict(float)
        by_axis: defaultdict[Axis, float] = defaultdict(float)
        for axis in Axis:
            for each in contributions[axis]:
                story = by_story.get(each.story)
                if story is None or each.severity <= 0:
                    continue
                best: defaultdict[Signal, float] = defaultdict(float)
                for name, weight in story.topics:
                    topic = topics.get(name)
                    if topic is None:
                        continue
                    share = each.value * min(1.0, topic.severity.on(axis) * weight / each.severity)
                    by_topic[name] += share
                    best[topic.signal] = max(best[topic.signal], share)
                for signal, share in best.items():
                    by_signal[signal] += share
                by_axis[axis] += best[Signal.GOVERNANCE]
        return cls(
            topic=_heaviest(by_topic, sorted(by_topic)),
            focus=_heaviest(by_signal, tuple(Signal)),
            governance=_heaviest(by_axis, tuple(Axis)),
        )


def _heaviest(weights: Mapping[_Key, float], order: Iterable[_Key]) -> _Key | None:
    """The key of the largest weight, the first in `order` where several are equal; None where all are 0."""
    best = max(order, key=lambda key: weights.get(key, 0.0), default=None)
    return best if best is not None and weights.get(best, 0.0) > 0 else None


def _row(
    axis: Axis,
    state: AxisState | None,
    contributions: Sequence[Contribution],
    pack: _Pack,
    rules: LevelRules,
) -> MatrixRow:
    behind = [each.story for each in contributions if each.value >= STEADY and pack.numbers(each.story)]
    stories = tuple(behind[:BEHIND_A_ROW])
    numbers = tuple(sorted(number for story in stories for number in pack.numbers(story)))
    if state is None:
        return MatrixRow(axis, Level.LOW, score=0.0, stories=stories, evidence=numbers)
    moved = None if state.previous is None else state.score - state.previous
    trend = None
    if moved is not None:
        trend = Trend.RISING if moved > STEADY else Trend.FALLING if moved < -STEADY else Trend.STEADY
    return MatrixRow(
        axis=axis,
        level=state.level,
        score=state.score,
        trend=trend,
        since=state.since,
        next_fall=state.next_fall if state.level in rules.raise_ else None,
        stories=stories,
        evidence=numbers,
    )


def _confidence(evidence: Sequence[Evidence], weights: Mapping[str, float]) -> Confidence | None:
    """The contribution-weighted mean over the stories; over all of them alike where none contributes."""
    if not evidence:
        return None
    counted = [(story, weights.get(story.story, 0.0)) for story in evidence]
    if not any(weight > 0 for _, weight in counted):
        counted = [(story, 1.0) for story in evidence]
    counted = sorted(((s, w) for s, w in counted if w > 0), key=lambda pair: pair[0].story)
    total = sum(weight for _, weight in counted)
    number = round(sum(story.confidence * weight for story, weight in counted) / total, 12)
    mixes = {story.mix for story, _ in counted}
    mix = next(iter(mixes)) if len(mixes) == 1 else Mix.MIXED
    return Confidence(grade=grade(number, mix), mix=mix, number=number)


def _counts(evidence: Sequence[Evidence]) -> Counts:
    reports = [report for story in evidence for report in story.reports]
    return Counts(
        stories=len(evidence),
        reports=len(reports),
        publishers=len({report.publisher for report in reports}),
        direct=len({report.publisher for report in reports if report.direct}),
    )


def _happened(pack: _Pack, weights: Mapping[str, float]) -> tuple[Statement, ...]:
    """The story that adds most, told by the headlines of its reports in order of time."""
    if not pack.stories:
        return ()
    leading = max(pack.stories, key=lambda story: (weights.get(story.story, 0.0), story.newest, story.story))
    told: dict[str, Statement] = {}
    for record in pack.by_story[leading.story]:
        at = record.observed if record.published is None else min(record.published, record.observed)
        said = told.get(record.title.casefold())
        if said is None:
            told[record.title.casefold()] = Statement(record.title, (record.number,), at, leading.story)
        else:
            both = (*said.evidence, record.number)
            told[record.title.casefold()] = Statement(said.text, both, said.at, leading.story)
    return tuple(told.values())[:HAPPENED]


def _signals(pack: _Pack, topics: Mapping[str, Topic]) -> dict[Signal, tuple[SignalLine, ...]]:
    """Each reported topic with its newest headline and how many stories carry it, newest first."""
    found: dict[str, SignalLine] = {}
    for story in pack.stories:
        for name, _ in story.topics:
            topic = topics.get(name)
            if topic is None:
                continue
            line = found.get(name)
            statement = Statement(story.title, pack.numbers(story.story), story.newest, story.story)
            found[name] = SignalLine(
                topic=name,
                signal=topic.signal,
                statement=line.statement if line else statement,
                stories=line.stories + 1 if line else 1,
            )
    return {signal: tuple(line for line in found.values() if line.signal is signal) for signal in Signal}


def _governance(
    institution: Institution, lines: tuple[SignalLine, ...], shares: _Shares
) -> GovernanceSurface | None:
    if not lines:
        return None
    axis = shares.governance or Axis.POLICY
    return GovernanceSurface(institution.criticality, axis.horizon, lines)
