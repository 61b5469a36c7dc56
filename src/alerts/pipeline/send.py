"""One delivery: leased, rendered, sent, marked."""

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.access.links import Pages
from alerts.channels import pacing
from alerts.channels.result import SendReason, SendResult
from alerts.channels.send import DEADLINE_S
from alerts.channels.send import send as hand_over
from alerts.insight.profiles import restored
from alerts.model.alert import Alert, DeliveryState
from alerts.model.level import Axis, Level
from alerts.model.records import fields_of
from alerts.model.secret import Secret
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.pipeline import briefings, selfcheck
from alerts.rendering.formats import has_threads
from alerts.rendering.view import MessageView, Rendered, compose
from alerts.routing.alerts import Kind, Message, stable_id
from alerts.routing.reasons import Reason
from alerts.runtime import logs
from alerts.runtime.configuration import Active, ConfigBehindError
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import ENQUEUE_GRACE, TaskRequests
from alerts.store import system_state
from alerts.store.repositories import alerts, deliveries, subscriber_state
from alerts.store.repositories.deliveries import Leased
from alerts.store.repositories.incidents import OPERATORS

LEASE_SECONDS = DEADLINE_S + 30.0
# A delivery that its service has no room for is called when a send to it ends; by then it is found again anyway.
BUSY_WAIT = timedelta(seconds=5)
SLOW_WAIT = timedelta(seconds=30)  # about so long it waits where the service is slow
BEHIND = "waits for the configuration in force"
BEHIND_WAIT = timedelta(seconds=5)  # for a process that cannot use the configuration in force yet
LONGEST_PAUSE = timedelta(hours=1)  # a service that asks for a longer pause is tried again after this


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """The outcome for a delivery; `state` None: it was not free to send, or `reason` says what it waits for."""

    delivery: str
    state: DeliveryState | None
    reason: str = ""


def send(runtime: Runtime, delivery_id: str) -> SendOutcome:
    """Sends a delivery if it is due and no other sender has it.

    The attempt is on record before the send and its result after it. Killed in between, the lease runs out
    and the message is sent again under the same id: at least once.
    """
    with runtime.database.read() as session:
        in_force = system_state.in_force(session)
    try:
        active = runtime.configuration.current(in_force.number)
    except ConfigBehindError:
        return _put_off(runtime, delivery_id)
    with ExitStack() as passage:
        taken = _take(runtime, active.settings, delivery_id, passage)
        if isinstance(taken, SendOutcome):
            return taken
        leased, url = taken
        # fault point: send.leased
        if url is None:
            gone = "the subscriber or the channel is no longer configured"
            result, thread = SendResult(SendReason.GONE, gone), ""
        else:
            result, thread = _hand_over(runtime, active, leased, url)
    # fault point: send.sent
    outcome = _finish(runtime, active.settings, leased, result, thread)
    if url is not None and (following := runtime.bulkhead.next_waiter(pacing.lane(url))) is not None:
        runtime.enqueue(TaskRequests(send=[following]))
    return outcome


def _take(
    runtime: Runtime, settings: Settings, delivery_id: str, passage: ExitStack
) -> tuple[Leased, Secret | None] | SendOutcome:
    """Leases a delivery if it is its turn in its channel and the bulkhead of its service has room.

    Otherwise the delivery waits, without an attempt. `passage` ends with the send.
    """
    now = runtime.clock()
    with runtime.database.write() as session:
        waiting = deliveries.waiting(session, delivery_id, now)
        if waiting is None:
            return SendOutcome(delivery_id, None)
        if subscriber_state.is_muted(session, waiting.subscriber, waiting.channel):
            deliveries.suppress(session, delivery_id, Reason.UNSUBSCRIBED.value)
            logs.event("delivery.suppressed", delivery=delivery_id, reason=Reason.UNSUBSCRIBED.value)
            return SendOutcome(delivery_id, DeliveryState.SUPPRESSED, Reason.UNSUBSCRIBED.value)
        url = _channel(settings, waiting.subscriber, waiting.channel)
        if url is None and system_state.in_force(session).number != runtime.configuration.number:
            # Published meanwhile: it may be a channel of that configuration.
            deliveries.put_off(session, delivery_id, now + BEHIND_WAIT)
            return SendOutcome(delivery_id, None, BEHIND)
        if url is not None:
            lane = pacing.lane(url)
            subscriber = settings.subscribers.get(waiting.subscriber)
            gap = pacing.gap(url, subscriber.rates.get(waiting.channel) if subscriber else None)
            # Looked at first, so that no turn is used up, nor saved for a burst, while there is no room.
            room = runtime.bulkhead.has_room(lane, now)
            if room and deliveries.turn(session, waiting, gap, now) > now:
                return SendOutcome(delivery_id, None, "waits for its turn")
            if not (room and passage.enter_context(runtime.bulkhead.acquire(lane, runtime.clock))):
                if runtime.bulkhead.is_slow(lane, now):
                    # Not all of them at once again.
                    until = now + SLOW_WAIT * (0.5 + pacing.share(delivery_id, now))
                    deliveries.put_off(session, delivery_id, until)
                else:
                    deliveries.hold(session, delivery_id, now + BUSY_WAIT)
                    passage.callback(_wait, runtime, lane, delivery_id)
                return SendOutcome(delivery_id, None, "waits for its service")
        leased = deliveries.lease(session, delivery_id, now, seconds=LEASE_SECONDS)
    return SendOutcome(delivery_id, None) if leased is None else (leased, url)


def _put_off(runtime: Runtime, delivery_id: str) -> SendOutcome:
    """Leaves a delivery to a process that has the configuration in force, or to this one once it has it."""
    now = runtime.clock()
    with runtime.database.write() as session:
        if deliveries.waiting(session, delivery_id, now) is not None:
            deliveries.put_off(session, delivery_id, now + BEHIND_WAIT)
    return SendOutcome(delivery_id, None, BEHIND)


def _wait(runtime: Runtime, lane: str, delivery_id: str) -> None:
    """Puts a delivery in the line for its service, once it is on record that it waits."""
    if not runtime.bulkhead.wait(lane, delivery_id, runtime.clock()):
        runtime.enqueue(TaskRequests(send=[delivery_id]))


def _hand_over(runtime: Runtime, active: Active, leased: Leased, url: Secret) -> tuple[SendResult, str]:
    """What came of it, and the thread that the message belongs to."""
    try:
        rendered = _rendered(runtime, active, leased, url)
        if rendered.problem:
            logs.event("template.broken", logging.WARNING, delivery=leased.id, problem=rendered.problem)
    except Exception:  # noqa: BLE001
        # One message that cannot be made must not be tried for ever, nor stop the others.
        logs.event("delivery.broken", logging.ERROR, caught=True, delivery=leased.id)
        return SendResult(SendReason.INTERNAL, "the message could not be made"), ""
    under = ""
    if rendered.thread and has_threads(url):
        with runtime.database.read() as session:
            under = deliveries.thread(session, leased, rendered.thread)
    return hand_over(url, rendered, under=under, stream=runtime.stream), rendered.thread


def _channel(settings: Settings, subscriber: str, channel: str) -> Secret | None:
    if subscriber == OPERATORS:
        return settings.operators.channels.get(channel)
    known = settings.subscribers.get(subscriber)
    return None if known is None else known.channels.get(channel)


def _rendered(runtime: Runtime, active: Active, leased: Leased, url: Secret) -> Rendered:
    if leased.subscriber == OPERATORS:
        return selfcheck.rendered(leased, url)
    with runtime.database.read() as session:
        shown = view_of(session, active.settings.subscribers[leased.subscriber], leased, runtime.pages)
        if shown.kind is Kind.BRIEFING:
            return briefings.rendered(session, active, shown, url)
    return runtime.renderer.render(shown, url)


def _finish(runtime: Runtime, settings: Settings, leased: Leased, result: SendResult, thread: str) -> SendOutcome:
    """Marks what came of a send. What is given up goes to the channel's fallback, in the same transaction."""
    now = runtime.clock()
    state, next_at = result.state, None
    if state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}:
        next_at = pacing.Backoff().next_attempt(
            leased.id, number=leased.number, first=leased.created_at, now=now, retry_after=result.retry_after
        )
        if next_at is None:
            state = DeliveryState.DEAD
    fallback = None
    with runtime.database.write() as session:
        ended = deliveries.finish(
            session, leased, state, reason=result.reason.value, line=result.line, now=now, next_at=next_at
        )
        if ended and state is DeliveryState.DEAD:
            fallback = _to_fallback(session, settings, leased, now)
        if thread and result.posted:
            deliveries.begin_thread(session, leased, thread, result.posted, now)
        if result.retry_after is not None:  # it asks for that, whichever the message
            deliveries.pause(session, leased, now + min(LONGEST_PAUSE, timedelta(seconds=result.retry_after)))
    # fault point: send.recorded
    if fallback is not None:
        runtime.enqueue(TaskRequests(send=[fallback]))
    severity = logging.INFO if state is DeliveryState.SENT else logging.WARNING
    to, said = fields_of(leased, "subscriber", "channel"), fields_of(result, "reason", "line")
    logs.event("delivery.ended", severity, delivery=leased.id, **to, attempt=leased.number, state=state.value, **said)
    return SendOutcome(leased.id, state, result.reason.value)


def _to_fallback(session: Session, settings: Settings, dead: Leased, now: datetime) -> str | None:
    """Writes the delivery that takes a dead one's message to its channel's fallback; its id, None without one."""
    subscriber = settings.subscribers.get(dead.subscriber)
    channel = subscriber.fallback.get(dead.channel) if subscriber is not None else None
    if channel is None:
        return None
    alerts_, reminders, superseded = (tuple(dead.message[key]) for key in ("alerts", "reminders", "superseded"))
    made = stable_id("fallback", dead.id, channel)
    message = Message(made, dead.subscriber, channel, Kind(dead.kind), dead.at, alerts_, reminders, superseded)
    written = deliveries.Written(message, {**dead.message, "instead_of": dead.channel}, None)
    deliveries.add_deliveries(session, [written], now=now, claimed_until=now + ENQUEUE_GRACE)
    return made


def view_of(session: Session, subscriber: Subscriber, leased: Leased, pages: Pages | None) -> MessageView:
    """The content of the message: its alerts, and the profiles as they were when it was written.

    Without `pages` it has no links to them, so none that holds a token.
    """
    record = leased.message
    superseded = record.get("superseded", record.get("overtaken", []))  # its name before version 0.2
    found = alerts.by_id(session, [*record["alerts"], *record["reminders"], *superseded])

    def of(ids: list[str]) -> list[Alert]:
        return [found[each] for each in ids if each in found]

    institutions = sorted({alert.institution for alert in found.values()})
    snapshots = {each: deliveries.snapshot(session, each, leased.at) for each in institutions}
    return compose(
        subscriber,
        id=leased.id,
        kind=Kind(leased.kind),
        channel=leased.channel,
        at=leased.at,
        alerts=of(record["alerts"]),
        reminders=of(record["reminders"]),
        superseded=of(superseded),
        standing=[(institution, Axis(axis), Level(level)) for institution, axis, level in record["standing"]],
        profiles={each: restored(data) for each, data in snapshots.items() if data is not None},
        omitted=int(record["more"]),
        why=record["detail"],
        instead_of=record.get("instead_of", ""),
        answers={alert: pages.answer(alert, leased.channel, leased.at) for alert in found} if pages else {},
        unsubscribe=pages.unsubscribe(subscriber.id, leased.channel) if pages else None,
        base_url=pages.base_url if pages else None,
        copy=leased.copy,
    )
