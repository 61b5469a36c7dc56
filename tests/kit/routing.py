"""A subscriber's router with a virtual clock, and short ways to write events, rules and subscribers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from alerts.model.alert import Alert, Lead, StoryRise
from alerts.model.answer import Answer
from alerts.model.institution import Institution
from alerts.model.level import Axis, Cause, Contribution, Level, Transition
from alerts.model.secret import Secret
from alerts.model.subscriber import (
    Digest,
    Direction,
    Exclusion,
    On,
    QuietHours,
    RateLimit,
    Selection,
    Silence,
    Subscriber,
    WatchRule,
)
from alerts.model.times import parse_duration, parse_time
from alerts.model.topic import Signal
from alerts.routing.alerts import Message, Outcome
from alerts.routing.events import CorrectionEvent, Event, GradeChange, InstitutionEvent, Mention, Spike
from alerts.routing.preferences import Preferences
from alerts.routing.router import SubscriberRouter
from alerts.routing.state import Knowledge, MemoryNotifications, RouterState

INSTITUTIONS = {
    "acme": Institution(id="acme", name="Acme", tags=frozenset({"ai"}), region="Europe", category="AI lab"),
    "bolt": Institution(id="bolt", name="Bolt", tags=frozenset({"cloud"}), region="Asia", category="Cloud"),
}


class JsonNotifications(MemoryNotifications):
    """Forgets everything that does not survive being written and read back."""

    def knowledge(self, institution: str) -> Knowledge:
        return Knowledge.from_json(super().knowledge(institution).to_json())

    def keep(self, institution: str, knowledge: Knowledge) -> None:
        super().keep(institution, Knowledge.from_json(knowledge.to_json()))


class Office:
    """One router and everything that came out of it."""

    def __init__(self, subscriber: Subscriber, *, stored: bool = False) -> None:
        self.subscriber = subscriber
        self.stored = stored  # the state is written and read back before every call
        self.state = RouterState()
        self.notifications = JsonNotifications() if stored else MemoryNotifications()
        self.silences: list[Silence] = []
        self.answers: list[Answer] = []
        self.alerts: list[Alert] = []
        self.messages: list[Message] = []

    @property
    def router(self) -> SubscriberRouter:
        if self.stored:
            self.state = RouterState.from_json(self.state.to_json())
        return SubscriberRouter(
            self.subscriber, INSTITUTIONS, self.state, self.notifications, Preferences(tuple(self.answers))
        )

    def hear(self, event: Event, at: datetime | None = None) -> Outcome:
        return self._take(self.router.handle(event, at or event.at, self.silences))

    def advance(self, to: str | datetime) -> list[Message]:
        """The messages of what fell due."""
        before = len(self.messages)
        self._take(Outcome(messages=tuple(self.router.advance(instant(to), self.silences))))
        return self.messages[before:]

    def ack(self, at: str | datetime, institution: str = "acme", axis: Axis | None = None) -> Outcome:
        axes = Axis if axis is None else (axis,)
        router = self.router
        outcome = self._take(Outcome(messages=tuple(router.advance(instant(at), self.silences))))
        router.ack(institution, axes, instant(at), "ops")
        return outcome

    def level(self, at: str | datetime, *changes: str, **more: Any) -> Outcome:
        return self.hear(level_event(at, *changes, **more))

    def story(self, at: str | datetime, name: str, *changes: str, **more: Any) -> Outcome:
        return self.hear(story_event(at, name, *changes, **more))

    def mention(
        self, at: str | datetime, item: str, institution: str = "acme", *, story: str = "", **more: Any
    ) -> Outcome:
        fresh = more.pop("fresh", True)
        mention = Mention(Lead(story, "A headline", item, **more), fresh)
        return self.hear(InstitutionEvent(institution, instant(at), mentions=(mention,)))

    def spike(self, at: str | datetime, institution: str = "acme") -> Outcome:
        spike = Spike(9, 2.0, 6)
        return self.hear(InstitutionEvent(institution, instant(at), spike=spike))

    def grade(self, at: str | datetime, institution: str = "acme") -> Outcome:
        grade = GradeChange("C", "B", Lead("s1", "A headline", confidence=0.7))
        return self.hear(InstitutionEvent(institution, instant(at), grade=grade))

    def correct(self, at: str | datetime, *alerts: Alert, item: str = "i1") -> Outcome:
        return self.hear(CorrectionEvent("acme", instant(at), instant(at), item, alerts=alerts))

    def silence(self, institution: str, until: str, starts: str | None = None) -> None:
        select = Selection(institutions=frozenset({institution}))
        since = None if starts is None else instant(starts)
        self.silences.append(Silence(select, instant(until), "maintenance", "ops", since))

    def _take(self, outcome: Outcome) -> Outcome:
        outcome = outcome.to(self.subscriber.id)
        self.alerts += outcome.alerts
        self.messages += outcome.messages
        return outcome

    @property
    def fates(self) -> list[str]:
        """`sent`, or the reason, of every alert so far."""
        return [alert.reason or alert.state.value for alert in self.alerts]

    @property
    def sent(self) -> list[Message]:
        return [message for message in self.messages if message.held is None]


def instant(at: str | datetime) -> datetime:
    """An instant; without a date it is one on 2 March 2026, a Monday; `+1 08:00` is on the day after."""
    if isinstance(at, datetime):
        return at
    if at.startswith("+"):
        days, _, clock = at[1:].partition(" ")
        return instant(clock) + timedelta(days=int(days))
    return parse_time(at if "-" in at else f"2026-03-02T{at}Z")


def transition(
    at: str | datetime,
    change: str,
    *,
    institution: str = "acme",
    axis: Axis = Axis.POLICY,
    story: str = "s1",
    confidence: float = 0.8,
    cause: Cause = Cause.EVIDENCE,
    topics: Sequence[str] = ("export-controls",),
) -> Transition:
    """A level change written `low>high`, or `priority low>high`."""
    named, _, moved = change.rpartition(" ")
    before, _, after = moved.partition(">")
    contribution = Contribution(
        story=story,
        title="A headline",
        topics=tuple(topics),
        severity=0.6,
        confidence=confidence,
        grade="B",
        salience=1.0,
        criticality=1.0,
        age_s=0.0,
        value=0.4,
    )
    return Transition(
        at=instant(at),
        institution=institution,
        axis=Axis(named) if named else axis,
        from_=Level(before),
        to=Level(after),
        score=0.5,
        cause=cause,
        contributions=(contribution,),
    )


def level_event(at: str | datetime, *changes: str, fresh: bool = True, **more: Any) -> InstitutionEvent:
    """Level changes alone, as of evidence that made no story rise."""
    made = tuple(transition(at, change, **more) for change in changes)
    return InstitutionEvent(made[0].institution, instant(at), changes=made, fresh=fresh)


def story_event(
    at: str | datetime,
    name: str,
    *changes: str,
    to: str = "high",
    before: str = "low",
    axis: Axis = Axis.POLICY,
    topics: Sequence[str] = ("export-controls",),
    signals: Sequence[str] = ("governance",),
    grade: str = "B",
    confidence: float = 0.8,
    sources: Sequence[str] = ("news",),
    item: str = "",
    institution: str = "acme",
    fresh: bool = True,
) -> InstitutionEvent:
    """A story whose own level rose, and the level changes that it made."""
    made = tuple(
        transition(at, change, institution=institution, story=name, axis=axis, topics=topics, confidence=confidence)
        for change in changes
    )
    rise = StoryRise(
        story=name,
        item=item or f"item of {name}",
        title=f"Headline of {name}",
        url="https://news.example/1",
        publisher="News",
        topics=tuple(topics),
        signals=frozenset(Signal(each) for each in signals),
        axis=axis,
        from_=Level(before),
        to=Level(to),
        impact=0.4,
        confidence=confidence,
        grade=grade,
        sources=frozenset(sources),
        publishers=2,
    )
    return InstitutionEvent(institution, instant(at), (rise,), made, fresh)


def rule(
    *institutions: str,
    on: str = "level",
    axes: Sequence[Axis] = tuple(Axis),
    at_least: str = "medium",
    direction: str = "both",
    to: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
    **select: Any,
) -> WatchRule:
    if institutions or not select:
        select["institutions"] = frozenset(institutions or {"acme"})
    return WatchRule(
        select=Selection(**select),
        on=frozenset(On(each) for each in on.split()),
        axes=frozenset(axes),
        at_least=Level(at_least),
        direction=Direction(direction),
        to=tuple(to),
        **(more or {}),
    )


def leave_out(**what: Any) -> Exclusion:
    select = Selection(institutions=frozenset(what.pop("institutions", ())), tags=frozenset(what.pop("tags", ())))
    return Exclusion(select, **{name: frozenset(values) for name, values in what.items()})


def build(
    *rules: WatchRule,
    channels: Sequence[str] = ("mail",),
    quiet: str = "",
    unless: str = "",
    digest: str = "",
    below: str = "high",
    timezone: str = "UTC",
    repeat: str = "",
    limit: str = "",
    group: str = "0s",
    stored: bool = False,
) -> Office:
    """An office; `quiet` is written `22:00-07:00`, `digest` `08:00`, `limit` `20/1h`."""
    settings: dict[str, Any] = {}
    if quiet:
        start, _, end = (each for each in quiet.partition("-"))
        passing = Level(unless) if unless else None
        settings["quiet_hours"] = QuietHours(time.fromisoformat(start), time.fromisoformat(end), timezone, passing)
    if digest:
        settings["digest"] = Digest(time.fromisoformat(digest), timezone, Level(below))
    if repeat:
        settings["repeat"] = parse_duration(repeat)
    if limit:
        count, _, per = limit.partition("/")
        settings["limit"] = RateLimit(int(count), parse_duration(per))
    subscriber = Subscriber(
        id="desk",
        channels={name: Secret(f"json://localhost/{name}") for name in channels},
        watch=rules or (rule(),),
        group=parse_duration(group),
        **settings,
    )
    return Office(subscriber, stored=stored)
