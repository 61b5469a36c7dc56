"""A plain message to operators, in the markup and within the limits of their channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alerts.model.secret import Secret
from alerts.rendering import escape
from alerts.rendering.formats import PLAIN, Dialect, Service, service_of
from alerts.rendering.mail_headers import message_id
from alerts.rendering.view import Format, Rendered, Tone


def notice(
    url: Secret,
    *,
    id: str,  # noqa: A002 - it is the message's id
    title: str,
    lines: Sequence[str],
    tone: Tone,
    payload: Mapping[str, Any],
) -> Rendered:
    """The lines as they are, escaped; those that the service has no room for are counted."""
    service = service_of(url.reveal())
    shown = escape.shorten(escape.clean(title), service.title_limit or 200)
    cleaned = [escape.headline(line, 500) for line in lines]
    if not service.title_limit:
        cleaned.insert(0, shown)
    headers = (("Message-ID", message_id(id)), ("Auto-Submitted", "auto-generated"))
    return Rendered(
        id=id,
        title=shown if service.title_limit else "",
        body=_fitting(cleaned, PLAIN if service.email else service.dialect, service),
        format=Format.TEXT if service.email else service.dialect.format,
        html=_fitting(cleaned, service.dialect, service) if service.email else None,
        headers=headers if service.email else (),
        payload={**payload, "id": id, "subject": shown} if service.structured else None,
        tone=tone,
    )


def _fitting(lines: Sequence[str], dialect: Dialect, service: Service) -> str:
    for count in range(len(lines), -1, -1):
        more = [f"… and {len(lines) - count} more"] if count < len(lines) else []
        between = "<br>\n" if dialect.name == "html" else dialect.newline
        body = between.join(dialect.escape(line) for line in [*lines[:count], *more])
        if service.measure(body) <= service.limit:
            return body
    return escape.ELLIPSIS
