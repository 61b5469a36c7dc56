"""One delivery: leased, rendered, sent, marked."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from sqlalchemy.orm import Session

from alerts.delivery import message as view
from alerts.delivery.backoff import next_attempt
from alerts.delivery.message import Entry, MessageView
from alerts.delivery.result import SendReason, SendResult
from alerts.delivery.send import DEADLINE_S
from alerts.delivery.send import send as hand_over
from alerts.model.alert import DeliveryState
from alerts.model.errors import DeliveryError
from alerts.model.level import Transition
from alerts.model.profile import Profile
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.pipeline import log
from alerts.pipeline.profiles import restored
from alerts.pipeline.runtime import Runtime
from alerts.store import cases, deliveries
from alerts.store.deliveries import Leased
from alerts.store.tables import AlertRow, TransitionRow

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
    subscriber = active.settings.subscribers.get(leased.subscriber)
    url = None if subscriber is None else subscriber.channels.get(leased.channel)
    if subscriber is None or url is None:
        result = SendResult(SendReason.GONE, "the subscriber or the channel is no longer configured")
    else:
        try:
            with runtime.database.read() as session:
                shown = compose(session, active.settings, subscriber, leased)
            rendered = runtime.renderer.render(shown, url)
        except DeliveryError as error:
            result = SendResult(SendReason.DEADLINE, str(error))
        else:
            result = hand_over(url, rendered, stream=runtime.stream)
    return _finish(runtime, leased, result)


def _finish(runtime: Runtime, leased: Leased, result: SendResult) -> SendOutcome:
    now = runtime.clock()
    state, next_at = result.state, None
    if state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}:
        next_at = next_attempt(
            leased.id,
            leased.number,
            now=now,
            first=leased.created_at,
            retry_after=result.retry_after,
        )
        if next_at is None:
            state = DeliveryState.DEAD
    with runtime.database.write() as session:
        deliveries.finish(
            session, leased, state, reason=result.reason.value, line=result.line, now=now, next_at=next_at
        )
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


def compose(session: Session, settings: Settings, subscriber: Subscriber, leased: Leased) -> MessageView:
    """What the message says: its alerts, and the profiles as they were when it was made."""
    record = leased.message
    ids = [*record["alerts"], *record["reminders"]]
    rows = deliveries.alerts_by_id(session, ids)
    entries = [_entry(session, settings, subscriber, rows[each]) for each in ids if each in rows]
    return MessageView(
        id=leased.id,
        kind=view.Kind(leased.kind),
        subscriber=subscriber.id,
        channel=leased.channel,
        tier=subscriber.tier,
        at=leased.at,
        entries=tuple(entries),
        profiles=_profiles(session, entries, leased),
        timezone=subscriber.digest.timezone if subscriber.digest is not None else "UTC",
        omitted=int(record["more"]),
    )


def _profiles(session: Session, entries: list[Entry], leased: Leased) -> dict[str, Profile]:
    found: dict[str, Profile] = {}
    for institution in sorted({entry.alert.institution for entry in entries}):
        data = deliveries.snapshot(session, institution, leased.at)
        if data is not None:
            found[institution] = restored(data)
    return found


def _entry(session: Session, settings: Settings, subscriber: Subscriber, row: AlertRow) -> Entry:
    transition = _transition(session, row)
    detail = row.detail
    return Entry(
        alert=deliveries.alert_of(row, transition),
        rule=_rule(settings, subscriber, row),
        headline=detail.get("title", ""),
        url=detail.get("url", ""),
        grades=(detail["from"], detail["to"]) if "from" in detail else None,
        seen=detail.get("seen"),
        usual=detail.get("usual"),
    )


def _transition(session: Session, row: AlertRow) -> Transition | None:
    if row.transition is None:
        return None
    return cases.transition_of(session.get_one(TransitionRow, row.transition))


def _rule(settings: Settings, subscriber: Subscriber, row: AlertRow) -> str:
    """In words, the first of the subscriber's rules that selects the institution for this kind of event."""
    institution = settings.institutions.get(row.institution)
    for number, rule in enumerate(subscriber.watch, start=1):
        if institution is not None and rule.select.selects(institution) and row.on in rule.on:
            axes = ", ".join(sorted(axis.value for axis in rule.axes))
            if row.on == "level":
                return f"rule {number}: {institution.name}, {axes}, at least {rule.at_least}"
            return f"rule {number}: {institution.name}, on {row.on}"
    return ""
