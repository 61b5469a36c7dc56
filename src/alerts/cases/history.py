"""What a case file hands out to be recorded: versions of stories, levels that rose, and corrections of these. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.cases.observation import Observation
from alerts.model.alert import StoryRise
from alerts.model.level import Axis, Level, Transition
from alerts.model.profile import Counts
from alerts.model.story import Evidence, StorySummary
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.score import Score

CORRECTABLE = timedelta(days=90)  # a rise is taken back within this time; what is older was long acted upon


class Rise(NamedTuple):
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
    def of_transition(cls, transition: Transition) -> "Rise":
        behind = frozenset(each.story for each in transition.contributions)
        return cls(transition.at, transition.axis, transition.from_, transition.to, behind, transition=transition)

    @classmethod
    def of_story(cls, at: datetime, rise: StoryRise) -> "Rise":
        return cls(at, rise.axis, rise.from_, rise.to, frozenset({rise.story}), story=rise.story)


@dataclass(frozen=True, slots=True)
class Correction:
    """A rise that would not have been reached, had `item` said then what it says now; `level` is what would have been.

    What else the assessment at `rise.at` brought stands."""

    institution: str
    rise: Rise
    at: datetime
    item: str
    level: Level
    withdrawn: bool


@dataclass(slots=True)
class Recorded:
    """What a case file is restored from.

    `members` are each item's newest observation, in the place of its former ones, with its story; `rises` the levels
    that rose and that an item can still take back; `merged` the stories that were merged, and into which; `left`,
    by item, the stories that a revision moved it out of."""

    members: list[tuple[Observation, str]] = field(default_factory=list)
    rises: list[Rise] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    left: dict[str, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoryVersion:
    """A story from an instant on; `summary` is None where nothing counts in it any more.

    `keys` order it among the stories of the axes to which it contributes (`score.order_key`)."""

    story: str
    summary: StorySummary | None
    keys: Mapping[Axis, float]


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an observation at `at` left an institution's evidence at: what a profile of a later instant is read from.

    `versions` are the stories that changed, `ranked` says how many stories contribute to each axis."""

    institution: str
    at: datetime
    versions: tuple[StoryVersion, ...]
    scores: Mapping[Axis, Score]
    ranked: Mapping[Axis, int]
    counts: Counts
    rises: tuple[StoryRise, ...] = ()


class Totals:
    """How many stories, reports and publishers stand behind a profile, kept while stories change."""

    def __init__(self) -> None:
        self._stories = 0
        self._reports = 0
        self._publishers, self._direct = defaultdict[str, int](int), defaultdict[str, int](int)

    def change(self, before: Evidence | None, after: Evidence | None) -> None:
        """Puts a story in the place of what it was. Stories kept for internal monitoring do not count."""
        self._add(before, -1)
        self._add(after, 1)

    def _add(self, story: Evidence | None, sign: int) -> None:
        if story is None or story.confidence < INTERNAL_BELOW:
            return
        self._stories += sign
        self._reports += sign * len(story.reports)
        for report in story.reports:
            self._count(self._publishers, report.publisher, sign)
            if report.direct:
                self._count(self._direct, report.publisher, sign)

    @staticmethod
    def _count(counter: dict[str, int], publisher: str, sign: int) -> None:
        counter[publisher] += sign
        if not counter[publisher]:
            del counter[publisher]

    def counts(self) -> Counts:
        return Counts(self._stories, self._reports, len(self._publishers), len(self._direct))
