"""Handing one message to one channel, and saying honestly what came of it."""

import contextvars
import sys
import threading
from typing import TextIO

from alerts.channels.result import SendReason, SendResult
from alerts.model.channels import CONSOLE_SCHEME, is_allowed, scheme_of
from alerts.model.secret import Secret
from alerts.rendering.view import Rendered

DEADLINE_S = 30.0  # seconds after which a send is given up, whatever the channel does


def send(
    url: Secret, message: Rendered, *, under: str = "", deadline: float = DEADLINE_S, stream: TextIO | None = None
) -> SendResult:
    """Sends the message once. Never raises for what a channel does, and takes no longer than `deadline` seconds.

    `under` is the message of a Slack bot that this one goes under, as the service calls it (`SendResult.posted`).
    `console://` prints to `stream` (standard output where None)."""
    revealed = url.reveal()
    if not is_allowed(revealed):
        return SendResult(SendReason.BAD_CHANNEL, "the channel's URL has no scheme that is allowed")
    if scheme_of(revealed) == CONSOLE_SCHEME:
        out = sys.stdout if stream is None else stream
        out.write("\n".join([*filter(None, (message.title, message.body)), "\n"]))
        out.flush()
        return SendResult(SendReason.ACCEPTED, "printed")
    return _within(deadline, revealed, message, under)


def _within(deadline: float, url: str, message: Rendered, under: str) -> SendResult:
    """In a thread of its own: a channel that drips bytes for hours neither blocks nor delays the process's end."""
    from alerts.channels.apprise_channel import deliver
    from alerts.channels.http_capture import Exchange

    exchange = Exchange()
    results: list[SendResult] = []

    def work() -> None:
        results.append(deliver(url, message, exchange, under=under))

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="send", daemon=True)
    thread.start()
    thread.join(deadline)
    if results:
        return results[0]
    exchange.abandon()
    reason = SendReason.TIMEOUT if exchange.started else SendReason.DEADLINE
    return SendResult.of(reason, f"{deadline:g} s have passed")
