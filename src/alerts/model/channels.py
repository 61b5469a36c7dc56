"""Which channels may be named: an allow-list, for the sending library also takes local and raw targets."""

from typing import Final
from urllib.parse import urlsplit

from alerts.model.tables import text_lines

CONSOLE_SCHEME: Final = "console"  # built in: prints the message to standard output

_SCHEMES = " ".join(text_lines("alerts.model", "channel_schemes.txt")).split()
ALLOWED_SCHEMES: Final = frozenset({CONSOLE_SCHEME, *_SCHEMES})

NATIVE_PREFIXES: Final = (
    "https://hooks.slack.com/",
    "https://discord.com/api/webhooks/",
    "https://discordapp.com/api/webhooks/",
    "https://chat.googleapis.com/v1/spaces/",
)
"""Web addresses that these services hand out themselves and that the sending library takes as they are."""


def scheme_of(url: str) -> str:
    """The scheme of a channel URL in lower case; empty where there is none."""
    scheme, separator, _ = url.partition("://")
    return scheme.strip().lower() if separator else ""


def host_of(url: str) -> str:
    """What stands in the place of the host in a channel URL, in lower case; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # brackets that are no IPv6 address
        return ""


def is_allowed(url: str) -> bool:
    """Whether a channel may have this URL."""
    return scheme_of(url) in ALLOWED_SCHEMES or url.lower().startswith(NATIVE_PREFIXES)
