"""What is known of one institution at an instant, every statement with the numbers of its evidence.

Fields that a tier may hide are empty or None where they are hidden, which is also what they are where nothing
is known: a reader of a gated profile cannot tell one from the other."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alerts.model.institution import Criticality
from alerts.model.level import Axis, Contribution, Level, Transition
from alerts.model.source import Reliability
from alerts.model.story import Mix
from alerts.model.topic import Signal


class CoverageState(StrEnum):
    """Whether the sources that would report on an institution are working."""

    COVERED = "covered"
    PARTIAL = "partial"
    BLIND = "blind"


class Trend(StrEnum):
    RISING = "rising"
    STEADY = "steady"
    FALLING = "falling"


@dataclass(frozen=True, slots=True)
class Coverage:
    """`failing` are the ids of the sources that do not work, `since` when the oldest of them stopped."""

    state: CoverageState
    sources: int = 0
    failing: tuple[str, ...] = ()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Confidence:
    """Contribution-weighted mean over the stories: number (0 to 1), grade (A to D), who stands behind it."""

    number: float | None
    grade: str
    mix: Mix


@dataclass(frozen=True, slots=True)
class Statement:
    """Words quoted from a source, never generated, with the numbers of the source records that say them.

    `resolved`: a report of its story says that what happened is over."""

    text: str
    evidence: tuple[int, ...]
    at: datetime
    story: str | None = None
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One numbered report of the evidence pack."""

    number: int
    story: str
    item: str
    source: str
    publisher: str
    reliability: Reliability
    direct: bool
    title: str
    url: str
    published: datetime | None
    observed: datetime


@dataclass(frozen=True, slots=True)
class SignalLine:
    """A topic that was reported: the newest headline that carries it."""

    topic: str
    signal: Signal
    statement: Statement
    stories: int = 1


@dataclass(frozen=True, slots=True)
class Brief:
    """What the configuration says of the institution; no source is needed for it."""

    also_known_as: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GovernanceSurface:
    """Governance signals; `horizon` is that of the axis on which governance stories weigh most."""

    criticality: Criticality
    horizon: str
    signals: tuple[SignalLine, ...] = ()


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row of the decision trigger matrix.

    `next_fall` is when the level falls if nothing happens; `stories` are those behind the score, the one
    that adds most first, and `evidence` the numbers of their source records, ascending."""

    axis: Axis
    level: Level
    score: float | None = None
    trend: Trend | None = None
    since: datetime | None = None
    next_fall: datetime | None = None
    stories: tuple[str, ...] = ()
    evidence: tuple[int, ...] = ()

    @property
    def horizon(self) -> str:
        return self.axis.horizon


@dataclass(frozen=True, slots=True)
class RelationLine:
    """A relation as configured; `name` is the other institution's name where it is tracked, else its id."""

    kind: str
    to: str
    name: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much stands behind the profile. `publishers` counts each publisher once."""

    stories: int = 0
    reports: int = 0
    publishers: int = 0
    direct: int = 0


@dataclass(frozen=True, slots=True)
class AxisContributions:
    """What each story adds to one axis, largest first; `omitted` further ones add less."""

    axis: Axis
    contributions: tuple[Contribution, ...]
    omitted: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile of one institution as of `at`.

    `signal_focus` is the strongest signal class and `topic` the strongest topic, by contributions, both None
    where nothing contributes; `impact` is the highest level; `confidence` is None without evidence."""

    at: datetime
    institution: str
    name: str
    category: str
    region: str
    signal_focus: Signal | None
    primary_domain: str
    topic: str | None
    impact: Level
    confidence: Confidence | None
    coverage: Coverage
    counts: Counts
    headline: Statement | None = None
    key_points: tuple[Statement, ...] = ()
    what_happened: tuple[Statement, ...] = ()
    brief: Brief | None = field(default=None, metadata={"record": "entity_brief"})
    service_surface: tuple[SignalLine, ...] = ()
    governance_surface: GovernanceSurface | None = None
    matrix: tuple[MatrixRow, ...] = ()
    relations: tuple[RelationLine, ...] = ()
    relationship_signals: tuple[SignalLine, ...] = ()
    evidence: tuple[SourceRecord, ...] = ()
    contributions: tuple[AxisContributions, ...] = ()
    history: tuple[Transition, ...] = ()
