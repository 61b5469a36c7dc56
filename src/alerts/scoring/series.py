"""The score of an axis over time, for a picture. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

from alerts.model.level import Transition
from alerts.model.times import micros
from alerts.scoring.score import NO_SCORE, Score

Course = Sequence[tuple[datetime, Score]]
"""What a score faded from, each from its instant on, in order of time."""


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
