"""The headers of an e-mail: a stable id, threads, and one-click unsubscription."""

from __future__ import annotations

import hashlib
import re

from alerts.rendering import escape
from alerts.rendering.view import MessageView

DOMAIN = "alerts.invalid"
"""Stands for the sender's domain in message ids, which are the same on every machine."""


def mail_headers(view: MessageView) -> tuple[tuple[str, str], ...]:
    """Message-ID from the message's id; References to its thread, one for each institution and axis.

    List-Unsubscribe and List-Unsubscribe-Post (RFC 8058) where there is a link for it. Auto-Submitted
    (RFC 3834) keeps out-of-office replies away.
    """
    reference = _id("t", view.subscriber, view.thread or view.kind.value)
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
    return _id("m", stable)


def _id(*parts: str) -> str:
    digest = hashlib.sha256("\x00".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"<{parts[0]}.{digest}@{DOMAIN}>"
