"""What one assessment of one institution brought: the unit that subscribers are told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.model.level import Axis, Contribution, Level, Transition
from alerts.model.topic import Signal


@dataclass(frozen=True, slots=True)
class StoryRise:
    """A story whose own level rose.

    `axis` is the axis where its level is highest; where equal priority, then policy, then continuity.
    `item` is the report that brought it, `reported` the time of that report (published, never later than
    observed). `contribution` is the story's on that axis at the instant: its value is the impact times its age.
    """

    story: str
    item: str
    title: str
    url: str
    publisher: str
    topics: tuple[str, ...]
    signals: frozenset[Signal]
    axis: Axis
    from_: Level
    to: Level
    impact: float
    confidence: float
    grade: str
    reported: datetime
    contribution: Contribution


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that happened to an institution at one instant.

    `rises` are stories whose own level rose, the gravest first; `changes` the level changes of the institution.
    `fresh` is false where every report that brought it is older than `fresh` allows, or was found undated at a
    source's first poll: levels are set and nobody is told (`backfill`).
    """

    institution: str
    at: datetime
    rises: tuple[StoryRise, ...] = ()
    changes: tuple[Transition, ...] = ()
    fresh: bool = True

    @property
    def key(self) -> str:
        """Unique: an institution is assessed once an instant."""
        return f"assessment/{self.institution}/{self.at.isoformat()}"

    @property
    def level(self) -> Level:
        """The highest level that it speaks of."""
        spoken = [each.to for each in self.rises] + [each.to for each in self.changes]
        return max(spoken, key=lambda each: each.rank, default=Level.LOW)
