"""How fast messages may follow each other in a channel, and which channels share a service. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from alerts.model.channels import NATIVE_PREFIXES, host_of, scheme_of
from alerts.model.secret import Secret
from alerts.model.subscriber import RateLimit
from alerts.rendering.formats import service_name

GAPS: Final = {
    # https://api.slack.com/apis/rate-limits: one message a second into a channel, a webhook alike
    "slack": timedelta(seconds=1),
    # 30 messages a minute by a webhook
    "discord": timedelta(seconds=2),
    # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: one a second into a chat
    "tgram": timedelta(seconds=1),
}
"""The gap that a service asks for between two messages in one channel, by scheme, where nothing else is configured.

Where a service answers 429, it is obeyed as well.
"""

_HOSTED: Final = frozenset(
    {"json", "xml", "form", "mailto", "mmost", "rocket", "matrix", "nctalk", "synology", "signal", "ntfy"}
    | {"gotify", "bark", "goalert", "hassio"}
)
"""Services whose addresses name the server that is asked; in those of others the host is an account."""


def gap(url: Secret, rate: RateLimit | None) -> timedelta:
    """The least time between two messages in a channel; evenly spread where a rate is configured."""
    if rate is not None:
        return rate.per / rate.count
    return GAPS.get(service_name(url.reveal()), timedelta(0))


def lane(url: Secret) -> str:
    """Names the service that a channel uses: where it hangs for one, it hangs for all. Not to be shown."""
    text = url.reveal()
    hosted = service_name(text) in _HOSTED or text.lower().startswith(NATIVE_PREFIXES)
    host = host_of(text) if hosted else ""
    return f"{scheme_of(text)}://{host}" if host else scheme_of(text)
