"""Alerts, the stories that they lead with, and the states of alerts and deliveries."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.model.fields import record_of
from alerts.model.level import AXES, Axis, Level, Transition
from alerts.model.subscriber import On
from alerts.model.topic import Signal


class AlertState(StrEnum):
    """What became of an alert when it was routed."""

    SENT = "sent"  # handed to its channel as a delivery
    DIGEST = "digest"  # waits for the subscriber's digest
    SUPPRESSED = "suppressed"  # held back; `reason` says why


class DeliveryState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    SENT = "sent"
    FAILED = "failed"  # will be tried again
    UNKNOWN = "unknown"  # it may have arrived: a timeout after the request was written, or a cut send
    DEAD = "dead"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Lead:
    """The story that an alert leads with, as it was then.

    `item` is the report that brought it, with its address and publisher; `publishers` counts the independent ones,
    `sources` names all that report it. `confidence` is 0 to 1. Where the story's own level rose, `axis`, `from_` and
    `to` say how."""

    story: str
    title: str
    item: str = ""
    url: str = ""
    publisher: str = ""
    topics: tuple[str, ...] = ()
    signals: frozenset[Signal] = frozenset()
    sources: frozenset[str] = frozenset()
    publishers: int = 1
    grade: str = ""
    confidence: float = 1.0
    axis: Axis | None = None
    from_: Level | None = None
    to: Level | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """What one assessment of one institution brings one channel of one subscriber.

    `id` is stable: the same assessment for the same subscriber and channel has the same id wherever and however
    often it is computed. `on` is the gravest kind of event in it and `level` the highest level it reports. `lead` is
    the story that brought it, else the largest contribution of the gravest change; `also` are other stories and
    mentions of the same assessment. `reason` is empty for `sent`, else a value of the closed enum of reasons. `rules`
    are the watch rules that asked for it, in words. `grades` are those before and after, `spike` the stories of a
    spike's window, those that the institution's rhythm lets expect, and the threshold."""

    id: str
    at: datetime
    subscriber: str
    channel: str
    institution: str
    on: On
    level: Level = Level.LOW
    lead: Lead | None = None
    changes: tuple[Transition, ...] = ()
    state: AlertState = AlertState.SENT
    reason: str = ""
    also: tuple[Lead, ...] = ()
    rules: tuple[str, ...] = ()
    grades: tuple[str, str] | None = None
    spike: tuple[int, float, int] | None = None

    @property
    def transition(self) -> Transition | None:
        """The gravest change."""
        return gravest(self.changes)

    @property
    def told_axis(self) -> Axis | None:
        """The axis that the alert is about first: its story's where that rose, else that of the gravest change."""
        if self.lead is not None and self.lead.axis is not None:
            return self.lead.axis
        return None if self.transition is None else self.transition.axis

    def in_words(self) -> str:
        """For example `story “A fine” high; policy low to high`, for lists."""
        said = [f"{each.axis} {each.from_} to {each.to}" for each in self.changes]
        if self.lead is not None and self.lead.axis is not None:
            said.insert(0, f"story “{self.lead.title}” {self.lead.axis} {self.lead.to}")
        elif not said and self.lead is not None:
            said.append(f"{self.on} “{self.lead.title}”")
        return "; ".join(said) or self.on.value


def gravest(changes: tuple[Transition, ...]) -> Transition | None:
    """The change that matters most: a rise before a fall, then by the level reached; of equals the first axis."""
    return min(changes, key=lambda each: (not each.rises, -each.to.rank, AXES.index(each.axis)), default=None)


def fate(state: str, reason: str) -> str:
    """What became of an alert, in one phrase: `sent`, `suppressed (silence)`."""
    return f"{state} ({reason})" if reason else state


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRise(Lead):
    """A story whose own level rose, with all that an alert says of the story it leads with.

    `axis` is the axis where its level is highest; where equal priority, then policy, then continuity; `impact` is the
    story's there, before its age. `others` are its rises on further axes, the gravest first."""

    axis: Axis
    from_: Level
    to: Level
    impact: float
    others: "tuple[StoryRise, ...]" = ()

    @property
    def lead(self) -> Lead:
        return record_of(Lead, self)
