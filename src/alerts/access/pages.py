"""Where the pages are, for the links in messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from alerts.access.links import answer_token, unsubscribe_token
from alerts.access.signing import Signer, signer
from alerts.config.environment import http_address
from alerts.model.errors import UsageError

BASE_URL_ENV: Final = "ALERTS_BASE_URL"
LOCAL: Final = "http://127.0.0.1:8321"


@dataclass(frozen=True, slots=True)
class Pages:
    """`base_url` has no slash at its end."""

    base_url: str
    signer: Signer

    def unsubscribe(self, subscriber: str, channel: str) -> str:
        """The link by which whoever gets a message ends the channel (RFC 8058)."""
        return f"{self.base_url}/unsubscribe/{unsubscribe_token(self.signer, subscriber, channel)}"

    def answer(self, alert: str, channel: str, sent: datetime) -> str:
        """The link by which a reader of a channel answers an alert in a message of that instant."""
        return f"{self.base_url}/answer/{answer_token(self.signer, alert, channel, sent)}"


def pages(state: Path, environment: Mapping[str, str]) -> Pages | None:
    """The pages at ALERTS_BASE_URL; None where it is not set, and messages then carry no links to them."""
    base = base_url(environment)
    return Pages(base, signer(state, environment)) if base else None


def base_url(environment: Mapping[str, str]) -> str:
    """ALERTS_BASE_URL without a slash at its end; empty where it is not set.

    Raises UsageError where it is no http(s) address.
    """
    base = environment.get(BASE_URL_ENV, "").strip().rstrip("/")
    parts = http_address(base)
    if base and (parts is None or parts.query or parts.fragment):
        raise UsageError(f"{BASE_URL_ENV}: {base!r} is no address; write for example https://alerts.example.org")
    return base
