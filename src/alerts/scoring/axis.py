"""The score of an axis over time: a sum of fading contributions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from alerts.model.institution import Institution
from alerts.model.level import Axis, Contribution, Level, LevelRules
from alerts.model.story import Told
from alerts.model.times import MICROSECOND, micros
from alerts.model.topic import Topic

CLIP = 0.95
NO_TOPIC_PRIORITY = 0.10
_ROUNDING = 5e-13  # half of a score's last digit
NEGLIGIBLE = 1e-12
"""A contribution below this is left out everywhere, so that old stories cost nothing."""


def half_life_of(rules: LevelRules, axis: Axis) -> float:
    """In microseconds."""
    return rules.half_life[axis] / MICROSECOND


class Term(NamedTuple):
    """One story on one axis: `base` × 2^(−age / half-life), with age counted from `newest` (µs)."""

    base: float
    newest: int


def severity(evidence: Told, axis: Axis, topics: Mapping[str, Topic]) -> float:
    """The largest of the story's topics on the axis; without any topic 0.10 on priority and 0 elsewhere."""
    return severity_of(evidence.topics, axis, topics)


def severity_of(told: Iterable[tuple[str, float]], axis: Axis, topics: Mapping[str, Topic]) -> float:
    """The severity of what topics, each with its weight, say on the axis."""
    known = [(topics[topic], weight) for topic, weight in told if topic in topics]
    if not known:
        return NO_TOPIC_PRIORITY if axis is Axis.PRIORITY else 0.0
    return max(topic.severity.on(axis) * weight for topic, weight in known)


def term(evidence: Told, axis: Axis, topics: Mapping[str, Topic], institution: Institution) -> Term | None:
    """The story's fading term on the axis, or None where it says nothing there."""
    base = severity(evidence, axis, topics) * evidence.confidence * evidence.salience
    base *= institution.criticality.factor
    return Term(base, micros(evidence.newest)) if base > 0 else None


def value(term: Term, at: int, half_life: float) -> float:
    """The contribution of a term at an instant (µs), half-life in µs; clipped to [0, 0.95]."""
    age = max(0, at - term.newest)
    return min(CLIP, term.base * math.exp2(-age / half_life))


def score(terms: Iterable[Term], at: int, half_life: float) -> float:
    """The score of an axis at an instant (µs), half-life in µs."""
    return combined(faded(terms, at, half_life))


def amounts(terms: Mapping[str, Term], at: int, half_life: float, *, least: float) -> dict[str, float]:
    """`value` of the term of each story that is `least` or more; in one pass, as there may be very many."""
    clip = CLIP
    unclipped = _unclipped(terms.values(), at, half_life)
    return {
        story: min(clip, amount) for story, amount in zip(terms, unclipped, strict=True) if amount >= least
    }


def faded(terms: Iterable[Term], at: int, half_life: float) -> list[float]:
    """`value` of every term, without the negligible ones; in one pass, as there may be very many."""
    clip, least = CLIP, NEGLIGIBLE
    return [min(clip, amount) for amount in _unclipped(terms, at, half_life) if amount >= least]


def _unclipped(terms: Iterable[Term], at: int, half_life: float) -> list[float]:
    exp2 = math.exp2
    return [base * exp2((newest - at) / half_life) if newest < at else base for base, newest in terms]


def combined(contributions: Iterable[float]) -> float:
    """1 − ∏(1 − c). The sum of logarithms is rounded once (fsum), so the order of terms never matters.

    Rounded to 12 decimals, so that a score which is 0.25 by hand is 0.25 here.
    """
    log1p = math.log1p
    return round(-math.expm1(math.fsum([log1p(-each) for each in contributions])), 12) + 0.0


def level_after(level: Level, score: float, rules: LevelRules) -> Level:
    """The level that a score gives, coming from `level`.

    Up to the highest k with score ≥ raise[k]; down while score < raise[k] − margin.
    """
    for candidate in (Level.CRITICAL, Level.HIGH, Level.MEDIUM):
        if candidate > level and score >= rules.raise_[candidate]:
            return candidate
    while level is not Level.LOW and score < floor(level, rules):
        level = _BELOW[level]
    return level


def floor(level: Level, rules: LevelRules) -> float:
    """The score below which `level` is left."""
    return round(rules.raise_[level] - rules.margin, 12)


_BELOW = {Level.MEDIUM: Level.LOW, Level.HIGH: Level.MEDIUM, Level.CRITICAL: Level.HIGH}


def fall_instant(
    terms: Iterable[Term], level: Level, rules: LevelRules, axis: Axis, after: int
) -> int | None:
    """The first microsecond after `after` at which the level is left if nothing is reported; None from low.

    The score only falls after the newest report, so bisection finds the instant exactly.
    """
    if level is Level.LOW:
        return None
    half_life = half_life_of(rules, axis)
    least = floor(level, rules)
    if least <= 0:
        return None
    live = [each for each in terms if value(each, after, half_life) >= NEGLIGIBLE]
    if score(live, after, half_life) < least:
        return after + 1
    share = _faded_to(faded(live, after, half_life), least - _ROUNDING)
    guess = after + max(1, math.ceil(-math.log2(share) * half_life))
    # The guess is right to a few microseconds: from there both ways, in growing steps, to the exact one.
    low, high, step = after, guess, 1
    while score(live, high, half_life) >= least:
        low, high, step = high, high + step, 4 * step
    step = 1
    while high - low > 1:
        middle = max(low + 1, high - step) if step else (low + high) // 2
        if score(live, middle, half_life) >= least:
            low, step = middle, 0
        else:
            high, step = middle, 4 * step
    return high


def _faded_to(amounts: Sequence[float], least: float) -> float:
    """The factor, at most 1, by which contributions have to fade for their score to be `least`: Newton's method."""
    target = math.log1p(-least)
    low, high, factor = 0.0, 1.0, 1.0
    for _ in range(100):
        now = [each * factor for each in amounts]
        difference = math.fsum([math.log1p(-each) for each in now]) - target
        if difference < 0:
            high = factor
        else:
            low = factor
        slope = math.fsum([each / (each - 1.0) for each in now]) / factor
        following = factor - difference / slope
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - factor) <= 1e-15 * factor or not low < following < high:
            break
        factor = following
    return factor


def contribution(
    evidence: Told,
    axis: Axis,
    amount: float,
    age: int,
    topics: Mapping[str, Topic],
    institution: Institution,
) -> Contribution:
    """What a story adds: `amount` at the `age` (µs) of its newest independent report, with all that made it."""
    return Contribution(
        story=evidence.story,
        title=evidence.title,
        topics=tuple(topic for topic, _ in evidence.topics),
        severity=severity(evidence, axis, topics),
        confidence=evidence.confidence,
        grade=evidence.grade,
        salience=evidence.salience,
        criticality=institution.criticality.factor,
        age_s=age / 1e6,
        value=amount,
    )
