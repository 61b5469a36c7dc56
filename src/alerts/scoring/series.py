"""The score of an axis over time, for a picture. Pure.

Where `axis.score` is exact and costs a step for each story, this walks once through the time and keeps, of the
fading contributions c of all stories, their power sums: ln(1 − c) = −Σ cᵏ/k, and each cᵏ fades with its own
half-life. Good to four decimals, and as fast for ten thousand stories as for ten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.model.institution import Institution
from alerts.model.level import Axis, LevelRules
from alerts.model.story import Evidence, Group
from alerts.model.times import micros
from alerts.model.topic import Topic
from alerts.scoring import confidence as conf
from alerts.scoring.axis import Term, half_life_of, severity_of, value

POWERS = 8
SMALL = 0.3
"""Contributions above it are kept one by one until they have faded to it: the series converges slowly there."""

_PREFIXES = 40
"""Reports of one story that are followed one by one; later ones count from where they are known to end."""

_REBASE = 60.0
"""Half-lives after which the sums are written for a later instant, so that no number grows without bound."""

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
    sums = _PowerSums(half_life, steps[0][0].moment if steps else 0)
    place = 0
    for at in instants:
        while place < len(steps) and steps[place][0].moment <= at:
            step, story = steps[place]
            sums.put(step.moment, story, Term(step.strength * bases[step.topics], step.newest))
            place += 1
        yield sums.score(at)


class _PowerSums:
    """Σ cᵏ for k = 1 … POWERS over the small contributions, written as of one instant; the large ones by story."""

    def __init__(self, half_life: float, since: int) -> None:
        self._half_life = half_life
        self._since = since
        self._sums = [0.0] * POWERS
        self._large: dict[str, Term] = {}
        self._small: dict[str, Term] = {}

    def put(self, at: int, story: str, fading: Term) -> None:
        """The story's term from `at` on, in the place of its former one."""
        self._rebase(at)
        self._large.pop(story, None)
        former = self._small.pop(story, None)
        if former is not None:
            self._add(former, -1.0)
        if fading.base <= 0:
            return
        if value(fading, at, self._half_life) > SMALL:
            self._large[story] = fading
        else:
            self._small[story] = fading
            self._add(fading, 1.0)

    def score(self, at: int) -> float:
        if at < self._since:  # before anything was put; 2^x of how long before may be no number any more
            return 0.0
        for story, fading in [*self._large.items()]:
            if value(fading, at, self._half_life) <= SMALL:
                self.put(at, story, fading)
        faded = math.exp2((self._since - at) / self._half_life)
        doubt, power = 0.0, 1.0
        for place, each in enumerate(self._sums, start=1):
            power *= faded
            doubt -= each * power / place
        doubt += sum(math.log1p(-value(fading, at, self._half_life)) for fading in self._large.values())
        return min(1.0, max(0.0, -math.expm1(doubt)))

    def _rebase(self, at: int) -> None:
        passed = (at - self._since) / self._half_life
        if passed < _REBASE:
            return
        kept, power = math.exp2(-passed), 1.0
        for place in range(POWERS):
            power *= kept
            self._sums[place] *= power
        self._since = at

    def _add(self, fading: Term, sign: float) -> None:
        amount = fading.base * math.exp2((fading.newest - self._since) / self._half_life)
        sums, power = self._sums, sign
        for place in range(POWERS):
            power *= amount
            sums[place] += power
