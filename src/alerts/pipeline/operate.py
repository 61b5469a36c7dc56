"""What operators and subscribers change by hand: the same verbs for the command line and the pages.

Each commits its own transaction, says NotFoundError where an id does not exist and RefusedError where the
thing cannot be done, and then enqueues what comes next.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from alerts.delivery.desk import Desk
from alerts.delivery.messages import Kind, stable_id
from alerts.delivery.render import Renderer
from alerts.delivery.result import SendReason, SendResult
from alerts.delivery.send import send as hand_over
from alerts.delivery.view import compose
from alerts.feeds.state import FeedState
from alerts.model.alert import DeliveryState
from alerts.model.errors import AlertsError, DeliveryError, NotFoundError
from alerts.model.level import Axis, Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Selection, Silence, Subscriber
from alerts.model.times import format_time
from alerts.pipeline import log
from alerts.pipeline.hints import Hints
from alerts.pipeline.route import Routed, advance, in_force
from alerts.pipeline.runtime import Runtime
from alerts.store import cases, desks, handwork, lists, silences
from alerts.store.desks import SqlLedger


class RefusedError(AlertsError):
    """It is there, but this cannot be done with it now."""


# --- deliveries ----------------------------------------------------------------------------------------------


def redeliver(runtime: Runtime, delivery: str) -> str:
    """Sends a dead, failed or unknown delivery again, now; its id. A beginning of the id is enough."""
    with runtime.database.write() as session:
        row = handwork.find_delivery(session, delivery)
        if row is None:
            raise NotFoundError("delivery", delivery, "`alerts deliveries --state dead --json` lists them")
        if not handwork.revive(session, row.id, runtime.clock()):
            raise RefusedError(_why_not_again(row.id, DeliveryState(row.state), row.sent_at, row.reason))
        found = row.id
    log.event("delivery.revived", delivery=found)
    runtime.enqueue(Hints(send=[found]))
    return found


def redeliver_dead(runtime: Runtime, subscriber: str | None = None) -> list[str]:
    """Sends everything again that was given up, of one subscriber or of all; the ids."""
    now = runtime.clock()
    with runtime.database.write() as session:
        found = [each for each in handwork.dead_letters(session, subscriber) if handwork.revive(session, each, now)]
    log.event("delivery.revived", count=len(found), subscriber=subscriber or "all")
    if found:
        runtime.enqueue(Hints(send=found))
    return found


def _why_not_again(delivery: str, state: DeliveryState, sent_at: datetime | None, reason: str) -> str:
    match state:
        case DeliveryState.SENT:
            when = f" at {format_time(sent_at)}" if sent_at else ""
            return f"delivery {delivery} was sent{when}: sending it again would tell it twice"
        case DeliveryState.SUPPRESSED:
            return f"delivery {delivery} was held back ({reason}), not lost"
    return f"delivery {delivery} is {state}: it is on its way"


# --- silences ------------------------------------------------------------------------------------------------


def silence(
    runtime: Runtime, select: Selection, *, until: datetime, reason: str, author: str = ""
) -> Silence:
    """Holds back alerts on the selected institutions from now until `until`."""
    now = runtime.clock()
    settings = runtime.configuration.current().settings
    _known_institutions(settings, select)
    if until <= now:
        raise RefusedError(f"a silence until {format_time(until)} would be over already")
    made = Silence(
        select=select, until=until, reason=reason, author=author, starts=now, id=secrets.token_hex(4)
    )
    with runtime.database.write() as session:
        silences.add(session, made)
    log.event("silence.made", silence=made.id, until=until, author=author)
    return made


def _known_institutions(settings: Settings, select: Selection) -> None:
    for institution in sorted(select.institutions):
        if institution not in settings.institutions:
            raise NotFoundError("institution", institution, "`alerts institutions` lists those tracked")


def unsilence(runtime: Runtime, silence_id: str) -> None:
    """Ends a silence made by hand; those of the configuration end there."""
    with runtime.database.write() as session:
        if not silences.remove(session, silence_id):
            raise NotFoundError("silence", silence_id, "`alerts silence --list` lists those in force")
    log.event("silence.ended", silence=silence_id)


# --- desks ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acked:
    """Levels that a subscriber is not reminded of until they change."""

    subscriber: str
    institution: str
    axes: tuple[Axis, ...]


def ack(runtime: Runtime, alert: str, author: str = "") -> Acked:
    """Someone has seen the level that an alert is about; a beginning of the alert's id is enough."""
    with runtime.database.read() as session:
        row = lists.alert(session, alert)
        if row is None:
            raise NotFoundError("alert", alert, "ids stand in messages and in `alerts deliveries --json`")
        transition = cases.transition(session, row.transition)
    if transition is None:
        raise RefusedError(f"alert {row.id} is about a {row.on}, not a level: nobody is reminded of it")
    return ack_level(runtime, row.subscriber, row.institution, transition.axis, author)


def ack_level(
    runtime: Runtime, subscriber: str, institution: str, axis: Axis | None = None, author: str = ""
) -> Acked:
    """The same for one axis, or for all of an institution."""
    settings = runtime.configuration.current().settings
    _known_institutions(settings, Selection(institutions=frozenset({institution})))

    def quieten(desk: Desk, ledger: SqlLedger, now: datetime, held: tuple[Silence, ...]) -> tuple[Axis, ...]:
        from alerts.delivery.state import WatchKey

        asked = tuple(Axis) if axis is None else (axis,)
        raised = tuple(
            each for each in asked if ledger.watch(WatchKey(institution, each)).level is not Level.LOW
        )
        desk.ack(institution, axis, now, author, held)
        return raised

    axes = _at_desk(runtime, subscriber, quieten)
    if not axes:
        where = institution if axis is None else f"{institution} on {axis}"
        raise RefusedError(f"{subscriber} knows of no level above low for {where}: nothing to acknowledge")
    log.event("level.acknowledged", subscriber=subscriber, institution=institution, author=author)
    return Acked(subscriber, institution, axes)


def unsubscribe(runtime: Runtime, subscriber: str, channel: str | None = None) -> tuple[str, ...]:
    """Nothing more goes to a channel (None: to any) of a subscriber; the channels."""
    channels = _channels(runtime, subscriber, channel)

    def mute(desk: Desk, _ledger: SqlLedger, now: datetime, _held: tuple[Silence, ...]) -> None:
        for each in channels:
            desk.unsubscribe(each, now)

    _at_desk(runtime, subscriber, mute)
    log.event("subscriber.unsubscribed", subscriber=subscriber, channels=", ".join(channels))
    return channels


def resubscribe(runtime: Runtime, subscriber: str, channel: str | None = None) -> tuple[str, ...]:
    """Takes an unsubscription back; the channels."""
    channels = _channels(runtime, subscriber, channel)

    def unmute(desk: Desk, _ledger: SqlLedger, _now: datetime, _held: tuple[Silence, ...]) -> None:
        for each in channels:
            desk.resubscribe(each)

    _at_desk(runtime, subscriber, unmute)
    log.event("subscriber.resubscribed", subscriber=subscriber, channels=", ".join(channels))
    return channels


def _channels(runtime: Runtime, subscriber: str, channel: str | None) -> tuple[str, ...]:
    known = _subscriber(runtime.configuration.current().settings, subscriber)
    if channel is None:
        return tuple(known.channels)
    if channel not in known.channels:
        has = ", ".join(known.channels) or "none"
        raise NotFoundError("channel", channel, f"{subscriber} has {has}")
    return (channel,)


def _subscriber(settings: Settings, subscriber: str) -> Subscriber:
    known = settings.subscribers.get(subscriber)
    if known is None:
        raise NotFoundError("subscriber", subscriber, "subscribers stand in the configuration")
    return known


def _at_desk[T](
    runtime: Runtime,
    subscriber_id: str,
    work: Callable[[Desk, SqlLedger, datetime, tuple[Silence, ...]], T],
) -> T:
    raise NotImplementedError
