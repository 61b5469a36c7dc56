"""What a router hands on: alert records, the messages that carry them to a channel, and why it decided so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from alerts.model.alert import Alert, AlertState
from alerts.model.level import Axis, Level
from alerts.model.records import fields_of
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
    BRIEFING = "briefing"  # what the week before brought; `detail` names the week
    ESCALATION = "escalation"  # alerts that nobody acknowledged in time, to a further channel
    TEST = "test"  # asked for by a person, about nothing
    OPERATORS = "operators"  # what is wrong with the system itself


class Standing(NamedTuple):
    """The level of a watched axis when the message was made, where it is no longer the one in the alert."""

    institution: str
    axis: Axis
    level: Level


class Message(NamedTuple):
    """What goes to one channel in one delivery.

    `alerts` are the ids of its alerts, in order of time; `reminders` those sent before whose level still stands;
    `superseded` those that later ones replaced: they came and went, and get one line at most. `more` counts
    alerts that are not listed because there are too many. `at` is the exact instant it fell due, whenever
    that was noticed. A message with `held` is not sent: it is kept to show why. A router makes it without id and
    subscriber, and with references in place of the ids of alerts; `to` fills these in."""

    id: str
    subscriber: str
    channel: str
    kind: Kind
    at: datetime
    alerts: tuple[str, ...]
    reminders: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    standing: tuple[Standing, ...] = ()
    more: int = 0
    held: Reason | None = None
    detail: str = ""

    @property
    def carries(self) -> tuple[str, ...]:
        """The alerts that whoever receives the message knows of."""
        return tuple(dict.fromkeys((*self.alerts, *self.reminders, *self.superseded)))

    def to(self, subscribers: Iterable[str]) -> "Iterator[Message]":
        """The message for each of some subscribers, with its id and those of the alerts."""
        second = _second(self.at)
        about = _sized(self.channel, self.kind, self.at.isoformat(), self.held or "")
        kinds = self.alerts, self.reminders, self.superseded
        for each in subscribers:
            named = [some and tuple(dict.fromkeys([alert_id(one, each) for one in some])) for some in kinds]
            alerts, reminders, superseded = named
            carries = dict.fromkeys((*alerts, *reminders, *superseded))
            id_ = _digest(f"{_sized('message', each)}{about}{_sized(*carries)}", second)
            yield self._replace(id=id_, subscriber=each, alerts=alerts, reminders=reminders, superseded=superseded)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was considered: its name, whether the event got past it, and why in words."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """How one watch rule (counted from 0) judged an event for one channel.

    `parts` are the places of the parts of the event that it asks for. `follows` are rises under a rule that asks for
    falls alone: not alerted, but their falls will be. `about` is the part that the steps are of, in words."""

    rule: int
    channel: str
    parts: tuple[int, ...]
    follows: tuple[int, ...]
    steps: tuple[Step, ...]
    about: str = ""
    name: str = ""

    @property
    def matched(self) -> bool:
        return bool(self.parts)


@dataclass(frozen=True, slots=True)
class ChannelVerdict:
    """What becomes of an event on a channel with at least one rule that matched.

    `parts` are the places of the parts that nothing holds back, of all that matched where everything is."""

    channel: str
    state: AlertState
    reason: Reason | None
    detail: str
    steps: tuple[Step, ...]
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that was considered for one event and one subscriber, or all who are alike in what decides."""

    event: str
    rules: tuple[RuleVerdict, ...] = ()
    channels: tuple[ChannelVerdict, ...] = ()
    note: str = ""


def explanation_record(explanation: Explanation, subscriber: str, channel: str = "") -> dict[str, Any]:
    """Each rule and each check up to the one that decided, of one channel or of all; rules are counted from 1."""
    rules = [
        {"rule": each.rule + 1, "channel": each.channel, "follows": bool(each.follows)}
        | fields_of(each, "steps", "about", "name", "matched")
        for each in explanation.rules
        if channel in {"", each.channel}
    ]
    channels = [
        fields_of(each, "channel", "state") | {"reason": each.reason or ""} | fields_of(each, "detail", "steps")
        for each in explanation.channels
        if channel in {"", each.channel}
    ]
    about = {"event": explanation.event, "subscriber": subscriber}
    return {"kind": "explanation", **about, "rules": rules, "channels": channels, "note": explanation.note}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Alert records made, and messages to send (or to keep as held), each in order of time.

    As a router makes it, it holds for all subscribers who are alike; `to` gives alerts and messages their ids and
    subscriber. `dropped` are the ids of alerts made before that a correction took back before they went out."""

    alerts: tuple[Alert, ...] = ()
    messages: tuple[Message, ...] = ()
    explanation: Explanation | None = None
    dropped: tuple[str, ...] = ()

    def to(self, subscriber: str) -> "Outcome":
        """The outcome for one subscriber, with ids."""
        ids = ((each, alert_id(reference(each), subscriber)) for each in self.alerts)
        alerts = tuple(replace(each, id=id_, subscriber=subscriber) for each, id_ in ids)
        return replace(
            self, alerts=alerts, messages=tuple(one for each in self.messages for one in each.to([subscriber]))
        )


def assessment_key(institution: str, at: datetime) -> str:
    """Unique: an institution is assessed once an instant."""
    return f"assessment/{institution}/{at.isoformat()}"


def alert_ref(institution: str, at: datetime, channel: str) -> str:
    """A reference to the alert that any subscriber gets. It has a space, which ids have not."""
    return f"{assessment_key(institution, at)} {channel}"


def reference(alert: Alert) -> str:
    """The reference to an alert, which needs no id yet."""
    return alert_ref(alert.institution, alert.at, alert.channel)


@lru_cache(maxsize=2048)
def alert_id(alert: str, subscriber: str) -> str:
    """The id of the alert that a reference names for a subscriber, the same wherever it is computed. An id is
    returned as it is."""
    if " " not in alert:
        return alert
    before, after, second = _around(alert)
    return _digest(f"{before}{_sized(subscriber)}{after}", second)


@lru_cache(maxsize=64)
def _around(reference: str) -> tuple[str, str, str]:
    """What stands before and after the subscriber where the id of an alert is made, and its first digits."""
    assessment, _, channel = reference.partition(" ")
    at = datetime.fromisoformat(assessment.rpartition("/")[2])
    return _sized("alert", assessment), _sized(channel), _second(at)


def stable_id(*parts: str) -> str:
    """Twenty hexadecimal digits that depend on the parts alone."""
    return _digest(_sized(*parts))


def _sized(*parts: str) -> str:
    """The parts, each after its length in bytes: other parts make another text."""
    return "".join([f"{len(each.encode('utf-8', 'surrogatepass'))}:{each}" for each in parts])


def _second(at: datetime) -> str:
    """The first two digits of an id that is made of this instant: rows written together are neighbours in an index."""
    return f"{int(at.timestamp()) % 256:02x}"


def _digest(sized: str, first: str = "") -> str:
    return first + blake2b(sized.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()[len(first) :]
