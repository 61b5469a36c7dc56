"""From what happened to an institution to alerts and deliveries, in the transaction that recorded it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from alerts.delivery.desk import Desk
from alerts.delivery.events import Event, GradeEvent, LevelEvent, MentionEvent, SpikeEvent
from alerts.delivery.explain import explanation_record
from alerts.delivery.messages import Explanation, Message, Outcome
from alerts.model.alert import Alert
from alerts.model.institution import Institution
from alerts.model.level import Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Silence
from alerts.model.times import format_time
from alerts.pipeline.configuration import Active
from alerts.pipeline.report import Happening, place, resolved
from alerts.store import deliveries, desks, silences


@dataclass(slots=True)
class Routed:
    """What routing wrote: alerts by id, and the deliveries that can be sent now."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    ready: list[str] = field(default_factory=list)


def route(
    session: Session,
    active: Active,
    institution: Institution,
    happenings: Sequence[Happening],
    *,
    transitions: Mapping[str, int],
    now: datetime,
    observed: datetime | None,
) -> Routed:
    """Hands what happened to an institution to every desk that watches it."""
    routed = Routed()
    if not happenings:
        return routed
    ordered = sorted(happenings, key=place)
    held = silenced(session, active.settings)
    # Desks are locked in one order, so that two workers cannot wait for each other.
    for subscriber in sorted(active.audience.of(institution), key=lambda each: each.id):
        state = desks.lock(session, subscriber.id)
        desk = Desk(subscriber, active.settings.institutions, state, desks.SqlLedger(session, subscriber.id))
        for happening in ordered:
            event = resolved(happening, lambda rise: deliveries.alerts_of(session, rise))
            outcome = desk.handle(event, event.at, held)
            _store(session, outcome, routed, event=event, transitions=transitions, now=now, observed=observed)
        desks.save(session, subscriber.id, desk.state, desk.next_due)
    return routed


def advance(session: Session, active: Active, subscriber_id: str, now: datetime) -> Routed:
    """Does what has fallen due at one desk: groups, digests, reminders, summaries."""
    routed = Routed()
    subscriber = active.settings.subscribers.get(subscriber_id)
    state = desks.lock(session, subscriber_id)
    if subscriber is None:  # no longer configured: nothing of it will ever be due again
        desks.save(session, subscriber_id, state, None)
        return routed
    desk = Desk(subscriber, active.settings.institutions, state, desks.SqlLedger(session, subscriber_id))
    for outcome in desk.advance(now, silenced(session, active.settings)):
        _store(session, outcome, routed, event=None, transitions={}, now=now, observed=None)
    desks.save(session, subscriber_id, desk.state, desk.next_due)
    return routed


def silenced(session: Session, settings: Settings) -> tuple[Silence, ...]:
    """The silences of the configuration and those made by command, ended ones too: a desk looks at the times."""
    return (*settings.silences, *silences.all_silences(session))


def _store(
    session: Session,
    outcome: Outcome,
    routed: Routed,
    *,
    event: Event | None,
    transitions: Mapping[str, int],
    now: datetime,
    observed: datetime | None,
) -> None:
    details: dict[str, dict[str, Any]] = {}
    if event is not None:
        for alert in outcome.alerts:
            details[alert.id] = {
                **detail(event),
                "considered": considered(outcome.explanation, alert.channel),
            }
    deliveries.add_alerts(session, outcome.alerts, transitions=transitions, details=details)
    routed.alerts |= {alert.id: alert for alert in outcome.alerts}
    for message in outcome.messages:
        if deliveries.add_delivery(session, message, message_record(message), now=now, observed=observed):
            routed.ready.append(message.id)


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
