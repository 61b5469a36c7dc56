"""Subscribers: who gets alerts, and which ones; and the operators of the system."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.secret import Secret
from alerts.model.topic import Signal

GRADE_LETTERS = "ABCD"  # grades of confidence, the best first. D is the default: whatever is above internal monitoring.


class Tier(StrEnum):
    """How much of a profile one may see. Comparable: open < strategic-circle < leadership-alliance."""

    OPEN = "open"
    STRATEGIC_CIRCLE = "strategic-circle"
    LEADERSHIP_ALLIANCE = "leadership-alliance"

    @property
    def rank(self) -> int:
        return list(Tier).index(self)

    def allows(self, needed: "Tier") -> bool:
        return self.rank >= needed.rank


class On(StrEnum):
    """What a watch rule reacts to, the gravest first."""

    STORY = "story"
    LEVEL = "level"
    MENTION = "mention"
    SPIKE = "spike"
    GRADE = "grade"


class Direction(StrEnum):
    RISE = "rise"
    FALL = "fall"
    BOTH = "both"


def _each(**values: Iterable[str]) -> list[str]:
    """Each value after the name of its kind, for example `tag infra`."""
    return [f"{kind} {value}" for kind, those in values.items() for value in sorted(those)]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which institutions a rule is about: those that any of its lists names."""

    institutions: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    all: bool = False

    def selects(self, institution: Institution) -> bool:
        named = institution.id in self.institutions or not self.tags.isdisjoint(institution.tags)
        return self.all or named or institution.region in self.regions or institution.category in self.categories

    def in_words(self) -> str:
        """For example `acme, globex, tag infra`."""
        parts = ["all institutions"] if self.all else sorted(self.institutions)
        return ", ".join([*parts, *_each(tag=self.tags, region=self.regions, category=self.categories)])


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a rule leaves out: these institutions, stories with one of these topics, what only these sources report."""

    select: Selection = Selection()
    topics: frozenset[str] = frozenset()
    signals: frozenset[Signal] = frozenset()
    sources: frozenset[str] = frozenset()

    def in_words(self) -> str:
        """For example `acme, topic partnership, source rumours`; empty where nothing is left out."""
        others = _each(topic=self.topics, signal=self.signals, source=self.sources)
        return ", ".join(filter(None, [self.select.in_words(), *others]))


@dataclass(frozen=True, slots=True)
class Escalation:
    """Channels of the subscriber that get an alert as well if it is not acknowledged within `after`."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WatchRule:
    """What a subscriber wants to be alerted to. Empty sets of topics and signals stand for any.

    `min_grade` is the least letter of a story's grade; `again`: another story of a topic that was alerted within
    this time alerts only at a higher level. `to` are channels; empty: all of the subscriber's but those that the
    rule escalates to."""

    select: Selection
    on: frozenset[On] = frozenset({On.STORY, On.LEVEL})
    axes: frozenset[Axis] = frozenset(Axis)
    at_least: Level = Level.MEDIUM
    direction: Direction = Direction.RISE
    to: tuple[str, ...] = ()
    name: str = ""
    topics: frozenset[str] = frozenset()
    signals: frozenset[Signal] = frozenset()
    min_grade: str = GRADE_LETTERS[-1]
    except_: Exclusion = Exclusion()
    again: timedelta = timedelta(days=7)
    escalate: Escalation | None = None

    def selects(self, institution: Institution) -> bool:
        return self.select.selects(institution) and not self.except_.select.selects(institution)

    def takes_grade(self, grade: str) -> bool:
        """Whether a story of this grade is sure enough. An unknown grade is."""
        return not grade or grade[0] <= self.min_grade

    def in_words(self) -> str:
        """What the rule asks for, for example `story, level of acme, at least medium, topic outage`."""
        kinds = [on for on in On if on in self.on]
        said = [f"{', '.join(kinds)} of {self.select.in_words()}"]
        if self.on & {On.STORY, On.LEVEL}:
            if self.axes != frozenset(Axis):
                said.append("on " + ", ".join(axis for axis in Axis if axis in self.axes))
            said.append(f"at least {self.at_least}")
            if self.direction is not Direction.RISE:
                said.append({Direction.FALL: "falling", Direction.BOTH: "rising or falling"}[self.direction])
        said += _each(topic=self.topics, signal=self.signals)
        if self.min_grade != GRADE_LETTERS[-1]:
            said.append(f"grade {self.min_grade} or better")
        if self.except_.in_words():
            said.append(f"not {self.except_.in_words()}")
        return ", ".join(said)


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
class WeeklyBriefing:
    """The briefing of the week before is sent on a day of the week, of which Monday is 0, at a local time."""

    weekly: tuple[int, time]
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` messages in any window of `per`; above it one summary instead."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Subscriber:
    """`fallback` names, by channel, the channel that gets what the first could not deliver."""

    id: str
    tier: Tier = Tier.OPEN
    channels: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    watch: tuple[WatchRule, ...] = ()
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None
    briefing: WeeklyBriefing | None = None
    repeat: timedelta | None = None
    limit: RateLimit | None = None
    group: timedelta = timedelta(minutes=1)  # alerts about one institution within this wait are one message
    rates: Mapping[str, RateLimit] = field(default_factory=lambda: MappingProxyType({}))  # by channel
    fallback: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def asks(self) -> tuple[object, ...]:
        """All that decides what it gets, and when, but for names and addresses. Equal rules are one object."""
        waits = self.quiet_hours, self.digest, self.repeat, self.limit, self.group
        return id(self.watch), tuple(self.channels), *waits

    @property
    def timezone(self) -> str:
        """The time zone named for quiet hours or the digest, else UTC."""
        if self.quiet_hours is not None:
            return self.quiet_hours.timezone
        return self.digest.timezone if self.digest is not None else "UTC"


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts on the selected institutions are held back until `until`, with a reason for people."""

    select: Selection
    until: datetime
    reason: str = ""
    author: str = ""
    starts: datetime | None = None
    id: str = ""


class IncidentKind(StrEnum):
    """The kinds of incidents that operators are notified of, once when one opens and once when it closes."""

    NO_COVERAGE = "blind"  # no source that would report on an institution works
    BACKLOG = "stuck"  # work is overdue
    DEAD_LETTERS = "dead"  # deliveries to a channel were given up
    CONFIG_REJECTED = "refused"  # an edit of the configuration is not in force


@dataclass(frozen=True, slots=True)
class Access:
    """What people who sign on see and do, by their groups: these are operators, see a tier, or what a subscriber sees.

    `claim` is the claim of OpenID Connect that names a person's groups."""

    claim: str = "groups"
    operators: frozenset[str] = frozenset()
    tiers: Mapping[str, Tier] = field(default_factory=lambda: MappingProxyType({}))
    subscribers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def known(self, groups: Iterable[str]) -> list[str]:
        """Those of the groups that are given something."""
        return [each for each in groups if each in {*self.operators, *self.tiers, *self.subscribers}]


@dataclass(frozen=True, slots=True)
class Operators:
    channels: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    on: frozenset[IncidentKind] = frozenset(IncidentKind)
