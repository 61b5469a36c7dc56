"""Everything known about one institution, and how an observation changes it. Pure: no clock, no I/O.

The live pipeline loads a case file from the database, replay keeps one per institution in memory; both feed
it the same observations in the order of their instants and get the same transitions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from alerts.cases.history import CORRECTABLE, Assessed, Correction, Recorded, Rise, StoryVersion, Totals
from alerts.cases.membership import Membership
from alerts.cases.observation import Observation
from alerts.model.alert import StoryRise
from alerts.model.institution import Institution
from alerts.model.level import AXES, Axis, Cause, Contribution, Level, LevelRules, Transition
from alerts.model.story import Evidence
from alerts.model.times import MICROSECOND, micros
from alerts.model.topic import Topic
from alerts.scoring import impact as impacts
from alerts.scoring import score as scores
from alerts.scoring.evidence import lead_fields, summary
from alerts.scoring.profile import NEWEST, AxisView, Standing, contributions
from alerts.scoring.score import PLACES, Ranking, Score, Term, value_at
from alerts.stories.cluster import Clusterer, Event

DAY = timedelta(days=1)  # a trend compares with the score of so long before
Moved = tuple[Level, Level]  # the level before, and after
_NO_LEVELS: Mapping[Axis, Level] = dict.fromkeys(AXES, Level.LOW)


@dataclass(frozen=True, slots=True)
class AxisState:
    """A level, and since when."""

    level: Level = Level.LOW
    since: datetime | None = None


class Change(NamedTuple):
    """What an observation at an instant did.

    `transitions` begin with the falls due before `at`; `rises` are the stories whose own level rose at `at`, the
    gravest first. `ages` says by story how old the newest report was that was found at `at`, where it has a date to
    believe. `stories` are those to store again."""

    at: datetime
    transitions: tuple[Transition, ...] = ()
    rises: tuple[StoryRise, ...] = ()
    ages: Mapping[str, timedelta] = MappingProxyType({})
    events: tuple[Event, ...] = ()
    stories: frozenset[str] = frozenset()
    corrections: tuple[Correction, ...] = ()


class CaseFile:
    """The evidence, the axes and the levels of one institution up to an instant (`clock`).

    To be read by others, not changed: by axis `rankings`, the stories that contribute to it, and `courses`, what its
    score faded from, each from its instant on."""

    def __init__(self, institution: Institution, topics: Mapping[str, Topic], rules: LevelRules) -> None:
        self.institution = institution
        self.clock: datetime | None = None
        self.axes: dict[Axis, AxisState] = {axis: AxisState() for axis in AXES}
        self._topics = topics
        self._rules = rules
        self._clusterer = Clusterer(institution.id, _names(institution))
        self._members = Membership()
        self._evidence: dict[str, Evidence] = {}
        self.rankings = {axis: Ranking(scores.half_life_of(rules, axis)) for axis in AXES}
        self._by_time = Ranking(1.0)  # of all stories, as if each had an impact of 1: the newest first
        self._totals = Totals()
        self.courses: dict[Axis, list[tuple[datetime, Score]]] = {axis: [] for axis in AXES}
        self._rises: list[Rise] = []
        self._taken_back: set[tuple[datetime, Axis, str]] = set()
        self._revised: set[str] = set()

    @property
    def size(self) -> int:
        """How many items it holds."""
        return len(self._members.story_of)

    def restore(self, record: Recorded, axes: Mapping[Axis, AxisState], clock: datetime | None) -> None:
        """Takes up where another process left off, at its clock."""
        # What has left the window by now has no influence on what comes after.
        features = ((each.features, story) for each, story in record.members)
        recent = (each for each in features if clock is None or clock - each[0].observed < Clusterer.HORIZON)
        self._clusterer = Clusterer(self.institution.id, _names(self.institution), recent)
        self._members = Membership(record.merged, record.left)
        for observation, story in record.members:
            self._members.place(observation, story)
            if observation.revised:
                self._revised.add(observation.report.item)
        self.clock = clock
        for story in self._members.by_story:
            self._weigh(story)
        if clock is not None:
            self._note_scores(clock)
        self.axes.update(axes)
        self._rises = list(record.rises)

    def advance(self, to: datetime | None) -> list[Transition]:
        """The falls up to and including `to`, each stamped with its exact instant, in order of time.

        Without `to` all falls that will come if nothing is reported; the clock is then at the last of them."""
        falls: list[Transition] = []
        if self.clock is not None and (to is None or to > self.clock):
            for axis in AXES:
                while (at := self._next_fall(axis)) is not None and (to is None or at <= to):
                    falls.append(self._move(axis, at, self._level_after(axis, micros(at)), Cause.DECAY))
            falls.sort(key=_order)
            self.clock = to or (falls[-1].at if falls else self.clock)
        return falls

    def falls(self) -> dict[Axis, datetime]:
        """When each level above low is left if nothing is reported."""
        return {axis: at for axis in AXES if (at := self._next_fall(axis)) is not None}

    def _next_fall(self, axis: Axis) -> datetime | None:
        state = self.axes[axis]
        if state.level is Level.LOW or self.clock is None:
            return None
        ranking = self.rankings[axis]
        after = self.clock if state.since is None else max(self.clock, state.since)
        return scores.fall_instant(ranking.score, state.level, self._rules, ranking.half_life, after)

    def observe(self, at: datetime, batch: Sequence[Observation]) -> Change:
        """Takes in what was observed at one instant; the order of `batch` does not matter.

        Falls due before `at` come first, stamped with their own instants."""
        transitions = self.advance(at - MICROSECOND)
        self.clock = at
        known = {item: each for seen in batch if (each := self._members.observation(item := seen.report.item))}
        batch = [each.after(known.get(each.report.item)) for each in sorted(batch, key=lambda each: each.report.item)]
        left = {item for item, each in known.items() if at - each.features.observed >= Clusterer.HORIZON}
        # A revision of an item that has left the clusterer's window stays where it was.
        clustered = [each.features for each in batch if each.counts and each.report.item not in left]
        events = self._clusterer.add(clustered) if clustered else []
        touched = self._members.observe(batch, events)
        levels = {story: self._own_levels(story) for story in touched}
        weighed = frozenset(story for story in touched if self._weigh(story))
        self._note_scores(at)
        changed = self._levels(at, Cause.EVIDENCE)
        rises = self._story_rises(batch, levels)
        self._revised.update(known)
        corrections = self._corrections(at, [each for each in batch if each.report.item in known])
        self._rises += [Rise.of_transition(each) for each in changed if each.rises]
        self._rises += [Rise.of_story(at, each) for each in rises]
        moves, ages = (*transitions, *changed), self._ages(at, batch)
        return Change(at, moves, tuple(rises), ages, tuple(events), weighed, tuple(corrections))

    def reconsider(self, at: datetime, axes: Mapping[Axis, AxisState], rises: Iterable[Rise]) -> list[Transition]:
        """After the configuration changed: the levels as they were (`axes`) against what they are now.

        `rises` are those that were recorded, whatever the present rules would have made of them."""
        self.axes = {axis: axes.get(axis, AxisState()) for axis in AXES}
        self.clock = at
        changed = self._levels(at, Cause.CONFIG)
        self._rises = [*rises, *(Rise.of_transition(each) for each in changed if each.rises)]
        return changed

    def _weigh(self, story: str) -> bool:
        """Computes the story's evidence and its place on each axis anew, or forgets them where nothing counts.

        Whether it proves anything else than before."""
        found, former = self._members.evidence(story, self.institution.id), self._evidence.get(story)
        if found == former:
            return False
        self._totals.change(former, found)
        self._by_time.put(story, None if found is None else Term(1.0, micros(found.newest)))
        if found is None:
            self._evidence.pop(story, None)
        else:
            self._evidence[story] = found
        for axis, ranking in self.rankings.items():
            ranking.put(story, None if found is None else self._term(found, axis))
        return True

    def _note_scores(self, at: datetime) -> None:
        for axis, course in self.courses.items():
            score = self.rankings[axis].score
            if not course or course[-1][1] != score:
                course.append((at, score))

    def _term(self, found: Evidence, axis: Axis) -> Term | None:
        return impacts.term(found, axis, self._topics, self.institution)

    def score(self, axis: Axis, at: datetime) -> float:
        """The score of an axis at an instant, from what had been observed by then.

        Of what was before the case file was restored nothing is known: 0."""
        return value_at(self.courses[axis], at, self.rankings[axis].half_life)

    def _levels(self, at: datetime, cause: Cause) -> list[Transition]:
        now = micros(at)
        reached = ((axis, self._level_after(axis, now)) for axis in AXES)
        return [self._move(axis, at, to, cause) for axis, to in reached if to is not self.axes[axis].level]

    def _level_after(self, axis: Axis, now: int) -> Level:
        ranking = self.rankings[axis]
        return scores.level_after(self.axes[axis].level, ranking.score, now, self._rules, ranking.half_life)

    def _move(self, axis: Axis, at: datetime, level: Level, cause: Cause) -> Transition:
        ranking, before = self.rankings[axis], self.axes[axis].level
        score, behind = ranking.score.at(micros(at), ranking.half_life), self.contributions(axis, at)
        self.axes[axis] = AxisState(level=level, since=at)
        return Transition(at, self.institution.id, axis, before, level, score, cause, behind)

    def _own_levels(self, story: str) -> Mapping[Axis, Level]:
        """The own level of a story on each axis, as last weighed."""
        if story not in self._evidence:
            return _NO_LEVELS
        terms = ((axis, ranking.get(story)) for axis, ranking in self.rankings.items())
        return {axis: Level.LOW if term is None else scores.level_of(term.impact, self._rules) for axis, term in terms}

    def _story_rises(self, batch: Sequence[Observation], before: Mapping[str, Mapping[Axis, Level]]) -> list[StoryRise]:
        """The stories whose own level rose, the gravest first; `before` holds the levels of those touched.

        A story that another was merged into had the higher level of the two."""
        stood: dict[str, Mapping[Axis, Level]] = {}
        for story, levels in before.items():
            known = stood.setdefault(self._members.surviving(story), levels)
            if known is not levels:
                stood[self._members.surviving(story)] = {axis: max(known[axis], levels[axis]) for axis in AXES}
        found = []
        for story, levels in stood.items():
            now = self._own_levels(story)
            risen = [axis for axis in AXES if now[axis] is not levels[axis] and now[axis] > levels[axis]]
            if risen:
                risen.sort(key=lambda axis: -now[axis].rank)
                found.append(self._story_rise(batch, story, {axis: (levels[axis], now[axis]) for axis in risen}))
        return sorted(found, key=lambda each: (-each.to.rank, -each.impact, each.story))

    def _story_rise(self, batch: Sequence[Observation], story: str, risen: Mapping[Axis, Moved]) -> StoryRise:
        """How a story rose on some axes: from which level to which, the gravest first."""
        known = self._evidence[story]
        brought = [each for each in batch if each.counts and self._members.story_of[each.report.item] == story]
        report = min(brought, key=_strongest).report if brought else known.reports[-1]
        lead = lead_fields(known, report, self._topics)

        def rise(axis: Axis, others: tuple[StoryRise, ...] = ()) -> StoryRise:
            (from_, to), term = risen[axis], self.rankings[axis].get(story)
            assert term is not None  # noqa: S101 - else it had no level
            return StoryRise(**lead, axis=axis, from_=from_, to=to, impact=term.impact, others=others)

        first, *others = risen
        return rise(first, tuple(map(rise, others)))

    def _ages(self, at: datetime, batch: Sequence[Observation]) -> dict[str, timedelta]:
        """By story how old the newest report of the batch is; without those that have no date to believe."""
        ages: dict[str, timedelta] = {}
        for report in (each.report for each in batch if each.counts and not each.quiet):
            story, age = self._members.story_of[report.item], at - report.reported
            ages[story] = min(age, ages.get(story, age))
        return ages

    def _corrections(self, at: datetime, revised: Sequence[Observation]) -> list[Correction]:
        """What one of the revised items supported and that would not have happened as it reads now."""
        if not revised:
            return []
        by_story = {self._members.story_of[each.report.item]: each for each in reversed(revised)}
        for each in reversed(revised):
            by_story |= dict.fromkeys(self._members.left_by(each.report.item), each)
        self._rises = [each for each in self._rises if at - each.at < CORRECTABLE]
        names = by_story.keys() | {each for each in self._members.merged if self._members.surviving(each) in by_story}
        found = []
        for rise in self._rises:
            touched = rise.behind & names
            if not touched or rise.key in self._taken_back:
                continue
            cause = by_story[self._members.surviving(min(touched))]
            if cause.report.observed > rise.at:
                continue  # it came later, and took nothing away
            level = self._as_now(rise)
            if level < rise.to:
                item, withdrawn = cause.report.item, not cause.counts
                found.append(Correction(self.institution.id, rise, at, item, level, withdrawn))
        self._taken_back |= {each.rise.key for each in found}
        return sorted(found, key=lambda each: (each.rise.at, each.rise.story, AXES.index(each.rise.axis)))

    def _as_now(self, rise: Rise) -> Level:
        """The level that a rise would have led to, had the items behind it then read as they do now."""
        values = self._values_as_now(rise)
        value = max(values, default=0.0) if rise.transition is None else scores.combined(values)
        return max(scores.level_of(value, self._rules), rise.from_)

    def _values_as_now(self, rise: Rise) -> list[float]:
        """What the stories behind a rise contributed, in the stories that their items are in now.

        Of a story's own level it is the impacts."""
        stood = {self._members.surviving(each) for each in rise.behind}
        came = {item: self._members.left_by(item) for item in self._members.left}
        anew = stood & {self._members.story_of[item] for item in self._revised}.union(*came.values())
        anew |= {self._members.story_of[item] for item, left in came.items() if not stood.isdisjoint(left)}
        half_life = self.rankings[rise.axis].half_life
        values = []
        if rise.transition is None:
            anew = stood
        else:
            kept = (each for each in rise.transition.contributions if self._members.surviving(each.story) not in anew)
            values += [each.value for each in kept]
        for story in sorted(anew):
            then = self._members.evidence(story, self.institution.id, rise.at)
            term = None if then is None else self._term(then, rise.axis)
            if term is not None:
                own = rise.transition is None
                values.append(term.impact if own else scores.contributed(term, micros(rise.at), half_life))
        return values

    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence, by story id."""
        return tuple(self._evidence[story] for story in sorted(self._evidence))

    def assessed(self, change: Change) -> Assessed:
        """What the last observation left the evidence at."""
        return Assessed(
            institution=self.institution.id,
            at=change.at,
            versions=tuple(self._version(story) for story in sorted(change.stories)),
            scores={axis: ranking.score for axis, ranking in self.rankings.items()},
            ranked={axis: len(ranking) for axis, ranking in self.rankings.items()},
            counts=self._totals.counts(),
            rises=change.rises,
        )

    def _version(self, story: str) -> StoryVersion:
        known = self._evidence.get(story)
        keys = {
            axis: scores.order_key(term, ranking.half_life)
            for axis, ranking in self.rankings.items()
            if (term := ranking.get(story)) is not None
        }
        return StoryVersion(story, None if known is None else summary(known), keys)

    def contributions(self, axis: Axis, at: datetime) -> tuple[Contribution, ...]:
        """What the stories that the score counts contribute to an axis, largest first."""
        ranking = self.rankings[axis]
        ranked = ((self._evidence[story], term) for story, term in ranking.leading())
        return contributions(ranked, at, ranking.half_life, self.institution)

    def standing(self, at: datetime, before: Mapping[Axis, Score] | None = None) -> Standing:
        """What is known at an instant not before the clock, once it was advanced to it: what a profile is made of.

        `before` is what the scores of a DAY before faded from, where the case file does not go back so far."""
        newest = [story for story, _ in self._by_time.leading(NEWEST)]
        shown = {*newest}
        axes, falls = {}, self.falls()
        for axis, ranking in self.rankings.items():
            leading = [story for story, _ in ranking.leading()]
            shown.update(leading)
            then = at - DAY
            previous = self.score(axis, then) if before is None else before[axis].at(micros(then), ranking.half_life)
            axes[axis] = AxisView(
                level=self.axes[axis].level,
                score=self.score(axis, at),
                since=self.axes[axis].since,
                next_fall=falls.get(axis),
                previous=previous,
                leading=tuple(summary(self._evidence[story]) for story in leading),
                others=max(0, len(ranking) - PLACES),
            )
        return Standing(
            institution=self.institution,
            at=at,
            axes=axes,
            newest=tuple(summary(self._evidence[story]) for story in newest),
            reports={report.item: report for story in shown for report in self._evidence[story].reports},
            counts=self._totals.counts(),
        )

    def evidence_of(self, story: str) -> Evidence | None:
        """What a story proves."""
        return self._evidence.get(story)

    def story_of(self, item: str) -> str | None:
        return self._members.story_of.get(item)


def _names(institution: Institution) -> tuple[str, ...]:
    """The names that tell nothing about which event an item of the institution is about."""
    return institution.name, *institution.aliases


def _strongest(each: Observation) -> tuple[bool, bool, str, datetime, str]:
    """Sort key: the report that speaks most for a rise first."""
    report = each.report
    return each.quiet, not report.direct, report.reliability.value, report.reported, report.item


def _order(transition: Transition) -> tuple[datetime, str, int]:
    return transition.at, transition.institution, AXES.index(transition.axis)


def by_time(transitions: Iterable[Transition]) -> list[Transition]:
    """In order of time, then institution, then axis: the order of every record."""
    return sorted(transitions, key=_order)
