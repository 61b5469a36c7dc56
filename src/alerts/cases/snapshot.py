"""What the recorded stories of an institution amount to at an instant: a case file that is only read. Pure.

Where a case file holds every observation, so that it can take in the next one, this holds of each story what it
came to, and of each item what counting it needs. Reports are fetched for the few stories that are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from alerts.cases.case_file import LEAST_SHOWN, AxisState, CaseFile
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.profile import Counts
from alerts.model.story import Evidence, Mix
from alerts.model.times import instant, micros
from alerts.model.topic import Topic
from alerts.scoring import impact as impacts
from alerts.scoring import score as scores
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.profile import AxisView
from alerts.scoring.score import Ranking, Term
from alerts.scoring.series import Course, Seen, Step, Topics, course, numbered, seen

GROUPED = 300
"""Stories of several reports by fewer publishers whose growth is followed exactly in a picture, those that weigh
most; of the others it is known where they end."""

_DAY = timedelta(days=1)


class Summary(NamedTuple):
    """A story without its reports. `moment` is its newest independent report, in microseconds since 1970."""

    story: str
    title: str
    confidence: float
    grade: str
    mix: Mix
    salience: float
    topics: Topics
    moment: int
    publishers: int

    @property
    def newest(self) -> datetime:
        return instant(self.moment)

    @classmethod
    def of(cls, each: Evidence) -> Summary:
        return cls(
            story=each.story,
            title=each.title,
            confidence=each.confidence,
            grade=each.grade,
            mix=each.mix,
            salience=each.salience,
            topics=each.topics,
            moment=micros(each.newest),
            publishers=len(each.groups),
        )


Terms = dict[Axis, dict[str, Term]]
"""By axis what each story that adds to it adds, fading."""


def terms_of(stories: Iterable[Summary], topics: Mapping[str, Topic], institution: Institution) -> Terms:
    """`impact.term` of every story."""
    found: Terms = {axis: {} for axis in Axis}
    for each in stories:
        for axis in Axis if each.topics else ():
            term = impacts.term(each, axis, topics, institution)
            if term is not None:
                found[axis][each.story] = term
    return found


Fetch = Callable[[Collection[str], datetime], Mapping[str, Evidence]]
"""What some stories proved from what had been observed by an instant, as those items read now."""


class Standing:
    """The stories, the axes and the levels of one institution at an instant, `clock`."""

    def __init__(
        self,
        institution: Institution,
        topics: Mapping[str, Topic],
        rules: LevelRules,
        *,
        stories: Iterable[Summary],
        members: Mapping[str, Sequence[Seen]],
        axes: Mapping[Axis, AxisState],
        clock: datetime,
        fetch: Fetch,
        terms: Terms | None = None,
        known: Mapping[str, Evidence] | None = None,
    ) -> None:
        """`members` are the items that count in each story, the last observed last; `axes` are the levels as of
        `clock`, with their next falls where these are known; `terms` and `known` evidence need not be worked out
        and fetched again.
        """
        self.institution = institution
        self.clock = clock
        self.axes = {axis: axes.get(axis, AxisState()) for axis in Axis}
        self._stories = {each.story: each for each in stories}
        self._members = members
        self._topics = topics
        self._rules = rules
        self._fetch = fetch
        self._terms = terms_of(self._stories.values(), topics, institution) if terms is None else terms
        self._known = dict(known or {})
        self._asked: set[str] = set()

    @classmethod
    def of(cls, case: CaseFile, topics: Mapping[str, Topic], rules: LevelRules, at: datetime) -> Standing:
        """The standing of a case file at an instant not before its clock. Good until the case file goes on."""
        known = {each.story: each for each in case.evidence()}

        def fetch(stories: Collection[str], upto: datetime) -> dict[str, Evidence]:
            found = {
                each: case.evidence_of(each, None if upto >= standing.clock else upto) for each in stories
            }
            return {story: each for story, each in found.items() if each is not None}

        standing = cls(
            case.institution,
            topics,
            rules,
            stories=[Summary.of(each) for each in known.values()],
            members={
                story: sorted(seen(each), key=lambda one: one.observed) for story, each in known.items()
            },
            axes=case.axes,
            clock=case.clock or at,
            fetch=fetch,
        )
        standing.advance(at)
        return standing

    @cached_property
    def _rankings(self) -> dict[Axis, Ranking]:
        return {axis: _ranking(terms, self._half_life(axis)) for axis, terms in self._terms.items()}

    def advance(self, to: datetime) -> None:
        """Takes levels down that have fallen by an instant not before the clock."""
        for axis in Axis:
            while (moment := self._next_fall(axis)) is not None and moment <= to:
                level = self._level_after(axis, moment)
                self.axes[axis] = AxisState(level, moment)
        self.clock = to

    def _level_after(self, axis: Axis, at: datetime) -> Level:
        ranking = self._rankings[axis]
        level = self.axes[axis].level
        return scores.level_after(level, ranking.score, micros(at), self._rules, ranking.half_life)

    def _next_fall(self, axis: Axis) -> datetime | None:
        state, ranking = self.axes[axis], self._rankings[axis]
        after = self.clock if state.since is None else max(self.clock, state.since)
        return scores.fall_instant(ranking.score, state.level, self._rules, ranking.half_life, after)

    def _half_life(self, axis: Axis) -> float:
        return scores.half_life_of(self._rules, axis)

    # --- reading ---------------------------------------------------------------------------------------

    def summaries(self) -> Collection[Summary]:
        return self._stories.values()

    def evidence(self, stories: Collection[str]) -> dict[str, Evidence]:
        """All about some stories."""
        wanted = [each for each in stories if each in self._stories and each not in self._known]
        if wanted:
            self._known |= self._fetch(wanted, self.clock)
        self._asked.update(each for each in stories if each in self._known)
        return {each: self._known[each] for each in stories if each in self._known}

    def known(self) -> dict[str, Evidence]:
        """All about the stories that were asked for."""
        return {story: self._known[story] for story in self._asked}

    def counts(self) -> Counts:
        """How much stands behind the profile."""
        shown = [each.story for each in self._stories.values() if each.confidence >= INTERNAL_BELOW]
        outlets = {(each.publisher, each.direct) for story in shown for each in self._members[story]}
        return Counts(
            stories=len(shown),
            reports=sum(len(self._members[story]) for story in shown),
            publishers=len({publisher for publisher, _ in outlets}),
            direct=len({publisher for publisher, direct in outlets if direct}),
        )

    def score(self, axis: Axis, at: datetime) -> float:
        """The score of an axis at an instant not before the clock."""
        ranking = self._rankings[axis]
        return ranking.score.at(micros(at), ranking.half_life)

    def amounts(self) -> dict[Axis, dict[str, float]]:
        """What the stories that a score counts contribute to it, largest first."""
        at = micros(self.clock)
        return {
            axis: {
                story: value
                for story, term in ranking.leading()
                if (value := scores.contributed(term, at, ranking.half_life)) >= LEAST_SHOWN
            }
            for axis, ranking in self._rankings.items()
        }

    def states(self) -> dict[Axis, AxisView]:
        """Each axis with its score, the score a day before, and the next fall if nothing happens."""
        then = self.clock - _DAY
        return {
            axis: AxisView(
                level=state.level,
                since=state.since,
                score=self.score(axis, self.clock),
                previous=self._score_before(axis, then),
                next_fall=self._next_fall(axis),
            )
            for axis, state in self.axes.items()
        }

    @cached_property
    def _yesterday(self) -> Mapping[str, Evidence | None]:
        """What the stories proved a day before of which a report has been observed since."""
        then = self.clock - _DAY
        since = micros(then)
        newer = [story for story, some in self._members.items() if some[-1].observed > since]
        older = [story for story in newer if any(each.observed <= since for each in self._members[story])]
        return {**dict.fromkeys(newer), **(self._fetch(older, then) if older else {})}

    def _score_before(self, axis: Axis, then: datetime) -> float:
        """The score at an instant of the past, from what had been observed by then."""
        changed = self._yesterday
        ranking = _ranking(
            {story: term for story, term in self._terms[axis].items() if story not in changed},
            self._half_life(axis),
        )
        for story, known in changed.items():
            term = None if known is None else impacts.term(known, axis, self._topics, self.institution)
            ranking.put(story, term)
        return ranking.score.at(micros(then), ranking.half_life)

    # --- for a picture ---------------------------------------------------------------------------------

    def courses(self, start: datetime) -> Iterator[Course]:
        """How the stories grew after an instant."""
        since = micros(start)
        grouped: list[str] = []
        for story, told in self._stories.items():
            reports = self._members[story]
            number = _numbered(told, reports)
            if len(reports) == 1 or reports[-1].observed <= since:
                yield _ended(told, reports)
            elif number is not None:
                yield course(story, reports, number, since)
            else:
                grouped.append(story)
        base = {
            story: sum(self._terms[axis][story].impact for axis in Axis if story in self._terms[axis])
            for story in grouped
        }
        grouped.sort(key=lambda story: (-base[story], story))
        known = self.evidence(grouped[:GROUPED])
        for story in grouped:
            if story in known:
                yield course(story, self._members[story], numbered(known[story].groups), since)
            else:
                yield _ended(self._stories[story], self._members[story])


def _ranking(terms: Mapping[str, Term], half_life: float) -> Ranking:
    found = Ranking(half_life)
    for story, term in terms.items():
        found.put(story, term)
    return found


def _numbered(told: Summary, reports: Sequence[Seen]) -> dict[str, int] | None:
    """The independent publisher of each item, where their number alone tells; else None."""
    if told.publishers == 1:
        return dict.fromkeys((each.item for each in reports), 0)
    if told.publishers == len(reports):
        return {each.item: number for number, each in enumerate(reports)}
    return None


def _ended(told: Summary, reports: Sequence[Seen]) -> Course:
    """A story as if all of it had been known at once."""
    last = reports[-1].observed
    return Course(told.story, [Step(last, told.confidence * told.salience, told.moment, told.topics)])
