"""The score of an axis over time, for a picture. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.model.institution import Institution
from alerts.model.level import Axis, LevelRules
from alerts.model.story import Evidence, Group
from alerts.model.times import micros
from alerts.model.topic import Topic
from alerts.scoring import confidence as conf
from alerts.scoring.impact import MAX_IMPACT, severity_of
from alerts.scoring.score import Ranking, Term, half_life_of

_PREFIXES = 40
"""Reports of one story that are followed one by one; later ones count from where they are known to end."""

Topics = tuple[tuple[str, float], ...]


class Seen(NamedTuple):
    """A report, as far as counting it needs. Times are microseconds since 1970; `weight` is its publisher's."""

    item: str
    observed: int
    reported: int
    publisher: str
    direct: bool
    weight: float
    salience: float
    topics: Topics


class Step(NamedTuple):
    """What a story proved from `moment` (µs) on: confidence × salience, its newest independent report, its topics."""

    moment: int
    strength: float
    newest: int
    topics: Topics


class Course(NamedTuple):
    """How a story grew: a step for each instant at which a report was observed."""

    story: str
    steps: Sequence[Step]


def course(story: str, reports: Sequence[Seen], group_of: Mapping[str, int], start: int) -> Course:
    """The steps of a story; up to `start` (µs) only what it had come to.

    `reports` are not empty, `group_of` gives the number of the independent publisher of each item.
    """
    ordered = sorted(reports, key=lambda each: (each.observed, each.item))
    last = ordered[-1].observed
    steps: list[Step] = []
    best: dict[int, float] = {}
    first: dict[int, int] = {}
    topics: dict[str, float] = {}
    direct, salience = False, 0.0
    for place, each in enumerate(ordered):
        group = group_of[each.item]
        best[group] = max(each.weight, best.get(group, 0.0))
        first[group] = min(each.reported, first.get(group, each.reported))
        for topic, weight in each.topics:
            topics[topic] = max(weight, topics.get(topic, 0.0))
        direct = direct or each.direct
        salience = max(salience, each.salience)
        if place + 1 < len(ordered) and ordered[place + 1].observed == each.observed:
            continue
        if each.observed == last or (last > start and len(steps) < _PREFIXES):
            sure = conf.combined(best.values(), direct=direct)
            told = tuple(sorted(topics.items()))
            steps.append(Step(each.observed, sure * salience, max(first.values()), told))
    return Course(story, steps)


def seen(told: Evidence) -> list[Seen]:
    """The reports of a story."""
    return [
        Seen(
            each.item,
            micros(each.observed),
            micros(each.reported),
            each.publisher,
            each.direct,
            conf.weight(each.reliability, each.direct),
            each.salience,
            each.topics,
        )
        for each in told.reports
    ]


def courses(stories: Iterable[Evidence], start: datetime) -> Iterator[Course]:
    """The steps of stories of which everything is known."""
    for each in stories:
        yield course(each.story, seen(each), numbered(each.groups), micros(start))


def numbered(groups: Sequence[Group]) -> dict[str, int]:
    """The number of the independent publisher of each item."""
    return {item: number for number, group in enumerate(groups) for item in group.items}


def score_series(
    stories: Iterable[Course],
    instants: Sequence[datetime],
    *,
    topics: Mapping[str, Topic],
    institution: Institution,
    rules: LevelRules,
) -> dict[Axis, list[tuple[datetime, float]]]:
    """The scores of each axis at `instants`, in order of time, each from what had been observed by then.

    Stories are taken as they are composed now, so a story that was once two counts as one all the time.
    """
    steps = sorted(
        ((step, each.story) for each in stories for step in each.steps), key=lambda each: each[0].moment
    )
    told = {step.topics for step, _ in steps}
    factor = institution.criticality.factor
    moments = [micros(at) for at in instants]
    found = {}
    for axis in Axis:
        bases = {each: severity_of(each, axis, topics) * factor for each in told}
        scores = _scores(steps, bases, moments, half_life_of(rules, axis))
        found[axis] = list(zip(instants, scores, strict=True))
    return found


def _scores(
    steps: Sequence[tuple[Step, str]],
    bases: Mapping[Topics, float],
    instants: Sequence[int],
    half_life: float,
) -> Iterator[float]:
    ranking = Ranking(half_life)
    place = 0
    for at in instants:
        while place < len(steps) and steps[place][0].moment <= at:
            step, story = steps[place]
            impact = min(MAX_IMPACT, round(step.strength * bases[step.topics], 12))
            ranking.put(story, Term(impact, step.newest) if impact > 0 else None)
            place += 1
        yield ranking.score.at(at, half_life)
