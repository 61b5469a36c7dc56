"""The profile of an institution, built from its evidence. Pure.

Everything said is a field of the configuration, a number computed from evidence, or the words of a source
with the numbers of the records that say them. No sentence is made here.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from alerts.model.institution import Institution
from alerts.model.level import Axis, Contribution, Level, LevelRules, Transition
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
from alerts.model.story import Evidence, Mix, Report, Told
from alerts.model.topic import Signal, Topic
from alerts.scoring import impact as impacts
from alerts.scoring.confidence import INTERNAL_BELOW, grade

STORIES = 100
"""Stories in an evidence pack: those that add most, then the newest."""
REPORTS = 12
"""Source records of one story: the best of each independent publisher first."""
KEY_POINTS = 5
HAPPENED = 6
BEHIND_A_ROW = 10
CONTRIBUTIONS = 100
"""Contributions shown for one axis, the largest."""
STEADY = 0.005
"""A score that moved less than this since the previous evaluation is steady."""

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class AxisView:
    """What is known of one axis at an instant; `previous` is the score a day before, None where there was none."""

    level: Level
    score: float
    since: datetime | None = None
    next_fall: datetime | None = None
    previous: float | None = None


Amounts = Mapping[Axis, Mapping[str, float]]
"""What each story adds to each axis; a story that adds nothing may be left out."""


def build(
    institution: Institution,
    *,
    stories: Iterable[Told],
    evidence: Callable[[Collection[str]], Mapping[str, Evidence]],
    counts: Counts,
    topics: Mapping[str, Topic],
    rules: LevelRules,
    states: Mapping[Axis, AxisView],
    amounts: Amounts,
    history: Sequence[Transition],
    coverage: Coverage,
    at: datetime,
    names: Mapping[str, str] | None = None,
) -> Profile:
    """The profile as of `at`. The order of `stories` does not matter.

    `evidence` gives the reports of some stories, of which at most STORIES are asked for; `counts` are over the
    stories that are shown. An axis without a state is low. `names` gives the names of related institutions by id.
    Stories kept for internal monitoring (confidence below 0.10) are left out.
    """
    shown = {each.story: each for each in stories if each.confidence >= INTERNAL_BELOW}
    moved = {
        axis: {story: amount for story, amount in amounts.get(axis, {}).items() if story in shown}
        for axis in Axis
    }
    largest = {axis: _largest(moved[axis], shown, axis, topics, institution, at) for axis in Axis}
    weights = _weights(moved)
    pack = _Pack.of(shown.values(), weights, evidence)
    shares = _Shares.of(pack.stories, topics, moved)
    matrix = tuple(_row(axis, states.get(axis), largest[axis], pack, rules) for axis in Axis)
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
        impact=max(row.level for row in matrix),
        confidence=_confidence(shown, weights),
        coverage=coverage,
        counts=counts,
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
        contributions=tuple(
            AxisContributions(axis, largest[axis], omitted=len(moved[axis]) - len(largest[axis]))
            for axis in Axis
            if largest[axis]
        ),
        relations=tuple(
            RelationLine(each.kind, each.to, (names or {}).get(each.to, each.to))
            for each in institution.relations
        ),
        relationship_signals=lines[Signal.RELATIONSHIP],
        history=tuple(sorted(history, key=lambda each: (each.at, each.axis))),
    )


def _largest(
    amounts: Mapping[str, float],
    stories: Mapping[str, Told],
    axis: Axis,
    topics: Mapping[str, Topic],
    institution: Institution,
    at: datetime,
) -> tuple[Contribution, ...]:
    """The largest contributions to an axis, with all that made them."""
    order = heapq.nsmallest(CONTRIBUTIONS, ((-amount, story) for story, amount in amounts.items()))
    return tuple(
        impacts.contribution(
            stories[story],
            axis,
            -amount,
            max(0, (at - stories[story].newest) // timedelta.resolution),
            topics,
            institution,
        )
        for amount, story in order
    )


def _weights(amounts: Amounts) -> dict[str, float]:
    """What each story adds over all axes."""
    weights: dict[str, float] = {}
    for axis in Axis:
        for story, amount in amounts[axis].items():
            weights[story] = weights.get(story, 0.0) + amount
    return weights


@dataclass(frozen=True, slots=True)
class _Pack:
    """The stories of the profile, newest first, and their source records, numbered in that order."""

    stories: tuple[Evidence, ...]
    records: tuple[SourceRecord, ...]
    by_story: Mapping[str, tuple[SourceRecord, ...]]

    @classmethod
    def of(
        cls,
        shown: Collection[Told],
        weights: Mapping[str, float],
        evidence: Callable[[Collection[str]], Mapping[str, Evidence]],
    ) -> _Pack:
        weighing = [weights.get(each.story, 0.0) for each in shown]
        least = min(heapq.nlargest(STORIES, weighing), default=0.0)
        candidates = [each for each, weight in zip(shown, weighing, strict=True) if weight >= least]
        by_weight = sorted(
            candidates, key=lambda each: (-weights.get(each.story, 0.0), -each.newest.timestamp(), each.story)
        )
        told = evidence([each.story for each in by_weight[:STORIES]])
        stories = sorted(told.values(), key=lambda each: (-each.newest.timestamp(), each.story))
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
        amounts: Amounts,
    ) -> _Shares:
        """A contribution is credited to each topic of its story in proportion to the topic's severity."""
        by_topic: defaultdict[str, float] = defaultdict(float)
        by_signal: defaultdict[Signal, float] = defaultdict(float)
        by_axis: defaultdict[Axis, float] = defaultdict(float)
        for axis in Axis:
            for story in stories:
                amount, severity = amounts[axis].get(story.story, 0.0), impacts.severity(story, axis, topics)
                if amount <= 0 or severity <= 0:
                    continue
                best: defaultdict[Signal, float] = defaultdict(float)
                for name, weight in story.topics:
                    topic = topics.get(name)
                    if topic is None:
                        continue
                    share = amount * min(1.0, topic.severity.on(axis) * weight / severity)
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
    state: AxisView | None,
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


def _confidence(shown: Mapping[str, Told], weights: Mapping[str, float]) -> Confidence | None:
    """The contribution-weighted mean over the stories; over all of them alike where none contributes."""
    if not shown:
        return None
    counted = [(shown[story], weight) for story, weight in weights.items() if weight > 0]
    if not counted:
        counted = [(story, 1.0) for story in shown.values()]
    # Rounded once each, so that the order of the stories has no influence.
    total = math.fsum(weight for _, weight in counted)
    number = round(math.fsum(story.confidence * weight for story, weight in counted) / total, 12)
    mixes = {story.mix for story, _ in counted}
    mix = next(iter(mixes)) if len(mixes) == 1 else Mix.MIXED
    return Confidence(grade=grade(number, mix), mix=mix, number=number)


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
