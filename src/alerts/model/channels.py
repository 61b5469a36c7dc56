"""Which channels may be named: an allow-list, for the sending library also takes local and raw targets."""

from typing import Final
from urllib.parse import urlsplit

from alerts.model.tables import text_lines

CONSOLE_SCHEME: Final = "console"  # built in: prints the message to standard output

_SCHEMES = " ".join(text_lines("alerts.model", "channel_schemes.txt")).split()
ALLOWED_SCHEMES: Final = frozenset({CONSOLE_SCHEME, *_SCHEMES})

NATIVE: Final = {
    "https://hooks.slack.com/": "slack",
    "https://discord.com/api/webhooks/": "discord",
    "https://discordapp.com/api/webhooks/": "discord",
    "https://chat.googleapis.com/v1/spaces/": "gchat",
}
"""How web addresses begin that services hand out themselves and that the sending library takes as they are."""
NATIVE_PREFIXES: Final = tuple(NATIVE)


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
