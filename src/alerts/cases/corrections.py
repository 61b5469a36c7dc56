"""What an assessment brought that later revisions take back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.model.alert import StoryRise
from alerts.model.level import Axis, Level, Transition

CORRECTABLE = timedelta(days=90)
"""A rise is taken back within this time; what is older was long acted upon."""


@dataclass(frozen=True, slots=True)
class Rise:
    """A level that rose, of the institution (`transition`) or of one story (`story`), and the stories behind it."""

    at: datetime
    axis: Axis
    from_: Level
    to: Level
    behind: frozenset[str]
    transition: Transition | None = None
    story: str = ""

    @property
    def key(self) -> tuple[datetime, Axis, str]:
        """Unique within an institution."""
        return self.at, self.axis, self.story

    @classmethod
    def of_transition(cls, transition: Transition) -> Rise:
        behind = frozenset(each.story for each in transition.contributions)
        return cls(transition.at, transition.axis, transition.from_, transition.to, behind, transition=transition)

    @classmethod
    def of_story(cls, at: datetime, rise: StoryRise) -> Rise:
        return cls(at, rise.axis, rise.from_, rise.to, frozenset({rise.story}), story=rise.story)


@dataclass(frozen=True, slots=True)
class Correction:
    """A rise that would not have been reached, had `item` said then what it says now; `level` is what would have been.

    What else the assessment at `rise.at` brought stands.
    """

    institution: str
    rise: Rise
    at: datetime
    item: str
    level: Level
    withdrawn: bool

    @property
    def key(self) -> str:
        """Unique among the corrections of one instant."""
        return f"{self.institution}/{self.rise.at.isoformat()}/{self.rise.axis}/{self.rise.story}"
