"""Routing for one subscriber: events come in, alert records and messages go out. A pure state machine.

    event ─> rules ─> checks ─┬─ sent ────────> (group wait) ─┐
                              ├─ digest ──────> digest time ──┤
                              ├─ quiet-hours ─> their end ────┼─> what is still true ─> message
                              ├─ limit ───────> summary ──────┤
                              │  reminders, corrections ──────┘
                              └─ any other reason: on record, never sent

Time is an argument. The rules are `rules`, the checks `suppression`, the waiting `waiting`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from alerts.model.alert import Alert, AlertState
from alerts.model.fields import Same
from alerts.model.level import Axis, Level, Transition
from alerts.model.subscriber import Silence, WatchRule
from alerts.routing.alerts import ChannelVerdict, Explanation, Outcome, RuleVerdict, reference
from alerts.routing.events import CorrectionEvent, Event, InstitutionEvent, Part
from alerts.routing.rules import channels_of, judge, stands
from alerts.routing.state import Ack, Escalating, Knowledge, Move, NotifiedLevel, NotifiedTopic, Pending
from alerts.routing.suppression import WAITING, Candidate, Situation
from alerts.routing.waiting import PendingAlerts

_Followed = Mapping[str, frozenset[Axis]]  # by channel the axes whose rise is followed without a word


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes of an event, with nothing in it that names the subscriber.

    `drafts` are alerts without ids, each with what waits of it, None where it does not go out. `known` is what a
    subscriber knows once the others have gone out."""

    explanation: Explanation
    drafts: tuple[tuple[Alert, Pending | None], ...]
    known: Knowledge


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
        decision = self._decide(event, at, silences)
        self.notifications.keep(event.institution, decision.known)
        for alert, pending in decision.drafts:
            if pending is not None:
                messages += self.accept(alert.channel, pending, alert.reason, alert.level, at)
        return Outcome(tuple(alert for alert, _ in decision.drafts), tuple(messages), decision.explanation)

    def explain(self, event: InstitutionEvent, at: datetime, silences: Sequence[Silence] = ()) -> Explanation:
        """What `handle` would decide of the event now, and why; changes nothing."""
        return self._decide(event, at, silences).explanation

    def _decide(self, event: InstitutionEvent, at: datetime, silences: Sequence[Silence]) -> Decision:
        institution, known = self.institutions.get(event.institution), self.notifications.knowledge(event.institution)
        if institution is None:
            return Decision(Explanation(event.key, note=f"{event.institution} is not configured"), (), known)
        muted = frozenset(self.state.muted.items())
        situation = Situation(event, institution, self.subscriber, known, at, tuple(silences), muted, self.preferences)
        decision = decide(situation)
        if self.subscriber.limit is None:
            return decision
        sent = ((alert.channel, waits) for alert, waits in decision.drafts if alert.state is AlertState.SENT and waits)
        full = {channel for channel, waits in sent if not self.has_room(channel, at, event.institution, waits.item)}
        return decide(replace(situation, full=frozenset(full))) if full else decision

    def _handled(self, event: InstitutionEvent) -> bool:
        """Whether this event, or a later one of the same institution or axis, was handled before."""
        known = self.notifications.knowledge(event.institution)
        seen = [known.of().seen, *(known.of(each.axis).seen for each in event.changes)]
        return any(each is not None and event.at <= each for each in seen)

    # What people do

    def raised(self, institution: str) -> dict[Axis, str]:
        """The axes of an institution above low, as the subscriber knows them, and the last alert about each (empty:
        none went out)."""
        known = self.notifications.knowledge(institution)
        found = {axis: watch for axis in Axis if (watch := known.of(axis)).level is not Level.LOW}
        last = {axis: [(to, each[-1].alert) for to, each in watch.notified.items()] for axis, watch in found.items()}
        named = {axis: [self.named(institution, *each) for each in some] for axis, some in last.items()}
        return {axis: max(map(self.id_of, some), default="") for axis, some in named.items()}

    def ack(
        self, institution: str, axes: Iterable[Axis], at: datetime, author: str, *, assessed: datetime | None = None
    ) -> None:
        """No more reminders of the levels of some axes until they change, and no escalation of what the assessment of
        that instant brought (None: of anything about the institution). What was due before must have been done."""
        known = self.notifications.knowledge(institution)
        for each in axes:
            if known.of(each).level is not Level.LOW:
                known = known.having(each, replace(known.of(each), ack=Ack(at, author)))
        self.notifications.keep(institution, known)
        for escalation in self.state.escalations:
            if escalation.pending.institution == institution and assessed in {None, escalation.assessed}:
                escalation.ack = Ack(at, author)

    def take_back_ack(self, institution: str, at: datetime) -> None:
        """Undoes the acknowledgement of an instant, as far as nothing has replaced or ended it."""
        known = self.notifications.knowledge(institution)
        for each in Axis:
            ack = known.of(each).ack
            if ack is not None and ack.at == at:
                known = known.having(each, replace(known.of(each), ack=None))
        self.notifications.keep(institution, known)
        for escalation in self.state.escalations:
            if escalation.ack is not None and escalation.ack.at == at:
                escalation.ack = None

    def unsubscribe(self, channel: str, at: datetime) -> None:
        """Nothing more goes to the channel, what waits included, until `resubscribe`."""
        self.state.muted.setdefault(channel, at)

    def resubscribe(self, channel: str) -> None:
        self.state.muted.pop(channel, None)


@lru_cache(maxsize=256)
def decide(situation: Situation) -> Decision:
    """What comes of an event; answered once for all who are in the same situation."""
    explanation, followed = _consider(situation)
    drafts = tuple(_draft(situation, verdict, explanation.rules) for verdict in explanation.channels)
    pairs = zip(drafts, explanation.channels, strict=True)
    going = [(alert, verdict) for (alert, pending), verdict in pairs if pending is not None]
    return Decision(explanation, drafts, _learned(situation, going, followed))


def _consider(of: Situation) -> tuple[Explanation, _Followed]:
    parts = of.event.parts
    rules = tuple(
        judge(index, rule, channel, Same(parts), Same(of.institution), _believed(of, channel))
        for index, rule in enumerate(of.subscriber.watch)
        for channel in channels_of(rule, of.subscriber)
    )
    verdicts: list[ChannelVerdict] = []
    followed: dict[str, frozenset[Axis]] = {}
    for channel in of.subscriber.channels:
        verdicts_of = [each for each in rules if each.channel == channel]
        matched = _asked_for(of.event, verdicts_of)
        follows = sorted({place for each in verdicts_of for place in each.follows} - {*matched})
        candidate = Candidate(of, channel, _again(of, verdicts_of))
        if matched:
            verdicts.append(candidate.examine(matched))
        for place in follows:
            change = parts[place].change
            verdict = candidate.examine([place])
            if change is not None and (verdict.reason is None or verdict.reason in WAITING):
                followed[channel] = followed.get(channel, frozenset()) | {change.axis}
    return Explanation(of.event.key, rules, tuple(verdicts)), followed


def _believed(of: Situation, channel: str) -> tuple[Level, ...]:
    """The level that the channel believes of the axis of each part; low where the part has none."""
    changes = (part.change for part in of.event.parts)
    return tuple(Level.LOW if each is None else of.knowledge.of(each.axis).believed(channel) for each in changes)


def _again(of: Situation, verdicts: Iterable[RuleVerdict]) -> Mapping[int, timedelta]:
    """For each part the shortest `again` of the rules that ask for it."""
    found: dict[int, timedelta] = {}
    for verdict in verdicts:
        again = of.subscriber.watch[verdict.rule].again
        for place in verdict.parts:
            found[place] = min(again, found.get(place, again))
    return found


def _draft(of: Situation, verdict: ChannelVerdict, rules: Iterable[RuleVerdict]) -> tuple[Alert, Pending | None]:
    event, asked = of.event, _asked(rules, verdict)
    taken = [event.parts[place] for place in verdict.parts]
    changes = _reported(event, taken)
    lead = event.lead(taken)
    shown = None if lead is None else (lead.story, lead.item)
    news = (part.lead for part in taken if part.lead is not None and (part.rise or part.mention))
    levels = [part.level for part in taken] + [change.to for change in changes]
    grades = [part.grade for part in taken if part.grade is not None]
    spikes = [part.spike for part in taken if part.spike is not None]
    alert = Alert(
        id="",
        at=event.at,
        subscriber="",
        channel=verdict.channel,
        institution=event.institution,
        on=taken[0].on,
        level=max(levels),
        lead=lead,
        changes=changes,
        state=verdict.state,
        reason="" if verdict.reason is None else verdict.reason.value,
        also=tuple(dict.fromkeys(each for each in news if (each.story, each.item) != shown)),
        rules=tuple(dict.fromkeys(each.name for each in asked)),
        grades=next(((each.from_, each.to) for each in grades), None),
        spike=next(((each.count, each.expected, each.threshold) for each in spikes), None),
    )
    goes = verdict.state is AlertState.SENT or verdict.reason in WAITING
    wanted = [of.subscriber.watch[each.rule] for each in asked]
    return alert, _pending(alert, taken, wanted) if goes else None


def _pending(alert: Alert, taken: Sequence[Part], wanted: Sequence[WatchRule]) -> Pending:
    only_levels = all(part.change is not None for part in taken)
    falls = only_levels and not any(change.rises for change in alert.changes)
    clear = falls and all(change.to < rule.at_least for change in alert.changes for rule in wanted)
    return Pending(
        reference(alert),
        alert.institution,
        tuple(Move(change.axis, change.from_, change.to) for change in alert.changes),
        story="" if only_levels or alert.lead is None else alert.lead.story,
        item="" if alert.lead is None else alert.lead.item,
        clear=clear,
        escalate=_escalating(alert.at, taken, wanted),
    )


def _learned(of: Situation, going: Sequence[tuple[Alert, ChannelVerdict]], followed: _Followed) -> Knowledge:
    """With the new levels, and who is, or will be, notified of what."""
    event, known = of.event, of.knowledge
    for change in event.changes:
        lead = event.lead([part for part in event.parts if part.change is change])
        story = "" if lead is None else lead.story
        watch = replace(known.of(change.axis), level=change.to, seen=change.at, ack=None)
        for channel in sorted(channel for channel, axes in followed.items() if change.axis in axes):
            watch = watch.notify(channel, NotifiedLevel(change.to, "", story), rises=True)
        for alert in (alert for alert, _ in going if change in alert.changes):
            watch = watch.notify(alert.channel, NotifiedLevel(change.to, alert.at, story), rises=change.rises)
        for channel in watch.remind:
            if not stands(of.subscriber, of.institution, change.axis, channel, change.to):
                watch = watch.remind_at(channel, None)
        known = known.having(change.axis, watch)
    if not going:
        return known
    whole = replace(known.of(), seen=event.at)
    for alert, verdict in going:
        for part in (event.parts[place] for place in verdict.parts):
            if part.lead is None or part.falls or part.grade is not None:
                continue
            notified = NotifiedTopic(event.at, part.level, part.lead.story, event.at)
            topics = part.lead.topics if part.rise or part.change else ()
            whole = whole.notify_story(alert.channel, topics, notified)
    return known.having(None, whole)


def _asked_for(event: InstitutionEvent, verdicts: Iterable[RuleVerdict]) -> list[int]:
    """The parts that rules ask for: of the rises of one story on several axes only the gravest of them."""
    kept: dict[int | str, int] = {}
    for place in sorted({place for each in verdicts for place in each.parts}):
        rise = event.parts[place].rise
        kept.setdefault(place if rise is None else rise.story, place)
    return list(kept.values())


def _asked(rules: Iterable[RuleVerdict], verdict: ChannelVerdict) -> list[RuleVerdict]:
    """The rules that asked for what the alert on a channel reports."""
    here = [each for each in rules if each.channel == verdict.channel]
    return [each for each in here if not {*each.parts}.isdisjoint(verdict.parts)]


def _reported(event: InstitutionEvent, taken: Sequence[Part]) -> tuple[Transition, ...]:
    """The level changes that an alert reports: those taken, and with any rise the other rises of the assessment."""
    own = [part.change for part in taken if part.change is not None]
    rises = any(part.rises for part in taken)
    return tuple(change for change in event.changes if change in own or (rises and change.rises))


def _escalating(assessed: datetime, taken: Iterable[Part], rules: Iterable[WatchRule]) -> Escalating | None:
    """Where the alert goes on to unless it is acknowledged; of several rules the least time counts."""
    if all(part.falls for part in taken):
        return None  # good news is not urgent
    after: dict[str, timedelta] = {}
    for escalate in (rule.escalate for rule in rules if rule.escalate is not None):
        for channel in escalate.to:
            after[channel] = min(escalate.after, after.get(channel, escalate.after))
    return Escalating(assessed, after) if after else None
