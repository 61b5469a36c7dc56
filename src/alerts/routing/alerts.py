"""What the desk hands on: alert records, and the messages that carry them to a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from alerts.model.alert import Alert, AlertState
from alerts.model.level import Axis, Level
from alerts.routing.reasons import Reason


class Kind(StrEnum):
    """What a message is."""

    ALERT = "alert"  # one alert
    ALL_CLEAR = "all-clear"  # one alert: the level fell below all that the channel's rules ask for
    GROUP = "group"  # alerts of a short wait, or of the quiet hours that just ended
    DIGEST = "digest"
    SUMMARY = "summary"  # what the limit held back
    REMINDER = "reminder"  # levels that still stand
    CORRECTION = "correction"  # alerts taken back
    TEST = "test"  # asked for by a person, about nothing


@dataclass(frozen=True, slots=True)
class Standing:
    """The level of a watched axis when the message was made, where it is no longer the one in the alert."""

    institution: str
    axis: Axis
    level: Level


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to one channel in one delivery.

    `alerts` are the ids to tell, in order of time; `reminders` those told before whose level still stands;
    `overtaken` those that later ones made pointless: they came and went, worth a line at most. `more` counts
    alerts that are not listed because there are too many. `at` is the exact instant it fell due, whenever
    that was noticed. A message with `held` is not sent: it is kept to show why.
    """

    id: str
    subscriber: str
    channel: str
    kind: Kind
    at: datetime
    alerts: tuple[str, ...]
    reminders: tuple[str, ...] = ()
    overtaken: tuple[str, ...] = ()
    standing: tuple[Standing, ...] = ()
    more: int = 0
    held: Reason | None = None
    detail: str = ""

    @property
    def carries(self) -> tuple[str, ...]:
        """The alerts that whoever receives the message has been told."""
        return (*self.alerts, *self.reminders, *self.overtaken)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was considered: its name, whether the event got past it, and why in words."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """How one watch rule (counted from 0) judged an event for one channel.

    `follows` is a rise under a rule that asks for falls alone: not told, but its fall will be.
    """

    rule: int
    channel: str
    matched: bool
    follows: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class ChannelVerdict:
    """What becomes of an event on a channel with at least one rule that matched."""

    channel: str
    state: AlertState
    reason: Reason | None
    detail: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was considered for one event and one subscriber."""

    event: str
    subscriber: str
    rules: tuple[RuleVerdict, ...] = ()
    channels: tuple[ChannelVerdict, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Alert records made, and messages to send (or to keep as held), each in order of time."""

    alerts: tuple[Alert, ...] = ()
    messages: tuple[Message, ...] = ()
    explanation: Explanation | None = None


def stable_id(*parts: str) -> str:
    """Twenty hexadecimal digits that depend on the parts alone."""
    digest = blake2b(digest_size=10)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode())
        digest.update(encoded)
    return digest.hexdigest()
