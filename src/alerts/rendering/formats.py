"""The markup of each channel, and which service speaks which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from alerts.model.channels import CONSOLE_SCHEME, scheme_of
from alerts.rendering import escape
from alerts.rendering.view import Format


@dataclass(frozen=True, slots=True)
class Dialect:
    """A markup.

    `escape` takes cleaned text, `bold` escaped text, `link` escaped text and a safe URL; `newline` is what
    keeps two lines apart, `paragraph` two paragraphs.
    """

    name: str
    format: Format
    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]
    newline: str = "\n"
    paragraph: str = "\n\n"


def _same(text: str) -> str:
    return text


def _slack_link(text: str, url: str) -> str:
    return f"<{url.replace('&', '&amp;')}|{text}>"


PLAIN = Dialect("plain", Format.TEXT, escape.plain, _same, lambda text, url: f"{text} — {url}")
CHAT = replace(PLAIN, name="chat", escape=escape.chat)
SLACK = Dialect("slack", Format.MARKDOWN, escape.slack, lambda text: f"*{text}*", _slack_link)
MARKDOWN = Dialect(
    "markdown",
    Format.MARKDOWN,
    escape.markdown,
    lambda text: f"**{text}**",
    lambda text, url: f"[{text}]({url})",
    newline="  \n",
)
TEAMS = replace(MARKDOWN, name="teams", newline="\n\n")
DISCORD = Dialect(
    "discord",
    Format.MARKDOWN,
    escape.discord,
    lambda text: f"**{text}**",
    # In angle brackets, or Discord would fetch each link and show a preview of it.
    lambda text, url: f"[{text}](<{url}>)",
)
GOOGLE_CHAT = Dialect(
    "google-chat",
    Format.MARKDOWN,
    escape.google_chat,
    lambda text: f"*{text}*",
    lambda text, url: f"<{url}|{text}>",
)
HTML = Dialect(
    "html",
    Format.HTML,
    escape.hypertext,
    lambda text: f"<b>{text}</b>",
    lambda text, url: f'<a href="{escape.hypertext(url)}">{text}</a>',
)
# The library takes empty lines out of what is for Telegram, but leaves one with a no-break space.
TELEGRAM = replace(HTML, name="telegram", escape=escape.telegram, paragraph="\n\u00a0\n")


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is spoken to.

    `limit` is the most it takes as a body, as `measure` counts, and `title_limit` as a title, in characters;
    `title_limit` 0 means that it has no title, and the body starts with it. `source_format` is what the
    sending library is told of the body (None: nothing, it must not touch it) and `options` are arguments of
    its plugin. `template` is the shipped one: a few lines where people chat, everything where there is room to read.
    """

    dialect: Dialect
    limit: int = 20_000
    title_limit: int = 200
    source_format: Format | None = None
    options: tuple[tuple[str, Any], ...] = ()
    measure: Callable[[str], int] = escape.size
    email: bool = False
    structured: bool = False
    template: str = "chat.j2"


_TEXT = Service(PLAIN, source_format=Format.TEXT)
_CHAT = replace(_TEXT, dialect=CHAT)
_SMS = replace(_TEXT, limit=300, title_limit=0, template="sms.j2")
_FULL = replace(_TEXT, template="message.j2")
_MARKDOWN = Service(MARKDOWN, options=(("format", "markdown"),))
_MAIL_API = Service(HTML, limit=60_000, source_format=Format.HTML, template="email.html.j2")

_SERVICES: dict[str, Service] = {
    CONSOLE_SCHEME: _FULL,
    "json": replace(_FULL, structured=True),
    "mailto": Service(HTML, 60_000, 200, email=True, template="email.html.j2"),
    # A section of blocks holds 3,000 characters, its header 150 after `&` is escaped.
    "slack": Service(
        SLACK,
        2_900,
        130,
        options=(("use_blocks", True), ("include_footer", False), ("format", "markdown")),
    ),
    "discord": Service(DISCORD, 1_990, 0),
    "guilded": Service(DISCORD, 1_990, 0),
    "tgram": Service(TELEGRAM, 4_000, 0, options=(("format", "html"),)),
    # Teams takes 28 kB, the card around the text included.
    **dict.fromkeys(
        ("workflow", "workflows"),
        replace(_MARKDOWN, dialect=TEAMS, limit=20_000, measure=escape.octets),
    ),
    "gchat": replace(_MARKDOWN, dialect=GOOGLE_CHAT, limit=3_900, title_limit=0),
    "mmost": Service(MARKDOWN, 3_900, 0),
    "rocket": replace(_MARKDOWN, limit=950, title_limit=0),
    "zulip": Service(MARKDOWN, 9_900, 60),
    "webex": replace(_MARKDOWN, limit=900, title_limit=0),
    "wxteams": replace(_MARKDOWN, limit=900, title_limit=0),
    "cliq": replace(_MARKDOWN, limit=4_900),
    "twist": replace(_MARKDOWN, limit=950),
    "goalert": replace(_MARKDOWN, limit=6_000),
    "ilert": _MARKDOWN,
    "incidentio": _MARKDOWN,
    "squadcast": _MARKDOWN,
    "matrix": _CHAT,
    "flock": _CHAT,
    "groupme": replace(_CHAT, limit=950, title_limit=0),
    "line": replace(_CHAT, limit=4_900, title_limit=0),
    "nctalk": replace(_CHAT, limit=31_000),
    "signal": replace(_CHAT, title_limit=0),
    "synology": replace(_CHAT, title_limit=0),
    "threema": replace(_CHAT, limit=3_400, title_limit=0),
    "wecombot": replace(_CHAT, limit=2_000, title_limit=0, measure=escape.octets),
    "whatsapp": replace(_CHAT, limit=1_000, title_limit=0),
    "dingtalk": replace(_CHAT, limit=15_000, measure=escape.octets),
    "feishu": replace(_CHAT, limit=15_000, title_limit=0, measure=escape.octets),
    "lark": replace(_CHAT, limit=15_000, measure=escape.octets),
    "zoom": replace(_CHAT, limit=3_900),
    "join": replace(_TEXT, limit=950),
    "ntfy": replace(_TEXT, limit=4_000, measure=escape.octets),  # above 4,096 it becomes a file
    "opsgenie": replace(_FULL, limit=14_000, title_limit=130),
    "pagerduty": replace(_TEXT, limit=1_000, title_limit=0),
    "pover": replace(_TEXT, limit=1_000),
    "prowl": replace(_TEXT, limit=9_900),
    "pushy": replace(_TEXT, limit=4_000),
    "splunk": replace(_TEXT, limit=390, title_limit=60),
    "victorops": replace(_TEXT, limit=390, title_limit=60),
    **dict.fromkeys(
        ("bulksms", "clicksend", "msgbird", "plivo", "ringc", "seven", "sinch", "sns", "telnyx", "twilio"),
        _SMS,
    ),
    "vonage": _SMS,
    **dict.fromkeys(
        ("mailgun", "postmark", "sendgrid", "ses", "sparkpost", "smtp2go", "brevo", "resend"), _MAIL_API
    ),
}
_NATIVE = (
    ("https://hooks.slack.com/", "slack"),
    ("https://discord", "discord"),
    ("https://chat.googleapis.com/", "gchat"),
    ("https://", "workflows"),
)


def service_name(url: str) -> str:
    """The service that a channel URL names, by the scheme of its plain form. Secrets in the URL are not kept."""
    scheme = scheme_of(url)
    if scheme == "https":
        scheme = next(name for prefix, name in _NATIVE if url.lower().startswith(prefix))
    if scheme not in _SERVICES and scheme.endswith("s"):  # the TLS form of a service one hosts oneself
        scheme = scheme[:-1]
    return scheme


def service_of(url: str) -> Service:
    """How the service that a channel URL names is spoken to; an unknown one gets plain text."""
    return _SERVICES.get(service_name(url), _FULL)
