"""Who is told, and what they asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.secret import Secret


class Tier(StrEnum):
    """How much of a profile one may see. Comparable: open < strategic-circle < leadership-alliance."""

    OPEN = "open"
    STRATEGIC_CIRCLE = "strategic-circle"
    LEADERSHIP_ALLIANCE = "leadership-alliance"

    @property
    def rank(self) -> int:
        return list(Tier).index(self)

    def allows(self, needed: Tier) -> bool:
        return self.rank >= needed.rank


class On(StrEnum):
    """What a watch rule reacts to."""

    LEVEL = "level"
    MENTION = "mention"
    SPIKE = "spike"
    GRADE = "grade"


class Direction(StrEnum):
    RISE = "rise"
    FALL = "fall"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which institutions a rule is about: those that any of its lists names."""

    institutions: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    all: bool = False

    def selects(self, institution: Institution) -> bool:
        return (
            self.all
            or institution.id in self.institutions
            or not self.tags.isdisjoint(institution.tags)
            or institution.region in self.regions
            or institution.category in self.categories
        )

    def in_words(self) -> str:
        """For example `acme, globex, tag infra`."""
        parts = ["all institutions"] if self.all else sorted(self.institutions)
        for name, values in (("tag", self.tags), ("region", self.regions), ("category", self.categories)):
            parts += [f"{name} {value}" for value in sorted(values)]
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class WatchRule:
    select: Selection
    on: frozenset[On] = frozenset({On.LEVEL})
    axes: frozenset[Axis] = frozenset(Axis)
    at_least: Level = Level.MEDIUM
    direction: Direction = Direction.RISE
    to: tuple[str, ...] = ()  # channel names; empty: all of the subscriber's


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local wall-clock times between which alerts wait; `unless` a level at least this high."""

    from_: time
    to: time
    timezone: str = "UTC"
    unless: Level | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """Alerts below `below` wait for one message at the local time `at`."""

    at: time
    timezone: str = "UTC"
    below: Level = Level.HIGH


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` messages in any window of `per`; above it one summary instead."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Subscriber:
    id: str
    tier: Tier = Tier.OPEN
    channels: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    watch: tuple[WatchRule, ...] = ()
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None
    repeat: timedelta | None = None
    limit: RateLimit | None = None
    group: timedelta = timedelta(0)  # rises within this wait go out as one message
    rates: Mapping[str, RateLimit] = field(default_factory=lambda: MappingProxyType({}))  # by channel


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts on the selected institutions are held back until `until`, with a reason for people."""

    select: Selection
    until: datetime
    reason: str = ""
    author: str = ""
    starts: datetime | None = None
    id: str = ""
