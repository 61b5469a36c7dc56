"""One delivery: leased, rendered, sent, marked."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from alerts.delivery.backoff import Backoff
from alerts.delivery.messages import Kind
from alerts.delivery.result import SendReason, SendResult
from alerts.delivery.send import DEADLINE_S
from alerts.delivery.send import send as hand_over
from alerts.delivery.view import MessageView, Rendered, compose
from alerts.model.alert import Alert, DeliveryState
from alerts.model.level import Axis, Level
from alerts.model.profile import Profile
from alerts.model.secret import Secret
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.pipeline import log, selfcheck
from alerts.pipeline.pages import Pages
from alerts.pipeline.profiles import restored
from alerts.pipeline.runtime import Runtime
from alerts.store import cases, deliveries
from alerts.store.deliveries import Leased
from alerts.store.troubles import OPERATORS

LEASE_SECONDS = DEADLINE_S + 30.0


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of a delivery; `state` None: it was not ours to send."""

    delivery: str
    state: DeliveryState | None
    reason: str = ""


def send(runtime: Runtime, delivery_id: str) -> SendOutcome:
    """Sends a delivery if it is due and in nobody else's hands.

    The attempt is on record before the send and its result after it. Killed in between, the lease runs out
    and the message is sent again under the same id: at least once.
    """
    active = runtime.configuration.current()
    with runtime.database.write() as session:
        leased = deliveries.lease(session, delivery_id, runtime.clock(), seconds=LEASE_SECONDS)
    if leased is None:
        return SendOutcome(delivery_id, None)
    # fault point: send.leased
    url = _channel(active.settings, leased)
    if url is None:
        result = SendResult(SendReason.GONE, "the subscriber or the channel is no longer configured")
    else:
        try:
            rendered = _rendered(runtime, active.settings, leased, url)
            if rendered.problem:
                log.event("template.broken", logging.WARNING, delivery=delivery_id, problem=rendered.problem)
        except Exception:  # noqa: BLE001
            # One message that cannot be made must not be tried for ever, nor stop the others.
            log.event("delivery.broken", logging.ERROR, caught=True, delivery=delivery_id)
            result = SendResult(SendReason.INTERNAL, "the message could not be made")
        else:
            result = hand_over(url, rendered, stream=runtime.stream)
    # fault point: send.sent
    return _finish(runtime, leased, result)


def _channel(settings: Settings, leased: Leased) -> Secret | None:
    if leased.subscriber == OPERATORS:
        return settings.operators.channels.get(leased.channel)
    subscriber = settings.subscribers.get(leased.subscriber)
    return None if subscriber is None else subscriber.channels.get(leased.channel)


def _rendered(runtime: Runtime, settings: Settings, leased: Leased, url: Secret) -> Rendered:
    if leased.subscriber == OPERATORS:
        return selfcheck.rendered(leased, url)
    with runtime.database.read() as session:
        shown = _view(session, settings, settings.subscribers[leased.subscriber], leased, runtime.pages)
    return runtime.renderer.render(shown, url)


def _finish(runtime: Runtime, leased: Leased, result: SendResult) -> SendOutcome:
    now = runtime.clock()
    state, next_at = result.state, None
    if state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}:
        next_at = Backoff().next_attempt(
            leased.id,
            number=leased.number,
            first=leased.created_at,
            now=now,
            retry_after=result.retry_after,
        )
        if next_at is None:
            state = DeliveryState.DEAD
    with runtime.database.write() as session:
        deliveries.finish(
            session, leased, state, reason=result.reason.value, line=result.line, now=now, next_at=next_at
        )
    # fault point: send.recorded
    log.event(
        "delivery.ended",
        logging.INFO if state is DeliveryState.SENT else logging.WARNING,
        delivery=leased.id,
        subscriber=leased.subscriber,
        channel=leased.channel,
        attempt=leased.number,
        state=state.value,
        reason=result.reason.value,
        line=result.line,
    )
    return SendOutcome(leased.id, state, result.reason.value)


def _view(
    session: Session, settings: Settings, subscriber: Subscriber, leased: Leased, pages: Pages | None
) -> MessageView:
    """What the message says: its alerts, and the profiles as they were when it was made."""
    record = leased.message
    rows = deliveries.alerts_by_id(session, [*record["alerts"], *record["reminders"], *record["overtaken"]])
    alerts = {
        each: deliveries.alert_of(row, cases.transition(session, row.transition))
        for each, row in rows.items()
    }

    def of(ids: list[str]) -> list[Alert]:
        return [alerts[each] for each in ids if each in alerts]

    return compose(
        subscriber,
        id=leased.id,
        kind=Kind(leased.kind),
        channel=leased.channel,
        at=leased.at,
        alerts=of(record["alerts"]),
        reminders=of(record["reminders"]),
        overtaken=of(record["overtaken"]),
        details={each: row.detail for each, row in rows.items()},
        standing=[(institution, Axis(axis), Level(level)) for institution, axis, level in record["standing"]],
        institutions=settings.institutions,
        profiles=_profiles(session, {alert.institution for alert in alerts.values()}, leased.at),
        omitted=int(record["more"]),
        why=record["detail"],
        unsubscribe=pages.unsubscribe(subscriber.id, leased.channel) if pages else None,
        base_url=pages.base_url if pages else None,
        copy=leased.copy,
    )


def _profiles(session: Session, institutions: set[str], at: datetime) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    for institution in sorted(institutions):
        data = deliveries.snapshot(session, institution, at)
        if data is not None:
            found[institution] = restored(data)
    return found
