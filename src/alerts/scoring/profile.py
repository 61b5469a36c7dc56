"""The profile of an institution, built from its evidence. Pure.

Every statement is a field of the configuration, a number computed from evidence, or the words of a source
with the numbers of the records that say them. No sentence is made here."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import TypeVar

from alerts.model import profile as model
from alerts.model.fields import grouped, record_of
from alerts.model.institution import Institution
from alerts.model.level import Axis, Contribution, Level, LevelRules, Transition
from alerts.model.settings import Settings
from alerts.model.story import Mix, Report, StoryFacts, StorySummary
from alerts.model.times import micros
from alerts.model.topic import Signal, Topic
from alerts.scoring import impact as impacts
from alerts.scoring import score as scores
from alerts.scoring.confidence import INTERNAL_BELOW, grade
from alerts.scoring.score import Term

NEWEST = 12  # stories in an evidence pack because they are the newest, beside those that a score counts
KEY_POINTS = 5
HAPPENED = 6
BEHIND_A_ROW = 10
STEADY = 0.005  # a score that moved less than this within a day is steady
LEAST_SHOWN = 5e-7  # contributions that six decimals cannot show are left out
_Key = TypeVar("_Key")
_NAME = itemgetter(0)


@dataclass(frozen=True, slots=True)
class AxisView:
    """What is known of one axis at an instant.

    `previous` is the score a day before, None where nothing was known then. `leading` are the stories that the score
    counts, in the order of what they contribute; `others` is how many more contribute less."""

    level: Level
    score: float
    since: datetime | None = None
    next_fall: datetime | None = None
    previous: float | None = None
    leading: tuple[StorySummary, ...] = ()
    others: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an institution at an instant: all that a profile is made of.

    `newest` are the newest stories, the newest first; `reports` those of `leading` and `newest`, by item."""

    institution: Institution
    at: datetime
    axes: Mapping[Axis, AxisView]
    newest: tuple[StorySummary, ...]
    reports: Mapping[str, Report]
    counts: model.Counts


Amounts = Mapping[Axis, Mapping[str, float]]  # what each leading story contributes to each axis


def build(
    standing: Standing, settings: Settings, *, history: Iterable[Transition], coverage: model.Coverage
) -> model.Profile:
    """The profile. Stories kept for internal monitoring (confidence below 0.10) are left out."""
    institution, topics, rules = standing.institution, settings.topics, settings.levels
    largest = {axis: _largest(standing, axis, topics, rules) for axis in Axis}
    amounts = {axis: {each.story: each.value for each in largest[axis]} for axis in Axis}
    weights: defaultdict[str, float] = defaultdict(float)  # what each story contributes over all axes
    for each in (each for axis in Axis for each in largest[axis]):
        weights[each.story] += each.value
    pack = _Pack.of(standing, weights)
    topic, focus, governance = _shares(pack.stories, topics, amounts)
    matrix = tuple(_row(axis, standing.axes[axis], largest[axis], pack, rules) for axis in Axis)
    points = tuple(_statement(story, pack) for story in pack.stories[:KEY_POINTS])
    lines = _signals(pack, topics)
    horizon = (governance or Axis.POLICY).horizon
    surface = model.GovernanceSurface(institution.criticality, horizon, lines[Signal.GOVERNANCE])
    return record_of(
        model.Profile,
        institution,
        at=standing.at,
        institution=institution.id,
        signal_focus=focus,
        topic=topic,
        impact=max(row.level for row in matrix),
        confidence=_confidence(pack.stories, weights),
        coverage=coverage,
        counts=standing.counts,
        matrix=matrix,
        headline=points[0] if points else None,
        key_points=points,
        what_happened=_happened(pack, weights),
        brief=record_of(
            model.Brief, institution, also_known_as=institution.aliases, tags=tuple(sorted(institution.tags))
        ),
        service_surface=lines[Signal.CONTINUITY],
        governance_surface=surface if surface.signals else None,
        evidence=pack.records,
        contributions=tuple(
            model.AxisContributions(axis, largest[axis], omitted=standing.axes[axis].others)
            for axis in Axis
            if largest[axis]
        ),
        relations=tuple(
            model.RelationLine(
                each.kind, each.to, known.name if (known := settings.institutions.get(each.to)) else each.to
            )
            for each in institution.relations
        ),
        relationship_signals=lines[Signal.RELATIONSHIP],
        history=tuple(sorted(history, key=lambda each: (each.at, each.axis))),
    )


def contributions(
    leading: Iterable[tuple[StoryFacts, Term | None]], at: datetime, half_life: float, institution: Institution
) -> tuple[Contribution, ...]:
    """What stories contribute to an axis at an instant, with all that made it; in their order.

    Each comes with what ranks it on the axis (`impact.term`); `half_life` is that of the axis, in microseconds."""
    now, criticality = micros(at), institution.criticality.factor
    found = []
    for story, term in leading:
        value = 0.0 if term is None else scores.contributed(term, now, half_life)
        if term is not None and value >= LEAST_SHOWN:
            made = Contribution(
                story=story.story,
                title=story.title,
                topics=tuple(map(_NAME, story.topics)),
                severity=term.severity,
                confidence=story.confidence,
                grade=story.grade,
                salience=story.salience,
                criticality=criticality,
                age_s=max(0, now - term.newest) / 1e6,
                value=value,
            )
            found.append(made)
    return tuple(found)


def _largest(
    standing: Standing, axis: Axis, topics: Mapping[str, Topic], rules: LevelRules
) -> tuple[Contribution, ...]:
    institution, leading = standing.institution, standing.axes[axis].leading
    shown = (each for each in leading if each.confidence >= INTERNAL_BELOW)
    ranked = ((each, impacts.term(each, axis, topics, institution)) for each in shown)
    return contributions(ranked, standing.at, scores.half_life_of(rules, axis), institution)


@dataclass(frozen=True, slots=True)
class _Pack:
    """The stories of the profile, newest first, and their source records, numbered in that order."""

    stories: tuple[StorySummary, ...]
    records: tuple[model.SourceRecord, ...]
    by_story: Mapping[str, tuple[model.SourceRecord, ...]]

    @classmethod
    def of(cls, standing: Standing, weights: Mapping[str, float]) -> "_Pack":
        """The stories that contribute, and the newest."""
        leading = (each for view in standing.axes.values() for each in view.leading if each.story in weights)
        newest = (each for each in standing.newest if each.confidence >= INTERNAL_BELOW)
        shown = {each.story: each for each in (*leading, *newest)}
        stories = sorted(shown.values(), key=lambda each: (-each.newest.timestamp(), each.story))
        records: list[model.SourceRecord] = []
        by_story: dict[str, tuple[model.SourceRecord, ...]] = {}
        for story in stories:
            reports = [standing.reports[item] for item in story.items if item in standing.reports]
            numbered = tuple(
                record_of(model.SourceRecord, report, number=number, story=story.story)
                for number, report in enumerate(reports, start=len(records) + 1)
            )
            records += numbered
            by_story[story.story] = numbered
        return cls(tuple(stories), tuple(records), by_story)

    def numbers(self, story: str) -> tuple[int, ...]:
        return tuple(record.number for record in self.by_story.get(story, ()))


def _shares(
    stories: Iterable[StorySummary], topics: Mapping[str, Topic], amounts: Amounts
) -> tuple[str | None, Signal | None, Axis | None]:
    """Which topic and which signal class weigh most, and on which axis governance does.

    A contribution is credited to each topic of its story in proportion to the topic's severity."""
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
    leading = _heaviest(by_topic, sorted(by_topic))
    return leading, _heaviest(by_signal, tuple(Signal)), _heaviest(by_axis, tuple(Axis))


def _heaviest(weights: Mapping[_Key, float], order: Iterable[_Key]) -> _Key | None:
    """The key of the largest weight, the first in `order` where several are equal; None where all are 0."""
    best = max(order, key=lambda key: weights.get(key, 0.0), default=None)
    return best if best is not None and weights.get(best, 0.0) > 0 else None


def _row(
    axis: Axis, view: AxisView, contributions: Sequence[Contribution], pack: _Pack, rules: LevelRules
) -> model.MatrixRow:
    behind = [each.story for each in contributions if each.value >= STEADY and pack.numbers(each.story)]
    stories = tuple(behind[:BEHIND_A_ROW])
    trend = None
    if view.previous is not None:
        moved = view.score - view.previous
        trend = model.Trend.RISING if moved > STEADY else model.Trend.FALLING if moved < -STEADY else model.Trend.STEADY
    falls = view.next_fall if view.level in rules.raise_ else None
    evidence = tuple(sorted(number for story in stories for number in pack.numbers(story)))
    made = {"axis": axis, "trend": trend, "next_fall": falls, "stories": stories, "evidence": evidence}
    return record_of(model.MatrixRow, view, **made)


def _confidence(stories: Sequence[StorySummary], weights: Mapping[str, float]) -> model.Confidence | None:
    """The contribution-weighted mean over the stories; over all of them alike where none contributes."""
    counted = [(story, weights[story.story]) for story in stories if weights.get(story.story, 0.0) > 0]
    counted = counted or [(story, 1.0) for story in stories]
    if not counted:
        return None
    # Rounded once each, so that the order of the stories has no influence.
    total = math.fsum(weight for _, weight in counted)
    number = round(math.fsum(story.confidence * weight for story, weight in counted) / total, 12)
    mixes = {story.mix for story, _ in counted}
    mix = next(iter(mixes)) if len(mixes) == 1 else Mix.MIXED
    return model.Confidence(grade=grade(number, mix), mix=mix, number=number)


def _statement(story: StorySummary, pack: _Pack) -> model.Statement:
    """The current headline of a story."""
    numbers = pack.numbers(story.story)
    return model.Statement(story.title, numbers, story.newest, story.story, resolved=bool(story.resolved))


def _happened(pack: _Pack, weights: Mapping[str, float]) -> tuple[model.Statement, ...]:
    """The headlines of the story that contributes most, in order of time."""
    if not pack.stories:
        return ()
    leading = max(pack.stories, key=lambda story: (weights.get(story.story, 0.0), story.newest, story.story))
    by_headline = grouped((record.title.casefold(), record) for record in pack.by_story[leading.story])
    statements = []
    for first, *more in list(by_headline.values())[:HAPPENED]:
        at = first.observed if first.published is None else min(first.published, first.observed)
        numbers = (first.number, *(each.number for each in more))
        statements.append(model.Statement(first.title, numbers, at, leading.story))
    return tuple(statements)


def _signals(pack: _Pack, topics: Mapping[str, Topic]) -> dict[Signal, tuple[model.SignalLine, ...]]:
    """Each reported topic with its newest headline and how many stories carry it, newest first."""
    carried = grouped((name, story) for story in pack.stories for name, _ in story.topics if name in topics)
    lines = [
        model.SignalLine(name, topics[name].signal, _statement(stories[0], pack), len(stories))
        for name, stories in carried.items()
    ]
    return {signal: tuple(line for line in lines if line.signal is signal) for signal in Signal}
