"""Links to pages, of members, of unsubscribing and of answers, and tokens for programs: what access they give."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

from sqlalchemy.orm import Session

from alerts.access.signing import Purpose, Signer, signer
from alerts.config.environment import http_address
from alerts.model.errors import UsageError
from alerts.model.settings import Settings
from alerts.model.times import EPOCH
from alerts.store.repositories import links
from alerts.store.repositories.links import Link

BASE_URL_ENV: Final = "ALERTS_BASE_URL"
LOCAL: Final = "http://127.0.0.1:8321"
ANSWERABLE: Final = timedelta(days=30)  # how long a message can be answered by its links


class Scope(StrEnum):
    """What a token for programs may do."""

    READ = "read"  # what its tier sees
    SUBSCRIBER = "subscriber"  # the alerts of its subscriber
    OPERATE = "operate"  # what operators do and see
    METRICS = "metrics"


def token_of(signer: Signer, link: Link) -> str:
    """What the link carries in its address, or the token for programs itself."""
    return signer.sign(Purpose.TOKEN if link.scopes else Purpose.LINK, link.id)


def member(
    session: Session,
    signer: Signer,
    settings: Settings,
    token: str,
    now: datetime,
    purpose: Literal[Purpose.LINK, Purpose.TOKEN] = Purpose.LINK,
) -> Link | None:
    """The link whose token this is; None where it is forged, expired or revoked.

    A subscriber's link gives the tier that the subscriber has in the configuration now."""
    parts = signer.read(purpose, token)
    link = links.get(session, parts[0]) if parts else None
    if link is None or not link.is_good(now):
        return None
    if not link.subscriber:
        return link
    known = settings.subscribers.get(link.subscriber)
    return None if known is None else replace(link, tier=known.tier)


def answered(signer: Signer, token: str) -> tuple[str, str, datetime] | None:
    """The alert of a token of `Pages.answer`, the channel whose reader answers, and when it expires, which may be past.

    None where it is forged or cut."""
    parts = signer.read(Purpose.ANSWER, token)
    return None if parts is None else (parts[0], parts[1], EPOCH + timedelta(minutes=int(parts[2], 16)))


@dataclass(frozen=True, slots=True)
class Pages:
    """The links of messages. `base_url` has no slash at its end; with an empty one they are links of the pages."""

    base_url: str
    signer: Signer

    def unsubscribe(self, subscriber: str, channel: str) -> str:
        """By which whoever gets a message ends the channel (RFC 8058); good for as long as the secret is."""
        return f"{self.base_url}/unsubscribe/{self.signer.sign(Purpose.UNSUBSCRIBE, subscriber, channel)}"

    def answer(self, alert: str, channel: str, sent: datetime) -> str:
        """By which a reader of a channel answers an alert in a message of that instant."""
        expires = (sent + ANSWERABLE - EPOCH) // timedelta(minutes=1)
        return f"{self.base_url}/answer/{self.signer.sign(Purpose.ANSWER, alert, channel, f'{expires:x}')}"


def pages(state: Path, environment: Mapping[str, str]) -> Pages | None:
    """The pages at ALERTS_BASE_URL; None where it is not set, and messages then carry no links to them."""
    base = base_url(environment)
    return Pages(base, signer(state, environment)) if base else None


def base_url(environment: Mapping[str, str]) -> str:
    """ALERTS_BASE_URL without a slash at its end; empty where it is not set.

    Raises UsageError where it is no http(s) address."""
    base = environment.get(BASE_URL_ENV, "").strip().rstrip("/")
    parts = http_address(base)
    if base and (parts is None or parts.query or parts.fragment):
        raise UsageError(f"{BASE_URL_ENV}: {base!r} is no address; write for example https://alerts.example.org")
    return base
