"""Pushes beside polls: subscribing at the hubs of feeds (WebSub), and what hubs send to the pages.

    poll ──> after_poll ──> hub ──> verified (GET)  remembers the lease
     │                       └────> pushed (POST)   the source is due now
     └─ next_poll                                   rarer polls, while pushes bring the news

Needs pages that can be reached from the internet (ALERTS_BASE_URL). A push is only a hint: the source is polled, so a
hub can add nothing that the feed does not say. A hub is trusted after its first push that brought news, until a poll
finds news that was not pushed; while it is trusted, polls are only a backup. Callback and secret are derived from the
key of this installation, so nothing secret is stored."""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from alerts.access.links import Pages
from alerts.access.signing import Purpose
from alerts.feeds.feed import Limits
from alerts.feeds.fetching.network import FAILURES, Bounds, RequestError
from alerts.feeds.links import host_key, unmasked
from alerts.feeds.schedule import outside_skipped
from alerts.feeds.state import FeedState
from alerts.model.source import Source
from alerts.model.times import format_time, parse_time
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state
from alerts.store.repositories import sources

ASK_AGAIN: Final = timedelta(hours=1)  # until a hub that granted no lease is asked again
LEAST_GAP: Final = timedelta(seconds=30)  # however often a hub pushes, a source is not polled more often because of it
# The least time between two polls of a source whose hub is trusted, apart from those that a push triggers.
BACKUP: Final = timedelta(hours=4)
_LIMITS = Limits(total=15.0, compressed=256 * 1024, overhead=0)  # of a hub's answer only the status is read
LEASE = timedelta(days=10)  # the lease to request; the hub decides
_LONGEST = timedelta(days=365)
_TRUST: Final = ("pushed", "trusted")  # keys that outlive a renewal of the subscription
_METHODS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}


def after_poll(runtime: Runtime, source: Source, state: FeedState) -> None:
    """Subscribes at the hub that the feed names, or renews before the lease ends. A failure is logged: polls go on."""
    if runtime.pages is None or not (state.hub and state.topic) or state.stopped:
        return
    now = runtime.clock()
    callback = f"{runtime.pages.base_url}/websub/{runtime.pages.signer.sign(Purpose.HUB, source.id)}"
    secret = _secret(runtime.pages, source.id, state.hub)
    with runtime.database.write() as session:
        known = system_state.get(session, _fact(source.id), lock=True)
        asked = {"hub": state.hub, "topic": state.topic}
        kept = {}
        if known is not None and asked.items() <= known.value.items():
            if not _is_due(known, now):
                return
            kept = {name: known.value[name] for name in _TRUST if name in known.value}
        # Written before the request: the hub may verify it before it has answered.
        system_state.put(session, _fact(source.id), now, {**asked, **kept})
    private_host = host_key(source.url) if source.allow_private else ""
    bounds = Bounds(_LIMITS, private_host)
    try:
        form = subscribe(unmasked(state.topic, source.url), callback, secret)
        # The body is not read: only the status counts, and a hub may send without end.
        with runtime.client.open("POST", state.hub, bounds, form=form) as answer:
            said = f"status {answer.status}"
    except (*FAILURES, ValueError) as error:
        said = error.args[0].value if isinstance(error, RequestError) else type(error).__name__
    logs.event("websub.asked", source=source.id, hub=state.hub, answer=said)


def _is_due(known: system_state.Fact, now: datetime) -> bool:
    until = known.value.get("until")
    # After three quarters of a lease, so that a failure can be repeated in time.
    return now >= known.at + (ASK_AGAIN if until is None else (parse_time(until) - known.at) * 0.75)


def next_poll(
    session: Session, source: Source, state: FeedState, *, former: FeedState, began: datetime, new: int, at: datetime
) -> datetime:
    """When to poll a source with a hub next, given that polling alone would do it at `at`.

    The poll began at `began` with the state `former`, found `new` items and led to `state`. Records whether the hub is
    trusted."""
    known = system_state.get(session, _fact(source.id), lock=True)
    if known is None or known.value.get("pushed") is None or state.failures or state.held or state.stopped:
        return at
    last = parse_time(known.value["pushed"])
    if last >= began:  # during the poll: the push may be about what came after the answer
        return min(at, last + LEAST_GAP)
    was_pushed = former.last_poll is None or last >= former.last_poll
    trusted = was_pushed if new else bool(known.value.get("trusted"))
    if trusted != bool(known.value.get("trusted")):
        system_state.put(session, _fact(source.id), known.at, {**known.value, "trusted": trusted})
        if trusted:
            logs.event("websub.trusted", source=source.id)
        else:
            logs.event("websub.missed", source=source.id)
    until = known.value.get("until")
    if not trusted or until is None or parse_time(until) <= began or (was_pushed and not new):
        return at  # a push without news may have come before the feed itself had it
    return outside_skipped(max(at, began + min(BACKUP, source.at_most or BACKUP)), state)


def verified(runtime: Runtime, token: str, query: Mapping[str, str]) -> "Verification":
    """Answers a hub that verifies a subscription; records the lease that it grants."""
    source = source_of(runtime, token)
    now = runtime.clock()
    with runtime.database.write() as session:
        known = None if source is None else system_state.get(session, _fact(source), lock=True)
        if runtime.pages is None or source is None or known is None:
            return verify(query, None)
        url = runtime.configuration.current().settings.sources[source].url
        answer = verify(query, unmasked(str(known.value["topic"]), url))
        if answer.lease is not None:
            until = format_time(now + answer.lease)
            system_state.put(session, _fact(source), now, {**known.value, "until": until})
    if answer.denied is not None:
        logs.event("websub.denied", logging.WARNING, source=source, reason=answer.denied)
    return answer


def pushed(runtime: Runtime, token: str, body: bytes, signature: str) -> bool:
    """A hub says that a feed has news: the source is due. False where the push is not from the hub."""
    source = source_of(runtime, token)
    if runtime.pages is None or source is None:
        return False
    now = runtime.clock()
    with runtime.database.write() as session:
        health = next(iter(sources.health(session, [source])), None)
        if health is None:
            return False
        secret = _secret(runtime.pages, source, health.state.hub)
        if secret and not signed(body, signature, secret):
            logs.event("websub.forged", logging.WARNING, source=source)
            return False
        last = health.last_poll_at
        due = now if last is None else max(now, last + LEAST_GAP)
        # A server that fails or sent Retry-After is not asked sooner because of its hub.
        waits = health.error_streak > 0 or bool(health.state.stopped)
        # What is known of its hub before the row of the source: so does a poll, and neither waits for the other.
        known = system_state.get(session, _fact(source), lock=True)
        hastened = not waits and sources.hasten(session, source, due)
        if known is not None:
            system_state.put(session, _fact(source), known.at, {**known.value, "pushed": format_time(now)})
    logs.event("websub.pushed", source=source, hastened=hastened)
    if hastened and due <= now:
        runtime.enqueue(TaskRequests(poll=[source]))
    return True


def source_of(runtime: Runtime, token: str) -> str | None:
    """The source of a callback address; None for an address that is no callback. Reads no database."""
    if runtime.pages is None:
        return None
    parts = runtime.pages.signer.read(Purpose.HUB, token)
    known = runtime.configuration.current().settings.sources
    return parts[0] if parts and parts[0] in known else None


def _secret(pages: Pages, source: str, hub: str) -> str:
    """The secret shared with a hub; empty where it would be sent in clear: then the callback's address is the proof."""
    secure = hub.startswith("https:")
    return pages.signer.sign(Purpose.HUB_SECRET, source, hub).rpartition(".")[2] if secure else ""


def _fact(source: str) -> str:
    return f"websub/{source}"


# The protocol (https://www.w3.org/TR/websub/), without network and database


@dataclass(frozen=True, slots=True)
class Verification:
    """What to answer a hub that asks at the callback, and what it means.

    `status` and `body` go back to the hub. `lease` is set where the subscription is in force, `denied` holds
    the hub's reason where it refused."""

    status: int
    body: str = ""
    lease: timedelta | None = None
    denied: str | None = None


def subscribe(topic: str, callback: str, secret: str) -> dict[str, str]:
    """The form fields of a request to the hub (section 5.1). A `secret` goes out as it is: see `_secret`."""
    form = {
        "hub.callback": callback,
        "hub.mode": "subscribe",
        "hub.topic": topic,
        "hub.lease_seconds": str(int(LEASE.total_seconds())),
    }
    return form | ({"hub.secret": secret} if secret else {})


def verify(query: Mapping[str, str], topic: str | None) -> Verification:
    """Answer a hub's GET at the callback (section 5.3). `topic`: what was subscribed to, None if nothing was."""
    mode = query.get("hub.mode", "")
    if topic is None or query.get("hub.topic") != topic:
        return Verification(404)
    if mode == "denied":
        return Verification(200, denied=" ".join(query.get("hub.reason", "no reason given").split())[:200])
    challenge, seconds = query.get("hub.challenge", ""), query.get("hub.lease_seconds", "")
    is_lease = seconds.isascii() and seconds.isdigit() and 0 < len(seconds) <= 12 and int(seconds) > 0
    if mode != "subscribe" or not challenge or not is_lease:  # we never ask to end a subscription
        return Verification(404)
    return Verification(200, challenge, lease=min(timedelta(seconds=int(seconds)), _LONGEST))


def signed(body: bytes, signature: str, secret: str) -> bool:
    """Whether `X-Hub-Signature` (``method=hex digest``) is the HMAC of the body (section 7.1).

    A push with a wrong signature is dropped and still answered with success, so that the answer reveals nothing."""
    method, _, given = signature.strip().partition("=")
    function = _METHODS.get(method.lower())
    if function is None or not secret:
        return False
    expected = hmac.new(secret.encode(), body, function).hexdigest()
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode())
