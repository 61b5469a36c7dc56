"""What an institution's evidence amounted to over time: a row for each instant at which it changed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.model.alert import StoryRise
from alerts.model.level import Axis
from alerts.model.profile import Counts
from alerts.model.story import Evidence, StorySummary
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.score import Score


@dataclass(frozen=True, slots=True)
class StoryVersion:
    """A story from an instant on; `summary` is None where nothing counts in it any more.

    `keys` order it among the stories of the axes to which it contributes (`score.order_key`).
    """

    story: str
    summary: StorySummary | None
    keys: Mapping[Axis, float]


@dataclass(frozen=True, slots=True)
class Assessed:
    """What an observation at `at` left an institution's evidence at: what a profile of a later instant is read from.

    `versions` are the stories that changed, `ranked` says how many stories contribute to each axis.
    """

    institution: str
    at: datetime
    versions: tuple[StoryVersion, ...]
    scores: Mapping[Axis, Score]
    ranked: Mapping[Axis, int]
    counts: Counts
    rises: tuple[StoryRise, ...] = ()

    def without_rises(self) -> Assessed:
        return replace(self, rises=())


class Totals:
    """How many stories, reports and publishers stand behind a profile, kept while stories change."""

    def __init__(self) -> None:
        self._stories = 0
        self._reports = 0
        self._publishers: Counter[str] = Counter()
        self._direct: Counter[str] = Counter()

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
    def _count(counter: Counter[str], publisher: str, sign: int) -> None:
        counter[publisher] += sign
        if not counter[publisher]:
            del counter[publisher]

    def counts(self) -> Counts:
        return Counts(self._stories, self._reports, len(self._publishers), len(self._direct))
