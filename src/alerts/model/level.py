"""Axes of the decision trigger matrix, levels, and what moves them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Axis(StrEnum):
    """A row of the decision trigger matrix."""

    PRIORITY = "priority"
    POLICY = "policy"
    CONTINUITY = "continuity"

    @property
    def horizon(self) -> str:
        """`Now`, `Quarter` or `Year`."""
        return {"priority": "Now", "policy": "Quarter", "continuity": "Year"}[self.value]


AXES = tuple(Axis)  # to go through in hot loops: an enumeration takes four times as long


class Level(StrEnum):
    """Comparable: low < medium < high < critical."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def __lt__(self, other: str) -> bool:
        return _RANKS[self] < _RANKS[other]

    def __le__(self, other: str) -> bool:
        return _RANKS[self] <= _RANKS[other]

    def __gt__(self, other: str) -> bool:
        return _RANKS[self] > _RANKS[other]

    def __ge__(self, other: str) -> bool:
        return _RANKS[self] >= _RANKS[other]


LEVELS = tuple(Level)
_RANKS: dict[str, int] = {level: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class LevelRules:
    """When a score lifts a level, how far it must fall back, and how fast evidence fades."""

    raise_: Mapping[Level, float] = field(
        default_factory=lambda: MappingProxyType({Level.MEDIUM: 0.12, Level.HIGH: 0.30, Level.CRITICAL: 0.50})
    )
    margin: float = 0.02
    half_life: Mapping[Axis, timedelta] = field(
        default_factory=lambda: MappingProxyType(
            {Axis.PRIORITY: timedelta(days=7), Axis.POLICY: timedelta(days=45), Axis.CONTINUITY: timedelta(days=180)}
        )
    )


class Cause(StrEnum):
    """Why a level changed."""

    EVIDENCE = "evidence"
    DECAY = "decay"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one story contributes to one axis of one institution at an instant.

    `value` is its impact, severity x confidence x salience x criticality but at most 0.95, x 2^(-age / half-life)."""

    story: str
    title: str
    topics: tuple[str, ...]
    severity: float
    confidence: float
    grade: str
    salience: float
    criticality: float
    age_s: float
    value: float = field(metadata={"record": "contribution"})


@dataclass(frozen=True, slots=True)
class Transition:
    """A level change on an axis, at an instant, with the contributions that explain it.

    `score` is None, and `contributions` are empty, where a tier may not see them."""

    at: datetime
    institution: str
    axis: Axis
    from_: Level
    to: Level
    score: float | None
    cause: Cause
    contributions: tuple[Contribution, ...] = ()

    @property
    def rises(self) -> bool:
        return self.to > self.from_

    @property
    def key(self) -> str:
        """Unique: an axis of an institution changes its level at most once at an instant."""
        return f"{self.institution}/{self.axis}/{self.at.isoformat()}"
