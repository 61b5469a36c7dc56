"""What the recorded stories of an institution amount to at an instant: a case file that is only read. Pure.

Where a case file holds every observation, so that it can take in the next one, this holds of each story what it
came to, and of each item what counting it needs. Reports are fetched for the few stories that are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from alerts.cases.case_file import AxisState, CaseFile
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.profile import Counts
from alerts.model.story import Evidence, Mix
from alerts.model.times import instant, micros
from alerts.model.topic import Topic
from alerts.scoring import axis as scoring
from alerts.scoring.axis import Term
from alerts.scoring.confidence import INTERNAL_BELOW
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
    """`scoring.term` of every story. Stories of the same topics have the same severity."""
    factor = institution.criticality.factor
    severities: dict[Topics, list[tuple[Axis, float]]] = {}
    found: Terms = {axis: {} for axis in Axis}
    for each in stories:
        severity = severities.get(each.topics)
        if severity is None:
            of_axes = ((axis, scoring.severity(each, axis, topics)) for axis in Axis)
            severity = severities[each.topics] = [(axis, value) for axis, value in of_axes if value > 0]
        for axis, value in severity:
            base = value * each.confidence * each.salience
            base *= factor
            if base > 0:
                found[axis][each.story] = Term(base, each.moment)
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

    def advance(self, to: datetime) -> None:
        """Takes levels down that have fallen by an instant not before the clock."""
        for axis in Axis:
            while (moment := self._fall_by(axis, to)) is not None:
                score = self.score(axis, moment)
                self.axes[axis] = AxisState(
                    scoring.level_after(self.axes[axis].level, score, self._rules), moment
                )
        self.clock = to

    def _fall_by(self, axis: Axis, to: datetime) -> datetime | None:
        known = self.axes[axis].next_fall
        if known is not None:
            return known if known <= to else None
        return self._next_fall(axis) if self._is_below(axis, self.score(axis, to)) else None

    def _is_below(self, axis: Axis, score: float) -> bool:
        """Whether a score is below the level that the axis has."""
        level = self.axes[axis].level
        return level is not Level.LOW and score < scoring.floor(level, self._rules)

    def _next_fall(self, axis: Axis) -> datetime | None:
        state = self.axes[axis]
        after = self.clock if state.since is None else max(self.clock, state.since)
        terms = self._terms[axis].values()
        moment = scoring.fall_instant(terms, state.level, self._rules, axis, micros(after))
        return None if moment is None else instant(moment)

    def _half_life(self, axis: Axis) -> float:
        return scoring.half_life_of(self._rules, axis)

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
        return scoring.score(self._terms[axis].values(), micros(at), self._half_life(axis))

    def amounts(self) -> dict[Axis, dict[str, float]]:
        """What each story adds to each axis; those that six decimals cannot show are left out."""
        at = micros(self.clock)
        return {
            axis: scoring.amounts(terms, at, self._half_life(axis), least=5e-7)
            for axis, terms in self._terms.items()
        }

    def states(self) -> dict[Axis, AxisState]:
        """Each axis with its score, the score a day before, and the next fall if nothing happens.

        A level of the past may have been recorded under other rules: where its score is below it, it has no fall.
        """
        then = self.clock - _DAY
        found = {}
        for axis, state in self.axes.items():
            score = self.score(axis, self.clock)
            found[axis] = AxisState(
                level=state.level,
                since=state.since,
                score=score,
                previous=self._score_before(axis, then),
                next_fall=state.next_fall or (None if self._is_below(axis, score) else self._next_fall(axis)),
            )
        return found

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
        at, half_life, changed = micros(then), self._half_life(axis), self._yesterday
        unchanged = (term for story, term in self._terms[axis].items() if story not in changed)
        amounts = scoring.faded(unchanged, at, half_life)
        for known in changed.values():
            term = None if known is None else scoring.term(known, axis, self._topics, self.institution)
            amounts += [] if term is None else [scoring.value(term, at, half_life)]
        return scoring.combined(amounts)

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
            story: sum(self._terms[axis][story].base for axis in Axis if story in self._terms[axis])
            for story in grouped
        }
        grouped.sort(key=lambda story: (-base[story], story))
        known = self.evidence(grouped[:GROUPED])
        for story in grouped:
            if story in known:
                yield course(story, self._members[story], numbered(known[story].groups), since)
            else:
                yield _ended(self._stories[story], self._members[story])


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
