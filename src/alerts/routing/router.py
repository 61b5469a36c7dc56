"""One subscriber's desk: events come in, alert records and messages go out. A pure state machine.

    event ─> rules ─> checks ─┬─ sent ────────> (group wait) ─┐
                              ├─ digest ──────> digest time ──┤
                              ├─ quiet-hours ─> their end ────┼─> what is still true ─> message
                              ├─ limit ───────> summary ──────┤
                              │  reminders, corrections ──────┘
                              └─ any other reason: on record, never told

Time is an argument. The rules are `routing`, the checks `suppression`, the waiting `outbox`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from alerts.model.alert import Alert, AlertState
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Silence, Subscriber
from alerts.routing.alerts import ChannelVerdict, Explanation, Message, Outcome, RuleVerdict, stable_id
from alerts.routing.events import CorrectionEvent, Event, LevelEvent, MentionEvent, Notice
from alerts.routing.rules import channels_of, judge
from alerts.routing.state import Ack, DeskState, Ledger, Pending, Told, WatchKey, WatchState
from alerts.routing.suppression import WAITING, Case, examine
from alerts.routing.waiting import Outbox

_STORIES: Final = 32  # mentions remembered per institution and channel


def alert_id(event: Notice, subscriber: str, channel: str) -> str:
    """The same event for the same subscriber and channel has the same id, wherever it is computed."""
    return stable_id("alert", event.key, subscriber, channel, event.on)


class Desk:
    """Decides for one subscriber. Not for two threads at a time: a driver locks the subscriber meanwhile.

    `state` and what the ledger holds are changed in place; the driver stores them with the outcome, in one
    transaction. `institutions` are the configured ones by id. Silences are passed with each call; an alert
    that waited is held back by one that covers its institution when it would go out.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        institutions: Mapping[str, Institution],
        state: DeskState,
        ledger: Ledger,
    ) -> None:
        self.subscriber = subscriber
        self.state = state
        self._institutions = institutions
        self._ledger = ledger
        self._outbox = Outbox(subscriber, institutions, state, ledger)

    @property
    def next_due(self) -> datetime | None:
        """When `advance` has something to do next; None: only an event can change anything."""
        return self._outbox.next_due

    def handle(self, event: Event, at: datetime, silences: Sequence[Silence] = ()) -> Outcome:
        """What comes of an event at `at`, after all that fell due until then.

        An instant before the last at which something was done counts as that one; alerts are stamped with the
        event's own. Level changes of one axis come in order of time; one handled before changes nothing.
        """
        messages = self._outbox.advance(at, silences)
        at = self._outbox.reach(at)
        if isinstance(event, CorrectionEvent):
            return Outcome(messages=(*messages, *self._outbox.correct(event, at)))
        if self._handled(event):
            return Outcome(messages=tuple(messages))
        explanation, followed = self._consider(event, at, silences)
        if explanation.note:
            return Outcome(messages=tuple(messages), explanation=explanation)
        alerts = tuple(self._alert(event, verdict) for verdict in explanation.channels)
        told = [alert for alert in alerts if alert.state is AlertState.SENT or alert.reason in WAITING]
        self._learn(event, told, followed)
        for alert in told:
            pending = self._pending(event, alert, explanation)
            messages += self._outbox.accept(alert.channel, pending, alert.reason, event.urgency, at)
        return Outcome(alerts, tuple(messages), explanation)

    def advance(self, to: datetime, silences: Sequence[Silence] = ()) -> list[Outcome]:
        """Everything that falls due until `to`, included: one outcome an instant, in order."""
        by_instant: dict[datetime, list[Message]] = defaultdict(list)
        for message in self._outbox.advance(to, silences):
            by_instant[message.at].append(message)
        return [Outcome(messages=tuple(messages)) for messages in by_instant.values()]

    def explain(self, event: Notice, at: datetime, silences: Sequence[Silence] = ()) -> Explanation:
        """What `handle` would decide if it heard of the event now, and why; changes nothing."""
        return self._consider(event, at, silences)[0]

    def ack(
        self,
        institution: str,
        axis: Axis | None,
        at: datetime,
        author: str,
        silences: Sequence[Silence] = (),
    ) -> Outcome:
        """No more reminders of the levels of an axis (None: of all) until they change."""
        messages = self._outbox.advance(at, silences)
        at = self._outbox.reach(at)
        for each in Axis if axis is None else (axis,):
            key = WatchKey(institution, each)
            watch = self._ledger.watch(key)
            if watch.level is not Level.LOW:
                watch.ack = Ack(at, author)
                self._ledger.keep(key, watch)
        return Outcome(messages=tuple(messages))

    def unsubscribe(self, channel: str, at: datetime) -> None:
        """Nothing more goes to the channel, what waits included, until `resubscribe`."""
        self.state.muted.setdefault(channel, at)

    def resubscribe(self, channel: str) -> None:
        self.state.muted.pop(channel, None)

    # Deciding

    def _handled(self, event: Notice) -> bool:
        """Whether this change of level, or a later one of the same axis, was handled before."""
        if not isinstance(event, LevelEvent):
            return False
        seen = self._ledger.watch(WatchKey(event.institution, event.transition.axis)).seen
        return seen is not None and event.at <= seen

    def _consider(
        self, event: Notice, at: datetime, silences: Sequence[Silence]
    ) -> tuple[Explanation, frozenset[str]]:
        """The verdicts of rules and checks, and the channels on which a rise is followed without a word."""
        institution = self._institutions.get(event.institution)
        if institution is None:
            note = f"{event.institution} is not configured"
            return Explanation(event.key, self.subscriber.id, note=note), frozenset()
        axis = event.transition.axis if isinstance(event, LevelEvent) else None
        watch = self._ledger.watch(WatchKey(event.institution, axis))
        rules = self._judge(event, institution, watch)
        verdicts: list[ChannelVerdict] = []
        followed: set[str] = set()
        for channel in self.subscriber.channels:
            mine = [each for each in rules if each.channel == channel]
            if not any(each.matched or each.follows for each in mine):
                continue
            case = Case(
                event=event,
                at=at,
                subscriber=self.subscriber,
                institution=institution,
                channel=channel,
                watch=watch,
                others=self._others(event),
                silences=silences,
                muted=self.state.muted.get(channel),
                room=self._outbox.has_room(channel, at),
            )
            verdict = examine(case)
            if any(each.matched for each in mine):
                verdicts.append(verdict)
            elif verdict.reason is None or verdict.reason in WAITING:
                followed.add(channel)
        return Explanation(event.key, self.subscriber.id, rules, tuple(verdicts)), frozenset(followed)

    def _judge(self, event: Notice, institution: Institution, watch: WatchState) -> tuple[RuleVerdict, ...]:
        return tuple(
            judge(index, rule, channel, event, institution, watch.believed(channel))
            for index, rule in enumerate(self.subscriber.watch)
            for channel in channels_of(rule, self.subscriber)
        )

    def _others(self, event: Notice) -> Mapping[Axis, WatchState]:
        """The institution's other axes, where the event is about one."""
        if not isinstance(event, LevelEvent):
            return {}
        return {
            axis: self._ledger.watch(WatchKey(event.institution, axis))
            for axis in Axis
            if axis is not event.transition.axis
        }

    def _alert(self, event: Notice, verdict: ChannelVerdict) -> Alert:
        return Alert(
            id=alert_id(event, self.subscriber.id, verdict.channel),
            at=event.at,
            subscriber=self.subscriber.id,
            channel=verdict.channel,
            institution=event.institution,
            on=event.on,
            transition=event.transition if isinstance(event, LevelEvent) else None,
            state=verdict.state,
            reason="" if verdict.reason is None else verdict.reason.value,
        )

    def _pending(self, event: Notice, alert: Alert, explanation: Explanation) -> Pending:
        if not isinstance(event, LevelEvent):
            return Pending(alert.id, event.institution)
        change = event.transition
        rules = [
            self.subscriber.watch[each.rule]
            for each in explanation.rules
            if each.matched and each.channel == alert.channel
        ]
        clear = not change.rises and all(change.to < rule.at_least for rule in rules)
        return Pending(alert.id, change.institution, change.axis, change.from_, change.to, clear)

    # Remembering

    def _learn(self, event: Notice, told: Sequence[Alert], followed: frozenset[str]) -> None:
        """Remember the new level and who is, or will be, told of it."""
        if isinstance(event, LevelEvent):
            self._learn_level(event, told, followed)
        elif isinstance(event, MentionEvent) and event.story and told:
            key = WatchKey(event.institution)
            watch = self._ledger.watch(key)
            for alert in told:
                stories = watch.stories.get(alert.channel, [])
                watch.stories[alert.channel] = [*stories, event.story][-_STORIES:]
            self._ledger.keep(key, watch)

    def _learn_level(self, event: LevelEvent, told: Sequence[Alert], followed: frozenset[str]) -> None:
        change = event.transition
        key = WatchKey(change.institution, change.axis)
        watch = self._ledger.watch(key)
        watch.level, watch.seen, watch.ack = change.to, change.at, None
        for channel in sorted(followed):
            watch.tell(channel, Told(change.to, "", event.story), rises=True)
        for alert in told:
            watch.tell(alert.channel, Told(change.to, alert.id, event.story), rises=change.rises)
        for channel in list(watch.remind):
            if not self._outbox.stands(key, watch, channel):
                del watch.remind[channel]
        self._ledger.keep(key, watch)
