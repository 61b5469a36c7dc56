"""The score of an axis, its level, and the instant at which a level is left. Pure.

A story contributes c = impact × 2^(−age / half-life). The score is c₁ + c₂/3 + c₃/9 + …, largest first: the gravest
story carries the level, the others confirm it. All contributions of an axis age at one rate, so between reports their
order stays and the score is s × 2^(−Δt / half-life). Hence the two closed forms used here: the order is that of
`order_key`, which does not change with time, and a level is left at t + half-life × log₂(score / (raise − margin)).

Times are whole microseconds since 1970."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from alerts.model.level import Axis, Level, LevelRules, Transition
from alerts.model.times import MICROSECOND, instant, micros

PLACES = 16  # stories that a score counts. All those after them together are worth less than 4e-8 of the first.
DECIMALS = 12  # of scores and impacts, so that a score which is 0.30 by hand is 0.30 here
_MICROSECOND_SHARE = 1 / 16  # a closed form is exact to about this part of a microsecond: the rounding of its logarithm
_FALLING = (Level.CRITICAL, Level.HIGH, Level.MEDIUM)
_BELOW = {Level.MEDIUM: Level.LOW, Level.HIGH: Level.MEDIUM, Level.CRITICAL: Level.HIGH}


def half_life_of(rules: LevelRules, axis: Axis) -> float:
    """In microseconds."""
    return rules.half_life[axis] / MICROSECOND


class Term(NamedTuple):
    """The impact of a story on an axis, the time of its newest independent report, and how grave it is there."""

    impact: float
    newest: int
    severity: float = 0.0


def order_key(term: Term, half_life: float) -> float:
    """What orders stories by their contribution at every instant: log₂(impact) + newest / half-life."""
    return math.log2(term.impact) + term.newest / half_life


def contributed(term: Term, at: int, half_life: float) -> float:
    """impact × 2^(−age / half-life) at an instant, with an age of at least 0."""
    return term.impact * math.exp2(-max(0, at - term.newest) / half_life)


def combined(contributions: Iterable[float]) -> float:
    """c₁ + c₂/3 + c₃/9 + … of the PLACES largest, rounded to DECIMALS. Their order does not matter."""
    largest = sorted(contributions, reverse=True)[:PLACES]
    return round(math.fsum(each / 3**place for place, each in enumerate(largest)), DECIMALS)


class Score(NamedTuple):
    """A score while nothing is reported: `value` at `since`, fading from there. `value` is not rounded."""

    value: float
    since: int

    def at(self, moment: int, half_life: float) -> float:
        """The score at an instant not before the reports it counts, rounded to DECIMALS."""
        return round(self.value * math.exp2(min(0, self.since - moment) / half_life), DECIMALS)


NO_SCORE = Score(0.0, 0)


def score_of(leading: Sequence[Term], half_life: float) -> Score:
    """The score of the leading terms, in the order of their keys, as of the newest report of the first.

    That instant is a property of the evidence, so the same numbers come out whenever it is asked for."""
    if not leading:
        return NO_SCORE
    since = leading[0].newest
    parts = (
        each.impact * math.exp2((each.newest - since) / half_life) / 3**place
        for place, each in enumerate(leading[:PLACES])
    )
    return Score(math.fsum(parts), since)


class Ranking:
    """The stories of one axis in the order of what they contribute, which time does not change."""

    def __init__(self, half_life: float) -> None:
        """`half_life` in microseconds."""
        self.half_life = half_life
        self._terms: dict[str, Term] = {}
        self._order: list[tuple[float, str]] = []  # of the negated key, so that the largest is first
        self._score: Score | None = NO_SCORE

    def __len__(self) -> int:
        return len(self._terms)

    @property
    def order(self) -> Sequence[tuple[float, str]]:
        """The stories with what puts them in order, the one that contributes most first. To read, not to change."""
        return self._order

    def get(self, story: str) -> Term | None:
        return self._terms.get(story)

    def put(self, story: str, term: Term | None) -> None:
        """Replaces the term of a story; None takes it away."""
        former = self._terms.get(story)
        if former == term:
            return
        if former is not None:
            place = bisect_left(self._order, self._placed(story, former))
            del self._order[place], self._terms[story]
            self._score = None if place < PLACES else self._score
        if term is not None:
            self._terms[story] = term
            entry = self._placed(story, term)
            place = bisect_left(self._order, entry)
            self._order.insert(place, entry)
            self._score = None if place < PLACES else self._score

    def _placed(self, story: str, term: Term) -> tuple[float, str]:
        return -order_key(term, self.half_life), story

    def leading(self, count: int = PLACES) -> list[tuple[str, Term]]:
        """The stories that contribute most, the first of them first; of equals the one with the smaller id."""
        return [(story, self._terms[story]) for _, story in self._order[:count]]

    @property
    def score(self) -> Score:
        if self._score is None:
            self._score = score_of([term for _, term in self.leading()], self.half_life)
        return self._score


def level_of(value: float, rules: LevelRules) -> Level:
    """The highest level whose `raise` a score or an impact has reached."""
    for level in _FALLING:
        if value >= rules.raise_[level]:
            return level
    return Level.LOW


def floor(level: Level, rules: LevelRules) -> float:
    """The score below which `level` is left: raise − margin."""
    return round(rules.raise_[level] - rules.margin, DECIMALS)


def fall_at(score: Score, level: Level, rules: LevelRules, half_life: float) -> int | None:
    """The first whole microsecond at which a score is below what keeps the level, if nothing is reported.

    t + half-life × log₂(score / (raise − margin)). It may be past. None where the level is never left."""
    if level is Level.LOW:
        return None
    least = floor(level, rules)
    if least <= 0:
        return None
    if score.value <= 0:
        return score.since
    after = half_life * math.log2(score.value / least)
    return score.since + math.floor(after + _MICROSECOND_SHARE) + 1


def level_from(level: Level, value: float, rules: LevelRules) -> Level:
    """The level that a score given as a number leads to, coming from `level`."""
    reached = level_of(value, rules)
    while reached < level and value < floor(level, rules):
        level = _BELOW[level]
    return max(level, reached)


def level_after(level: Level, score: Score, at: int, rules: LevelRules, half_life: float) -> Level:
    """The level at an instant, coming from `level`.

    Up to the highest k with score ≥ raise[k]; down from k where the score is below raise[k] − margin."""
    reached = level_of(score.at(at, half_life), rules)
    if reached > level:
        return reached
    while (fall := fall_at(score, level, rules, half_life)) is not None and at >= fall:
        level = _BELOW[level]
    return level


def fall_instant(score: Score, level: Level, rules: LevelRules, half_life: float, after: datetime) -> datetime | None:
    """When a level that stands at `after` is left if nothing is reported; None if not before the year 10000."""
    fall = fall_at(score, level, rules, half_life)
    if fall is None:
        return None
    try:
        return max(after + MICROSECOND, instant(fall))
    except OverflowError:
        return None


Course = Sequence[tuple[datetime, Score]]  # what a score faded from, each from its instant on, in order of time


def curve(course: Course, instants: Sequence[datetime], half_life: float) -> list[tuple[datetime, float]]:
    """The score at each instant; `half_life` in microseconds."""
    return [(at, value_at(course, at, half_life)) for at in instants]


def value_at(course: Course, at: datetime, half_life: float) -> float:
    """The score at an instant; 0 before the first one. `half_life` in microseconds."""
    place = bisect_right(course, at, key=itemgetter(0))
    score = course[place - 1][1] if place else NO_SCORE
    return score.at(micros(at), half_life)


def grid(start: datetime, end: datetime, points: int, moves: Iterable[Transition]) -> list[datetime]:
    """`points` even steps from start to end, and the instants of level changes with those just before them."""
    step = (end - start) / points
    instants = {start + step * place for place in range(points)} | {end}
    for move in moves:
        if start < move.at <= end:
            instants |= {move.at, move.at - timedelta.resolution}
    return sorted(instants)
