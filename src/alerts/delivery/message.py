"""What goes into a message, and what comes out of rendering it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from alerts.model.alert import Alert
from alerts.model.profile import Profile
from alerts.model.subscriber import Tier


class Kind(StrEnum):
    """Why a message is sent."""

    ALERT = "alert"  # one thing happened
    GROUP = "group"  # several within the subscriber's grouping wait
    DIGEST = "digest"  # what waited for the daily message
    SUMMARY = "summary"  # what the rate limit held back
    REMINDER = "reminder"  # a level that still stands
    ALL_CLEAR = "all-clear"  # a level that fell, for those who got the rise
    CORRECTION = "correction"  # an alert whose support was withdrawn or corrected
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert in a message.

    `rule` says in words which watch rule asked for it. `headline` and `url` are the story's, for a mention or a
    grade change; `grades` are the grade before and after; `seen` and `usual` the stories of a spike's window
    and of the windows before it.
    """

    alert: Alert
    rule: str = ""
    headline: str = ""
    url: str = ""
    grades: tuple[str, str] | None = None
    seen: int | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class MessageView:
    """All that a message is made of.

    `id` is stable: a second copy of the same delivery has the same. `profiles` are by institution; rendering
    shows of them what `tier` may see. `omitted` counts alerts that are not among the entries. `timezone` is an
    IANA name. `base_url` is that of the profile pages, without a slash at the end.
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


class Format(StrEnum):
    """What the body is written in."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent.

    `title` is one line. `body` is in `format`; `html` is the second part of an e-mail whose `body` is its text
    part. `headers` are e-mail headers; `payload` the structured message for a webhook.
    """

    id: str
    title: str
    body: str
    format: Format
    html: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    payload: Mapping[str, Any] | None = None
