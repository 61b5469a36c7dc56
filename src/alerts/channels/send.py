"""Handing messages to channels, and saying honestly what came of each."""

import contextvars
import sys
import threading
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TextIO

from alerts.channels.result import SendReason, SendResult
from alerts.model.channels import CONSOLE_SCHEME, is_allowed, scheme_of
from alerts.model.secret import Secret
from alerts.rendering.view import Rendered

if TYPE_CHECKING:
    from alerts.channels.http_capture import Exchange

DEADLINE_S = 30.0  # seconds after which a send is given up, whatever the channel does

_Asked = SimpleQueue["tuple[str, Rendered, Exchange, str] | None"]


def send(
    url: Secret, message: Rendered, *, under: str = "", deadline: float = DEADLINE_S, stream: TextIO | None = None
) -> SendResult:
    """Sends one message over a connection of its own. See `Sender.send`."""
    with closing(Sender(stream)) as sender:
        return sender.send(url, message, under=under, deadline=deadline)


class Sender:
    """Sends messages one after the other; those to one server share a connection until it is closed.

    It sends in a thread of its own: a channel that drips bytes for hours neither blocks its caller nor delays the
    process's end. `console://` prints to `stream` (standard output where None)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._asked: _Asked | None = None
        self._results: SimpleQueue[SendResult] = SimpleQueue()

    def send(
        self, url: Secret, message: Rendered, *, under: str = "", deadline: float = DEADLINE_S
    ) -> SendResult:
        """Sends the message once. Never raises for what a channel does, and takes no longer than `deadline` seconds.

        `under` is the message of a Slack bot that this one goes under, as the service calls it (`SendResult.posted`)."""
        revealed = url.reveal()
        if not is_allowed(revealed):
            return SendResult(SendReason.BAD_CHANNEL, "the channel's URL has no scheme that is allowed")
        if scheme_of(revealed) == CONSOLE_SCHEME:
            out = sys.stdout if self._stream is None else self._stream
            out.write("\n".join([*filter(None, (message.title, message.body)), "\n"]))
            out.flush()
            return SendResult(SendReason.ACCEPTED, "printed")
        return self._within(deadline, revealed, message, under)

    def close(self) -> None:
        """Ends the thread, and with it the connection, once what it is sending has ended."""
        if self._asked is not None:
            self._asked.put(None)
        self._asked = None

    def _within(self, deadline: float, url: str, message: Rendered, under: str) -> SendResult:
        """Leaves the thread behind at the deadline: the next message gets another one."""
        from alerts.channels.http_capture import Exchange

        if self._asked is None:
            self._asked, self._results = SimpleQueue(), SimpleQueue()
            work = contextvars.copy_context().run, (_work, self._asked, self._results)
            threading.Thread(target=work[0], args=work[1], name="send", daemon=True).start()
        exchange = Exchange()
        self._asked.put((url, message, exchange, under))
        try:
            return self._results.get(timeout=deadline)
        except Empty:
            exchange.abandon()
            self.close()
            reason = SendReason.TIMEOUT if exchange.started else SendReason.DEADLINE
            return SendResult.of(reason, f"{deadline:g} s have passed")


def _work(asked: _Asked, results: "SimpleQueue[SendResult]") -> None:
    from alerts.channels.apprise_channel import deliver
    from alerts.channels.http_capture import kept_open

    with kept_open():
        while (each := asked.get()) is not None:
            url, message, exchange, under = each
            results.put(deliver(url, message, exchange, under=under))
