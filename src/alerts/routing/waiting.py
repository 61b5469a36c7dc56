"""Where a subscriber's alerts wait, and what leaves together: groups, quiet hours, digests, summaries, reminders.

Whatever falls due is stamped with the instant at which it fell due, so it makes no difference how often, or how
late, it is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from alerts.model.alert import Alert
from alerts.model.institution import Institution
from alerts.model.level import Level
from alerts.model.subscriber import Silence, Subscriber
from alerts.routing.alerts import Kind, Message, stable_id
from alerts.routing.coalesce import settle
from alerts.routing.events import CorrectionEvent
from alerts.routing.quiet_hours import next_digest, next_quiet
from alerts.routing.reasons import Reason
from alerts.routing.rules import stands
from alerts.routing.sliding_window import has_room, next_room, take
from alerts.routing.state import (
    ChannelState,
    DeskState,
    Ledger,
    Pending,
    Purpose,
    Queue,
    QueueName,
    WatchKey,
    WatchState,
)
from alerts.routing.suppression import describe, quiet_end, silence_over

_KINDS: Final = {
    QueueName.GROUP: Kind.GROUP,
    QueueName.QUIET: Kind.GROUP,
    QueueName.SUMMARY: Kind.SUMMARY,
    QueueName.DIGEST: Kind.DIGEST,
}


class Outbox:
    """The half of a desk that deals with time; see `Desk` for its parts."""

    def __init__(
        self,
        subscriber: Subscriber,
        institutions: Mapping[str, Institution],
        state: DeskState,
        ledger: Ledger,
    ) -> None:
        self._subscriber = subscriber
        self._institutions = institutions
        self._state = state
        self._ledger = ledger
        self._repeat = subscriber.repeat if subscriber.repeat and subscriber.repeat > timedelta(0) else None

    @property
    def next_due(self) -> datetime | None:
        return min((due for due in (self._state.due, self._ledger.next_reminder()) if due), default=None)

    def advance(self, to: datetime, silences: Sequence[Silence]) -> list[Message]:
        """Everything that falls due until `to`, included, in order of time."""
        messages: list[Message] = []
        while (due := self.next_due) is not None and due <= to:
            self.reach(due)
            messages += self._flush(due, QueueName.GROUP, silences)
            # Before the digest of the same instant, which may take them.
            messages += self._remind(due, silences)
            for name in (QueueName.QUIET, QueueName.SUMMARY, QueueName.DIGEST):
                messages += self._flush(due, name, silences)
        return messages

    def reach(self, at: datetime) -> datetime:
        """Move the clock to an instant; gives where it is then, which is later where more was done already."""
        clock = self._state.clock
        self._state.clock = at if clock is None else max(clock, at)
        return self._state.clock

    def has_room(self, channel: str, at: datetime) -> bool:
        """Whether the limit lets one more alert out; a group that waits has its place already."""
        limit = self._subscriber.limit
        state = self._state.channels.get(channel)
        if limit is None or (state is not None and QueueName.GROUP in state.queues):
            return True
        return has_room(() if state is None else state.window, self._group_due(at), limit)

    def accept(
        self, channel: str, pending: Pending, reason: str, urgency: Level, at: datetime
    ) -> list[Message]:
        """Put an alert where its reason (empty: sent) makes it wait, or send it."""
        if reason == Reason.DIGEST:
            self._wait_for_digest(channel, pending, at)
        elif reason == Reason.QUIET_HOURS:
            self._wait_for_quiet_end(channel, pending, urgency, at)
        elif reason == Reason.LIMIT:
            self._wait_for_summary(channel, pending, urgency, at)
        elif self._subscriber.group > timedelta(0):
            due = self._group_due(at)
            if QueueName.GROUP not in self._channel(channel).queues:
                self._take(channel, due, at)
            self._wait(channel, QueueName.GROUP, due, pending)
        else:
            self._take(channel, at, at)
            return self._send(channel, _single(pending), [pending], at)
        return []

    def stands(self, key: WatchKey, watch: WatchState, channel: str) -> bool:
        """Whether the level is one that the channel asked to be told of."""
        institution = self._institutions.get(key.institution)
        if institution is None or key.axis is None:
            return False
        return stands(self._subscriber, institution, key.axis, channel, watch.level)

    def correct(self, event: CorrectionEvent, at: datetime) -> list[Message]:
        """Take back the alerts that were told, once, and drop those that still wait."""
        messages: list[Message] = []
        owed: dict[str, list[Alert]] = defaultdict(list)
        for alert in event.alerts:
            if alert.subscriber != self._subscriber.id:
                continue
            waits, correction_waits = self._withdraw(alert)
            carried = self._ledger.carried(alert.id)
            if carried and Kind.CORRECTION not in carried and not correction_waits:
                owed[alert.channel].append(alert)
            elif waits and not carried:
                pending = Pending(alert.id, alert.institution)
                messages.append(
                    self._hold(alert.channel, Kind.ALERT, [pending], at, Reason.CORRECTED, event.why)
                )
        for channel, alerts in owed.items():
            entries = [Pending(each.id, each.institution, purpose=Purpose.CORRECTION) for each in alerts]
            urgency = max((each.transition.to for each in alerts if each.transition), default=Level.LOW)
            if reason := self._barred(channel):
                messages.append(self._hold(channel, Kind.CORRECTION, entries, at, reason, event.why))
            elif quiet_end(self._subscriber.quiet_hours, urgency, at) is not None:
                for entry in entries:
                    self._wait_for_quiet_end(channel, entry, urgency, at)
            else:
                messages += self._send(channel, Kind.CORRECTION, entries, at)
        return messages

    # Waiting

    def _channel(self, channel: str) -> ChannelState:
        return self._state.channels.setdefault(channel, ChannelState())

    def _wait(self, channel: str, name: QueueName, due: datetime, pending: Pending) -> None:
        queue = self._channel(channel).queues.setdefault(name, Queue(due))
        queue.due = min(queue.due, due)
        queue.add(pending)

    def _wait_for_digest(self, channel: str, pending: Pending, at: datetime) -> None:
        if self._subscriber.digest is not None:
            self._wait(channel, QueueName.DIGEST, next_digest(self._subscriber.digest, at), pending)

    def _wait_for_quiet_end(self, channel: str, pending: Pending, urgency: Level, at: datetime) -> None:
        due = quiet_end(self._subscriber.quiet_hours, urgency, at)
        self._wait(channel, QueueName.QUIET, due or at, pending)

    def _wait_for_summary(self, channel: str, pending: Pending, urgency: Level, at: datetime) -> None:
        """At most one summary in the limit's length of time, not in quiet hours."""
        limit = self._subscriber.limit
        if limit is None:
            return
        state = self._channel(channel)
        due = next_room(state.window, at, limit)
        if state.summarised is not None:
            due = max(due, state.summarised + limit.per)
        due = quiet_end(self._subscriber.quiet_hours, urgency, due) or due
        self._wait(channel, QueueName.SUMMARY, due, pending)

    def _group_due(self, at: datetime) -> datetime:
        """The end of a group's wait; a group does not wait into quiet hours."""
        due = at + self._subscriber.group
        hours = self._subscriber.quiet_hours
        return due if hours is None or due == at else min(due, next_quiet(hours, at))

    def _take(self, channel: str, at: datetime, now: datetime) -> None:
        if self._subscriber.limit is not None:
            take(self._channel(channel).window, at, self._subscriber.limit, now)

    def _withdraw(self, alert: Alert) -> tuple[bool, bool]:
        """Take an alert out of every queue and off the reminders.

        Gives whether the alert itself was among what waited, and whether a correction of it waits already.
        """
        waits = correction_waits = False
        state = self._channel(alert.channel)
        for name, queue in list(state.queues.items()):
            mine = [entry for entry in queue.entries if entry.alert == alert.id]
            waits = waits or any(entry.purpose is Purpose.ALERT for entry in mine)
            correction_waits = correction_waits or any(entry.purpose is Purpose.CORRECTION for entry in mine)
            self._drop(state, name, [entry for entry in mine if entry.purpose is not Purpose.CORRECTION])
        if alert.transition is not None:
            key = WatchKey(alert.institution, alert.transition.axis)
            watch = self._ledger.watch(key)
            last = watch.last(alert.channel)
            if last is not None and last.alert == alert.id:
                watch.corrected = sorted({*watch.corrected, alert.channel})
                watch.remind.pop(alert.channel, None)
            watch.untell(alert.channel, alert.id)
            self._ledger.keep(key, watch)
        return waits, correction_waits

    @staticmethod
    def _drop(state: ChannelState, name: QueueName, entries: Sequence[Pending]) -> None:
        """Take entries out of a queue; an empty one goes, and gives its place in the limit back."""
        queue = state.queues[name]
        queue.entries = [entry for entry in queue.entries if entry not in entries]
        if not queue.entries and not queue.more:
            del state.queues[name]
            if name is QueueName.GROUP and queue.due in state.window:
                state.window.remove(queue.due)

    # What falls due

    def _flush(self, at: datetime, name: QueueName, silences: Sequence[Silence]) -> list[Message]:
        messages: list[Message] = []
        for channel in sorted(self._state.channels):
            state = self._state.channels[channel]
            if name not in state.queues or state.queues[name].due > at:
                continue
            queue = state.queues.pop(name)
            if name is QueueName.SUMMARY:
                state.summarised = at
            kind = _KINDS[name]
            if reason := self._barred(channel):
                messages.append(self._hold(channel, kind, queue.entries, at, reason, more=queue.more))
                continue
            entries, held = self._still_wanted(channel, kind, queue.entries, at, silences)
            messages += held
            corrections = [entry for entry in entries if entry.purpose is Purpose.CORRECTION]
            others = [entry for entry in entries if entry.purpose is not Purpose.CORRECTION]
            if name is QueueName.GROUP and len(others) == 1 and not queue.more:
                kind = _single(others[0])
            messages += self._send(channel, Kind.CORRECTION, corrections, at)
            messages += self._send(channel, kind, others, at, queue.more)
        return messages

    def _still_wanted(
        self, channel: str, kind: Kind, entries: Sequence[Pending], at: datetime, silences: Sequence[Silence]
    ) -> tuple[list[Pending], list[Message]]:
        """Entries of a queue that may go out now; those under a silence are held, with its reason.

        What is held was never told, so its fall is not told either.
        """
        wanted: list[Pending] = []
        silenced: dict[str, list[Pending]] = defaultdict(list)
        for entry in entries:
            watch = self._ledger.watch(entry.watch)
            if entry.purpose is Purpose.REMINDER and (
                watch.ack or not self.stands(entry.watch, watch, channel)
            ):
                continue
            silence = self._silence(entry.institution, at, silences)
            if silence is None or entry.purpose is Purpose.CORRECTION:
                wanted.append(entry)
                continue
            silenced[describe(silence)].append(entry)
            if entry.purpose is Purpose.ALERT and watch.untell(channel, entry.alert):
                self._ledger.keep(entry.watch, watch)
        held = [
            self._hold(channel, kind, each, at, Reason.SILENCE, detail) for detail, each in silenced.items()
        ]
        return wanted, held

    def _remind(self, at: datetime, silences: Sequence[Silence]) -> list[Message]:
        """One reminder a channel, for all levels that still stand and are due for one."""
        ready: dict[str, list[Pending]] = defaultdict(list)
        held: dict[tuple[str, Reason, str], list[Pending]] = defaultdict(list)
        digest = self._subscriber.digest
        for channel, entry in self._due_reminders(at):
            watch = self._ledger.watch(entry.watch)
            silence = self._silence(entry.institution, at, silences)
            if watch.ack is not None:
                held[channel, Reason.ACKNOWLEDGED, f"by {watch.ack.author}"].append(entry)
            elif silence is not None:
                held[channel, Reason.SILENCE, describe(silence)].append(entry)
            elif digest is not None and watch.level < digest.below:
                # A reminder that is due with a digest is a line of it, not of the next.
                self._wait_for_digest(channel, entry, at - timedelta.resolution)
            elif quiet_end(self._subscriber.quiet_hours, watch.level, at) is not None:
                self._wait_for_quiet_end(channel, entry, watch.level, at)
            else:
                ready[channel].append(entry)
        messages = [
            self._hold(channel, Kind.REMINDER, entries, at, reason, detail)
            for (channel, reason, detail), entries in held.items()
        ]
        for channel, entries in ready.items():
            limit = self._subscriber.limit
            if limit is None or has_room(self._channel(channel).window, at, limit):
                self._take(channel, at, at)
                messages += self._send(channel, Kind.REMINDER, entries, at)
                continue
            for entry in entries:
                self._wait_for_summary(channel, entry, entry.to or Level.LOW, at)
        return messages

    def _due_reminders(self, at: datetime) -> list[tuple[str, Pending]]:
        """By channel what there is to remind of now. The next time is set whatever becomes of it."""
        due: list[tuple[str, Pending]] = []
        for key in sorted(self._ledger.reminders(at), key=lambda each: (each.institution, each.axis or "")):
            watch = self._ledger.watch(key)
            for channel in sorted(channel for channel, when in watch.remind.items() if when <= at):
                del watch.remind[channel]
                last = watch.last(channel)
                if self._repeat is None or last is None or not last.alert:
                    continue
                if self.stands(key, watch, channel) and not self._barred(channel):
                    watch.remind[channel] = at + self._repeat
                    entry = Pending(
                        last.alert, *key, from_=last.level, to=watch.level, purpose=Purpose.REMINDER
                    )
                    due.append((channel, entry))
            self._ledger.keep(key, watch)
        return due

    # Messages

    def _send(
        self, channel: str, kind: Kind, entries: Sequence[Pending], at: datetime, more: int = 0
    ) -> list[Message]:
        """One message of what is still true of the entries; none where nothing is left to say."""
        if not entries and not more:
            return []
        if kind is Kind.CORRECTION:
            message = self._message(channel, kind, at, alerts=_ids(entries))
        else:
            settled = settle(entries, lambda key: self._ledger.watch(key).level)
            if kind in {Kind.ALERT, Kind.ALL_CLEAR} and not settled.alerts:
                kind = Kind.GROUP
            message = replace(
                self._message(channel, kind, at, alerts=_ids(settled.alerts), more=more),
                reminders=_ids(entry for entry in entries if entry.purpose is Purpose.REMINDER),
                overtaken=_ids(settled.overtaken),
                standing=settled.standing,
            )
            self._supersede(channel, {entry.watch for entry in entries if entry.axis is not None})
            self._schedule(channel, entries, at)
        message = _named(message)
        self._ledger.carry(message)
        return [message]

    def _hold(
        self,
        channel: str,
        kind: Kind,
        entries: Sequence[Pending],
        at: datetime,
        reason: Reason,
        detail: str = "",
        more: int = 0,
    ) -> Message:
        """A message that is not sent, kept for its reason."""
        message = self._message(channel, kind, at, alerts=_ids(entries), more=more)
        return _named(replace(message, held=reason, detail=detail))

    def _message(
        self, channel: str, kind: Kind, at: datetime, alerts: tuple[str, ...], more: int = 0
    ) -> Message:
        return Message("", self._subscriber.id, channel, kind, at, alerts, more=more)

    def _supersede(self, channel: str, told: set[WatchKey]) -> None:
        """What waits elsewhere about an axis that was just told of, with its level now, is overtaken."""
        state = self._channel(channel)
        for name, queue in list(state.queues.items()):
            overtaken = [
                each
                for each in queue.entries
                if each.watch in told and each.purpose is not Purpose.CORRECTION
            ]
            self._drop(state, name, overtaken)

    def _schedule(self, channel: str, entries: Iterable[Pending], at: datetime) -> None:
        """The next reminder of every level that was just told and still stands."""
        if self._repeat is None:
            return
        for key in {entry.watch for entry in entries if entry.axis is not None}:
            watch = self._ledger.watch(key)
            if self.stands(key, watch, channel):
                watch.remind[channel] = at + self._repeat
                self._ledger.keep(key, watch)

    # Small questions

    def _barred(self, channel: str) -> Reason | None:
        if channel not in self._subscriber.channels:
            return Reason.CHANNEL_GONE
        return Reason.UNSUBSCRIBED if channel in self._state.muted else None

    def _silence(self, institution: str, at: datetime, silences: Sequence[Silence]) -> Silence | None:
        known = self._institutions.get(institution)
        return None if known is None else silence_over(known, at, silences)


def _single(pending: Pending) -> Kind:
    return Kind.ALL_CLEAR if pending.clear else Kind.ALERT


def _ids(entries: Iterable[Pending]) -> tuple[str, ...]:
    return tuple(entry.alert for entry in entries)


def _named(message: Message) -> Message:
    """The message with its id, which depends on what it is, for whom, when and about what alone."""
    identity = stable_id(
        "message",
        message.subscriber,
        message.channel,
        message.kind,
        message.at.isoformat(),
        message.held or "",
        *message.carries,
    )
    return replace(message, id=identity)
