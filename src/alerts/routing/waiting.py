"""Where a subscriber's alerts wait, and what leaves together: groups, quiet hours, digests, summaries, reminders.

Whatever falls due is stamped with the instant at which it fell due, so it makes no difference how often, or how
late, it is asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.model.alert import Alert
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Digest, Silence, Subscriber
from alerts.routing.alerts import Kind, Message, alert_id, alert_ref
from alerts.routing.coalesce import clusters, coalesce
from alerts.routing.events import CorrectionEvent
from alerts.routing.preferences import Preferences
from alerts.routing.quiet_hours import next_digest, next_quiet
from alerts.routing.reasons import Reason
from alerts.routing.rules import stands
from alerts.routing.state import (
    QUEUE_LENGTH,
    AlertRef,
    ChannelState,
    Move,
    NotificationRepository,
    OpenEscalation,
    Pending,
    Purpose,
    Queue,
    QueueName,
    RouterState,
    WatchKey,
    WatchState,
)
from alerts.routing.suppression import describe, quiet_end, silence_over

_Held = dict[tuple[str, Reason, str], list[Pending]]  # what is held back, by channel, reason and detail


@dataclass(frozen=True, slots=True)
class PendingAlerts:
    """The half of a router that deals with time. `institutions` are the configured ones by id.

    `state` and what the repository holds are changed in place; the driver stores them with the outcome, in one
    transaction. Silences are passed with each call: one that covers an institution when an alert that waited would go
    out holds it back."""

    subscriber: Subscriber
    institutions: Mapping[str, Institution]
    state: RouterState
    notifications: NotificationRepository
    preferences: Preferences

    @property
    def next_due(self) -> datetime | None:
        """When `advance` has something to do next; None: only an event can change anything."""
        return min((due for due in (self.state.due, self.notifications.next_reminder()) if due), default=None)

    def advance(self, to: datetime, silences: Sequence[Silence] = ()) -> list[Message]:
        """Everything that falls due until `to`, included, in order of time."""
        messages: list[Message] = []
        while (due := self.next_due) is not None and due <= to:
            self.reach(due)
            messages += self._flush(due, QueueName.GROUP, silences)
            messages += self._escalate(due, silences)
            # Before the digest of the same instant, which may take them.
            messages += self._remind(due, silences)
            for name in (QueueName.QUIET, QueueName.SUMMARY, QueueName.DIGEST):
                messages += self._flush(due, name, silences)
        return messages

    def reach(self, at: datetime) -> datetime:
        """Move the clock to an instant; gives where it is then, which is later where more was done already."""
        clock = self.state.clock
        self.state.clock = at if clock is None else max(clock, at)
        return self.state.clock

    def has_room(self, channel: str, at: datetime, institution: str, item: str) -> bool:
        """Whether the limit lets one more alert out; one that joins a message that waits takes no place."""
        limit = self.subscriber.limit
        if limit is None or self._joins(channel, institution, item):
            return True
        return self.state.channels.get(channel, ChannelState()).has_room(self._due_of_group(channel, at), limit)

    def _group(self, channel: str) -> Queue | None:
        """The channel's group that waits; asking changes nothing."""
        return self.state.channels.get(channel, ChannelState()).queues.get(QueueName.GROUP)

    def _joins(self, channel: str, institution: str, item: str) -> bool:
        """Whether an alert would go out with another that waits in the channel's group."""
        queue = self._group(channel)
        return queue is not None and any(
            each.institution == institution or (item and each.item == item) for each in queue.entries
        )

    def _due_of_group(self, channel: str, at: datetime) -> datetime:
        """When the channel's group goes out: the one that waits, else one that begins now, before quiet hours."""
        queue, hours, due = self._group(channel), self.subscriber.quiet_hours, at + self.subscriber.group
        if queue is not None:
            return queue.due
        return due if hours is None or due == at else min(due, next_quiet(hours, at))

    def release_groups(self, at: datetime, within: timedelta, silences: Sequence[Silence] = ()) -> list[Message]:
        """Sends the groups that are due within so much at once: nothing more will come."""
        messages = self.advance(at, silences)
        at = self.reach(at)
        for state in self.state.channels.values():
            queue = state.queues.get(QueueName.GROUP)
            if queue is not None and at < queue.due <= at + within:
                for _ in clusters(queue.entries):
                    if queue.due in state.window:
                        state.window[state.window.index(queue.due)] = at
                state.window.sort()
                queue.due = at
        return messages + self.advance(at, silences)

    def accept(self, channel: str, pending: Pending, reason: str, urgency: Level, at: datetime) -> list[Message]:
        """Put an alert where its reason (empty: sent) makes it wait, or send it."""
        if reason == Reason.DIGEST:
            self._wait_for_digest(channel, pending, self.preferences.digest(self.subscriber, channel, at), at)
        elif reason == Reason.QUIET_HOURS:
            self._wait_for_quiet_end(channel, pending, urgency, at)
        elif reason == Reason.LIMIT:
            self._wait_for_summary(channel, pending, urgency, at)
        elif self.subscriber.group > timedelta(0):
            due = self._due_of_group(channel, at)
            if not self._joins(channel, pending.institution, pending.item):
                self._take(channel, due, at)
            self._wait(channel, QueueName.GROUP, due, pending)
        else:
            self._take(channel, at, at)
            return self._send(channel, _single(pending), [pending], at)
        return []

    def stands(self, key: WatchKey, watch: WatchState, channel: str) -> bool:
        """Whether the level is one that the channel asked for."""
        institution = self.institutions.get(key.institution)
        return institution is not None and stands(self.subscriber, institution, key.axis, channel, watch.level)

    def named(self, institution: str, channel: str, alert: AlertRef) -> str:
        """What names an alert that a channel was notified of: a reference, or the id."""
        return alert if isinstance(alert, str) else alert_ref(institution, alert, channel)

    def id_of(self, alert: str) -> str:
        """Of an alert that was written down before schema 0013 the id is the name, of others it follows from it."""
        return alert_id(alert, self.subscriber.id)

    def correct(self, event: CorrectionEvent, at: datetime) -> tuple[list[Message], tuple[str, ...]]:
        """Takes back the alerts that went out, once, and drops those that still wait, whose ids it gives."""
        messages: list[Message] = []
        dropped: list[str] = []
        owed: dict[str, list[Alert]] = defaultdict(list)
        for alert in event.alerts:
            if alert.subscriber != self.subscriber.id:
                continue
            waits, corrected = self._withdraw(alert)
            carried = self.notifications.carried(alert)
            corrected |= {each.channel for each in carried if each.kind is Kind.CORRECTION}
            for channel in sorted({each.channel for each in carried} - corrected):
                owed[channel].append(alert)
            if waits and not carried:
                dropped.append(alert.id)
                why = {"held": Reason.CORRECTED, "detail": event.why}
                messages.append(self._message(alert.channel, Kind.ALERT, at, (alert.id,), **why))
        for channel, alerts in owed.items():
            entries = [Pending(each.id, each.institution, purpose=Purpose.CORRECTION) for each in alerts]
            urgency = max(each.level for each in alerts)
            if reason := self._barred(channel):
                messages.append(
                    self._message(channel, Kind.CORRECTION, at, _ids(entries), held=reason, detail=event.why)
                )
            elif quiet_end(self.subscriber.quiet_hours, urgency, at) is not None:
                for entry in entries:
                    self._wait_for_quiet_end(channel, entry, urgency, at)
            else:
                messages += self._send(channel, Kind.CORRECTION, entries, at, detail=event.why)
        return messages, tuple(dropped)

    # Waiting

    def _channel(self, channel: str) -> ChannelState:
        return self.state.channels.setdefault(channel, ChannelState())

    def _wait(self, channel: str, name: QueueName, due: datetime, pending: Pending) -> None:
        queue = self._channel(channel).queues.setdefault(name, Queue(due))
        queue.due = min(queue.due, due)
        queue.add(pending)

    def _wait_for_digest(self, channel: str, pending: Pending, digest: Digest | None, at: datetime) -> None:
        if digest is not None:
            self._wait(channel, QueueName.DIGEST, next_digest(digest, at), pending)

    def _wait_for_quiet_end(self, channel: str, pending: Pending, urgency: Level, at: datetime) -> None:
        due = quiet_end(self.subscriber.quiet_hours, urgency, at)
        self._wait(channel, QueueName.QUIET, due or at, pending)

    def _wait_for_summary(self, channel: str, pending: Pending, urgency: Level, at: datetime) -> None:
        """At most one summary in the limit's length of time, not in quiet hours."""
        limit = self.subscriber.limit
        if limit is None:
            return
        state = self._channel(channel)
        due = state.next_room(at, limit)
        if state.summarised is not None:
            due = max(due, state.summarised + limit.per)
        due = quiet_end(self.subscriber.quiet_hours, urgency, due) or due
        self._wait(channel, QueueName.SUMMARY, due, pending)

    def _take(self, channel: str, at: datetime, now: datetime) -> None:
        if self.subscriber.limit is not None:
            self._channel(channel).take(at, self.subscriber.limit, now)

    def _withdraw(self, alert: Alert) -> tuple[bool, set[str]]:
        """Take an alert out of every queue, off the reminders and the escalations.

        Gives whether the alert itself was among what waited, and the channels in which a correction of it waits."""
        waits = False
        corrected: set[str] = set()
        for channel, state in self.state.channels.items():
            for name, queue in list(state.queues.items()):
                concerned = [entry for entry in queue.entries if self.id_of(entry.alert) == alert.id]
                waits = waits or any(entry.purpose is Purpose.ALERT for entry in concerned)
                corrected |= {channel for entry in concerned if entry.purpose is Purpose.CORRECTION}
                self._drop(state, name, [entry for entry in concerned if entry.purpose is not Purpose.CORRECTION])
        self.state.escalations = [
            each
            for each in self.state.escalations
            if (each.pending.institution, each.assessed) != (alert.institution, alert.at)
        ]
        known = self.notifications.knowledge(alert.institution)
        for axis in (change.axis for change in alert.changes):
            last = known.of(axis).last(alert.channel)
            if last is not None and self.id_of(self.named(alert.institution, alert.channel, last.alert)) == alert.id:
                watch = known.of(axis).remind_at(alert.channel, None)
                watch = replace(watch, corrected=tuple(sorted({*watch.corrected, alert.channel})))
                known = known.having(axis, watch)
        self.notifications.keep(alert.institution, known)
        self._forget(alert.id, alert.institution, alert.channel, [*(change.axis for change in alert.changes), None])
        return waits, corrected

    @staticmethod
    def _drop(state: ChannelState, name: QueueName, entries: Sequence[Pending]) -> None:
        """Take entries out of a queue; what it no longer sends gives its places in the limit back."""
        queue = state.queues[name]
        before = len(clusters(queue.entries))
        queue.entries = [entry for entry in queue.entries if entry not in entries]
        if name is QueueName.GROUP:
            for _ in range(before - len(clusters(queue.entries))):
                if queue.due in state.window:
                    state.window.remove(queue.due)
        if not queue.entries and not queue.more:
            del state.queues[name]

    # What falls due

    def _flush(self, at: datetime, name: QueueName, silences: Sequence[Silence]) -> list[Message]:
        messages: list[Message] = []
        for channel in sorted(self.state.channels):
            state = self.state.channels[channel]
            if name not in state.queues or state.queues[name].due > at:
                continue
            queue = state.queues.pop(name)
            if name is QueueName.SUMMARY:
                state.summarised = at
            kind = Kind.GROUP if name is QueueName.QUIET else Kind(name.value)
            if reason := self._barred(channel):
                messages.append(self._message(channel, kind, at, _ids(queue.entries), held=reason, more=queue.more))
                continue
            entries, held = self._still_wanted(channel, kind, queue.entries, at, silences)
            messages += held
            corrections = [entry for entry in entries if entry.purpose is Purpose.CORRECTION]
            others = [entry for entry in entries if entry.purpose is not Purpose.CORRECTION]
            messages += self._send(channel, Kind.CORRECTION, corrections, at)
            if name is not QueueName.GROUP:
                messages += self._send(channel, kind, others, at, queue.more)
                continue
            together = clusters(others) or [[]]
            for number, some in enumerate(together):
                more = queue.more if number == len(together) - 1 else 0
                messages += self._send(channel, Kind.ALERT, some, at, more)
        return messages

    def _still_wanted(
        self, channel: str, kind: Kind, entries: Sequence[Pending], at: datetime, silences: Sequence[Silence]
    ) -> tuple[list[Pending], list[Message]]:
        """Entries of a queue that may go out now; those under a silence or a mute are held, with its reason.

        What is held never arrived, so its fall does not go there either."""
        wanted: list[Pending] = []
        held: _Held = defaultdict(list)
        for entry in entries:
            if entry.purpose is Purpose.REMINDER and not self._is_owed(entry, channel):
                continue
            withheld = self._withheld(channel, entry.institution, at, silences)
            if withheld is None or entry.purpose is Purpose.CORRECTION:
                wanted.append(entry)
                continue
            held[channel, *withheld].append(entry)
            if entry.purpose is Purpose.ALERT:
                axes = [*(move.axis for move in entry.moves), None]
                self._forget(self.id_of(entry.alert), entry.institution, channel, axes)
        return wanted, self._held(kind, held, at)

    def _is_owed(self, reminder: Pending, channel: str) -> bool:
        """Whether a level of the reminder still stands and nobody has acknowledged it."""
        watches = {key: self._watch(key) for key in reminder.keys}
        return any(watch.ack is None and self.stands(key, watch, channel) for key, watch in watches.items())

    def _forget(self, alert: str, institution: str, channel: str, axes: Iterable[Axis | None]) -> None:
        """The channel has no such alert, or no longer: its fall does not go there, and its topic is open."""
        known = self.notifications.knowledge(institution)
        for axis in axes:
            left = known.of(axis).retract(
                channel, lambda each: self.id_of(self.named(institution, channel, each)) == alert
            )
            known = known.having(axis, left)
        self.notifications.keep(institution, known)

    def _remind(self, at: datetime, silences: Sequence[Silence]) -> list[Message]:
        """One reminder a channel, for all levels that still stand and are due for one."""
        ready: dict[str, list[Pending]] = defaultdict(list)
        held: _Held = defaultdict(list)
        for channel, key, entry in self._due_reminders(at):
            watch = self._watch(key)
            digest = self.preferences.digest(self.subscriber, channel, at)
            only_critical = self.preferences.only_critical(channel, at)
            if watch.ack is not None:
                held[channel, Reason.ACKNOWLEDGED, f"by {watch.ack.author}"].append(entry)
            elif (withheld := self._withheld(channel, entry.institution, at, silences)) is not None:
                held[channel, *withheld].append(entry)
            elif only_critical and watch.level < Level.CRITICAL:
                held[channel, Reason.BELOW_PREFERENCE, only_critical].append(entry)
            elif digest is not None and watch.level < digest.below:
                # A reminder that is due together with a digest goes into that one, not the next.
                self._wait_for_digest(channel, entry, digest, at - timedelta.resolution)
            elif quiet_end(self.subscriber.quiet_hours, watch.level, at) is not None:
                self._wait_for_quiet_end(channel, entry, watch.level, at)
            else:
                ready[channel].append(entry)
        messages = self._held(Kind.REMINDER, held, at)
        for channel, entries in ready.items():
            limit = self.subscriber.limit
            if limit is None or self._channel(channel).has_room(at, limit):
                self._take(channel, at, at)
                messages += self._send(channel, Kind.REMINDER, entries, at)
                continue
            for entry in entries:
                self._wait_for_summary(channel, entry, entry.moves[0].to, at)
        return messages

    def _due_reminders(self, at: datetime) -> list[tuple[str, WatchKey, Pending]]:
        """By channel what there is to remind of now. The next time is set whatever becomes of it."""
        due: list[tuple[str, WatchKey, Pending]] = []
        for institution in sorted(self.notifications.reminders(at)):
            known = self.notifications.knowledge(institution)
            for axis in sorted(axis for axis in known.watches if axis is not None):
                key, watch = WatchKey(institution, axis), known.of(axis)
                for channel in sorted(channel for channel, when in watch.remind.items() if when <= at):
                    watch, last = watch.remind_at(channel, None), watch.last(channel)
                    if self._repeat is None or last is None or not last.alert:
                        continue
                    if self.stands(key, watch, channel) and not self._barred(channel):
                        watch = watch.remind_at(channel, at + self._repeat)
                        alert, move = self.named(institution, channel, last.alert), Move(axis, last.level, watch.level)
                        entry = Pending(alert, institution, (move,), story=last.story, purpose=Purpose.REMINDER)
                        due.append((channel, key, entry))
                known = known.having(axis, watch)
            self.notifications.keep(institution, known)
        return due

    def _escalate(self, at: datetime, silences: Sequence[Silence]) -> list[Message]:
        """One message a channel of all that nobody has acknowledged in time. Quiet hours and limits do not hold it."""
        due = [each for each in self.state.escalations if each.due <= at]
        if not due:
            return []
        self.state.escalations = [each for each in self.state.escalations if each.due > at]
        going: dict[str, list[Pending]] = defaultdict(list)
        held: _Held = defaultdict(list)
        for each in due:
            if each.ack is not None:
                held[each.channel, Reason.ACKNOWLEDGED, f"by {each.ack.author}"].append(each.pending)
            elif (barred := self._barred(each.channel)) is not None:
                held[each.channel, barred, ""].append(each.pending)
            elif withheld := self._withheld(each.channel, each.pending.institution, at, silences):
                held[each.channel, *withheld].append(each.pending)
            else:
                going[each.channel].append(each.pending)
        messages = []
        for channel, entries in going.items():
            standing = coalesce(entries, lambda key: self._watch(key).level).standing
            message = self._message(channel, Kind.ESCALATION, at, _ids(entries), standing=standing)
            self.notifications.carry(message)
            messages.append(message)
        return messages + self._held(Kind.ESCALATION, held, at)

    # Messages

    def _send(
        self, channel: str, kind: Kind, entries: Sequence[Pending], at: datetime, more: int = 0, detail: str = ""
    ) -> list[Message]:
        """One message of what is still true of the entries; none where nothing is left to say."""
        if not entries and not more:
            return []
        if kind is Kind.CORRECTION:
            message = self._message(channel, kind, at, _ids(entries), detail=detail)
        else:
            left = coalesce(entries, lambda key: self._watch(key).level)
            reminders = _ids(entry for entry in entries if entry.purpose is Purpose.REMINDER)
            if kind in {Kind.ALERT, Kind.ALL_CLEAR}:
                stories = {(each.institution, each.story) for each in entries}
                alone = len(left.alerts) == len(stories) == 1 and not more and not reminders
                kind = _single(left.alerts[0]) if alone else Kind.GROUP
            rest = {"reminders": reminders, "superseded": _ids(left.superseded), "standing": left.standing}
            message = self._message(channel, kind, at, _ids(left.alerts), **rest, more=more)
            self._supersede(channel, entries)
            self._schedule(channel, entries, at)
            if kind in {Kind.ALERT, Kind.GROUP}:
                self._open_escalations(left.alerts, at)
        self.notifications.carry(message)
        return [message]

    def _held(self, kind: Kind, held: _Held, at: datetime) -> list[Message]:
        """Messages that are not sent, kept for their reasons."""
        return [
            self._message(channel, kind, at, _ids(entries), held=reason, detail=detail)
            for (channel, reason, detail), entries in held.items()
        ]

    def _message(self, channel: str, kind: Kind, at: datetime, alerts: tuple[str, ...], **rest: Any) -> Message:
        """The message, sent or held, to whoever is alike."""
        return Message("", "", channel, kind, at, alerts, **rest)

    def _supersede(self, channel: str, sent: Sequence[Pending]) -> None:
        """What waits elsewhere about axes and stories that just went out, with their levels now, is superseded."""
        axes = frozenset().union(*(entry.keys for entry in sent))
        stories = {(entry.institution, entry.story) for entry in sent if entry.story}
        state = self._channel(channel)
        for name, queue in list(state.queues.items()):
            superseded = [
                each
                for each in queue.entries
                if each.moves
                and each.keys <= axes
                and each.purpose is not Purpose.CORRECTION
                and (not each.story or not each.is_news or (each.institution, each.story) in stories)
            ]
            self._drop(state, name, superseded)

    def _schedule(self, channel: str, entries: Iterable[Pending], at: datetime) -> None:
        """The next reminder of every level that just went out and still stands."""
        if self._repeat is None:
            return
        for key in frozenset().union(*(entry.keys for entry in entries)):
            known = self.notifications.knowledge(key.institution)
            if self.stands(key, known.of(key.axis), channel):
                watch = known.of(key.axis).remind_at(channel, at + self._repeat)
                self.notifications.keep(key.institution, known.having(key.axis, watch))

    def _open_escalations(self, sent: Iterable[Pending], at: datetime) -> None:
        """Waits for an acknowledgement of what just went out, once for each assessment and channel to escalate to."""
        open_now = {(each.pending.institution, each.assessed, each.channel) for each in self.state.escalations}
        for entry in (entry for entry in sent if entry.purpose is Purpose.ALERT):
            assessed, after_by = entry.escalate or (at, {})
            for channel, after in after_by.items():
                key = (entry.institution, assessed, channel)
                if key not in open_now and len(open_now) < QUEUE_LENGTH:
                    open_now.add(key)
                    self.state.escalations.append(OpenEscalation(at + after, channel, assessed, entry))

    # Small questions

    def _watch(self, key: WatchKey) -> WatchState:
        return self.notifications.knowledge(key.institution).of(key.axis)

    @property
    def _repeat(self) -> timedelta | None:
        repeat = self.subscriber.repeat
        return repeat if repeat is not None and repeat > timedelta(0) else None

    def _barred(self, channel: str) -> Reason | None:
        if channel not in self.subscriber.channels:
            return Reason.CHANNEL_GONE
        return Reason.UNSUBSCRIBED if channel in self.state.muted else None

    def _withheld(
        self, channel: str, institution: str, at: datetime, silences: Sequence[Silence]
    ) -> tuple[Reason, str] | None:
        """The silence or the mute under which nothing about the institution goes to the channel, in words."""
        known = self.institutions.get(institution)
        silence = None if known is None else silence_over(known, at, silences)
        if silence is not None:
            return Reason.SILENCE, describe(silence)
        muted = self.preferences.muted(channel, institution, at)
        return (Reason.MUTED, muted) if muted else None


def _single(pending: Pending) -> Kind:
    return Kind.ALL_CLEAR if pending.clear else Kind.ALERT


def _ids(entries: Iterable[Pending]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.alert for entry in entries))
