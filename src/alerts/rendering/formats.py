"""The markup of each channel, and which service speaks which."""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from alerts.model.channels import NATIVE, host_of, scheme_of
from alerts.model.secret import Secret
from alerts.model.tables import table
from alerts.rendering import escape
from alerts.rendering.view import Format


@dataclass(frozen=True, slots=True)
class Dialect:
    """A markup.

    `escape` takes cleaned text, `bold` escaped text, `link` escaped text and a safe URL; `newline` is what
    keeps two lines apart, `paragraph` two paragraphs."""

    name: str
    format: Format
    escape: Callable[[str], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]
    newline: str = "\n"
    paragraph: str = "\n\n"


def _slack_link(text: str, url: str) -> str:
    return f"<{url.replace('&', '&amp;')}|{text}>"


def _html_link(text: str, url: str) -> str:
    return f'<a href="{html.escape(url)}">{text}</a>'


PLAIN = Dialect("plain", Format.TEXT, str, str, "{} — {}".format)
CHAT = replace(PLAIN, name="chat", escape=escape.chat)
SLACK = Dialect("slack", Format.MARKDOWN, escape.slack, "*{}*".format, _slack_link)
MARKDOWN = Dialect("markdown", Format.MARKDOWN, escape.markdown, "**{}**".format, "[{}]({})".format, newline="  \n")
TEAMS = replace(MARKDOWN, name="teams", newline="\n\n")
# Links in angle brackets, or Discord would fetch each and show a preview of it.
DISCORD = Dialect("discord", Format.MARKDOWN, escape.discord, "**{}**".format, "[{}](<{}>)".format)
GOOGLE_CHAT = Dialect("google-chat", Format.MARKDOWN, escape.google_chat, "*{}*".format, "<{1}|{0}>".format)
HTML = Dialect("html", Format.HTML, html.escape, "<b>{}</b>".format, _html_link)
# The library takes empty lines out of what is for Telegram, but leaves one with a no-break space.
TELEGRAM = replace(HTML, name="telegram", escape=escape.telegram, paragraph="\n\u00a0\n")


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is spoken to.

    `limit` is the most it takes as a body, as `measure` counts, and `title_limit` as a title, in characters;
    `title_limit` 0 means that it has no title, and the body starts with it. `source_format` is what the
    sending library gets as the format of the body (None: none, so that it converts nothing) and `options` are
    arguments of its plugin. `template` is the shipped one: a few lines in chats, everything where there is room.
    `gap` is the time, in seconds, that it asks for between two messages in one channel; where it answers 429, that is
    obeyed as well. `hosted`: its addresses name the server that is asked; in those of others the host is an account."""

    dialect: Dialect
    limit: int = 20_000
    title_limit: int = 200
    source_format: Format | None = None
    options: tuple[tuple[str, Any], ...] = ()
    measure: Callable[[str], int] = escape.size
    email: bool = False
    structured: bool = False
    template: str = "chat.j2"
    gap: float = 0.0
    hosted: bool = False


_DIALECTS = {each.name: each for each in (PLAIN, CHAT, SLACK, MARKDOWN, TEAMS, DISCORD, GOOGLE_CHAT, HTML, TELEGRAM)}
_UNKNOWN = Service(PLAIN, source_format=Format.TEXT, template="message.j2")


@cache
def _services() -> Mapping[str, Service]:
    """The services of `data/services.yaml` by name."""
    entries = table("alerts.rendering", "data/services.yaml")
    return {name: _service(entry) for entry in entries for name in entry["services"]}


def _service(entry: Mapping[str, Any]) -> Service:
    given = {name: value for name, value in entry.items() if name not in {"services", "octets"}}
    given["dialect"] = _DIALECTS[entry["dialect"]]
    given["options"] = tuple(entry.get("options", {}).items())
    if "source_format" in given:
        given["source_format"] = Format(given["source_format"])
    return Service(**given, measure=escape.octets if entry.get("octets") else escape.size)


def service_of(url: str) -> Service:
    """How the service that a channel URL names, by its scheme, is spoken to; an unknown one gets plain text."""
    scheme = scheme_of(url)
    if scheme == "https":
        scheme = next((name for prefix, name in NATIVE.items() if url.lower().startswith(prefix)), scheme)
    if scheme not in _services() and scheme.endswith("s"):  # the TLS form of a service one hosts oneself
        scheme = scheme[:-1]
    return _services().get(scheme, _UNKNOWN)


def has_threads(url: Secret) -> bool:
    """Whether the channel is a Slack bot. A webhook does not say which message it made, so none can go under it."""
    text = url.reveal()
    return scheme_of(text) == "slack" and host_of(text).startswith(("xoxb-", "xoxp-"))
