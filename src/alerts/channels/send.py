"""Handing messages to channels, and saying honestly what came of each."""

import sys
import threading
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import Any, TextIO

from alerts.channels.result import SendReason, SendResult
from alerts.model.channels import CONSOLE_SCHEME, is_allowed, scheme_of
from alerts.model.secret import Secret
from alerts.rendering.view import Rendered

DEADLINE_S = 30.0  # seconds after which a send is given up, whatever the channel does


class Sender:
    """Sends messages one after the other; those to one server share a connection until the sender is closed.

    It has a thread for that: a channel that drips bytes for hours neither blocks nor delays the process's end. Close it
    soon: a connection that lies idle may die without a sign, and a message that is written to it may have arrived."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._messages: SimpleQueue[Any] | None = None  # to the thread, while there is one

    def send(self, url: Secret, message: Rendered, *, under: str = "", deadline: float = DEADLINE_S) -> SendResult:
        """Sends the message once. Never raises for what a channel does, and takes no longer than `deadline` seconds.

        `under` is the message of a Slack bot that this one goes under, as the service calls it (`SendResult.posted`).
        `console://` prints to the sender's stream (standard output where None)."""
        revealed = url.reveal()
        if not is_allowed(revealed):
            return SendResult(SendReason.BAD_CHANNEL, "the channel's URL has no scheme that is allowed")
        if scheme_of(revealed) == CONSOLE_SCHEME:
            out = sys.stdout if self._stream is None else self._stream
            out.write("\n".join([*filter(None, (message.title, message.body)), "\n"]))
            out.flush()
            return SendResult(SendReason.ACCEPTED, "printed")
        from alerts.channels.http_capture import Exchange  # not where nothing but the console is printed to

        if self._messages is None:
            self._messages = SimpleQueue()
            threading.Thread(target=_deliver_all, args=(self._messages,), name="send", daemon=True).start()
        exchange, results = Exchange(), SimpleQueue[SendResult]()
        self._messages.put((revealed, message, exchange, under, results))
        try:
            return results.get(timeout=deadline)
        except Empty:
            self.close()  # the thread is left alone, and the next message gets another
            exchange.abandon()
            reason = SendReason.TIMEOUT if exchange.started else SendReason.DEADLINE
            return SendResult.of(reason, f"{deadline:g} s have passed")

    def close(self) -> None:
        """Ends the thread, and its connections, as soon as what it sends has ended."""
        if self._messages is not None:
            self._messages.put(None)
            self._messages = None


def _deliver_all(messages: SimpleQueue[Any]) -> None:
    from requests.adapters import HTTPAdapter

    from alerts.channels.apprise_channel import deliver

    with closing(HTTPAdapter()) as adapter:
        while (each := messages.get()) is not None:
            url, message, exchange, under, results = each
            exchange.adapter = adapter
            results.put(deliver(url, message, exchange, under=under))
