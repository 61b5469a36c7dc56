"""A view rendered for one channel: escaped, within the service's limits, with a stable id. Pure but for
templates, which are read from the package and from the operator's directory."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment

from alerts.delivery import escape
from alerts.delivery.dialects import PLAIN, Dialect, Service, service_of
from alerts.delivery.mail_headers import mail_headers
from alerts.delivery.payload import payload
from alerts.delivery.templating import environment, render
from alerts.delivery.view import Format, MessageView, Rendered
from alerts.delivery.wording import BUDGETS, wording
from alerts.model.secret import Secret


class Renderer:
    """Renders messages; keeps the compiled templates. Safe to share between threads.

    `templates` is the operator's directory: `SUBSCRIBER/CHANNEL.j2` goes before `CHANNEL.j2`, which goes before
    the shipped template. A channel's name is that of the subscriber's configuration.
    """

    def __init__(self, templates: Path | None = None) -> None:
        self._templates = templates if templates is not None and templates.is_dir() else None
        self._environments: dict[str, Environment] = {}

    def render(self, view: MessageView, url: Secret) -> Rendered:
        """The message for the service that the channel's URL names.

        Raises DeliveryError, in one line, where a template of the operator cannot be used.
        """
        service = service_of(url.reveal())
        title = escape.shorten(escape.clean(wording(view, BUDGETS[-1]).title), service.title_limit or 200)
        if service.email:
            text = self._fitting(view, PLAIN, service, title, ".txt")
            return Rendered(
                id=view.id,
                title=title,
                body=text,
                format=Format.TEXT,
                html=self._fitting(view, service.dialect, service, title, ".html"),
                headers=mail_headers(view),
            )
        return Rendered(
            id=view.id,
            title=title if service.title_limit else "",
            body=self._fitting(view, service.dialect, service, title, ""),
            format=service.dialect.format,
            payload=payload(view, title) if service.structured else None,
        )

    def _fitting(self, view: MessageView, dialect: Dialect, service: Service, title: str, part: str) -> str:
        """The fullest form that the service takes; lines are cut off the shortest where even that is too long."""
        html = dialect.name == "html"
        names = [f"{view.subscriber}/{view.channel}{part}.j2", f"{view.channel}{part}.j2"]
        names.append("email.html.j2" if html else "message.j2")
        body = ""
        for budget in BUDGETS:
            words = wording(view, budget)
            context = {"message": words, "title_in_body": not service.title_limit}
            body = _tidy(render(self._environment(dialect), names, context))
            if escape.size(body) <= service.limit:
                return body
        return _cut(body, service.limit) or dialect.escape(escape.shorten(title, service.limit // 2))

    def _environment(self, dialect: Dialect) -> Environment:
        if dialect.name not in self._environments:
            self._environments[dialect.name] = environment(dialect, self._templates)
        return self._environments[dialect.name]


def _tidy(body: str) -> str:
    """At most one empty line in a row, none at the ends."""
    lines: list[str] = []
    for line in (each.rstrip() for each in str(body).split("\n")):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip("\n")


def _cut(body: str, limit: int) -> str:
    """As many whole lines as fit, for a line is complete markup, with … after them."""
    kept: list[str] = []
    used = 2
    for line in body.split("\n"):
        used += escape.size(line) + 1
        if used > limit:
            break
        kept.append(line)
    return "\n".join([*kept, escape.ELLIPSIS]) if kept else ""
