"""What operators and subscribers change by hand: the same functions for the command line and the pages.

Each commits its own transaction, with an entry of the audit trail that says `who` did it, then enqueues what comes
next. It raises NotFoundError for an id that does not exist and RefusedError where the state does not allow it."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TextIO

from sqlalchemy.orm import Session

from alerts.channels.result import SendResult
from alerts.channels.send import Sender
from alerts.feeds.diff import HELD_FOR, HELD_POLLS
from alerts.feeds.state import FeedState, resumed
from alerts.model.alert import DeliveryState
from alerts.model.counted import counted
from alerts.model.errors import AlertsError, NotFoundError
from alerts.model.subscriber import Selection, Silence, Subscriber
from alerts.model.times import format_time
from alerts.pipeline.route import advance, locked_routers
from alerts.rendering.render import Renderer
from alerts.rendering.view import compose
from alerts.routing.alerts import Kind, stable_id
from alerts.routing.router import SubscriberRouter
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store.repositories import deliveries, silences, sources
from alerts.store.system_state import record_act


class RefusedError(AlertsError):
    """It is there, but this cannot be done with it now."""


def redeliver(runtime: Runtime, delivery: str, who: str = "") -> str:
    """Sends a dead, failed or unknown delivery again, now; its id. A beginning of the id is enough."""
    with runtime.database.write() as session:
        row = deliveries.find_delivery(session, delivery)
        if row is None:
            raise NotFoundError("delivery", delivery, "`alerts deliveries --state dead --json` lists them")
        if not deliveries.revive(session, row.id, runtime.clock()):
            raise RefusedError(_why_not_again(row.id, DeliveryState(row.state), row.sent_at, row.reason))
        found = row.id
        about = f"delivery {found} to {row.subscriber} by {row.channel}"
        record_act(session, runtime.clock(), who, "sent a message again", about)
    logs.event("delivery.revived", delivery=found)
    runtime.enqueue(TaskRequests(send=[found]))
    return found


def redeliver_dead(runtime: Runtime, subscriber: str | None = None, who: str = "") -> list[str]:
    """Sends everything again that was given up, of one subscriber or of all; the ids."""
    now = runtime.clock()
    with runtime.database.write() as session:
        found = [each for each in deliveries.dead_letters(session, subscriber) if deliveries.revive(session, each, now)]
        messages = counted(len(found), "message")
        record_act(session, now, who, "sent all dead letters again", f"{messages} to {subscriber or 'all'}")
    logs.event("delivery.revived", count=len(found), subscriber=subscriber or "all")
    runtime.enqueue(TaskRequests(send=found[: runtime.places("send")]))
    return found


def _why_not_again(delivery: str, state: DeliveryState, sent_at: datetime | None, reason: str) -> str:
    match state:
        case DeliveryState.SENT:
            when = f" at {format_time(sent_at)}" if sent_at else ""
            return f"delivery {delivery} was sent{when}: sending it again would tell it twice"
        case DeliveryState.SUPPRESSED:
            return f"delivery {delivery} was held back ({reason}), not lost"
    return f"delivery {delivery} is {state}: it is on its way"


def silence(runtime: Runtime, select: Selection, *, until: datetime, reason: str, author: str = "") -> Silence:
    """Holds back alerts on the selected institutions from now until `until`."""
    now = runtime.clock()
    settings = runtime.configuration.current().settings
    settings.check_selection(select)
    if until <= now:
        raise RefusedError(f"a silence until {format_time(until)} would be over already")
    made = Silence(select=select, until=until, reason=reason, author=author, starts=now, id=secrets.token_hex(4))
    with runtime.database.write() as session:
        silences.add(session, made)
        about = f"{select.in_words()}: silence {made.id}"
        record_act(session, now, author, f"silenced until {format_time(until)}: {reason}", about)
    logs.event("silence.made", silence=made.id, until=until, author=author)
    return made


def unsilence(runtime: Runtime, silence_id: str, who: str = "") -> None:
    """Ends a silence made by hand; those of the configuration end there."""
    with runtime.database.write() as session:
        if not silences.remove(session, silence_id):
            raise NotFoundError("silence", silence_id, "`alerts silence --list` lists those in force")
        record_act(session, runtime.clock(), who, "ended a silence", f"silence {silence_id}")
    logs.event("silence.ended", silence=silence_id)


def unsubscribe(
    runtime: Runtime, subscriber: str, channel: str | None = None, who: str = "", *, undo: bool = False
) -> tuple[str, ...]:
    """Nothing more goes to a channel (None: to any) of a subscriber, or with `undo` it does again; the channels."""
    known = runtime.configuration.current().settings.subscriber(subscriber)
    if channel not in {None, *known.channels}:
        raise NotFoundError("channel", str(channel), f"{subscriber} has {', '.join(known.channels) or 'none'}")
    channels = tuple(known.channels) if channel is None else (channel,)
    with opened_router(runtime, subscriber) as (session, router, now):
        for each in channels:
            if undo:
                router.resubscribe(each)
            else:
                router.unsubscribe(each, now)
            done = "subscribed again" if undo else "unsubscribed"
            record_act(session, now, who, done, f"{subscriber} by {each}")
    if undo:
        logs.event("subscriber.resubscribed", subscriber=subscriber, channels=", ".join(channels))
    else:
        logs.event("subscriber.unsubscribed", subscriber=subscriber, channels=", ".join(channels))
    return channels


@contextmanager
def opened_router(runtime: Runtime, subscriber_id: str) -> Iterator[tuple[Session, SubscriberRouter, datetime]]:
    """A subscriber's router with everything done that was due until now, stored at the end of the block."""
    active = runtime.configuration.current()
    active.settings.subscriber(subscriber_id)  # raises NotFoundError where there is none
    with runtime.database.write() as session:
        now = runtime.clock()
        advance(session, active, subscriber_id, now)  # a tick finds what goes out
        with locked_routers(session, active, {subscriber_id: ()}) as routers:
            (router,) = routers.values()
            yield session, router, now


def release(runtime: Runtime, source: str, who: str = "") -> int:
    """Releases a quarantined feed: the next poll stores its held items without alerts; returns how many there are.
    A source that was stopped because it is gone is polled again."""
    with runtime.database.write() as session:
        state, now = _free_source(session, runtime, source), runtime.clock()
        if state.held:
            done = f"released {counted(state.held, 'held item')}"
            made = replace(state, held_since=now - HELD_FOR, held_polls=HELD_POLLS)
        elif state.stopped:
            done, made = "resumed a stopped source", resumed(state)
        else:
            raise RefusedError(f"source {source} holds nothing back and is not stopped")
        sources.poll_now(session, source, made, now)
        record_act(session, now, who, done, source)
    if state.held:
        logs.event("source.released", source=source, held=state.held)
    else:
        logs.event("source.resumed", source=source)
    runtime.enqueue(TaskRequests(poll=[source]))
    return state.held


def poll_soon(runtime: Runtime, source: str, who: str = "") -> None:
    """Makes a source due now; the gap between two requests to its host still holds."""
    with runtime.database.write() as session:
        state, now = _free_source(session, runtime, source), runtime.clock()
        sources.poll_now(session, source, state, now)
        record_act(session, now, who, "polled now", source)
    logs.event("source.requested", source=source)
    runtime.enqueue(TaskRequests(poll=[source]))


def _free_source(session: Session, runtime: Runtime, source: str) -> FeedState:
    if source not in runtime.configuration.current().settings.sources:
        raise NotFoundError("source", source, "`alerts sources` lists them")
    state = sources.free_source(session, source, runtime.clock())
    if state is None:
        raise RefusedError(f"source {source} is being polled, or was not yet; try again in a moment")
    return state


def send_test(
    subscriber: Subscriber, renderer: Renderer, now: datetime, *, stream: TextIO | None = None
) -> Iterator[tuple[str, SendResult]]:
    """Sends one test message through every channel; what came of each. Nothing is recorded."""
    for channel, url in subscriber.channels.items():
        name = stable_id("test", subscriber.id, channel, format_time(now))
        message = compose(subscriber, id=name, kind=Kind.TEST, channel=channel, at=now)
        with closing(Sender(stream)) as sender:
            yield channel, sender.send(url, renderer.render(message, url))
