"""Which channels may be named: an allow-list, for the sending library also takes local and raw targets."""

from typing import Final
from urllib.parse import urlsplit

CONSOLE_SCHEME: Final = "console"  # built in: prints the message to standard output

ALLOWED_SCHEMES: Final[frozenset[str]] = frozenset(
    {CONSOLE_SCHEME}
    # A program of one's own, over HTTP.
    | {"json", "jsons", "xml", "xmls", "form", "forms"}
    # Mail.
    | {"mailto", "mailtos", "mailgun", "postmark", "sendgrid", "ses", "sparkpost", "smtp2go", "brevo", "resend"}
    # Team chat.
    | {"slack", "discord", "workflow", "workflows", "webex", "wxteams", "gchat", "zulip", "ringc"}
    | {"mmost", "mmosts", "rocket", "rockets", "matrix", "matrixs", "guilded", "lark", "feishu", "dingtalk"}
    | {"wecombot", "nctalk", "nctalks", "flock", "twist", "zoom", "cliq", "synology", "synologys"}
    # Messengers, push and text messages.
    | {"tgram", "signal", "signals", "threema", "whatsapp", "line", "groupme"}
    | {"ntfy", "ntfys", "gotify", "gotifys", "pover", "pbul", "pushy", "prowl", "join", "bark", "barks"}
    | {"sns", "twilio", "vonage", "plivo", "clicksend", "msgbird", "bulksms", "sinch", "seven", "telnyx"}
    # On-call services and automation.
    | {"pagerduty", "opsgenie", "splunk", "victorops", "squadcast", "ilert", "incidentio", "firehydrant"}
    | {"betterstack", "signl4", "pagertree", "goalert", "goalerts", "xmatters", "ifttt", "hassio", "hassios"}
)

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
