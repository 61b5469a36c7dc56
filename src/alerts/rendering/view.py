"""What goes into a message, and what comes out of rendering it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from alerts.model.alert import Alert
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.profile import Profile
from alerts.model.subscriber import Direction, On, Subscriber, Tier, WatchRule
from alerts.routing.alerts import Kind
from alerts.routing.rules import channels_of


class Role(StrEnum):
    """Why an alert is in a message."""

    TOLD = "told"
    REMINDER = "reminder"  # told before; its level still stands
    OVERTAKEN = "overtaken"  # came and went before it was told


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in a message.

    `rule` says in words which watch rule asked for it. `now` is the level of its axis when the message was
    made, where that is another one than the alert reports. `headline`, `url` and `publisher` are those of the
    item, for a mention; `grades` the grade before and after; `seen` and `usual` the stories of a spike's
    window and those that the institution's rhythm lets expect.
    """

    alert: Alert
    role: Role = Role.TOLD
    rule: str = ""
    now: Level | None = None
    headline: str = ""
    url: str = ""
    publisher: str = ""
    grades: tuple[str, str] | None = None
    seen: int | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class MessageView:
    """All that a message is made of.

    `id` is stable: a second copy of the same delivery has the same, and `copy` where an earlier attempt may
    have arrived. `profiles` are by institution; rendering shows of them what `tier` may see. `omitted` counts
    alerts that are not among the entries. `why` is what made a correction: `withdrawn` or `corrected`.
    `timezone` is an IANA name. `base_url` is that of the profile pages, without a slash at the end.
    """

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
    `thread` names the thread that it belongs to, empty for none.
    """

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


def compose(
    subscriber: Subscriber,
    *,
    id: str,  # noqa: A002 - it is the message's id
    kind: Kind,
    channel: str,
    at: datetime,
    alerts: Sequence[Alert] = (),
    reminders: Sequence[Alert] = (),
    overtaken: Sequence[Alert] = (),
    details: Mapping[str, Mapping[str, Any]] | None = None,
    standing: Iterable[tuple[str, Axis, Level]] = (),
    institutions: Mapping[str, Institution] | None = None,
    profiles: Mapping[str, Profile] | None = None,
    omitted: int = 0,
    why: str = "",
    unsubscribe: str | None = None,
    base_url: str | None = None,
    copy: bool = False,
) -> MessageView:
    """The view of a message for one of the subscriber's channels.

    `details` are, by alert id, what an alert tells beyond its transition (keys `title`, `url`, `publisher`;
    `from`, `to`; `seen`, `usual`), `standing` the levels that are no longer those of the alerts.
    """
    levels = {(institution, axis): level for institution, axis, level in standing}
    known = institutions or {}

    def entry(alert: Alert, role: Role) -> Entry:
        told = (details or {}).get(alert.id, {})
        grades = (str(told["from"]), str(told["to"])) if alert.on is On.GRADE and "from" in told else None
        institution = known.get(alert.institution)
        return Entry(
            alert=alert,
            role=role,
            rule=rule_in_words(subscriber, institution, alert) if institution else "",
            now=levels.get((alert.institution, alert.transition.axis)) if alert.transition else None,
            headline=told.get("title", ""),
            url=told.get("url", ""),
            publisher=told.get("publisher", ""),
            grades=grades,
            seen=told.get("seen"),
            usual=told.get("usual"),
        )

    return MessageView(
        id=id,
        kind=kind,
        subscriber=subscriber.id,
        channel=channel,
        tier=subscriber.tier,
        at=at,
        entries=(
            *(entry(alert, Role.TOLD) for alert in alerts),
            *(entry(alert, Role.REMINDER) for alert in reminders),
            *(entry(alert, Role.OVERTAKEN) for alert in overtaken),
        ),
        profiles=profiles or {},
        timezone=timezone_of(subscriber),
        unsubscribe=unsubscribe,
        base_url=base_url,
        omitted=omitted,
        why=why,
        copy=copy,
    )


def timezone_of(subscriber: Subscriber) -> str:
    """The time zone that the subscriber named for quiet hours or the digest, else UTC."""
    if subscriber.quiet_hours is not None:
        return subscriber.quiet_hours.timezone
    return subscriber.digest.timezone if subscriber.digest is not None else "UTC"


def rule_in_words(subscriber: Subscriber, institution: Institution, alert: Alert) -> str:
    """The first watch rule that asks for the alert, for example `rule 1: level of anthropic, at least medium`.

    Empty where none does any more, because the configuration has changed since.
    """
    for number, rule in enumerate(subscriber.watch, start=1):
        if _asks_for(rule, institution, alert) and alert.channel in channels_of(rule, subscriber):
            return f"rule {number}: {_words(rule, alert.on)}"
    return ""


def _asks_for(rule: WatchRule, institution: Institution, alert: Alert) -> bool:
    if alert.on not in rule.on or not rule.select.selects(institution):
        return False
    change = alert.transition
    if alert.on is not On.LEVEL or change is None:
        return True
    if change.axis not in rule.axes or max(change.from_, change.to) < rule.at_least:
        return False
    return rule.direction is not (Direction.FALL if change.rises else Direction.RISE)


def _words(rule: WatchRule, on: On) -> str:
    said = f"{on} of {rule.select.in_words()}"
    if on is not On.LEVEL:
        return said
    axes = (
        "" if rule.axes == frozenset(Axis) else " on " + ", ".join(axis for axis in Axis if axis in rule.axes)
    )
    ways = {Direction.RISE: "rising", Direction.FALL: "falling", Direction.BOTH: "rising or falling"}
    return f"{said}{axes}, at least {rule.at_least}, {ways[rule.direction]}"
