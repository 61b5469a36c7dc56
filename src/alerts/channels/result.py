"""What came of a send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from alerts.model.alert import DeliveryState


class SendReason(StrEnum):
    """Why a send ended as it did: a closed set, for logs, metrics and answers."""

    ACCEPTED = "accepted"
    BAD_CHANNEL = "bad-channel"  # the URL cannot be used
    UNREACHABLE = "unreachable"  # no connection: nothing was sent
    INTERNAL = "internal"  # a fault of this program
    DEADLINE = "deadline"  # given up before anything was sent
    TIMEOUT = "timeout"  # no answer in time after the message was written
    CUT = "cut"  # the connection broke after the message was written
    RATE_LIMITED = "rate-limited"  # 429
    SERVICE_ERROR = "service-error"  # the service's fault: 5xx, or an answer that is none
    REJECTED = "rejected"  # the service takes no such message: other 4xx, SMTP 5xx
    NOT_AUTHORISED = "not-authorised"  # 401, 403
    GONE = "gone"  # 404, 410: no such webhook, channel or chat
    REDIRECTED = "redirected"  # 3xx: the address in the configuration is not the right one

    @property
    def meaning(self) -> str:
        """The line people read where the service said nothing itself."""
        return _ENDS[self][1]


_ENDS: Mapping[SendReason, tuple[DeliveryState, str]] = MappingProxyType(
    {
        SendReason.ACCEPTED: (DeliveryState.SENT, "accepted"),
        SendReason.BAD_CHANNEL: (DeliveryState.DEAD, "the channel's URL is not complete or not of its service's form"),
        SendReason.UNREACHABLE: (DeliveryState.FAILED, "no connection to the service; nothing was sent"),
        SendReason.INTERNAL: (
            DeliveryState.FAILED,
            "a fault of this program kept the message from being made; the log has it",
        ),
        SendReason.DEADLINE: (DeliveryState.FAILED, "given up before anything was sent"),
        SendReason.TIMEOUT: (
            DeliveryState.UNKNOWN,
            "no answer in time after the message was written; it may have arrived",
        ),
        SendReason.CUT: (
            DeliveryState.UNKNOWN,
            "the connection broke after the message was written; it may have arrived",
        ),
        SendReason.RATE_LIMITED: (DeliveryState.FAILED, "the service asks for fewer messages"),
        SendReason.SERVICE_ERROR: (DeliveryState.FAILED, "the service has a fault"),
        SendReason.REJECTED: (DeliveryState.DEAD, "the service takes no such message"),
        SendReason.NOT_AUTHORISED: (DeliveryState.DEAD, "the service does not accept the channel's credentials"),
        SendReason.GONE: (DeliveryState.DEAD, "the service knows no such webhook, channel or chat"),
        SendReason.REDIRECTED: (
            DeliveryState.DEAD,
            "the service has moved; put its new address into the channel's URL",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class SendResult:
    """`line` is for people and shows no secret; `retry_after` is in seconds, as the service said.

    `posted` is what the service calls the message, where it has threads and the message began one.
    """

    reason: SendReason
    line: str = ""
    retry_after: float | None = None
    posted: str = ""

    @classmethod
    def of(cls, reason: SendReason, detail: str = "", retry_after: float | None = None) -> SendResult:
        """With what the reason means, and the detail, in the line."""
        return cls(reason, f"{reason.meaning}: {detail}" if detail else reason.meaning, retry_after)

    @property
    def state(self) -> DeliveryState:
        """SENT, FAILED (try again), UNKNOWN (it may have arrived) or DEAD (trying again cannot help)."""
        return _ENDS[self.reason][0]


def of_status(status: int) -> SendReason:
    """What an HTTP status that is no success means for a message."""
    if status == 429:
        return SendReason.RATE_LIMITED
    if status in {401, 403}:
        return SendReason.NOT_AUTHORISED
    if status in {404, 410}:
        return SendReason.GONE
    if status >= 500 or status < 300 or status in {408, 425}:
        return SendReason.SERVICE_ERROR
    return SendReason.REDIRECTED if status < 400 else SendReason.REJECTED
