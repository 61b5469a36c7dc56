"""One subscriber's desk: events come in, alert records and messages go out. A pure state machine.

    event ─> rules ─> checks ─┬─ sent ────────────> (group wait) ─┐
                              ├─ digest ──────────> digest time ──┤
                              ├─ quiet-hours ─────> their end ────┼─> settle ─> message
                              ├─ limit ───────────> summary ──────┤
                              └─ any other reason: kept, not told │
                                 repeat, corrections ─────────────┘

Time is an argument. Whatever falls due is stamped with the instant at which it fell due, so it makes no
difference how often, or how late, the driver calls `advance`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from alerts.delivery.events import CorrectionEvent, Event, LevelEvent, MentionEvent, Notice
from alerts.delivery.hours import next_digest, next_quiet
from alerts.delivery.limit import forget, has_room, next_room, take
from alerts.delivery.messages import (
    ChannelVerdict,
    Explanation,
    Kind,
    Message,
    Outcome,
    RuleVerdict,
    stable_id,
)
from alerts.delivery.reasons import Reason
from alerts.delivery.routing import channels_of, judge, stands
from alerts.delivery.settle import settle
from alerts.delivery.state import (
    Ack,
    ChannelState,
    DeskState,
    Ledger,
    Pending,
    Queue,
    QueueName,
    Role,
    Told,
    WatchKey,
    WatchState,
)
from alerts.delivery.suppression import WAITING, Case, describe, examine, quiet_end, silence_over
from alerts.model.alert import Alert, AlertState
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Silence, Subscriber

_STORIES: Final = 32  # mentions remembered per institution and channel
_QUEUE_KINDS: Final = {
    QueueName.GROUP: Kind.GROUP,
    QueueName.QUIET: Kind.GROUP,
    QueueName.SUMMARY: Kind.SUMMARY,
    QueueName.DIGEST: Kind.DIGEST,
}


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
        self._repeat = subscriber.repeat if subscriber.repeat and subscriber.repeat > timedelta(0) else None

    # What a driver calls

    @property
    def next_due(self) -> datetime | None:
        """When `advance` has something to do next; None: only an event can change anything."""
        return min((due for due in (self.state.due, self._ledger.next_reminder()) if due), default=None)

    def handle(self, event: Event, at: datetime, silences: Sequence[Silence] = ()) -> Outcome:
        """What comes of an event at `at`, after all that fell due until then.

        An instant before one already handled counts as that one. Level changes of one axis come in order of
        time; one that was handled before changes nothing.
        """
        messages = self._advance(at, silences)
        at = self.state.clock or at
        if isinstance(event, CorrectionEvent):
            messages += self._correct(event, at)
            return Outcome(messages=tuple(messages))
        explanation, followed = self._consider(event, at, silences)
        alerts, sent = self._file(event, at, explanation, followed)
        return Outcome(tuple(alerts), tuple(messages + sent), explanation)

    def advance(self, to: datetime, silences: Sequence[Silence] = ()) -> list[Outcome]:
        """Everything that falls due until `to`, included: one outcome an instant, in order."""
        by_instant: dict[datetime, list[Message]] = defaultdict(list)
        for message in self._advance(to, silences):
            by_instant[message.at].append(message)
        return [Outcome(messages=tuple(messages)) for messages in by_instant.values()]

    def explain(self, event: Notice, at: datetime, silences: Sequence[Silence] = ()) -> Explanation:
        """What `handle` would decide, and why; changes nothing."""
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
        messages = self._advance(at, silences)
        for each in Axis if axis is None else (axis,):
            key = WatchKey(institution, each)
            watch = self._ledger.watch(key)
            if watch.level is not Level.LOW:
                watch.ack = Ack(self.state.clock or at, author)
                self._ledger.keep(key, watch)
        return Outcome(messages=tuple(messages))

    def unsubscribe(self, channel: str, at: datetime) -> None:
        """Nothing more goes to the channel, what waits included, until `resubscribe`."""
        self.state.muted.setdefault(channel, at)

    def resubscribe(self, channel: str) -> None:
        self.state.muted.pop(channel, None)

    # Events

    def _consider(
        self, event: Notice, at: datetime, silences: Sequence[Silence]
    ) -> tuple[Explanation, frozenset[str]]:
        """The verdicts of rules and checks, and the channels on which a rise is followed without a word."""
        institution = self._institutions.get(event.institution)
        if institution is None:
            note = f"{event.institution} is not configured"
            return Explanation(event.key, self.subscriber.id, note=note), frozenset()
        watches = self._watches(event)
        if isinstance(event, LevelEvent):
            seen = watches[event.transition.axis].seen
            if seen is not None and event.at <= seen:
                note = "this change of level, or a later one, was handled before"
                return Explanation(event.key, self.subscriber.id, note=note), frozenset()
        rules = self._judge(event, institution, watches)
        verdicts: list[ChannelVerdict] = []
        followed: set[str] = set()
        for channel in self.subscriber.channels:
            mine = [each for each in rules if each.channel == channel]
            if not any(each.matched or each.follows for each in mine):
                continue
            verdict = examine(self._case(event, at, institution, channel, watches, silences))
            if any(each.matched for each in mine):
                verdicts.append(verdict)
            elif verdict.state is AlertState.SENT or verdict.reason in WAITING:
                followed.add(channel)
        return Explanation(event.key, self.subscriber.id, rules, tuple(verdicts)), frozenset(followed)

    def _judge(
        self, event: Notice, institution: Institution, watches: Mapping[Axis | None, WatchState]
    ) -> tuple[RuleVerdict, ...]:
        axis = event.transition.axis if isinstance(event, LevelEvent) else None
        told = watches[axis].told
        return tuple(
            judge(
                index,
                rule,
                channel,
                event,
                institution,
                told[channel].level if channel in told else Level.LOW,
            )
            for index, rule in enumerate(self.subscriber.watch)
            for channel in channels_of(rule, self.subscriber)
        )

    def _case(
        self,
        event: Notice,
        at: datetime,
        institution: Institution,
        channel: str,
        watches: Mapping[Axis | None, WatchState],
        silences: Sequence[Silence],
    ) -> Case:
        return Case(
            event=event,
            at=at,
            subscriber=self.subscriber,
            institution=institution,
            channel=channel,
            watches=watches,
            silences=silences,
            muted=self.state.muted.get(channel),
            room=self._has_room(channel, at),
        )

    def _watches(self, event: Notice) -> dict[Axis | None, WatchState]:
        """The watch of the event; for a level change those of the institution's other axes too."""
        axes: Iterable[Axis | None] = Axis if isinstance(event, LevelEvent) else (None,)
        return {axis: self._ledger.watch(WatchKey(event.institution, axis)) for axis in axes}

    def _file(
        self, event: Notice, at: datetime, explanation: Explanation, followed: frozenset[str]
    ) -> tuple[list[Alert], list[Message]]:
        """Record the event's fate on every channel, and let out what need not wait."""
        if explanation.note:
            return [], []
        alerts = [self._alert(event, at, verdict) for verdict in explanation.channels]
        told = [
            alert
            for alert, verdict in zip(alerts, explanation.channels, strict=True)
            if alert.state is AlertState.SENT or verdict.reason in WAITING
        ]
        self._learn(event, told, followed)
        messages: list[Message] = []
        for alert in told:
            entry = self._entry(event, alert, explanation)
            messages += self._dispatch(entry, alert, event.urgency, at)
        return alerts, messages

    def _alert(self, event: Notice, at: datetime, verdict: ChannelVerdict) -> Alert:
        return Alert(
            id=alert_id(event, self.subscriber.id, verdict.channel),
            at=at,
            subscriber=self.subscriber.id,
            channel=verdict.channel,
            institution=event.institution,
            on=event.on,
            transition=event.transition if isinstance(event, LevelEvent) else None,
            state=verdict.state,
            reason="" if verdict.reason is None else verdict.reason.value,
        )

    def _learn(self, event: Notice, told: Sequence[Alert], followed: frozenset[str]) -> None:
        """Remember the new level and who is, or will be, told of it."""
        if isinstance(event, LevelEvent):
            change = event.transition
            key = WatchKey(change.institution, change.axis)
            watch = self._ledger.watch(key)
            watch.level, watch.seen, watch.ack = change.to, change.at, None
            for channel in sorted(followed):
                watch.told[channel] = Told(change.to, "", event.story)
            for alert in told:
                watch.told[alert.channel] = Told(change.to, alert.id, event.story)
                if change.to is Level.LOW:
                    del watch.told[alert.channel]
            for channel in list(watch.remind):
                if not self._stands(key, watch, channel):
                    del watch.remind[channel]
            self._ledger.keep(key, watch)
        elif isinstance(event, MentionEvent) and event.story and told:
            key = WatchKey(event.institution)
            watch = self._ledger.watch(key)
            for alert in told:
                stories = watch.stories.setdefault(alert.channel, [])
                stories[:] = [*stories, event.story][-_STORIES:]
            self._ledger.keep(key, watch)

    def _entry(self, event: Notice, alert: Alert, explanation: Explanation) -> Pending:
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

    def _dispatch(self, entry: Pending, alert: Alert, urgency: Level, at: datetime) -> list[Message]:
        """Put an alert where it waits, or send it."""
        channel = alert.channel
        if alert.state is AlertState.DIGEST:
            self._wait_for_digest(channel, entry, at)
        elif alert.reason == Reason.QUIET_HOURS:
            self._wait_for_quiet_end(channel, entry, urgency, at)
        elif alert.reason == Reason.LIMIT:
            self._wait_for_summary(channel, entry, urgency, at)
        elif self.subscriber.group > timedelta(0):
            due = self._group_due(at)
            if QueueName.GROUP not in self._channel(channel).queues:
                self._take(channel, due)
            self._wait(channel, QueueName.GROUP, due, entry)
        else:
            self._take(channel, at)
            return self._send(channel, _single(entry), [entry], at)
        return []

    # Waiting

    def _channel(self, channel: str) -> ChannelState:
        return self.state.channels.setdefault(channel, ChannelState())

    def _wait(self, channel: str, name: QueueName, due: datetime, entry: Pending) -> None:
        queue = self._channel(channel).queues.setdefault(name, Queue(due))
        queue.due = min(queue.due, due)
        queue.add(entry)

    def _wait_for_digest(self, channel: str, entry: Pending, at: datetime) -> None:
        if self.subscriber.digest is not None:
            self._wait(channel, QueueName.DIGEST, next_digest(self.subscriber.digest, at), entry)

    def _wait_for_quiet_end(self, channel: str, entry: Pending, urgency: Level, at: datetime) -> None:
        due = quiet_end(self.subscriber.quiet_hours, urgency, at)
        self._wait(channel, QueueName.QUIET, due or at, entry)

    def _wait_for_summary(self, channel: str, entry: Pending, urgency: Level, at: datetime) -> None:
        """At most one summary in the limit's length of time, not in quiet hours."""
        limit = self.subscriber.limit
        if limit is None:
            return
        channel_state = self._channel(channel)
        due = next_room(channel_state.window, at, limit)
        if channel_state.summarised is not None:
            due = max(due, channel_state.summarised + limit.per)
        due = quiet_end(self.subscriber.quiet_hours, urgency, due) or due
        self._wait(channel, QueueName.SUMMARY, due, entry)

    def _group_due(self, at: datetime) -> datetime:
        """The end of a group's wait; a group does not wait into quiet hours."""
        due = at + self.subscriber.group
        hours = self.subscriber.quiet_hours
        return due if hours is None else min(due, next_quiet(hours, at))

    def _has_room(self, channel: str, at: datetime) -> bool:
        """Whether the limit lets one more alert out; a group that waits has its place already."""
        limit = self.subscriber.limit
        if limit is None:
            return True
        state = self._channel(channel)
        forget(state.window, at, limit.per)
        return QueueName.GROUP in state.queues or has_room(state.window, self._group_due(at), limit)

    def _take(self, channel: str, at: datetime) -> None:
        if self.subscriber.limit is not None:
            take(self._channel(channel).window, at)

    # What falls due

    def _advance(self, to: datetime, silences: Sequence[Silence]) -> list[Message]:
        messages: list[Message] = []
        while (due := self.next_due) is not None and due <= to:
            messages += self._flush(due, QueueName.GROUP, silences)
            messages += self._remind(due, silences)
            for name in (QueueName.QUIET, QueueName.SUMMARY, QueueName.DIGEST):
                messages += self._flush(due, name, silences)
            self._tick(due)
        self._tick(to)
        return messages

    def _tick(self, at: datetime) -> None:
        self.state.clock = at if self.state.clock is None else max(self.state.clock, at)

    def _flush(self, at: datetime, name: QueueName, silences: Sequence[Silence]) -> list[Message]:
        messages: list[Message] = []
        for channel in sorted(self.state.channels):
            queues = self.state.channels[channel].queues
            if name not in queues or queues[name].due > at:
                continue
            queue = queues.pop(name)
            if name is QueueName.SUMMARY:
                self.state.channels[channel].summarised = at
            kind = _QUEUE_KINDS[name]
            if reason := self._barred(channel):
                messages.append(self._hold(channel, kind, queue.entries, at, reason, "", queue.more))
                continue
            entries, held = self._still_wanted(channel, kind, queue.entries, at, silences)
            messages += held
            corrections = [each for each in entries if each.role is Role.CORRECTION]
            others = [each for each in entries if each.role is not Role.CORRECTION]
            if corrections:
                messages += self._send(channel, Kind.CORRECTION, corrections, at)
            if name is QueueName.GROUP and len(others) == 1 and not queue.more:
                kind = _single(others[0])
            messages += self._send(channel, kind, others, at, queue.more)
        return messages

    def _still_wanted(
        self, channel: str, kind: Kind, entries: Sequence[Pending], at: datetime, silences: Sequence[Silence]
    ) -> tuple[list[Pending], list[Message]]:
        """Entries of a queue that may go out now; those under a silence are held, with its reason."""
        wanted: list[Pending] = []
        silenced: dict[str, list[Pending]] = defaultdict(list)
        for entry in entries:
            if entry.role is Role.REMINDER:
                watch = self._ledger.watch(entry.watch)
                if watch.ack is not None or not self._stands(entry.watch, watch, channel):
                    continue
            silence = self._silence(entry.institution, at, silences)
            if silence is None or entry.role is Role.CORRECTION:
                wanted.append(entry)
            else:
                silenced[describe(silence)].append(entry)
        held = [
            self._hold(channel, kind, each, at, Reason.SILENCE, detail) for detail, each in silenced.items()
        ]
        for entry in (entry for each in silenced.values() for entry in each):
            self._untell(channel, entry)
        return wanted, held

    def _remind(self, at: datetime, silences: Sequence[Silence]) -> list[Message]:
        """One reminder a channel, for all levels that still stand and are due for one."""
        ready: dict[str, list[Pending]] = defaultdict(list)
        held: dict[tuple[str, Reason, str], list[Pending]] = defaultdict(list)
        for key in sorted(self._ledger.reminders(at), key=lambda each: (each.institution, each.axis or "")):
            watch = self._ledger.watch(key)
            due = sorted(channel for channel, when in watch.remind.items() if when <= at)
            for channel in due:
                del watch.remind[channel]
                told = watch.told.get(channel)
                if told is None or not told.alert or told.corrected or self._repeat is None:
                    continue
                if self._barred(channel) or not self._stands(key, watch, channel):
                    continue
                entry = Pending(
                    told.alert, key.institution, key.axis, told.level, watch.level, role=Role.REMINDER
                )
                silence = self._silence(key.institution, at, silences)
                if watch.ack is not None:
                    held[channel, Reason.ACKNOWLEDGED, f"by {watch.ack.author}"].append(entry)
                    watch.remind[channel] = at + self._repeat
                elif silence is not None:
                    held[channel, Reason.SILENCE, describe(silence)].append(entry)
                    watch.remind[channel] = at + self._repeat
                elif self.subscriber.digest is not None and watch.level < self.subscriber.digest.below:
                    self._wait_for_digest(channel, entry, at)
                elif quiet_end(self.subscriber.quiet_hours, watch.level, at) is not None:
                    self._wait_for_quiet_end(channel, entry, watch.level, at)
                else:
                    ready[channel].append(entry)
            self._ledger.keep(key, watch)
        messages = [
            self._hold(channel, Kind.REMINDER, entries, at, reason, detail)
            for (channel, reason, detail), entries in held.items()
        ]
        for channel, entries in ready.items():
            limit = self.subscriber.limit
            if limit is not None and not has_room(self._channel(channel).window, at, limit):
                messages.append(self._hold(channel, Kind.REMINDER, entries, at, Reason.LIMIT, ""))
                self._schedule(channel, entries, at)
            else:
                self._take(channel, at)
                messages += self._send(channel, Kind.REMINDER, entries, at)
        return messages

    # Corrections

    def _correct(self, event: CorrectionEvent, at: datetime) -> list[Message]:
        messages: list[Message] = []
        owed: dict[str, list[Alert]] = defaultdict(list)
        for alert in event.alerts:
            if alert.subscriber != self.subscriber.id:
                continue
            withdrawn = self._withdraw(alert)
            carried = self._ledger.carried(alert.id)
            if carried and Kind.CORRECTION not in carried and not self._correction_waits(alert):
                owed[alert.channel].append(alert)
            elif withdrawn and not carried:
                entry = Pending(alert.id, alert.institution)
                messages.append(
                    self._hold(alert.channel, Kind.ALERT, [entry], at, Reason.CORRECTED, event.why)
                )
        for channel, alerts in owed.items():
            entries = [Pending(each.id, each.institution, role=Role.CORRECTION) for each in alerts]
            urgency = max((each.transition.to for each in alerts if each.transition), default=Level.LOW)
            if reason := self._barred(channel):
                messages.append(self._hold(channel, Kind.CORRECTION, entries, at, reason, event.why))
            elif quiet_end(self.subscriber.quiet_hours, urgency, at) is not None:
                for entry in entries:
                    self._wait_for_quiet_end(channel, entry, urgency, at)
            else:
                messages += self._send(channel, Kind.CORRECTION, entries, at)
        return messages

    def _withdraw(self, alert: Alert) -> bool:
        """Take an alert out of every queue and off the reminders; whether it waited for its first message."""
        waited = False
        channel = self._channel(alert.channel)
        for name in list(channel.queues):
            queue = channel.queues[name]
            gone = [e for e in queue.entries if e.alert == alert.id and e.role is not Role.CORRECTION]
            waited = waited or any(entry.role is Role.ALERT for entry in gone)
            queue.entries = [entry for entry in queue.entries if entry not in gone]
            if not queue.entries and not queue.more:
                del channel.queues[name]
                if name is QueueName.GROUP and queue.due in channel.window:
                    channel.window.remove(queue.due)
        if alert.transition is not None:
            key = WatchKey(alert.institution, alert.transition.axis)
            watch = self._ledger.watch(key)
            told = watch.told.get(alert.channel)
            if told is not None and told.alert == alert.id:
                watch.told[alert.channel] = replace(told, corrected=True)
                watch.remind.pop(alert.channel, None)
                self._ledger.keep(key, watch)
        return waited

    def _correction_waits(self, alert: Alert) -> bool:
        queues = self._channel(alert.channel).queues.values()
        return any(
            entry.alert == alert.id and entry.role is Role.CORRECTION
            for queue in queues
            for entry in queue.entries
        )

    # Messages

    def _send(
        self, channel: str, kind: Kind, entries: Sequence[Pending], at: datetime, more: int = 0
    ) -> list[Message]:
        """One message of what is still true of the entries; none where nothing is left to say."""
        if kind is Kind.CORRECTION:
            message = self._message(channel, kind, at, alerts=_ids(entries))
        else:
            settled = settle(entries, lambda key: self._ledger.watch(key).level)
            message = self._message(channel, kind, at, alerts=_ids(settled.alerts))
            message = replace(
                message,
                reminders=_ids(entry for entry in entries if entry.role is Role.REMINDER),
                overtaken=_ids(settled.overtaken),
                standing=settled.standing,
                more=more,
            )
            self._schedule(channel, entries, at)
        if not message.carries and not more:
            return []
        message = replace(message, id=self._message_id(message))
        self._ledger.carry(message)
        return [message]

    def _hold(
        self,
        channel: str,
        kind: Kind,
        entries: Sequence[Pending],
        at: datetime,
        reason: Reason,
        detail: str,
        more: int = 0,
    ) -> Message:
        """A message that is not sent, kept for its reason."""
        message = self._message(channel, kind, at, alerts=_ids(entries))
        message = replace(message, more=more, held=reason, detail=detail)
        return replace(message, id=self._message_id(message))

    def _message(self, channel: str, kind: Kind, at: datetime, alerts: tuple[str, ...]) -> Message:
        return Message(id="", subscriber=self.subscriber.id, channel=channel, kind=kind, at=at, alerts=alerts)

    @staticmethod
    def _message_id(message: Message) -> str:
        return stable_id(
            "message",
            message.subscriber,
            message.channel,
            message.kind,
            message.at.isoformat(),
            message.held or "",
            *message.carries,
        )

    def _schedule(self, channel: str, entries: Iterable[Pending], at: datetime) -> None:
        """The next reminder of every level that was just told and still stands."""
        if self._repeat is None:
            return
        for key in {entry.watch for entry in entries if entry.axis is not None}:
            watch = self._ledger.watch(key)
            if self._stands(key, watch, channel):
                watch.remind[channel] = at + self._repeat
                self._ledger.keep(key, watch)

    # Small questions

    def _stands(self, key: WatchKey, watch: WatchState, channel: str) -> bool:
        institution = self._institutions.get(key.institution)
        if institution is None or key.axis is None:
            return False
        return stands(self.subscriber, institution, key.axis, channel, watch.level)

    def _barred(self, channel: str) -> Reason | None:
        if channel not in self.subscriber.channels:
            return Reason.CHANNEL_GONE
        return Reason.UNSUBSCRIBED if channel in self.state.muted else None

    def _silence(self, institution: str, at: datetime, silences: Sequence[Silence]) -> Silence | None:
        known = self._institutions.get(institution)
        return None if known is None else silence_over(known, at, silences)

    def _untell(self, channel: str, entry: Pending) -> None:
        """An alert that was to be told never went out: its fall is not told either."""
        watch = self._ledger.watch(entry.watch)
        told = watch.told.get(channel)
        if entry.role is Role.ALERT and told is not None and told.alert == entry.alert:
            del watch.told[channel]
            self._ledger.keep(entry.watch, watch)


def _single(entry: Pending) -> Kind:
    return Kind.ALL_CLEAR if entry.clear else Kind.ALERT


def _ids(entries: Iterable[Pending]) -> tuple[str, ...]:
    return tuple(entry.alert for entry in entries)
