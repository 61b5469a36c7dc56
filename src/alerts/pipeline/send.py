"""Deliveries to one service: leased together, rendered, sent one after the other, marked together."""

import contextvars
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from alerts.access.links import Pages
from alerts.channels import pacing
from alerts.channels.result import SendReason, SendResult
from alerts.channels.send import DEADLINE_S, Sender
from alerts.insight.profiles import restored
from alerts.model.alert import DeliveryState
from alerts.model.fields import grouped
from alerts.model.level import Axis, Level, Transition
from alerts.model.records import fields_of
from alerts.model.secret import Secret
from alerts.model.settings import Settings
from alerts.model.subscriber import Subscriber
from alerts.model.times import spread
from alerts.pipeline import briefings, selfcheck
from alerts.rendering.formats import has_threads
from alerts.rendering.view import MessageView, Rendered, compose
from alerts.routing.alerts import Kind, Message, stable_id
from alerts.routing.reasons import Reason
from alerts.runtime import logs
from alerts.runtime.bulkhead import Slot
from alerts.runtime.configuration import Active, ConfigBehindError
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import ENQUEUE_GRACE, SEND_BATCH, TaskRequests
from alerts.store import system_state
from alerts.store.repositories import alerts, deliveries, subscriber_state
from alerts.store.repositories.deliveries import Ended, Leased
from alerts.store.repositories.incidents import OPERATORS

LEASE_SECONDS = DEADLINE_S + 30.0
BEGIN_SECONDS = 15.0  # no send begins later than this after its lease, so that it ends within it
TASK_SECONDS = 2.0  # so long a task goes on with what waits for its service; then others have its thread
MARK_SECONDS = 1.0  # results that have waited so long are marked before the next send
# A delivery that its service has no room for is called when a send to it ends; by then it is found again anyway.
BUSY_WAIT = timedelta(seconds=5)
SLOW_WAIT = timedelta(seconds=30)  # about so long it waits where the service is slow
BEHIND_WAIT = timedelta(seconds=5)  # for a process that cannot use the configuration in force yet
LONGEST_PAUSE = timedelta(hours=1)  # a service that asks for a longer pause is tried again after this

_Sent = tuple[list[Ended], list[str]]  # the attempts made, and the deliveries to the same service that come next


def send(runtime: Runtime, *ids: str) -> list[Ended]:
    """Sends the deliveries that are due and that no other sender has; the attempts made, with what came of each.

    Those to one service go one after the other, over one connection; services do not wait for each other. Each attempt
    is on record before its send and its result after it. Killed in between, the lease runs out and the message is sent
    again under the same id: at least once. What waits for the same service is sent next, without another task."""
    ended: list[Ended] = []
    due: Sequence[str] = ids
    until = time.monotonic() + TASK_SECONDS
    while due:
        made, due = _send_due(runtime, due)
        ended += made
        if due and time.monotonic() > until:
            runtime.enqueue(TaskRequests(send=due))
            break
    return ended


def _send_due(runtime: Runtime, ids: Sequence[str]) -> _Sent:
    with runtime.database.read() as session:
        in_force = system_state.in_force(session)
        found = deliveries.channels(session, ids)
    try:
        active = runtime.configuration.current(in_force.number)
    except ConfigBehindError:  # for a process that has the configuration in force, or this one once it has it
        now = runtime.clock()
        with runtime.database.write() as session:
            waiting = deliveries.waiting(session, ids, now)
            deliveries.put_off(session, {each.id: now + BEHIND_WAIT for each in waiting})
        return [], []
    urls = {delivery: _channel(active.settings, *to)[0] for delivery, to in found.items()}
    services = grouped((pacing.lane(url) if url else "", delivery) for delivery, url in urls.items())
    work = [partial(_send, runtime, active, service, some) for service, some in services.items()]
    if len(work) == 1:
        return work[0]()
    ended: list[Ended] = []
    with ThreadPoolExecutor(max(1, len(work)), thread_name_prefix="service") as pool:
        for each in as_completed([pool.submit(contextvars.copy_context().run, each) for each in work]):
            made, following = each.result()
            ended += made
            runtime.enqueue(TaskRequests(send=following))
    return ended, []


def _send(runtime: Runtime, active: Active, service: str, ids: Sequence[str]) -> _Sent:
    """Sends deliveries to one service; the service "" stands for channels that are no longer configured."""
    latest = time.monotonic() + BEGIN_SECONDS
    with runtime.bulkhead.acquire(service, runtime.clock) as slot:
        now = runtime.clock()
        if slot is None and not runtime.bulkhead.is_slow(service, now):
            with runtime.database.write() as session:
                held = deliveries.hold(session, ids, now, now + BUSY_WAIT)
            # In the line for the service, now that it is on record that they wait.
            return [], [each for each in ids if each in held and not runtime.bulkhead.wait(service, each, now)]
        leased = _take(runtime, active, service, slot, ids)
        # fault point: send.leased
        ended = _send_leased(runtime, active, slot, leased, latest) if slot is not None and leased else []
    return ended, [] if slot is None else runtime.bulkhead.next_waiters(service, SEND_BATCH)


def _take(runtime: Runtime, active: Active, service: str, slot: Slot | None, ids: Sequence[str]) -> list[Leased]:
    """Leases the deliveries whose turn it is in their channels; where the service is slow, they wait, unattempted."""
    now = runtime.clock()
    leased: list[Leased] = []
    with runtime.database.write() as session:
        found = deliveries.waiting(session, ids, now)
        muted = subscriber_state.muted(session, {each.subscriber for each in found}) if found else set()
        unsubscribed = [each.id for each in found if (each.subscriber, each.channel) in muted]
        free = [each for each in found if (each.subscriber, each.channel) not in muted]
        if unsubscribed:
            deliveries.suppress(session, unsubscribed, Reason.UNSUBSCRIBED.value)
        if not service and system_state.in_force(session).number != runtime.configuration.number:
            # Published meanwhile: they may be channels of that configuration.
            deliveries.put_off(session, {each.id: now + BEHIND_WAIT for each in free})
        elif slot is not None:
            gaps = {each: _channel(active.settings, each.subscriber, each.channel)[1] for each in free}
            turns = deliveries.take_turns(session, gaps, now)
            leased = deliveries.lease(session, turns, now, seconds=LEASE_SECONDS) if turns else []
        else:  # it is slow: and not all of them at once again
            waits = {each.id: SLOW_WAIT * (0.5 + spread(f"{each.id}/{now}")) for each in free}
            deliveries.put_off(session, {each: now + wait for each, wait in waits.items()})
    for each in unsubscribed:
        logs.event("delivery.suppressed", delivery=each, reason=Reason.UNSUBSCRIBED.value)
    return leased


def _send_leased(runtime: Runtime, active: Active, slot: Slot, leased: Sequence[Leased], latest: float) -> list[Ended]:
    """Sends deliveries in turn. Where their service is slow or asks for a pause, those that are left are given back."""
    ended: list[Ended] = []
    marked, began = 0, time.monotonic()
    with runtime.database.read() as session:
        recorded = Recorded.of(session, leased)
    with closing(Sender(runtime.stream)) as sender:
        for number, each in enumerate(leased, start=1):
            result = _hand_over(runtime, active, sender, each, recorded)
            # fault point: send.sent
            now = runtime.clock()
            ended.append(_ended(each, result, now))
            quick = runtime.bulkhead.ended(slot, now)
            if not quick or result.retry_after is not None or time.monotonic() > latest:
                break
            if time.monotonic() > began + MARK_SECONDS and number < len(leased):
                _finish(runtime, active.settings, ended[marked:])
                marked, began = number, time.monotonic()
    _finish(runtime, active.settings, ended[marked:], leased[number:])
    return ended


def _hand_over(runtime: Runtime, active: Active, sender: Sender, leased: Leased, recorded: "Recorded") -> SendResult:
    """Sends one message; what came of it."""
    url, _ = _channel(active.settings, leased.subscriber, leased.channel)
    if url is None:
        return SendResult(SendReason.GONE, "the subscriber or the channel is no longer configured")
    try:
        rendered = _rendered(runtime, active, leased, url, recorded)
        if rendered.problem:
            logs.event("template.broken", logging.WARNING, delivery=leased.id, problem=rendered.problem)
    except Exception:  # noqa: BLE001
        # One message that cannot be made must not be tried for ever, nor stop the others.
        logs.event("delivery.broken", logging.ERROR, caught=True, delivery=leased.id)
        return SendResult(SendReason.INTERNAL, "the message could not be made")
    under = ""
    if rendered.thread and has_threads(url):
        with runtime.database.read() as session:
            under = deliveries.thread(session, leased, rendered.thread)
    return sender.send(url, rendered, under=under)


def _channel(settings: Settings, subscriber: str, channel: str) -> tuple[Secret | None, timedelta]:
    """The address of a channel, None where it is not configured, and the least time between two messages in it."""
    known = settings.operators if subscriber == OPERATORS else settings.subscribers.get(subscriber)
    url = None if known is None else known.channels.get(channel)
    rates = known.rates if isinstance(known, Subscriber) else {}
    return url, timedelta(0) if url is None else pacing.gap(url, rates.get(channel))


def _rendered(runtime: Runtime, active: Active, leased: Leased, url: Secret, recorded: "Recorded") -> Rendered:
    if leased.subscriber == OPERATORS:
        return selfcheck.rendered(leased, url)
    shown = view_of(active.settings.subscribers[leased.subscriber], leased, recorded, runtime.pages)
    if shown.kind is Kind.BRIEFING:
        with runtime.database.read() as session:
            return briefings.rendered(session, active, shown, url)
    return runtime.renderer.render(shown, url)


def _finish(runtime: Runtime, settings: Settings, ended: Sequence[Ended], others: Sequence[Leased] = ()) -> None:
    """Marks what came of sends, and gives back the `others`, in one transaction.

    What is given up goes to its channel's fallback."""
    now = runtime.clock()
    following = [each.id for each in others]
    with runtime.database.write() as session:
        marked = deliveries.finish(session, ended, now, others)
        for each in ended:
            leased, result = each.leased, each.result
            if each.state is DeliveryState.DEAD and leased.id in marked:
                following += _to_fallback(session, settings, leased, now)
            if result.thread and result.posted:
                deliveries.begin_thread(session, leased, result.thread, result.posted, now)
            if result.retry_after is not None:  # it asks for that, whichever the message
                deliveries.pause(session, leased, now + min(LONGEST_PAUSE, timedelta(seconds=result.retry_after)))
    # fault point: send.recorded
    runtime.enqueue(TaskRequests(send=following))
    for each in ended:
        severity = logging.INFO if each.state is DeliveryState.SENT else logging.WARNING
        to, said = fields_of(each.leased, "subscriber", "channel"), fields_of(each.result, "reason", "line")
        attempt = {"delivery": each.leased.id, **to, "attempt": each.leased.number}
        logs.event("delivery.ended", severity, **attempt, state=each.state.value, **said)


def _ended(leased: Leased, result: SendResult, now: datetime) -> Ended:
    """What becomes of a delivery after a send: it may be tried again, or given up."""
    state, next_at = result.state, None
    if state in {DeliveryState.FAILED, DeliveryState.UNKNOWN}:
        next_at = pacing.next_attempt(
            leased.id, number=leased.number, first=leased.created_at, now=now, retry_after=result.retry_after
        )
        state = DeliveryState.DEAD if next_at is None else state
    return Ended(leased, result, state, next_at)


def _to_fallback(session: Session, settings: Settings, dead: Leased, now: datetime) -> list[str]:
    """Writes the delivery that takes a dead one's message to its channel's fallback, if it has one; its id."""
    subscriber = settings.subscribers.get(dead.subscriber)
    channel = subscriber.fallback.get(dead.channel) if subscriber is not None else None
    if channel is None:
        return []
    alerts_, reminders, superseded = map(tuple, _shown(dead))
    made = stable_id("fallback", dead.id, channel)
    message = Message(made, dead.subscriber, channel, Kind(dead.kind), dead.at, alerts_, reminders, superseded)
    more = {**dead.message, "instead_of": dead.channel}
    written = [deliveries.Written(message, more=more, claimed_until=now + ENQUEUE_GRACE)]
    deliveries.add_deliveries(session, written, now=now)
    return [made]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded for some messages: rows of alerts, level changes by key, snapshots by institution and instant.

    Each message makes its own of it, so that one that cannot be read holds up no other."""

    rows: Mapping[str, Any]
    changes: Mapping[str, Transition]
    snapshots: Mapping[tuple[str, datetime], bytes | None]

    @classmethod
    def of(cls, session: Session, some: Sequence[Leased]) -> "Recorded":
        told = [(each, alert) for each in some if each.subscriber != OPERATORS for ids in _shown(each) for alert in ids]
        rows = alerts.rows_by_id(session, (alert for _, alert in told))
        about = {(rows[alert].institution, each.at) for each, alert in told if alert in rows}
        snapshots = {key: deliveries.snapshot(session, *key) for key in about}
        return cls(rows, alerts.changes_of(session, rows.values()), snapshots)


def _shown(leased: Leased) -> tuple[list[str], list[str], list[str]]:
    """The ids of the alerts, reminders and superseded alerts in a message."""
    record = leased.message
    # `overtaken`: its name before version 0.2.
    return record["alerts"], record["reminders"], record["superseded"] or record.get("overtaken", [])


def view_of(subscriber: Subscriber, leased: Leased, recorded: Recorded, pages: Pages | None) -> MessageView:
    """The content of a message: its alerts, and the profiles as they were when it was written.

    Without `pages` it has no links to them, so none that holds a token."""
    record, rows = leased.message, recorded.rows
    some = [[alerts.of_row(rows[each], recorded.changes) for each in ids if each in rows] for ids in _shown(leased)]
    listed, reminders, superseded = some
    found = [alert for each in some for alert in each]
    snapshots = {each.institution: recorded.snapshots[each.institution, leased.at] for each in found}
    return compose(
        subscriber,
        id=leased.id,
        kind=Kind(leased.kind),
        channel=leased.channel,
        at=leased.at,
        alerts=listed,
        reminders=reminders,
        superseded=superseded,
        standing=[(institution, Axis(axis), Level(level)) for institution, axis, level in record["standing"]],
        profiles={each: restored(data) for each, data in sorted(snapshots.items()) if data is not None},
        omitted=int(record["more"]),
        why=record["detail"],
        instead_of=record.get("instead_of", ""),
        answers={each.id: pages.answer(each.id, leased.channel, leased.at) for each in found} if pages else {},
        unsubscribe=pages.unsubscribe(subscriber.id, leased.channel) if pages else None,
        base_url=pages.base_url if pages else None,
        copy=leased.copy,
    )
