"""The running score of one axis, computed in full only where a level may have changed.

Most observations move a score a little and no level. What must be known is only that the score has not reached
the next threshold and not fallen below the present one, and bounds tell that from the changed terms alone:

- Upper. With f(c) = −ln(1 − c), convex and 0 at 0, a contribution that fades by a factor d fades in f by d at
  least: the sum of f bounds the score from above when faded as a whole (not at all while a term is clipped).
- Lower. 1 − ∏(1 − d·c) is concave in d and 0 at 0, so a score S is at least d·S after fading by d.

Where the bounds leave it open, the score is computed from all terms, which gives new bounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from alerts.model.level import Axis, Level, LevelRules
from alerts.scoring.axis import CLIP, NEGLIGIBLE, Term, floor, half_life_of, level_after, score, value

_SLACK = 1e-9
"""Bounds are kept this much on the safe side of rounding."""


class Gauge:
    """The terms of one axis, by story. Times are microseconds since 1970 and never go back."""

    def __init__(self, axis: Axis, rules: LevelRules) -> None:
        self._rules = rules
        self._half_life = half_life_of(rules, axis)
        self._terms: dict[str, Term] = {}
        self._bounded_at = 0
        self._upper = 0.0  # of the sum of f, at _bounded_at
        self._fades = True  # whether that sum fades as a whole: no term is clipped
        self._safe_until = 0  # no fall is possible up to here; 0: not known

    def __iter__(self) -> Iterator[Term]:
        return iter(self._terms.values())

    def put(self, story: str, term: Term | None, at: int) -> None:
        """Replaces the term of a story; None takes it away."""
        former = self._terms.pop(story, None)
        if term is not None:
            self._terms[story] = term
        if former == term:
            return
        gone = 0.0 if former is None else value(former, at, self._half_life)
        come = 0.0 if term is None else value(term, at, self._half_life)
        self._upper = max(0.0, self._faded(at) - _logarithm(gone)) + _logarithm(come)
        self._bounded_at = max(at, self._bounded_at)
        self._fades = self._fades and come < CLIP
        if former is not None and (term is None or self._strength(term) < self._strength(former)):
            self._safe_until = 0

    def score(self, at: int) -> float:
        """The score at an instant, from all terms."""
        return score(self._terms.values(), at, self._half_life)

    def amounts(self, at: int) -> Iterator[tuple[str, float, int]]:
        """Each story with its contribution at an instant and the age of its newest independent report (µs)."""
        for story, term in self._terms.items():
            yield story, value(term, at, self._half_life), max(0, at - term.newest)

    def level(self, level: Level, at: int) -> Level:
        """The level at an instant, coming from `level`. Computes the score only where the bounds leave it open."""
        if not self._may_rise(level, at) and (level is Level.LOW or at <= self._safe_until):
            return level
        exact = self.score(at)
        reached = level_after(level, exact, self._rules)
        self._bound(reached, exact, at)
        return reached

    def has_fallen(self, level: Level, at: int) -> bool:
        """Whether the level is left by `at` if nothing is reported."""
        if level is Level.LOW or at <= self._safe_until:
            return False
        exact = self.score(at)
        if exact < floor(level, self._rules):
            return True  # when, is asked next: no term may be forgotten that has faded only by `at`
        self._bound(level, exact, at)
        return False

    def _may_rise(self, level: Level, at: int) -> bool:
        higher = [threshold for name, threshold in self._rules.raise_.items() if name > level]
        if not higher:
            return False
        return -math.expm1(-self._faded(at)) + _SLACK >= min(higher)

    def _faded(self, at: int) -> float:
        if not self._fades or at <= self._bounded_at:
            return self._upper
        return self._upper * math.exp2(-(at - self._bounded_at) / self._half_life)

    def _strength(self, term: Term) -> float:
        """What orders terms at every instant, clipped or not: the logarithm of base × 2^(newest / half-life)."""
        return math.log2(term.base) + term.newest / self._half_life

    def _bound(self, level: Level, exact: float, at: int) -> None:
        """Takes an exact score as the new basis of both bounds, and forgets terms that have faded away."""
        for story in [
            each for each, term in self._terms.items() if value(term, at, self._half_life) < NEGLIGIBLE
        ]:
            del self._terms[story]
        self._bounded_at = at
        self._upper = -math.log1p(-min(exact + _SLACK, 1 - 1e-15))
        self._fades = all(value(term, at, self._half_life) < CLIP for term in self._terms.values())
        least = 0.0 if level is Level.LOW else floor(level, self._rules) + _SLACK
        self._safe_until = 0
        if 0 < least < exact:
            self._safe_until = at + int(self._half_life * math.log2(exact / least))


def _logarithm(contribution: float) -> float:
    return -math.log1p(-contribution) if contribution >= NEGLIGIBLE else 0.0
