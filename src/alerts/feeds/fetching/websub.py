"""WebSub (https://www.w3.org/TR/websub/): the parts that need no network. Pure.

A publisher's hub tells subscribers at once what polling would find later. The flow:

    subscribe(...)          the form to post to the hub
    verify(query, topic)    the answer to the hub's verification of intent
    signed(...)             whether a pushed body is from the hub
    renew_at(...)           when to subscribe again

A push is only a hint that the source is due; polling goes on.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

LEASE = timedelta(days=10)  # the lease to request; the hub decides
_LONGEST = timedelta(days=365)
_METHODS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Verification:
    """What to answer a hub that asks at the callback, and what it means.

    `status` and `body` go back to the hub. `lease` is set where the subscription is in force, `denied` holds
    the hub's reason where it refused.
    """

    status: int
    body: str = ""
    lease: timedelta | None = None
    denied: str | None = None


def subscribe(hub: str, topic: str, callback: str, secret: str = "") -> dict[str, str]:
    """The form fields of a request to the hub (section 5.1).

    Raises ValueError where the secret is longer than the 199 bytes that the standard allows, or would go out
    over an unencrypted connection.
    """
    form = {
        "hub.callback": callback,
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
    }
    if secret:
        if len(secret.encode()) >= 200:
            raise ValueError("the secret of a WebSub subscription has at most 199 bytes")
        if not hub.startswith("https:"):
            raise ValueError(f"{hub}: a secret goes only to a hub with https")
        form["hub.secret"] = secret
    return form


def verify(query: Mapping[str, str], topic: str | None) -> Verification:
    """Answer a hub's GET at the callback (section 5.3). `topic`: what was subscribed to, None if nothing was."""
    mode = query.get("hub.mode", "")
    if topic is None or query.get("hub.topic") != topic:
        return Verification(404)
    if mode == "denied":
        return Verification(200, denied=" ".join(query.get("hub.reason", "no reason given").split())[:200])
    challenge = query.get("hub.challenge", "")
    if mode != "subscribe" or not challenge:  # we never ask to end a subscription
        return Verification(404)
    seconds = query.get("hub.lease_seconds", "")
    if not (seconds.isascii() and seconds.isdigit() and 0 < len(seconds) <= 12) or int(seconds) == 0:
        return Verification(404)
    return Verification(200, challenge, lease=min(timedelta(seconds=int(seconds)), _LONGEST))


def signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether `X-Hub-Signature` (``method=hex digest``) is the HMAC of the body (section 7.1).

    A push with a wrong signature is dropped and still answered with success, so that the answer reveals nothing.
    """
    method, _, given = signature.strip().partition("=")
    function = _METHODS.get(method.lower())
    if function is None or not secret:
        return False
    expected = hmac.new(secret.encode(), body, function).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode())


def renew_at(granted: datetime, lease: timedelta) -> datetime:
    """When to subscribe again: after three quarters of the lease, so that a failure can be repeated in time."""
    return granted + lease * 0.75
