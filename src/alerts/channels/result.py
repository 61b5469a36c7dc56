"""What came of a send."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from alerts.model.alert import DeliveryState


class SendReason(StrEnum):
    """Why a send ended as it did: a closed set, for logs, metrics and answers.

    `state` is what becomes of the delivery, `meaning` the line people read where the service said nothing itself."""

    _value_: str
    state: DeliveryState
    meaning: str

    def __new__(cls, value: str, state: DeliveryState, meaning: str) -> Self:
        member = str.__new__(cls, value)
        member._value_, member.state, member.meaning = value, state, meaning
        return member

    ACCEPTED = "accepted", DeliveryState.SENT, "accepted"
    BAD_CHANNEL = "bad-channel", DeliveryState.DEAD, "the channel's URL is not complete or not of its service's form"
    UNREACHABLE = "unreachable", DeliveryState.FAILED, "no connection to the service; nothing was sent"
    INTERNAL = (
        "internal",
        DeliveryState.FAILED,
        "a fault of this program kept the message from being made; the log has it",
    )
    DEADLINE = "deadline", DeliveryState.FAILED, "given up before anything was sent"
    TIMEOUT = "timeout", DeliveryState.UNKNOWN, "no answer in time after the message was written; it may have arrived"
    CUT = "cut", DeliveryState.UNKNOWN, "the connection broke after the message was written; it may have arrived"
    RATE_LIMITED = "rate-limited", DeliveryState.FAILED, "the service asks for fewer messages"  # 429
    SERVICE_ERROR = "service-error", DeliveryState.FAILED, "the service has a fault"  # 5xx, or an answer that is none
    REJECTED = "rejected", DeliveryState.DEAD, "the service takes no such message"  # other 4xx, SMTP 5xx
    # 401, 403
    NOT_AUTHORISED = "not-authorised", DeliveryState.DEAD, "the service does not accept the channel's credentials"
    GONE = "gone", DeliveryState.DEAD, "the service knows no such webhook, channel or chat"  # 404, 410
    # 3xx
    REDIRECTED = "redirected", DeliveryState.DEAD, "the service has moved; put its new address into the channel's URL"


@dataclass(frozen=True, slots=True)
class SendResult:
    """`line` is for people and shows no secret; `retry_after` is in seconds, as the service said.

    Where the service has threads and the message began one: `posted` is what the service calls it, `thread` what it is
    about."""

    reason: SendReason
    line: str = ""
    retry_after: float | None = None
    posted: str = ""
    thread: str = ""

    @classmethod
    def of(cls, reason: SendReason, detail: str = "", retry_after: float | None = None) -> "SendResult":
        """With what the reason means, and the detail, in the line."""
        return cls(reason, f"{reason.meaning}: {detail}" if detail else reason.meaning, retry_after)

    @property
    def state(self) -> DeliveryState:
        """SENT, FAILED (try again), UNKNOWN (it may have arrived) or DEAD (trying again cannot help)."""
        return self.reason.state


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
