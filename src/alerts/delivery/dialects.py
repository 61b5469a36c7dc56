"""The markup of each channel, and which service speaks which."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from alerts.delivery import escape
from alerts.delivery.view import Format
from alerts.model.channels import CONSOLE_SCHEME, scheme_of


@dataclass(frozen=True, slots=True)
class Dialect:
    """A markup. `escape` takes cleaned text; `bold` escaped text; `link` escaped text and a safe URL."""

    name: str
    format: Format
    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]


def _same(text: str) -> str:
    return text


PLAIN = Dialect("plain", Format.TEXT, escape.plain, _same, lambda text, url: f"{text} — {url}")
SLACK = Dialect(
    "slack", Format.MARKDOWN, escape.slack, lambda text: f"*{text}*", lambda text, url: f"<{url}|{text}>"
)
MARKDOWN = Dialect(
    "markdown",
    Format.MARKDOWN,
    escape.markdown,
    lambda text: f"**{text}**",
    lambda text, url: f"[{text}]({url})",
)
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
TELEGRAM = replace(HTML, name="telegram")

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {each.name: each for each in (PLAIN, SLACK, MARKDOWN, DISCORD, GOOGLE_CHAT, HTML, TELEGRAM)}
)


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is spoken to.

    `limit` is the most it takes as a body and `title_limit` as a title, in UTF-16 code units; `title_limit` 0
    means that it has no title, and the body starts with it. `source_format` is what the sending library is
    told of the body (None: nothing, it must not touch it) and `options` are its constructor's arguments.
    """

    dialect: Dialect
    limit: int = 20_000
    title_limit: int = 200
    source_format: Format | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    email: bool = False
    structured: bool = False


_TEXT = Service(PLAIN, source_format=Format.TEXT)
_SMS = replace(_TEXT, limit=140, title_limit=0)
_MARKDOWN = Service(MARKDOWN, source_format=None, options=MappingProxyType({"format": "markdown"}))
_MAIL_API = Service(HTML, limit=30_000, source_format=Format.HTML)

_SERVICES: dict[str, Service] = {
    CONSOLE_SCHEME: _TEXT,
    # A section of blocks holds 3,000 characters, its header 150; blocks are the way past Apprise's own markup.
    "slack": Service(SLACK, 2_900, 150, options=MappingProxyType({"use_blocks": True, "format": "markdown"})),
    # 2,000 with the title, which is sent as a line of its own before the body.
    "discord": Service(DISCORD, 1_900, 0),
    "guilded": Service(DISCORD, 1_900, 0),
    "tgram": Service(TELEGRAM, 3_900, 0, options=MappingProxyType({"format": "html"})),
    "workflow": replace(_MARKDOWN, limit=20_000, title_limit=200),
    "workflows": replace(_MARKDOWN, limit=20_000, title_limit=200),
    "gchat": replace(_MARKDOWN, dialect=GOOGLE_CHAT, limit=3_900, title_limit=0),
    "json": replace(_TEXT, structured=True),
    "jsons": replace(_TEXT, structured=True),
    "mailto": Service(HTML, 30_000, 200, email=True),
    "mailtos": Service(HTML, 30_000, 200, email=True),
    "mmost": replace(_TEXT, dialect=MARKDOWN, limit=3_900, title_limit=0, source_format=None),
    "rocket": replace(_MARKDOWN, limit=950, title_limit=0),
    "zulip": replace(_TEXT, dialect=MARKDOWN, limit=9_900, title_limit=60, source_format=None),
    "webex": replace(_MARKDOWN, limit=900, title_limit=0),
    "cliq": replace(_MARKDOWN, limit=4_900),
    "twist": replace(_MARKDOWN, limit=950),
    "goalert": replace(_MARKDOWN, limit=6_000),
    "ilert": _MARKDOWN,
    "incidentio": _MARKDOWN,
    "squadcast": _MARKDOWN,
    "groupme": replace(_TEXT, limit=950, title_limit=0),
    "join": replace(_TEXT, limit=950),
    "line": replace(_TEXT, limit=4_900, title_limit=0),
    "ntfy": replace(_TEXT, limit=3_900),  # 4,096 bytes, above which the server makes it a file
    "nctalk": replace(_TEXT, limit=19_000),
    "opsgenie": replace(_TEXT, limit=14_000, title_limit=130),
    "pagerduty": replace(_TEXT, limit=1_000, title_limit=0),
    "pover": replace(_TEXT, limit=1_000),
    "prowl": replace(_TEXT, limit=9_900),
    "pushy": replace(_TEXT, limit=4_000),
    "signal": replace(_TEXT, title_limit=0),
    "synology": replace(_TEXT, title_limit=0),
    "splunk": replace(_TEXT, limit=390, title_limit=60),
    "victorops": replace(_TEXT, limit=390, title_limit=60),
    "threema": replace(_TEXT, limit=3_400, title_limit=0),
    "wecombot": replace(_TEXT, limit=2_000, title_limit=0),
    "whatsapp": replace(_TEXT, limit=1_000, title_limit=0),
    "dingtalk": replace(_TEXT, limit=15_000),
    "feishu": replace(_TEXT, limit=15_000, title_limit=0),
    "lark": replace(_TEXT, limit=15_000),
    "zoom": replace(_TEXT, limit=3_900),
    **dict.fromkeys(
        ("bulksms", "clicksend", "msgbird", "plivo", "ringc", "seven", "sinch", "sns", "telnyx", "twilio"),
        _SMS,
    ),
    "vonage": _SMS,
    **dict.fromkeys(
        ("mailgun", "postmark", "sendgrid", "ses", "sparkpost", "smtp2go", "brevo", "resend"), _MAIL_API
    ),
}
_ALIKE = {"wxteams": "webex"}
_NATIVE = (
    ("https://hooks.slack.com/", "slack"),
    ("https://discord", "discord"),
    ("https://chat.googleapis.com/", "gchat"),
    ("https://", "workflows"),
)


def service_of(url: str) -> Service:
    """The service that a channel URL names; an unknown one gets plain text. Secrets in the URL are not kept."""
    scheme = scheme_of(url)
    if scheme == "https":
        scheme = next(name for prefix, name in _NATIVE if url.lower().startswith(prefix))
    scheme = _ALIKE.get(scheme, scheme)
    if scheme not in _SERVICES and scheme.endswith("s"):  # the TLS form of a service one hosts oneself
        scheme = scheme[:-1]
    return _SERVICES.get(scheme, _TEXT)
