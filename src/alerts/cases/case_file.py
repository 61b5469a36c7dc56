"""Everything known about one institution, and how an observation changes it. Pure: no clock, no I/O.

The live pipeline loads a case file from the database, replay keeps one per institution in memory; both feed
it the same observations in the order of their instants and get the same transitions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.cases.observation import Observation
from alerts.model.institution import Institution
from alerts.model.level import Axis, Cause, Contribution, Level, LevelRules, Transition
from alerts.model.story import Evidence, Report
from alerts.model.times import MICROSECOND, instant, micros
from alerts.model.topic import Topic
from alerts.scoring import axis as scoring
from alerts.scoring.evidence import evidence
from alerts.scoring.gauge import Gauge
from alerts.stories.cluster import Clusterer, Event, Joined, surviving
from alerts.stories.independence import independent

CORRECTABLE = timedelta(days=90)
"""A rise is taken back within this time; what is older was long acted upon."""


@dataclass(frozen=True, slots=True)
class AxisState:
    """A level, since when, and, as of the asking, the score, the one a day before, and the next fall."""

    level: Level = Level.LOW
    since: datetime | None = None
    score: float = 0.0
    next_fall: datetime | None = None
    previous: float | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """A rise that would not have been reached, had `item` said before what it says now."""

    transition: Transition
    at: datetime
    item: str
    level: Level
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What an observation did: level changes, story events, the stories to store again, corrections."""

    transitions: tuple[Transition, ...] = ()
    events: tuple[Event, ...] = ()
    stories: frozenset[str] = frozenset()
    corrections: tuple[Correction, ...] = ()


class CaseFile:
    """The evidence, the axes and the levels of one institution up to an instant (`clock`)."""

    def __init__(self, institution: Institution, topics: Mapping[str, Topic], rules: LevelRules) -> None:
        self.institution = institution
        self.clock: datetime | None = None
        self.axes: dict[Axis, AxisState] = {axis: AxisState() for axis in Axis}
        self._topics = topics
        self._rules = rules
        self._clusterer = Clusterer(institution.id, _names(institution))
        self._members: dict[str, dict[str, Observation]] = {}
        self._story_of: dict[str, str] = {}
        self._evidence: dict[str, Evidence] = {}
        self._gauges = {axis: Gauge(axis, rules) for axis in Axis}
        self._rises: list[tuple[Transition, frozenset[str]]] = []
        self._merged: dict[str, str] = {}
        self._revised: set[str] = set()
        self._left: dict[str, set[str]] = {}  # by item the stories that a revision took it out of

    @property
    def size(self) -> int:
        """How many items it holds."""
        return len(self._story_of)

    # --- restoring -------------------------------------------------------------------------------------

    def restore(
        self,
        members: Iterable[tuple[Observation, str]],
        *,
        axes: Mapping[Axis, AxisState],
        rises: Iterable[Transition],
        clock: datetime | None,
        merged: Mapping[str, str] | None = None,
        left: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """Takes up where another process left off.

        `members` are each item's newest observation with its story, `merged` the stories found to be others, `left`
        those that an item was in before a revision took it elsewhere.
        """
        pairs = list(members)
        # What has left the window by now has no influence on what comes after.
        recent = (
            (each.features, story)
            for each, story in pairs
            if clock is None or clock - each.features.observed < Clusterer.HORIZON
        )
        self._clusterer = Clusterer.restore(recent, self.institution.id, _names(self.institution))
        for observation, story in pairs:
            self._place(observation, story)
            if observation.revised:
                self._revised.add(observation.report.item)
        self.clock = clock
        for story in self._members:
            self._weigh(story)
        self.axes.update(axes)
        self._merged = dict(merged or {})
        self._left = {item: set(stories) for item, stories in (left or {}).items()}
        self._rises = [(rise, _stories(rise)) for rise in rises]

    # --- time ------------------------------------------------------------------------------------------

    def advance(self, to: datetime) -> list[Transition]:
        """The falls up to and including `to`, each stamped with its exact instant, in order of time."""
        falls: list[Transition] = []
        if self.clock is not None and to > self.clock:
            for axis in Axis:
                while (moment := self._next_fall(axis, to)) is not None:
                    falls.append(self._move(axis, moment, Cause.DECAY))
            self.clock = to
            falls.sort(key=_order)
        return falls

    def falls(self) -> dict[Axis, datetime]:
        """When each level above low is left if nothing is reported."""
        return {axis: at for axis in Axis if (at := self._next_fall(axis)) is not None}

    def next_fall(self) -> datetime | None:
        """When the first level falls if nothing is reported; None where all are low."""
        return min(self.falls().values(), default=None)

    def _next_fall(self, axis: Axis, to: datetime | None = None) -> datetime | None:
        state = self.axes[axis]
        if state.level is Level.LOW or self.clock is None:
            return None
        gauge = self._gauges[axis]
        if to is not None and not gauge.has_fallen(state.level, micros(to)):
            return None
        after = self.clock if state.since is None else max(self.clock, state.since)
        moment = scoring.fall_instant(gauge, state.level, self._rules, axis, micros(after))
        return None if moment is None else instant(moment)

    # --- evidence --------------------------------------------------------------------------------------

    def observe(self, at: datetime, batch: Sequence[Observation]) -> Change:
        """Takes in what was observed at one instant; the order of `batch` does not matter.

        Falls due before `at` come first, stamped with their own instants.
        """
        transitions = self.advance(at - MICROSECOND)
        self.clock = at
        before = {each.report.item: self._observation(each.report.item) for each in batch}
        batch = [
            each.after(before[each.report.item]) for each in sorted(batch, key=lambda each: each.report.item)
        ]
        clustered = [
            each.features for each in batch if each.counts and _is_clustered(before[each.report.item], at)
        ]
        events = self._clusterer.add(clustered) if clustered else []
        touched: set[str] = set()
        incoming = {each.report.item: each for each in batch}
        for event in events:
            touched |= self._apply(event, incoming)
        for observation in batch:
            story = self._story_of.get(observation.report.item)
            if story is not None:
                self._members[story][observation.report.item] = observation
                touched.add(story)
        for story in touched:
            self._weigh(story)
        transitions += self._levels(at, Cause.EVIDENCE)
        revised = [each for each in batch if before[each.report.item] is not None]
        self._revised |= {each.report.item for each in revised}
        return Change(
            transitions=tuple(transitions),
            events=tuple(events),
            stories=frozenset(touched),
            corrections=tuple(self._corrections(at, revised)),
        )

    def reconsider(
        self, at: datetime, axes: Mapping[Axis, AxisState], rises: Iterable[Transition]
    ) -> list[Transition]:
        """After the configuration changed: the levels as they were (`axes`) against what they are now.

        `rises` are those that were recorded, whatever the present rules would have made of them.
        """
        self.axes = {axis: axes.get(axis, AxisState()) for axis in Axis}
        self._rises = [(rise, _stories(rise)) for rise in rises]
        self.clock = at
        return self._levels(at, Cause.CONFIG)

    def _observation(self, item: str) -> Observation | None:
        story = self._story_of.get(item)
        return None if story is None else self._members[story].get(item)

    def _place(self, observation: Observation, story: str) -> None:
        item = observation.report.item
        self._story_of[item] = story
        self._members.setdefault(story, {})[item] = observation

    def _apply(self, event: Event, incoming: Mapping[str, Observation]) -> set[str]:
        """Follows a story event in the books; returns the stories it touched."""
        if isinstance(event, Joined):
            former = self._story_of.get(event.item)
            if former is not None:
                del self._members[former][event.item]
                if former != event.story:
                    self._left.setdefault(event.item, set()).add(former)
            self._place(incoming[event.item], event.story)
            return {event.story} if former is None else {event.story, former}
        for observation in self._members.pop(event.story_from, {}).values():
            self._place(observation, event.into)
        self._merged[event.story_from] = event.into
        return {event.into, event.story_from}

    def _weigh(self, story: str) -> None:
        """Computes the story's evidence and its terms anew, or forgets them where nothing counts."""
        found = self._evidence_of(story)
        if found is None:
            self._evidence.pop(story, None)
        else:
            self._evidence[story] = found
        at = micros(self.clock) if self.clock is not None else 0
        for axis, gauge in self._gauges.items():
            term = None if found is None else scoring.term(found, axis, self._topics, self.institution)
            gauge.put(story, term, at)

    def _evidence_of(self, story: str, upto: datetime | None = None) -> Evidence | None:
        """What the story proves, from what had been observed `upto` then, as those items read now."""
        counting = [
            each
            for each in self._members.get(story, {}).values()
            if each.counts and (upto is None or each.report.observed <= upto)
        ]
        if not counting:
            return None
        groups = independent([each.features for each in counting])
        return evidence(story, self.institution.id, [each.report for each in counting], groups)

    # --- levels ----------------------------------------------------------------------------------------

    def score(self, axis: Axis, at: datetime) -> float:
        """The score of an axis at an instant not before the clock."""
        return self._gauges[axis].score(micros(at))

    def _levels(self, at: datetime, cause: Cause) -> list[Transition]:
        now = micros(at)
        moved = [
            axis
            for axis, gauge in self._gauges.items()
            if gauge.level(self.axes[axis].level, now) is not self.axes[axis].level
        ]
        return [self._move(axis, at, cause) for axis in moved]

    def _move(self, axis: Axis, at: datetime, cause: Cause) -> Transition:
        score = self.score(axis, at)
        level = scoring.level_after(self.axes[axis].level, score, self._rules)
        transition = Transition(
            at=at,
            institution=self.institution.id,
            axis=axis,
            from_=self.axes[axis].level,
            to=level,
            score=score,
            cause=cause,
            contributions=self.contributions(axis, at),
        )
        self.axes[axis] = AxisState(level=level, since=at)
        if transition.rises:
            self._rises.append((transition, _stories(transition)))
        return transition

    def _corrections(self, at: datetime, revised: Sequence[Observation]) -> list[Correction]:
        """The rises that one of the revised items supported and that would not have happened as it is now."""
        if not revised:
            return []
        found = []
        by_story = {self._story_of[each.report.item]: each for each in reversed(revised)}
        for each in reversed(revised):
            by_story |= dict.fromkeys(self._left_by(each.report.item), each)
        self._rises = [each for each in self._rises if at - each[0].at < CORRECTABLE]
        names = by_story.keys() | {each for each in self._merged if self._surviving(each) in by_story}
        for rise, behind in self._rises:
            touched = behind & names
            if not touched:
                continue
            cause = by_story[self._surviving(min(touched))]
            if cause.report.observed > rise.at:
                continue  # it came later, and took nothing away
            level = scoring.level_after(rise.from_, self._score_as_now(rise, behind), self._rules)
            if level < rise.to:
                found.append(Correction(rise, at, cause.report.item, level, withdrawn=not cause.counts))
        taken_back = {correction.transition.key for correction in found}
        self._rises = [each for each in self._rises if each[0].key not in taken_back]
        return found

    def _left_by(self, item: str) -> set[str]:
        """The stories, as they are called now, that revisions took an item out of."""
        return {self._surviving(each) for each in self._left.get(item, ())} - {self._story_of[item]}

    def _surviving(self, story: str) -> str:
        return surviving(story, self._merged)

    def _score_as_now(self, rise: Transition, behind: frozenset[str]) -> float:
        """The score of a past rise, had the items behind it then read as they do now, in the stories they are in
        now."""
        stood = {self._surviving(each) for each in behind}
        came = {item: self._left_by(item) for item in self._left}
        anew = stood & {self._story_of[item] for item in self._revised}.union(*came.values())
        anew |= {self._story_of[item] for item, left in came.items() if not stood.isdisjoint(left)}
        half_life = scoring.half_life_of(self._rules, rise.axis)
        values = [each.value for each in rise.contributions if self._surviving(each.story) not in anew]
        for story in sorted(anew):
            then = self._evidence_of(story, rise.at)
            term = None if then is None else scoring.term(then, rise.axis, self._topics, self.institution)
            values += [] if term is None else [scoring.value(term, micros(rise.at), half_life)]
        return scoring.combined(values)

    # --- reading ---------------------------------------------------------------------------------------

    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence, by story id."""
        return tuple(self._evidence[story] for story in sorted(self._evidence))

    def contributions(self, axis: Axis, at: datetime) -> tuple[Contribution, ...]:
        """What each story adds to an axis, largest first; those that six decimals cannot show are left out."""
        found = [
            scoring.contribution(self._evidence[story], axis, amount, age, self._topics, self.institution)
            for story, amount, age in self._gauges[axis].amounts(micros(at))
            if amount >= 5e-7
        ]
        return tuple(sorted(found, key=lambda each: (-each.value, each.story)))

    def evidence_of(self, story: str, upto: datetime | None = None) -> Evidence | None:
        """What a story proves; with `upto` from what had been observed by then, as those items read now."""
        return self._evidence.get(story) if upto is None else self._evidence_of(story, upto)

    def story_of(self, item: str) -> str | None:
        return self._story_of.get(item)

    def copy(self) -> CaseFile:
        """A case file of its own that goes on identically: to try out what a further report would do."""
        twin = CaseFile(self.institution, self._topics, self._rules)
        twin.restore(
            [(each, story) for story, members in self._members.items() for each in members.values()],
            axes=self.axes,
            rises=[rise for rise, _ in self._rises],
            clock=self.clock,
            merged=self._merged,
            left=self._left,
        )
        return twin

    def retold(self, story: str, reports: Sequence[Report]) -> list[Observation]:
        """Reports as if each had told a story anew: with its newest words, but nobody's text, link or outlet."""
        counting = [each for each in self._members[story].values() if each.counts]
        words = max(counting, key=lambda each: (each.features.observed, each.report.item)).features
        return [
            Observation(
                report,
                replace(
                    words,
                    item=report.item,
                    outlet=report.publisher,
                    link="",
                    reported=report.reported,
                    observed=report.observed,
                    headline=-number,
                    opening=(),
                    sketch=(),
                    origin="",
                    agency="",
                ),
            )
            for number, report in enumerate(reports, start=1)
        ]


def _is_clustered(former: Observation | None, at: datetime) -> bool:
    """A revision of an item that has left the clusterer's window stays where it was."""
    return former is None or at - former.features.observed < Clusterer.HORIZON


def _names(institution: Institution) -> tuple[str, ...]:
    """The names that tell nothing about which event an item of the institution is about."""
    return institution.name, *institution.aliases


def _stories(transition: Transition) -> frozenset[str]:
    return frozenset(each.story for each in transition.contributions)


def _order(transition: Transition) -> tuple[datetime, str, int]:
    return transition.at, transition.institution, list(Axis).index(transition.axis)


def by_time(transitions: Iterable[Transition]) -> list[Transition]:
    """In order of time, then institution, then axis: the order of every record."""
    return sorted(transitions, key=_order)
