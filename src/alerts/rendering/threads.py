"""What a message is about, and which later messages go under an earlier one, where the service can do that. Pure."""

from __future__ import annotations

from typing import Final

from alerts.model.channels import host_of, scheme_of
from alerts.model.secret import Secret
from alerts.rendering.view import MessageView

LOST: Final = frozenset(
    {"thread_not_found", "invalid_thread_ts", "message_not_found", "cannot_reply_to_message", "thread_locked"}
    | {"restricted_action_thread_locked", "message_limit_exceeded"}
)
"""What Slack answers where nothing can go under a message any more: the next one begins a thread of its own."""


def thread(view: MessageView) -> str:
    """The thread of a message that is about one institution and axis, as `INSTITUTION/AXIS`; empty for any other."""
    found = set()
    for entry in view.entries:
        axis = entry.alert.told_axis
        found.add(f"{entry.alert.institution}/{axis.value if axis else entry.alert.on.value}")
    return found.pop() if len(found) == 1 else ""


def has_threads(url: Secret) -> bool:
    """Whether the channel is a Slack bot. A webhook does not say which message it made, so none can go under it."""
    text = url.reveal()
    return scheme_of(text) == "slack" and host_of(text).startswith(("xoxb-", "xoxp-"))
