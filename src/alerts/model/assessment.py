"""The result of one assessment of one institution: the unit that subscribers are alerted to."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from alerts.model.alert import Lead
from alerts.model.level import Axis, Contribution, Level, Transition

_LEAD_FIELDS = attrgetter(*(each.name for each in fields(Lead)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRise(Lead):
    """A story whose own level rose, with all that an alert says of the story it leads with.

    `axis` is the axis where its level is highest; where equal priority, then policy, then continuity; `impact` is the
    story's there, before its age, and `contribution` what it adds at the instant. `reported` is the time of the report
    that brought it (published, never later than observed). `others` are its rises on further axes, the gravest first.
    """

    axis: Axis
    from_: Level
    to: Level
    impact: float
    reported: datetime
    contribution: Contribution
    others: tuple[StoryRise, ...] = ()

    @property
    def lead(self) -> Lead:
        return Lead(*_LEAD_FIELDS(self))


@dataclass(frozen=True, slots=True)
class Assessment:
    """All that happened to an institution at one instant.

    `rises` are stories whose own level rose, the gravest first; `changes` the level changes of the institution;
    `reported` the stories that its evidence touched.
    `fresh` is false where every report that brought it is older than `fresh` allows, or was found undated at a
    source's first poll: levels are set and no alert is sent (`backfill`).
    """

    institution: str
    at: datetime
    rises: tuple[StoryRise, ...] = ()
    changes: tuple[Transition, ...] = ()
    fresh: bool = True
    reported: frozenset[str] = frozenset()

    def behind(self, change: Transition) -> Contribution | None:
        """The story that brought a rise: of those reported at its instant the largest contribution.

        Of a fall, and where none of the stories behind it was reported, the largest of all; of equals the smaller id.
        """
        brought = [each for each in change.contributions if change.rises and each.story in self.reported]
        return min(brought or change.contributions, key=lambda each: (-each.value, each.story), default=None)

    @property
    def key(self) -> str:
        """Unique: an institution is assessed once an instant."""
        return f"assessment/{self.institution}/{self.at.isoformat()}"

    @property
    def level(self) -> Level:
        """The level of what is most urgent in it; a fall is as urgent as what remains."""
        spoken = [each.to for each in self.rises] + [each.to for each in self.changes]
        return max(spoken, key=lambda each: each.rank, default=Level.LOW)
