"""From what happened to an institution to alerts and deliveries, in the transaction that recorded it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.model.alert import Alert
from alerts.model.fields import grouped
from alerts.model.institution import Institution
from alerts.model.settings import Settings
from alerts.model.subscriber import Silence
from alerts.routing.alerts import Outcome
from alerts.routing.case_events import place, resolved
from alerts.routing.events import CorrectionEvent, Event
from alerts.routing.preferences import Preferences
from alerts.routing.router import SubscriberRouter
from alerts.routing.state import RouterState
from alerts.runtime.configuration import Active
from alerts.runtime.task_requests import ENQUEUE_GRACE
from alerts.store.repositories import alerts, answers, deliveries, silences, subscriber_state
from alerts.store.repositories.alerts import Made
from alerts.store.repositories.subscriber_state import SqlNotifications


@dataclass(slots=True)
class Routed:
    """What routing wrote: alerts, the deliveries that the caller is to enqueue, and by institution when a correction
    of it was handled last."""

    alerts: list[Made] = field(default_factory=list)
    ready: list[str] = field(default_factory=list)
    corrected: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InstitutionEvents:
    """What happened to an institution, and the instant of the newest observation behind it."""

    institution: Institution
    events: Sequence[Event]
    observed: datetime | None


def route(
    session: Session,
    active: Active,
    happened: Sequence[InstitutionEvents],
    *,
    transitions: Mapping[str, int],
    now: datetime,
    places: int,
) -> Routed:
    """Hands what happened to the router of every subscriber that watches, in order of time. `transitions`: row ids
    by key.

    Of what is ready the caller enqueues `places`; ticks leave these to it for a while."""
    written = _Written(session, transitions, now, places)
    events = sorted(((event, each) for each in happened for event in each.events), key=lambda pair: place(pair[0]))
    watched: dict[str, set[str]] = {}
    for each in happened:
        for subscriber in active.audience.of(each.institution) if each.events else ():
            watched.setdefault(subscriber.id, set()).add(each.institution.id)
    if not watched:
        return written.routed
    held = silenced(session, active.settings)
    corrects = any(isinstance(event, CorrectionEvent) for event, _ in events)  # alerts of one subscriber each
    instants = set() if corrects else {event.at for event, _ in events}
    with locked_routers(session, active, watched, instants) as routers:
        for alike, router in routers.items():
            for found, each in events:
                if each.institution.id in watched[alike[0]]:
                    event = resolved(found, written.alerts_at)
                    written.add(router.handle(event, event.at, held), alike, each.observed)
                    if isinstance(event, CorrectionEvent) and event.alerts:
                        written.routed.corrected[event.institution] = event.at
    written.flush()
    return written.routed


def advance(
    session: Session,
    active: Active,
    subscriber_id: str,
    now: datetime,
    places: int = 0,
    release: timedelta | None = None,
) -> Routed:
    """Does what has fallen due for one subscriber: groups, digests, reminders, summaries.

    Of what is ready the caller enqueues `places`. `release`: groups go out so much before they are due."""
    if subscriber_id not in active.settings.subscribers:  # no longer configured: nothing of it will ever be due again
        state, _ = subscriber_state.lock(session, [subscriber_id])[subscriber_id]
        subscriber_state.save(session, {subscriber_id: (state, None)})
        return Routed()
    written = _Written(session, {}, now, places)
    with locked_routers(session, active, {subscriber_id: ()}) as routers:
        (router,) = routers.values()
        held = silenced(session, active.settings)
        messages = router.advance(now, held)
        if release is not None:
            messages += router.release_groups(now, release, held)
        written.add(Outcome(messages=tuple(messages)), [subscriber_id])
    written.flush()
    return written.routed


@contextmanager
def locked_routers(
    session: Session, active: Active, watched: Mapping[str, Collection[str]], instants: Collection[datetime] = ()
) -> Iterator[Mapping[tuple[str, ...], SubscriberRouter]]:
    """The routers of some subscribers, locked until the transaction ends, and stored at the end of the block.

    They are locked in the order of their ids; each has what it was told of the institutions given for it. Their number
    does not change how many statements it takes. Those to whom events of these instants do the same have one router."""
    states = subscriber_state.lock(session, watched)
    notifications = SqlNotifications.of(session, watched)
    chosen = grouped((answer.subscriber, answer) for answer in answers.preferences(session, *watched))
    subscribers, institutions = active.settings.subscribers, active.settings.institutions

    def situation(subscriber: str) -> object:
        """Equal for those who are alike: what they ask for, remember, and know of all that may be decided about."""
        state, due = states[subscriber]
        # What waits may be about any institution: it must not go out meanwhile, nor be drawn forward by an event.
        waits = due is not None and instants and (len(instants) > 1 or due <= max(instants))
        if not instants or waits or subscriber in chosen:
            return subscriber
        known = sorted((each, id(knowledge)) for each, knowledge in notifications[subscriber].known.items())
        return state, subscribers[subscriber].asks, *known

    routers = {}
    for first, *others in grouped((situation(each), each) for each in states).values():
        state, preferences = RouterState.from_json(states[first][0]), Preferences(tuple(chosen.get(first, ())))
        router = SubscriberRouter(subscribers[first], institutions, state, notifications[first], preferences)
        routers[first, *others] = router
    yield routers
    saved: dict[str, tuple[str, datetime | None]] = {}
    for alike, router in routers.items():
        text, due = router.state.to_json(), router.state.due
        for each in alike:
            for about in watched[each]:
                notifications[each].keep(about, router.notifications.knowledge(about))
            saved[each] = text, min(filter(None, (due, notifications[each].next_reminder())), default=None)
    subscriber_state.save(session, saved, notifications.values())


def silenced(session: Session, settings: Settings) -> tuple[Silence, ...]:
    """The silences of the configuration and those set by command, ended ones too: the router compares the times."""
    return (*settings.silences, *silences.all_silences(session))


@dataclass(slots=True)
class _Written:
    """What routers decide, gathered and written together."""

    session: Session
    transitions: Mapping[str, int]
    now: datetime
    places: int
    routed: Routed = field(default_factory=Routed)
    _unwritten: list[tuple[Outcome, Sequence[str], datetime | None]] = field(default_factory=list)

    def add(self, outcome: Outcome, subscribers: Sequence[str], observed: datetime | None = None) -> None:
        self._unwritten.append((outcome, subscribers, observed))

    def alerts_at(self, institution: str, instant: datetime) -> list[Alert]:
        """The alerts of an assessment, those of this transaction among them."""
        self.flush()
        return alerts.at(self.session, institution, instant)

    def flush(self) -> None:
        told, self._unwritten = self._unwritten, []
        made = [(alert, why, some) for each, some, _ in told if (why := each.explanation) for alert in each.alerts]
        alerts.add(self.session, made, self.transitions)
        alerts.drop(self.session, [each for outcome, _, _ in told for each in outcome.dropped])
        messages = [(one, seen) for outcome, some, seen in told for each in outcome.messages for one in each.to(some)]
        ready = [each.id for each, _ in messages if each.held is None][: self.places - len(self.routed.ready)]
        claimed = dict.fromkeys(ready, self.now + ENQUEUE_GRACE)
        written = [deliveries.Written(each, seen, claimed_until=claimed.get(each.id)) for each, seen in messages]
        deliveries.add_deliveries(self.session, written, now=self.now)
        self.routed.alerts += made
        self.routed.ready += ready
