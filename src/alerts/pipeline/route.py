"""From what happened to an institution to alerts and deliveries, in the transaction that recorded it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alerts.model.alert import Alert
from alerts.model.institution import Institution
from alerts.model.level import Level, Transition
from alerts.model.settings import Settings
from alerts.model.subscriber import Silence, Subscriber
from alerts.model.times import format_time
from alerts.routing.alerts import Explanation, Message, Outcome
from alerts.routing.case_events import Happening, place, resolved
from alerts.routing.events import Event, GradeEvent, LevelEvent, MentionEvent, SpikeEvent
from alerts.routing.router import Desk
from alerts.routing.trace import explanation_record
from alerts.runtime.configuration import Active
from alerts.runtime.task_requests import ENQUEUE_GRACE
from alerts.store.repositories import deliveries, silences, subscriber_state


@dataclass(slots=True)
class Routed:
    """What routing wrote: alerts by id, and the deliveries that can be sent now."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Heard:
    """What happened to an institution, and the instant of the newest observation behind it."""

    institution: Institution
    happenings: Sequence[Happening]
    observed: datetime | None


def route(
    session: Session,
    active: Active,
    heard: Sequence[Heard],
    *,
    transitions: Mapping[str, int],
    now: datetime,
) -> Routed:
    """Hands what happened to every desk that watches, in order of time. `transitions`: row ids by key.

    The caller enqueues what is ready; beat leaves that to it for a while.
    """
    written = _Written(session, transitions, now, now + ENQUEUE_GRACE)
    happened = sorted(
        ((happening, each) for each in heard for happening in each.happenings),
        key=lambda pair: place(pair[0]),
    )
    watched: dict[str, set[str]] = {}
    for each in heard:
        for subscriber in active.audience.of(each.institution) if each.happenings else ():
            watched.setdefault(subscriber.id, set()).add(each.institution.id)
    held = silenced(session, active.settings) if watched else ()
    # Desks are locked in one order, so that two workers cannot wait for each other.
    for watcher, mine in sorted(watched.items()):
        with _desk(session, active, active.settings.subscribers[watcher], mine) as desk:
            for happening, each in happened:
                if each.institution.id in mine:
                    event = resolved(happening, written.alerts_of)
                    written.add(desk.handle(event, event.at, held), event, each.observed)
    written.flush()
    return written.routed


def advance(
    session: Session, active: Active, subscriber_id: str, now: datetime, *, enqueued: bool = True
) -> Routed:
    """Does what has fallen due at one desk: groups, digests, reminders, summaries.

    The caller enqueues what is ready, or leaves that to beat.
    """
    subscriber = active.settings.subscribers.get(subscriber_id)
    if subscriber is None:  # no longer configured: nothing of it will ever be due again
        subscriber_state.save(session, subscriber_id, subscriber_state.lock(session, subscriber_id), None)
        return Routed()
    written = _Written(session, {}, now, now + ENQUEUE_GRACE if enqueued else None)
    with _desk(session, active, subscriber) as desk:
        for outcome in desk.advance(now, silenced(session, active.settings)):
            written.add(outcome)
    written.flush()
    return written.routed


@contextmanager
def _desk(
    session: Session, active: Active, subscriber: Subscriber, institutions: Collection[str] = ()
) -> Iterator[Desk]:
    """The subscriber's desk, locked until the transaction ends, and stored at the end of the block."""
    state = subscriber_state.lock(session, subscriber.id)
    ledger = subscriber_state.SqlLedger(session, subscriber.id, institutions)
    desk = Desk(subscriber, active.settings.institutions, state, ledger)
    yield desk
    due = desk.next_due
    ledger.flush()
    subscriber_state.save(session, subscriber.id, desk.state, due)


def silenced(session: Session, settings: Settings) -> tuple[Silence, ...]:
    """The silences of the configuration and those made by command, ended ones too: a desk looks at the times."""
    return (*settings.silences, *silences.all_silences(session))


class _Written:
    """What desks decide, gathered and written together."""

    def __init__(
        self,
        session: Session,
        transitions: Mapping[str, int],
        now: datetime,
        claimed_until: datetime | None,
    ) -> None:
        self.routed = Routed()
        self._session = session
        self._transitions = transitions
        self._now = now
        self._claimed_until = claimed_until
        self._alerts: list[Alert] = []
        self._details: dict[str, dict[str, Any]] = {}
        self._messages: list[deliveries.Written] = []

    def add(self, outcome: Outcome, event: Event | None = None, observed: datetime | None = None) -> None:
        for alert in outcome.alerts if event is not None else ():
            assert event is not None  # noqa: S101
            self._details[alert.id] = {
                **detail(event),
                "considered": considered(outcome.explanation, alert.channel),
            }
        self._alerts += outcome.alerts
        self._messages += [
            deliveries.Written(each, message_record(each), observed) for each in outcome.messages
        ]
        self.routed.alerts |= {alert.id: alert for alert in outcome.alerts}
        self.routed.ready += [each.id for each in outcome.messages if each.held is None]

    def alerts_of(self, rise: Transition) -> list[Alert]:
        """The alerts that told of a transition, those of this transaction among them."""
        self.flush()
        return deliveries.alerts_of(self._session, rise)

    def flush(self) -> None:
        deliveries.add_alerts(
            self._session, self._alerts, transitions=self._transitions, details=self._details
        )
        deliveries.add_deliveries(
            self._session, self._messages, now=self._now, claimed_until=self._claimed_until
        )
        self._alerts, self._messages = [], []


def message_record(message: Message) -> dict[str, Any]:
    """What the sender needs to know of a message; the alerts themselves are rows."""
    return {
        "alerts": list(message.alerts),
        "reminders": list(message.reminders),
        "overtaken": list(message.overtaken),
        "standing": [[each.institution, each.axis.value, each.level.value] for each in message.standing],
        "more": message.more,
        "detail": message.detail,
    }


def considered(explanation: Explanation | None, channel: str) -> dict[str, Any] | None:
    """What was considered on the way to an alert on a channel, as a record."""
    if explanation is None:
        return None
    mine = replace(
        explanation,
        rules=tuple(each for each in explanation.rules if each.channel == channel),
        channels=tuple(each for each in explanation.channels if each.channel == channel),
    )
    return explanation_record(mine)


def detail(event: Event) -> dict[str, Any]:
    """What an alert tells beyond its transition."""
    match event:
        case MentionEvent():
            return {
                "story": event.story,
                "title": event.title,
                "url": event.url,
                "publisher": event.publisher,
                "item": event.item,
            }
        case GradeEvent():
            return {"story": event.story, "from": event.from_, "to": event.to}
        case SpikeEvent():
            return {"seen": event.count, "usual": event.expected, "threshold": event.threshold}
        case LevelEvent():
            return {"story": event.story, "level": Level(event.transition.to).value}
    return {"item": event.item, "why": event.why, "at": format_time(event.at)}
