"""Pushes beside polls: subscribing at the hubs of feeds (WebSub), and what hubs send to the pages.

    poll ──> after_poll ──> hub ──> verified (GET)  remembers the lease
                             └────> pushed (POST)   the source is due now

Needs pages that the world can reach (ALERTS_BASE_URL). A push is only a hint: the source is polled as ever, so
a hub can bring nothing that the feed does not say. Callback and secret are derived from the key of this
installation, so nothing secret is stored.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import httpx

from alerts.feeds.network import AddressRefusedError, DeadlineError, guarded
from alerts.feeds.state import FeedState
from alerts.feeds.websub import Subscription, Verification, renew_at, signed, subscribe, verify
from alerts.model.source import Source
from alerts.model.times import format_time, parse_time
from alerts.pipeline import log
from alerts.pipeline.hints import Hints
from alerts.pipeline.pages import Pages
from alerts.pipeline.runtime import Runtime
from alerts.pipeline.tokens import Purpose
from alerts.store import facts, handwork, sources

ASK_AGAIN: Final = timedelta(hours=1)
"""A hub that did not answer our request with a lease is asked again after this."""

LEAST_GAP: Final = timedelta(seconds=30)
"""However often a hub pushes, a source is not polled more often because of it."""

_SECONDS = 15.0


def after_poll(runtime: Runtime, source: Source, state: FeedState) -> None:
    """Subscribes at the hub that the feed names, or renews before the lease ends. Failing is no harm."""
    if runtime.pages is None or not (state.hub and state.topic) or state.stopped:
        return
    now = runtime.clock()
    subscription = _subscription(runtime.pages, source.id, state)
    with runtime.database.write() as session:
        known = facts.get(session, _fact(source.id))
        if known is not None and not _is_due(known, subscription, now):
            return
        # Written before the request: the hub may verify it before it has answered.
        facts.put(session, _fact(source.id), now, {"hub": state.hub, "topic": state.topic})
    try:
        with guarded(deadline=time.monotonic() + _SECONDS, allow_private=source.allow_private):
            answer = runtime.client.post(state.hub, data=subscribe(subscription), timeout=_SECONDS)
        said = f"status {answer.status_code}"
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        AddressRefusedError,
        DeadlineError,
        OSError,
        ValueError,
    ) as error:
        said = type(error).__name__
    log.event("websub.asked", source=source.id, hub=state.hub, answer=said)


def _is_due(known: facts.Fact, subscription: Subscription, now: datetime) -> bool:
    if (known.value.get("hub"), known.value.get("topic")) != (subscription.hub, subscription.topic):
        return True
    until = known.value.get("until")
    if until is None:
        return now - known.at >= ASK_AGAIN
    return now >= renew_at(known.at, parse_time(until) - known.at)


def verified(runtime: Runtime, token: str, query: Mapping[str, str]) -> Verification:
    """What to answer a hub that asks whether we meant it; a granted lease is remembered."""
    source = _source(runtime, token)
    now = runtime.clock()
    with runtime.database.write() as session:
        known = None if source is None else facts.get(session, _fact(source))
        if runtime.pages is None or source is None or known is None:
            return verify(query, None)
        asked = Subscription(str(known.value["hub"]), str(known.value["topic"]), "")
        answer = verify(query, asked)
        if answer.lease is not None:
            until = format_time(now + answer.lease)
            facts.put(session, _fact(source), now, {**known.value, "until": until})
    if answer.denied is not None:
        log.event("websub.denied", logging.WARNING, source=source, reason=answer.denied)
    return answer


def pushed(runtime: Runtime, token: str, body: bytes, signature: str) -> bool:
    """A hub says that a feed has news: the source is due. False where the push is not from the hub."""
    source = _source(runtime, token)
    if runtime.pages is None or source is None:
        return False
    now = runtime.clock()
    with runtime.database.write() as session:
        health = next(iter(sources.health(session, [source])), None)
        if health is None:
            return False
        secret = _secret(runtime.pages, source, health.state.hub)
        if secret and not signed(body, signature, secret):
            log.event("websub.forged", logging.WARNING, source=source)
            return False
        last = health.last_poll_at
        due = now if last is None else max(now, last + LEAST_GAP)
        hastened = handwork.hasten(session, source, due)
    log.event("websub.pushed", source=source, hastened=hastened)
    if hastened and due <= now:
        runtime.enqueue(Hints(poll=[source]))
    return True


def _source(runtime: Runtime, token: str) -> str | None:
    if runtime.pages is None:
        return None
    parts = runtime.pages.signer.read(Purpose.HUB, token)
    known = runtime.configuration.current().settings.sources
    return parts[0] if parts and parts[0] in known else None


def _subscription(pages: Pages, source: str, state: FeedState) -> Subscription:
    return Subscription(
        hub=state.hub,
        topic=state.topic,
        callback=f"{pages.base_url}/websub/{pages.signer.sign(Purpose.HUB, source)}",
        secret=_secret(pages, source, state.hub),
    )


def _secret(pages: Pages, source: str, hub: str) -> str:
    """Empty where it would go over the wire in clear; the address of the callback is then all that proves a push."""
    if not hub.startswith("https:"):
        return ""
    return pages.signer.sign(Purpose.HUB_SECRET, source, hub).rpartition(".")[2]


def _fact(source: str) -> str:
    return f"websub/{source}"
