"""The weekly briefing and the report of a silence: what a span of the record brought, as numbers of the record and
words of sources. Fields that a tier may not see are empty or None, as where nothing is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from alerts.model.errors import UsageError
from alerts.model.level import Axis, Level, Transition
from alerts.model.profile import SourceRecord

DAYS = 7


class Week(NamedTuple):
    """An ISO week, from Monday 00:00 UTC to the next."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Week:
        """`2026-W48`. Raises UsageError for anything else, and for a week that its year does not have."""
        found = re.fullmatch(r"(\d{4})-W(\d\d)", text.strip(), re.ASCII)
        try:
            if found is not None and int(found[1]) >= 1970:
                return cls.of(cls(int(found[1]), int(found[2])).start)
        except (ValueError, OverflowError):
            pass
        raise UsageError(f"{text[:40]!r} is no week; write for example 2026-W48, an ISO week of its year")

    @classmethod
    def of(cls, at: datetime) -> Week:
        """The week that an instant lies in, by the calendar of its time zone."""
        return cls(*at.isocalendar()[:2])

    @property
    def start(self) -> datetime:
        return datetime.fromisocalendar(self.year, self.number, 1).replace(tzinfo=UTC)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(days=DAYS)

    def moved(self, weeks: int) -> Week:
        return Week.of(self.start + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02}"


def highest(levels: Mapping[Axis, Level]) -> Level:
    """The highest level of any axis."""
    return max(levels.values(), key=lambda each: each.rank)


@dataclass(frozen=True, slots=True)
class WeekStory:
    """A story with a report in the week, as it was at its end; `sources` are the first of its source records."""

    title: str
    grade: str
    reports: int
    publishers: int
    story: str = ""
    confidence: float | None = None
    topics: tuple[str, ...] = ()
    resolved: bool = False
    newest: datetime | None = None
    sources: tuple[SourceRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpectedFall:
    """A level that falls within the week after, if nothing is reported."""

    at: datetime
    axis: Axis
    from_: Level
    to: Level


@dataclass(frozen=True, slots=True)
class InstitutionWeek:
    """The week of one institution.

    `days` is the highest level that stood on each day, None where the record had ended. `levels` are those at the end
    and `before` those at the beginning. Of `story_count` stories the newest are listed.
    """

    institution: str
    name: str
    days: tuple[Level | None, ...]
    before: Mapping[Axis, Level]
    levels: Mapping[Axis, Level]
    changes: tuple[Transition, ...]
    stories: tuple[WeekStory, ...]
    story_count: int
    falls: tuple[ExpectedFall, ...] = ()

    @property
    def highest(self) -> Level:
        """The highest level that stood on any day."""
        return max((each for each in self.days if each is not None), key=lambda each: each.rank, default=Level.LOW)


@dataclass(frozen=True, slots=True)
class CorrectedItem:
    """A report that was withdrawn, or edited so that it no longer counts; `alerts` had been sent because of it."""

    at: datetime
    institution: str
    name: str
    title: str
    publisher: str
    url: str
    why: str
    alerts: int = 0


@dataclass(frozen=True, slots=True)
class EndingSilence:
    """A silence that ends within the week after."""

    until: datetime
    about: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What the former edition said of an institution whose highest level at the end is another one now."""

    name: str
    before: Level
    now: Level


@dataclass(frozen=True, slots=True)
class LastEdition:
    """The edition of the week before, recomputed, beside this one; `entered` and `left` are names of institutions."""

    week: str
    changes: int
    stories: int
    corrected: int
    levels: tuple[Difference, ...]
    entered: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlindSource:
    """For how long of the span a source was not read, in hours."""

    source: str
    hours: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest that a story's impact (`on: story`) or an axis's score (`on: level`) came to what a rule asks for.

    `crossing` is the least further evidence that was tried out and would have crossed it; empty: none of those tried.
    """

    institution: str
    name: str
    rule: str
    on: str
    axis: Axis
    value: float
    needed: float
    level: Level
    at: datetime
    title: str
    crossing: str = ""


@dataclass(frozen=True, slots=True)
class SilenceReport:
    """What was read on behalf of a subscriber in a span of time, and how near an alert was.

    `held_back` counts alerts by the reason for which they were not sent. `up` of `sources` were read throughout.
    """

    subscriber: str
    start: datetime
    end: datetime
    alerts: int
    held_back: Mapping[str, int]
    institutions: int
    sources: int
    up: int
    blind_hours: float
    blind: tuple[BlindSource, ...]
    items: int
    mentions: int
    nearest: tuple[Nearest, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """What one week brought the institutions of a subscriber, or all of them where `subscriber` is empty.

    `until` is the end of the week, or of the record where that is earlier. `quiet` institutions had no level above
    low, no change and no story. `silence` is there for a subscriber whom no alert was sent.
    """

    week: str
    start: datetime
    end: datetime
    until: datetime
    subscriber: str
    tracked: int
    quiet: int
    omitted: int
    institutions: tuple[InstitutionWeek, ...]
    corrected: tuple[CorrectedItem, ...]
    silences: tuple[EndingSilence, ...]
    last: LastEdition | None = None
    silence: SilenceReport | None = None

    @property
    def changes(self) -> tuple[tuple[InstitutionWeek, Transition], ...]:
        """The level changes of the week in order of time."""
        found = ((each, change) for each in self.institutions for change in each.changes)
        return tuple(sorted(found, key=lambda pair: (pair[1].at, pair[0].institution, pair[1].axis)))

    @property
    def stories(self) -> int:
        return sum(each.story_count for each in self.institutions)

    @property
    def falls(self) -> tuple[tuple[InstitutionWeek, ExpectedFall], ...]:
        found = ((each, fall) for each in self.institutions for fall in each.falls)
        return tuple(sorted(found, key=lambda pair: (pair[1].at, pair[0].institution, pair[1].axis)))

    @property
    def records(self) -> tuple[SourceRecord, ...]:
        """The source records of all stories, by their numbers."""
        return tuple(record for each in self.institutions for story in each.stories for record in story.sources)
