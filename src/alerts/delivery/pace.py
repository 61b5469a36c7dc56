"""How fast messages may follow each other in a channel, and which channels share a service. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from alerts.model.channels import NATIVE_PREFIXES, scheme_of
from alerts.model.secret import Secret
from alerts.model.subscriber import RateLimit

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

_NATIVE: Final = {"hooks.slack.com": "slack", "discord.com": "discord", "discordapp.com": "discord"}

_HOSTED: Final = frozenset(
    {"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "mmost", "mmosts", "rocket"}
    | {"rockets", "matrix", "matrixs", "nctalk", "nctalks", "synology", "synologys", "signal", "signals"}
    | {"ntfy", "ntfys", "gotify", "gotifys", "bark", "barks", "goalert", "goalerts", "hassio", "hassios"}
)
"""Schemes whose addresses name the server that is asked; in those of others the host is an account."""


def gap(url: Secret, rate: RateLimit | None) -> timedelta:
    """The least time between two messages in a channel; evenly spread where a rate is configured."""
    if rate is not None:
        return rate.per / rate.count
    scheme, host = _place(url)
    return GAPS.get(_NATIVE.get(host, scheme), timedelta(0))


def lane(url: Secret) -> str:
    """Names the service that a channel uses: where it hangs for one, it hangs for all. Not to be shown."""
    scheme, host = _place(url)
    return f"{scheme}://{host}" if host else scheme


def _place(url: Secret) -> tuple[str, str]:
    """The scheme of a channel's URL and the host it names, empty where it names none."""
    text, scheme = url.reveal(), scheme_of(url.reveal())
    if scheme not in _HOSTED and not text.lower().startswith(NATIVE_PREFIXES):
        return scheme, ""
    try:
        return scheme, urlsplit(text).hostname or ""
    except ValueError:  # brackets that are no IPv6 address
        return scheme, ""
