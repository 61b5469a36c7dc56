"""What goes into a message, and what comes out of rendering it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from alerts.model.alert import Alert
from alerts.model.level import Axis, Level
from alerts.model.profile import Profile
from alerts.model.subscriber import Subscriber, Tier
from alerts.routing.alerts import Kind


class Role(StrEnum):
    """Why an alert is in a message."""

    NEW = "new"
    REMINDER = "reminder"  # sent before; its level still stands
    SUPERSEDED = "superseded"  # came and went before it was sent


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in a message. `now` are levels when the message was made, of axes where that is another one than the
    alert reports."""

    alert: Alert
    role: Role = Role.NEW
    now: Mapping[Axis, Level] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class MessageView:
    """All that a message is made of.

    `id` is stable: a second copy of the same delivery has the same, and `copy` where an earlier attempt may
    have arrived. `profiles` are by institution; rendering shows of them what `tier` may see. `omitted` counts
    alerts that are not among the entries. `why` is what made a correction: `withdrawn` or `corrected`.
    `timezone` is an IANA name. `base_url` is that of the profile pages, without a slash at the end; `answers` are by
    alert where its reader can answer. `instead_of` is the channel that could not take the message."""

    id: str
    kind: Kind
    subscriber: str
    channel: str
    tier: Tier
    at: datetime
    entries: tuple[Entry, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=lambda: MappingProxyType({}))
    timezone: str = "UTC"
    unsubscribe: str | None = None
    base_url: str | None = None
    omitted: int = 0
    why: str = ""
    copy: bool = False
    answers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    instead_of: str = ""

    @property
    def thread(self) -> str:
        """`INSTITUTION/AXIS` of a message that is about one institution and axis; empty for any other."""
        alerts = [entry.alert for entry in self.entries]
        found = {f"{each.institution}/{each.told_axis.value if each.told_axis else each.on.value}" for each in alerts}
        return found.pop() if len(found) == 1 else ""

    def name_of(self, institution: str) -> str:
        profile = self.profiles.get(institution)
        return profile.name if profile else institution

    def local_time(self, at: datetime) -> str:
        return at.astimezone(ZoneInfo(self.timezone)).strftime("%Y-%m-%d %H:%M %Z")


class Format(StrEnum):
    """What the body is written in."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


class Tone(StrEnum):
    """How urgent a service is to show a message: its colour, or its severity in an on-call service."""

    INFO = "info"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent.

    `title` is one line, empty where the service has none. `body` is in `format`; `html` is the second part of
    an e-mail whose `body` is its text part. `headers` are e-mail headers; `payload` the structured message for
    a webhook. `problem` is one line where an operator's template could not be used and a shipped one stood in.
    `thread` names the thread that it belongs to, empty for none; `answer` is where its only alert is answered."""

    id: str
    title: str
    body: str
    format: Format
    html: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    payload: Mapping[str, Any] | None = None
    tone: Tone = Tone.INFO
    problem: str = ""
    thread: str = ""
    answer: str = ""


def compose(
    subscriber: Subscriber,
    *,
    alerts: Sequence[Alert] = (),
    reminders: Sequence[Alert] = (),
    superseded: Sequence[Alert] = (),
    standing: Iterable[tuple[str, Axis, Level]] = (),
    **rest: Any,
) -> MessageView:
    """The view of a message for one of the subscriber's channels; `rest` are the other fields of the view.

    `standing` are the levels that are no longer those of the alerts."""
    levels = {(institution, axis): level for institution, axis, level in standing}

    def now(alert: Alert) -> dict[Axis, Level]:
        axes = (change.axis for change in alert.changes)
        return {axis: levels[alert.institution, axis] for axis in axes if (alert.institution, axis) in levels}

    roles = ((Role.NEW, alerts), (Role.REMINDER, reminders), (Role.SUPERSEDED, superseded))
    return MessageView(
        subscriber=subscriber.id,
        tier=subscriber.tier,
        timezone=subscriber.timezone,
        entries=tuple(Entry(alert, role, now(alert)) for role, some in roles for alert in some),
        **rest,
    )
