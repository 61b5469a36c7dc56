"""A message rendered for one channel: escaped, within the service's limits, with a stable id.

Pure but for templates, which are read from the package and from the operator's directory."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from alerts.model.errors import DeliveryError
from alerts.model.level import Level
from alerts.model.secret import Secret
from alerts.model.subscriber import Subscriber
from alerts.rendering import escape
from alerts.rendering.context import BUDGETS, Budget, wording
from alerts.rendering.formats import PLAIN, Dialect, Service, service_of
from alerts.rendering.news import title
from alerts.rendering.shared import MARKED, impersonal
from alerts.rendering.templating import environment, render
from alerts.rendering.view import Format, MessageView, Rendered, Role, Tone
from alerts.rendering.webhook import payload
from alerts.routing.alerts import Kind

MAX_RECENT = 8  # bodies that are kept for the messages of the same burst, in each tier and form
DOMAIN = "alerts.invalid"  # stands for the sender's domain in message ids, which are the same on every machine


class Renderer:
    """Renders messages; keeps the compiled templates. Safe to share between threads.

    `templates` is the operator's directory: `SUBSCRIBER/CHANNEL.j2` goes before `CHANNEL.j2`, which goes before
    the shipped template; for e-mail the two parts are `CHANNEL.txt.j2` and `CHANNEL.html.j2`. A channel's name
    is that of the subscriber's configuration."""

    def __init__(self, templates: Path | None = None) -> None:
        self._templates = templates
        self._environment = cache(environment)
        self._recent: list[tuple[Any, list[str]]] = []

    def render(self, view: MessageView, url: Secret) -> Rendered:
        """The message for the service that the channel's URL names.

        Where a template of the operator cannot be used, the shipped one is used instead, so no alert is lost, and
        `problem` says so."""
        service = service_of(url.reveal())
        limit = service.title_limit or 200
        line = shown = escape.clean(title(view, limit))
        if service.title_limit and not (service.email or service.structured):
            shown = escape.title(line)
            if len(shown) > limit:  # the headline gives way, not what moved
                shown = escape.title(escape.clean(title(view, limit - (len(shown) - len(line)))))
        problems: list[str] = []

        def text(dialect: Dialect, shipped: str, suffix: str = "") -> str:
            own = [f"{view.subscriber}/{view.channel}{suffix}.j2", f"{view.channel}{suffix}.j2"]
            some = self._templates is not None and self._templates.is_dir()
            try:
                return self._fitting(view, service, dialect, [*own, shipped] if some else [shipped], line)
            except DeliveryError as error:
                problems.append(str(error))
                return self._fitting(view, service, dialect, [shipped], line)

        if service.email:
            body, html = text(PLAIN, "message.j2", ".txt"), text(service.dialect, service.template, ".html")
        else:
            body, html = text(service.dialect, service.template), None
        return Rendered(
            id=view.id,
            title=escape.shorten(shown, service.title_limit) if service.title_limit else "",
            body=body,
            format=Format.TEXT if service.email else service.dialect.format,
            html=html,
            headers=mail_headers(view) if service.email else (),
            payload=payload(view, line) if service.structured else None,
            tone=_tone(view),
            problem="; ".join(dict.fromkeys(problems)),
            thread=view.thread,
            answer=view.answers.get(view.entries[0].alert.id, "") if len(view.entries) == 1 else "",
        )

    def _fitting(self, view: MessageView, service: Service, dialect: Dialect, names: list[str], line: str) -> str:
        """The fullest form that the service takes; of the shortest, as many lines as it takes.

        `names` are templates, the first that exists is used; where there is one alone, it is the shipped one."""
        lines: list[str] = []
        for budget in BUDGETS:
            tidied = self._lines(view, service, dialect, names, budget)
            body = _joined(tidied, dialect)
            if body and service.measure(body) <= service.limit:
                return body
            lines = tidied or lines
        while lines:
            lines.pop()
            body = _joined([*lines, escape.ELLIPSIS], dialect)
            if lines and service.measure(body) <= service.limit:
                return body
        return dialect.escape(escape.shorten(line, service.limit // 4))

    def _lines(
        self, view: MessageView, service: Service, dialect: Dialect, names: list[str], budget: Budget
    ) -> list[str]:
        """The lines of a body; by shipped templates made once for all who get the same but for what is personal."""
        shipped = len(names) == 1
        env = self._environment(dialect, None if shipped else self._templates)

        def made(view: MessageView) -> list[str]:
            context = {"message": wording(view, budget), "title_in_body": not service.title_limit}
            return _tidy(render(env, names, context))

        if not shipped or view.kind is Kind.TEST:  # whose title names its reader, and may be cut
            return made(view)
        shared, texts = impersonal(view, dialect.escape)
        asked = shared, not service.title_limit, dialect, names, budget
        lines = next((known for former, known in self._recent if former == asked), None)
        if lines is None:
            lines = made(shared)
            self._recent = [(asked, lines), *self._recent[: MAX_RECENT - 1]]
        return [MARKED.sub(lambda found: texts[found[0]], line) for line in lines]


def notice(
    url: Secret,
    *,
    id: str,  # noqa: A002 - it is the message's id
    title: str,
    lines: Sequence[str],
    tone: Tone,
    payload: Mapping[str, Any],
) -> Rendered:
    """A plain message to operators: the lines, escaped; those that the service has no room for are counted."""
    service = service_of(url.reveal())
    shown = escape.shorten(escape.clean(title), service.title_limit or 200)
    cleaned = [escape.headline(line, 500) for line in lines]
    if not service.title_limit:
        cleaned.insert(0, shown)
    headers = (("Message-ID", message_id(id)), ("Auto-Submitted", "auto-generated"))
    return Rendered(
        id=id,
        title=shown if service.title_limit else "",
        body=_lines_that_fit(cleaned, PLAIN if service.email else service.dialect, service),
        format=Format.TEXT if service.email else service.dialect.format,
        html=_lines_that_fit(cleaned, service.dialect, service) if service.email else None,
        headers=headers if service.email else (),
        payload={**payload, "id": id, "subject": shown} if service.structured else None,
        tone=tone,
    )


def _lines_that_fit(lines: Sequence[str], dialect: Dialect, service: Service) -> str:
    for count in range(len(lines), -1, -1):
        more = [f"… and {len(lines) - count} more"] if count < len(lines) else []
        between = "<br>\n" if dialect.name == "html" else dialect.newline
        body = between.join(dialect.escape(line) for line in [*lines[:count], *more])
        if service.measure(body) <= service.limit:
            return body
    return escape.ELLIPSIS


def _tone(view: MessageView) -> Tone:
    """A rise that stands is a warning, one to critical more; all that ends, sums up or tries is information."""
    if view.kind not in {Kind.ALERT, Kind.GROUP, Kind.REMINDER, Kind.ESCALATION}:
        return Tone.INFO
    entries = [entry.alert for entry in view.entries if entry.role is not Role.SUPERSEDED]
    falls = [alert for alert in entries if alert.transition is not None and not alert.transition.rises]
    rises = [alert for alert in entries if alert not in falls]
    if any(alert.level is Level.CRITICAL for alert in rises):
        return Tone.FAILURE
    return Tone.WARNING if rises else Tone.INFO


def _tidy(body: str) -> list[str]:
    """The lines, with at most one empty one in a row and none at the ends. Each is complete markup."""
    lines: list[str] = []
    for line in (each.rstrip() for each in str(body).strip().split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return lines


def _joined(lines: Sequence[str], dialect: Dialect) -> str:
    """Lines with what the dialect has between lines and, for empty ones, between paragraphs."""
    paragraphs = (some for filled, some in groupby(lines, bool) if filled)
    return dialect.paragraph.join(dialect.newline.join(some) for some in paragraphs)


def mail_headers(view: MessageView) -> tuple[tuple[str, str], ...]:
    """Message-ID from the message's id; References to its thread, one for each institution and axis.

    List-Unsubscribe and List-Unsubscribe-Post (RFC 8058) where there is a link for it. Auto-Submitted
    (RFC 3834) keeps out-of-office replies away."""
    reference = _header_id("t", view.subscriber, view.thread or view.kind.value)
    headers = [
        ("Message-ID", message_id(view.id)),
        ("In-Reply-To", reference),
        ("References", reference),
        ("Auto-Submitted", "auto-generated"),
        ("X-Alert-ID", re.sub(r"[^\x21-\x7e]", "-", view.id)[:200]),
    ]
    link = escape.safe_url(view.unsubscribe or "")
    if link:
        headers.append(("List-Unsubscribe", f"<{link}>"))
        if link.startswith("https://"):
            headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return tuple(headers)


def message_id(stable: str) -> str:
    """`<…@…>` of a stable id; the same for each copy of one message."""
    return _header_id("m", stable)


def _header_id(*parts: str) -> str:
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"<{parts[0]}.{digest}@{DOMAIN}>"


def template_problems(templates: Path, subscribers: Iterable[Subscriber]) -> tuple[str, ...]:
    """One line for each template that cannot be used or that no channel uses; templates are tried on an example."""
    renderer = Renderer(templates)
    found: list[str] = []
    used: set[Path] = set()
    for subscriber in subscribers:
        for channel, url in subscriber.channels.items():
            stems = (f"{subscriber.id}/{channel}", channel)
            expected = {templates / f"{stem}{part}.j2" for stem in stems for part in ("", ".txt", ".html")}
            used |= expected
            if not any(file.is_file() for file in expected):
                continue
            for view in (example(subscriber, channel), example(subscriber, channel, kind=Kind.TEST)):
                found += [problem for problem in (renderer.render(view, url).problem,) if problem]
    written = templates.rglob("*.j2") if templates.is_dir() else ()
    idle = (file for file in sorted(written) if file not in used and not file.name.startswith("_"))
    found += [f"{file}: no channel has this name; a part of other templates begins with _" for file in idle]
    return tuple(dict.fromkeys(found))


def example(subscriber: Subscriber, channel: str, *, kind: Kind = Kind.ALERT) -> MessageView:
    """A message about an invented institution, with everything that a message can hold."""
    view = replace(_example(), kind=kind, subscriber=subscriber.id, channel=channel, tier=subscriber.tier)
    return replace(view, entries=(), profiles={}) if kind is Kind.TEST else view


@cache
def _example() -> MessageView:
    text = (files("alerts.rendering") / "data" / "example.json").read_text(encoding="utf-8")
    return TypeAdapter(MessageView).validate_json(text)
