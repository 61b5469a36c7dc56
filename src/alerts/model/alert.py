"""What a subscriber is told, and how it fared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.model.level import Transition
from alerts.model.subscriber import On


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
class Alert:
    """A transition (or a mention, a spike, a grade change) as it concerns one channel of one subscriber.

    `id` is stable: the same event for the same subscriber and channel has the same id wherever and however
    often it is computed. `reason` is empty for `sent`, else a value of the closed enum of reasons.
    """

    id: str
    at: datetime
    subscriber: str
    channel: str
    institution: str
    on: On
    transition: Transition | None
    state: AlertState
    reason: str = ""


def fate(state: str, reason: str) -> str:
    """What became of an alert, in one phrase: `sent`, `suppressed (silence)`."""
    return f"{state} ({reason})" if reason else state
