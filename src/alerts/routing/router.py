"""Routing for one subscriber: events come in, alert records and messages go out. A pure state machine.

    event ─> rules ─> checks ─┬─ sent ────────> (group wait) ─┐
                              ├─ digest ──────> digest time ──┤
                              ├─ quiet-hours ─> their end ────┼─> what is still true ─> message
                              ├─ limit ───────> summary ──────┤
                              │  reminders, corrections ──────┘
                              └─ any other reason: on record, never sent

Time is an argument. The rules are `rules`, the checks `suppression`, the waiting `waiting`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.model.alert import Alert, AlertState
from alerts.model.fields import Same
from alerts.model.level import Axis, Level, Transition
from alerts.model.subscriber import Silence, WatchRule
from alerts.routing.alerts import ChannelVerdict, Explanation, Outcome, RuleVerdict, stable_id
from alerts.routing.events import CorrectionEvent, Event, InstitutionEvent, Part
from alerts.routing.rules import channels_of, judge
from alerts.routing.state import Ack, Escalating, Move, NotifiedLevel, NotifiedTopic, Pending, WatchKey, WatchState
from alerts.routing.suppression import WAITING, Candidate
from alerts.routing.waiting import PendingAlerts

MAX_REMEMBERED: Final = 32  # stories, and topics, remembered for each institution and channel


def alert_id(event: InstitutionEvent, subscriber: str, channel: str) -> str:
    """The same event for the same subscriber and channel has the same id, wherever it is computed."""
    return stable_id("alert", event.key, subscriber, channel)


@dataclass(frozen=True, slots=True)
class SubscriberRouter(PendingAlerts):
    """Decides for one subscriber. Not for two threads at a time: a driver locks the subscriber meanwhile."""

    def handle(self, event: Event, at: datetime, silences: Sequence[Silence] = ()) -> Outcome:
        """What comes of an event at `at`, after all that fell due until then.

        An instant before the last at which something was done counts as that one; alerts are stamped with the
        event's own. Events of one institution come in order of time; one handled before changes nothing."""
        messages = self.advance(at, silences)
        at = self.reach(at)
        if isinstance(event, CorrectionEvent):
            corrections, dropped = self.correct(event, at)
            return Outcome(messages=(*messages, *corrections), dropped=dropped)
        if self._handled(event):
            return Outcome(messages=tuple(messages))
        explanation, followed = self._consider(event, at, silences)
        if explanation.note:
            return Outcome(messages=tuple(messages), explanation=explanation)
        decided = [(self._alert(event, verdict, explanation.rules), verdict) for verdict in explanation.channels]
        going = [
            (alert, verdict) for alert, verdict in decided if alert.state is AlertState.SENT or alert.reason in WAITING
        ]
        self._learn(event, going, followed)
        for alert, verdict in going:
            pending = self._as_pending(event, alert, verdict, explanation.rules)
            messages += self.accept(alert.channel, pending, alert.reason, alert.level, at)
        return Outcome(tuple(alert for alert, _ in decided), tuple(messages), explanation)

    def explain(self, event: InstitutionEvent, at: datetime, silences: Sequence[Silence] = ()) -> Explanation:
        """What `handle` would decide of the event now, and why; changes nothing."""
        return self._consider(event, at, silences)[0]

    def raised(self, institution: str) -> dict[Axis, str]:
        """The axes of an institution above low, as the subscriber knows them, and the last alert about each (empty:
        none went out)."""
        watches = {axis: self.notifications.watch(WatchKey(institution, axis)) for axis in Axis}
        found = {axis: watch for axis, watch in watches.items() if watch.level is not Level.LOW}
        last = {axis: [each[-1].alert for each in watch.notified.values() if each] for axis, watch in found.items()}
        return {axis: max(alerts, default="") for axis, alerts in last.items()}

    def ack(
        self, institution: str, axes: Iterable[Axis], at: datetime, author: str, *, assessed: datetime | None = None
    ) -> None:
        """No more reminders of the levels of some axes until they change, and no escalation of what the assessment of
        that instant brought (None: of anything about the institution). What was due before must have been done."""
        for each in axes:
            key = WatchKey(institution, each)
            watch = self.notifications.watch(key)
            if watch.level is not Level.LOW:
                watch.ack = Ack(at, author)
                self.notifications.keep(key, watch)
        for escalation in self.state.escalations:
            if escalation.pending.institution == institution and assessed in {None, escalation.assessed}:
                escalation.ack = Ack(at, author)

    def take_back_ack(self, institution: str, at: datetime) -> None:
        """Undoes the acknowledgement of an instant, as far as nothing has replaced or ended it."""
        for each in Axis:
            key = WatchKey(institution, each)
            watch = self.notifications.watch(key)
            if watch.ack is not None and watch.ack.at == at:
                watch.ack = None
                self.notifications.keep(key, watch)
        for escalation in self.state.escalations:
            if escalation.ack is not None and escalation.ack.at == at:
                escalation.ack = None

    def unsubscribe(self, channel: str, at: datetime) -> None:
        """Nothing more goes to the channel, what waits included, until `resubscribe`."""
        self.state.muted.setdefault(channel, at)

    def resubscribe(self, channel: str) -> None:
        self.state.muted.pop(channel, None)

    # Deciding

    def _handled(self, event: InstitutionEvent) -> bool:
        """Whether this event, or a later one of the same institution or axis, was handled before."""
        keys = [WatchKey(event.institution), *(WatchKey(event.institution, each.axis) for each in event.changes)]
        seen = (self.notifications.watch(key).seen for key in keys)
        return any(each is not None and event.at <= each for each in seen)

    def _consider(
        self, event: InstitutionEvent, at: datetime, silences: Sequence[Silence]
    ) -> tuple[Explanation, Mapping[str, frozenset[Axis]]]:
        """The verdicts of rules and checks, and by channel the axes whose rise is followed without a word."""
        institution = self.institutions.get(event.institution)
        if institution is None:
            note = f"{event.institution} is not configured"
            return Explanation(event.key, self.subscriber.id, note=note), {}
        parts = event.parts
        watches = {axis: self.notifications.watch(WatchKey(event.institution, axis)) for axis in Axis}
        whole = self.notifications.watch(WatchKey(event.institution))
        rules = tuple(
            judge(index, rule, channel, Same(parts), Same(institution), _believed(parts, watches, channel))
            for index, rule in enumerate(self.subscriber.watch)
            for channel in channels_of(rule, self.subscriber)
        )
        verdicts: list[ChannelVerdict] = []
        followed: dict[str, frozenset[Axis]] = {}
        for channel in self.subscriber.channels:
            verdicts_of = [each for each in rules if each.channel == channel]
            matched = _one_rise_a_story(parts, sorted({place for each in verdicts_of for place in each.parts}))
            follows = sorted({place for each in verdicts_of for place in each.follows} - {*matched})
            lead = event.lead(parts[place] for place in matched)
            candidate = Candidate(
                event=event,
                at=at,
                subscriber=self.subscriber,
                institution=institution,
                channel=channel,
                watches=watches,
                whole=whole,
                silences=silences,
                muted=self.state.muted.get(channel),
                room=self.has_room(channel, at, event.institution, "" if lead is None else lead.item),
                again=self._again(verdicts_of),
                preferences=self.preferences,
            )
            if matched:
                verdicts.append(candidate.examine(matched))
            for place in follows:
                change = parts[place].change
                verdict = candidate.examine([place])
                if change is not None and (verdict.reason is None or verdict.reason in WAITING):
                    followed[channel] = followed.get(channel, frozenset()) | {change.axis}
        return Explanation(event.key, self.subscriber.id, rules, tuple(verdicts)), followed

    def _again(self, verdicts: Iterable[RuleVerdict]) -> Mapping[int, timedelta]:
        """For each part the shortest `again` of the rules that ask for it."""
        found: dict[int, timedelta] = {}
        for verdict in verdicts:
            again = self.subscriber.watch[verdict.rule].again
            for place in verdict.parts:
                found[place] = min(again, found.get(place, again))
        return found

    def _alert(self, event: InstitutionEvent, verdict: ChannelVerdict, rules: Iterable[RuleVerdict]) -> Alert:
        parts = event.parts
        taken = [parts[place] for place in verdict.parts]
        changes = _reported(event, taken)
        lead = event.lead(taken)
        shown = None if lead is None else (lead.story, lead.item)
        news = (part.lead for part in taken if part.lead is not None and (part.rise or part.mention))
        levels = [part.level for part in taken] + [change.to for change in changes]
        grades = [part.grade for part in taken if part.grade is not None]
        spikes = [part.spike for part in taken if part.spike is not None]
        return Alert(
            id=alert_id(event, self.subscriber.id, verdict.channel),
            at=event.at,
            subscriber=self.subscriber.id,
            channel=verdict.channel,
            institution=event.institution,
            on=taken[0].on,
            level=max(levels),
            lead=lead,
            changes=changes,
            state=verdict.state,
            reason="" if verdict.reason is None else verdict.reason.value,
            also=tuple(dict.fromkeys(each for each in news if (each.story, each.item) != shown)),
            rules=tuple(dict.fromkeys(each.name for each in _asked(rules, verdict))),
            grades=next(((each.from_, each.to) for each in grades), None),
            spike=next(((each.count, each.expected, each.threshold) for each in spikes), None),
        )

    def _as_pending(
        self, event: InstitutionEvent, alert: Alert, verdict: ChannelVerdict, rules: Iterable[RuleVerdict]
    ) -> Pending:
        wanted = [self.subscriber.watch[each.rule] for each in _asked(rules, verdict)]
        only_levels = all(event.parts[place].change is not None for place in verdict.parts)
        falls = only_levels and not any(change.rises for change in alert.changes)
        clear = falls and all(change.to < rule.at_least for change in alert.changes for rule in wanted)
        return Pending(
            alert.id,
            event.institution,
            tuple(Move(change.axis, change.from_, change.to) for change in alert.changes),
            story="" if only_levels or alert.lead is None else alert.lead.story,
            item="" if alert.lead is None else alert.lead.item,
            clear=clear,
            escalate=self._escalating(event, verdict, wanted),
        )

    def _escalating(
        self, event: InstitutionEvent, verdict: ChannelVerdict, rules: Iterable[WatchRule]
    ) -> Escalating | None:
        """Where the alert goes on to unless it is acknowledged; of several rules the least time counts."""
        if all(event.parts[place].falls for place in verdict.parts):
            return None  # good news is not urgent
        after: dict[str, timedelta] = {}
        for escalate in (rule.escalate for rule in rules if rule.escalate is not None):
            for channel in escalate.to:
                after[channel] = min(escalate.after, after.get(channel, escalate.after))
        return Escalating(event.at, after) if after else None

    # Remembering

    def _learn(
        self,
        event: InstitutionEvent,
        going: Sequence[tuple[Alert, ChannelVerdict]],
        followed: Mapping[str, frozenset[Axis]],
    ) -> None:
        """Remember the new levels, and who is, or will be, notified of what."""
        for change in event.changes:
            key = WatchKey(change.institution, change.axis)
            watch = self.notifications.watch(key)
            lead = event.lead([part for part in event.parts if part.change is change])
            story = "" if lead is None else lead.story
            watch.level, watch.seen, watch.ack = change.to, change.at, None
            for channel in sorted(channel for channel, axes in followed.items() if change.axis in axes):
                watch.record(channel, NotifiedLevel(change.to, "", story), rises=True)
            for alert in (alert for alert, _ in going if change in alert.changes):
                watch.record(alert.channel, NotifiedLevel(change.to, alert.id, story), rises=change.rises)
            for channel in list(watch.remind):
                if not self.stands(key, watch, channel):
                    del watch.remind[channel]
            self.notifications.keep(key, watch)
        if not going:
            return
        key = WatchKey(event.institution)
        whole = self.notifications.watch(key)
        whole.seen = event.at
        for alert, verdict in going:
            for part in (event.parts[place] for place in verdict.parts):
                if part.lead is None or part.falls or part.grade is not None:
                    continue
                story, topics = part.lead.story, part.lead.topics if part.rise or part.change else ()
                notified = NotifiedTopic(event.at, part.level, story, alert.id)
                whole.record_story(alert.channel, story, topics, notified, MAX_REMEMBERED)
        self.notifications.keep(key, whole)


def _asked(rules: Iterable[RuleVerdict], verdict: ChannelVerdict) -> list[RuleVerdict]:
    """The rules that asked for what the alert on a channel reports."""
    here = [each for each in rules if each.channel == verdict.channel]
    return [each for each in here if not {*each.parts}.isdisjoint(verdict.parts)]


def _one_rise_a_story(parts: Sequence[Part], places: Iterable[int]) -> list[int]:
    """Of the rises of one story on several axes only the gravest that a rule asks for."""
    kept: dict[int | str, int] = {}
    for place in places:
        rise = parts[place].rise
        kept.setdefault(place if rise is None else rise.story, place)
    return list(kept.values())


def _believed(parts: Iterable[Part], watches: Mapping[Axis, WatchState], channel: str) -> tuple[Level, ...]:
    """The level that the channel believes of the axis of each part; low where the part has none."""
    return tuple(Level.LOW if part.change is None else watches[part.change.axis].believed(channel) for part in parts)


def _reported(event: InstitutionEvent, taken: Sequence[Part]) -> tuple[Transition, ...]:
    """The level changes that an alert reports: those taken, and with any rise the other rises of the assessment."""
    own = [part.change for part in taken if part.change is not None]
    rises = any(part.rises for part in taken)
    return tuple(change for change in event.changes if change in own or (rises and change.rises))
