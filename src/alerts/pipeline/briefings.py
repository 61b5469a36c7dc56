"""The weekly briefing as a message: queued once for each channel when it falls due, composed when it is sent."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from alerts.insight.briefing import briefing
from alerts.model.secret import Secret
from alerts.model.settings import Settings
from alerts.model.week import Week
from alerts.rendering.briefing import message
from alerts.rendering.tiers import gate_briefing
from alerts.rendering.view import MessageView, Rendered
from alerts.routing.alerts import Kind, Message, stable_id
from alerts.routing.quiet_hours import last_briefing
from alerts.runtime.configuration import Active
from alerts.runtime.task_requests import ENQUEUE_GRACE
from alerts.store.repositories import deliveries
from alerts.store.repositories.deliveries import Written


def queue(session: Session, settings: Settings, since: datetime, now: datetime) -> list[str]:
    """Writes the briefings that fell due after `since`, the last tick, until `now`; the ids of their deliveries.

    The ticks hand the span on, so none is lost while nothing runs; the id depends on channel and week alone, so none is
    written twice. It is about the week before, by the subscriber's calendar."""
    written = []
    for subscriber in settings.subscribers.values():
        weekly = subscriber.briefing
        due = None if weekly is None else last_briefing(weekly, now)
        if weekly is None or due is None or due <= since:
            continue
        week = str(Week.of(due.astimezone(ZoneInfo(weekly.timezone)) - timedelta(weeks=1)))
        for channel in subscriber.channels:
            key = stable_id("briefing", subscriber.id, channel, week)
            made = Message(key, subscriber.id, channel, Kind.BRIEFING, due, (), detail=week)
            written.append(Written(made, claimed_until=now + ENQUEUE_GRACE))
    deliveries.add_deliveries(session, written, now=now)
    return [each.message.id for each in written]


def rendered(session: Session, active: Active, view: MessageView, url: Secret) -> Rendered:
    """The message of a briefing, read from the record; `why` of the view is the week."""
    found = briefing(session, active, Week.parse(view.why), active.settings.subscribers[view.subscriber])
    return message(gate_briefing(found, view.tier), view, url)
