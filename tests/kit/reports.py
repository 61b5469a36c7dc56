"""Observations for case files, made without feeds and without matching."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.cases.case_file import CaseFile, Change
from alerts.cases.history import Recorded, Rise
from alerts.cases.observation import Observation, observation
from alerts.model.institution import Criticality, Institution
from alerts.model.item import Item
from alerts.model.level import LevelRules, Transition
from alerts.model.mention import Matched, Mention, Rule, TopicHit
from alerts.model.source import Reliability, Source
from alerts.model.topic import Severity, Signal, Topic
from alerts.stories.cluster import Joined, Merged
from alerts.stories.features import features

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
ACME = Institution("acme", "Acme", criticality=Criticality.MEDIUM)
RULES = LevelRules()
TOPICS = {
    "outage": Topic("outage", Signal.CONTINUITY, ("outage",), severity=Severity(0.6, 0.0, 0.3)),
    "ruling": Topic("ruling", Signal.GOVERNANCE, ("ruling",), severity=Severity(0.1, 0.5, 0.2)),
    "strike": Topic("strike", Signal.CONTINUITY, ("strike",), severity=Severity(0.45, 0.1, 0.2)),
}
SOURCES = {
    each.id: each
    for each in (
        Source("newsroom", "https://n.example", "Acme", Reliability.A, frozenset({"acme"})),
        Source("wire", "https://w.example", "Wire", Reliability.A),
        Source("herald", "https://h.example", "Herald", Reliability.B),
        Source("blog", "https://b.example", "Blog", Reliability.D),
    )
}

HEADLINES = (
    "Outage hits Acme across three continents after storm",
    "Storm causes outage at Acme across three continents",
    "Court ruling against Acme on merger of cable divisions",
    "Merger of cable divisions: court ruling goes against Acme",
    "Acme workers call strike at harbour terminals",
    "Acme opens a museum of telephones",
)


def seen(
    item: str,
    title: str,
    source: str = "wire",
    *,
    at: datetime = AT,
    published: datetime | None = None,
    text: str = "",
    salience: float = 1.0,
    topics: tuple[tuple[str, float], ...] | None = None,
    resolved: bool = False,
    withdrawn: bool = False,
) -> Observation:
    """An item about Acme as observed. `topics` are those in the title unless given, and over where `resolved`."""
    thing = Item(
        item,
        title,
        observed=at,
        content=text,
        url=f"https://{source}.example/{item}",
        source=source,
        published=published,
        withdrawn=withdrawn,
    )
    if topics is None:
        topics = tuple((name, 1.0) for name in TOPICS if name in title.lower())
    matched = Matched(
        (Mention("acme", "title", 0, 4, "Acme", Rule.NAME, salience),) if salience else (),
        tuple(
            TopicHit(name, TOPICS[name].signal, "title", 0, 1, name, factor, resolved=resolved)
            for name, factor in topics
        ),
    )
    return observation(thing, "acme", matched, features(thing, SOURCES[source].publisher), SOURCES)


def case(rules: LevelRules = RULES) -> CaseFile:
    return CaseFile(ACME, TOPICS, rules)


class Follower:
    """Feeds a case file and remembers, as the database does, what another process needs to go on."""

    def __init__(self, rules: LevelRules = RULES) -> None:
        self.rules = rules
        self.case = case(rules)
        self.transitions: list[Transition] = []
        self.rises: list[Rise] = []
        self.changes: list[Change] = []
        self._newest: dict[str, Observation] = {}
        self._stories: dict[str, str] = {}
        self._merged: dict[str, str] = {}
        self._joined: dict[str, set[str]] = {}

    def observe(self, at: datetime, *batch: Observation) -> Change:
        change = self.case.observe(at, batch)
        for each in batch:
            if not each.counts and each.report.item not in self._newest:
                continue  # nothing is stored of an institution that an item never mentioned
            self._newest[each.report.item] = each.after(self._newest.get(each.report.item))
        for event in change.events:
            if isinstance(event, Joined):
                self._stories[event.item] = event.story
                self._joined.setdefault(event.item, set()).add(event.story)
            if isinstance(event, Merged):
                self._merged[event.story_from] = event.into
                for item, story in self._stories.items():
                    if story == event.story_from:
                        self._stories[item] = event.into
        self.transitions += change.transitions
        self.rises += [Rise.of_transition(each) for each in change.transitions if each.rises]
        self.rises += [Rise.of_story(at, each) for each in change.rises]
        self.changes.append(change)
        return change

    def advance(self, to: datetime) -> list[Transition]:
        falls = self.case.advance(to)
        self.transitions += falls
        return falls

    def hand_over(self) -> None:
        """Another process goes on from what is stored."""
        fresh = case(self.rules)
        record = Recorded(
            [(each, self._stories[item]) for item, each in self._newest.items() if item in self._stories],
            self.rises,
            self._merged,
            left={item: stories for item, stories in self._joined.items() if len(stories) > 1},
        )
        fresh.restore(record, self.case.axes, self.case.clock)
        self.case = fresh


def later(**by: float) -> datetime:
    return AT + timedelta(**by)
