"""From what a case file does to events that routers take in. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.cases.case_file import CaseFile, Change
from alerts.cases.history import Correction
from alerts.cases.observation import Observation
from alerts.model.alert import Alert, Lead
from alerts.model.fields import grouped
from alerts.model.level import AXES, Transition
from alerts.model.settings import FRESH, Settings
from alerts.model.story import Evidence
from alerts.model.subscriber import On
from alerts.model.topic import Topic
from alerts.routing.events import CorrectionEvent, Event, GradeChange, InstitutionEvent, Mention, Spike, strongest
from alerts.routing.spike import SpikeState
from alerts.scoring.evidence import lead_fields
from alerts.stories.cluster import Joined


def wanted(settings: Settings) -> frozenset[On]:
    """The kinds of event that any subscriber watches."""
    return frozenset(on for subscriber in settings.subscribers.values() for rule in subscriber.watch for on in rule.on)


@dataclass(slots=True)
class EventState:
    """What finding spikes and grades needs to remember of an institution. `grade` is empty before the first."""

    spike: SpikeState = field(default_factory=SpikeState)
    grade: str = ""

    def record(self) -> dict[str, Any]:
        return {"spike": self.spike.record(), "grade": self.grade}

    @classmethod
    def of(cls, record: dict[str, Any] | None) -> "EventState":
        return cls(SpikeState.of(record["spike"]), record["grade"]) if record else cls()


@dataclass(frozen=True, slots=True)
class CaseEvents:
    """Feeds one case file and says what happened, in order of time. `wanted` are the kinds of event to look for."""

    case: CaseFile
    state: EventState
    wanted: frozenset[On]
    topics: Mapping[str, Topic] = field(default_factory=dict, kw_only=True)
    fresh: timedelta = field(default=FRESH, kw_only=True)

    def observe(self, at: datetime, batch: Sequence[Observation]) -> tuple[Change, list[Event]]:
        """Takes in what was observed at one instant."""
        asked = batch if On.MENTION in self.wanted else ()
        known = frozenset(each.report.item for each in asked if self.case.story_of(each.report.item) is not None)
        change = self.case.observe(at, batch)
        found: list[Event] = [*_corrected(change.corrections)]
        old = frozenset(each.report.item for each in asked if each.quiet or at - each.report.reported > self.fresh)
        mentions = tuple(self._mentions(change, old, known)) if asked else ()
        spike = self._spiked(at, change)
        grade = self._graded(at) if On.GRADE in self.wanted else None
        brought = assessments(self.case.institution.id, change, self.fresh)
        if mentions or spike or grade:
            now = brought.pop() if brought and brought[-1].at == at else InstitutionEvent(self.case.institution.id, at)
            brought.append(replace(now, mentions=mentions, spike=spike, grade=grade))
        found += map(self._event, brought)
        if len(found) > 1:
            found.sort(key=place)
        return change, found

    def advance(self, to: datetime | None) -> tuple[list[Transition], list[Event]]:
        """The falls until `to`, included; without it all that are to come."""
        falls = self.case.advance(to)
        return falls, self.reconsidered(falls)

    def reconsidered(self, changes: Iterable[Transition]) -> list[Event]:
        """The events of level changes that no evidence brought: falls, and what a change of the configuration did."""
        return [self._event(each) for each in of_falls(self.case.institution.id, changes)]

    def _event(self, event: InstitutionEvent) -> InstitutionEvent:
        """With the stories behind its level changes, which an alert may lead with, as far as none of them rose."""
        behind = {each.story for change in event.changes if (each := event.behind(change)) is not None}
        found = {story: self.case.evidence_of(story) for story in behind.difference(each.story for each in event.rises)}
        leads = {story: lead_of_story(each, self.topics) for story, each in found.items() if each is not None}
        return replace(event, leads=leads) if leads else event

    def _mentions(self, change: Change, old: frozenset[str], known: frozenset[str]) -> Iterable[Mention]:
        """The items that were found to be about the institution; `known` ones were so before they were edited."""
        for event in change.events:
            if not isinstance(event, Joined) or event.item in known:
                continue
            evidence = self.case.evidence_of(self.case.story_of(event.item) or event.story)
            if evidence is not None and any(each.item == event.item for each in evidence.reports):
                yield Mention(lead_of_story(evidence, self.topics, event.item), fresh=event.item not in old)

    def _spiked(self, at: datetime, change: Change) -> Spike | None:
        found = None
        for each in change.events:
            if isinstance(each, Joined) and each.score == 0:
                found = self.state.spike.observe(at) or found
        return found if On.SPIKE in self.wanted else None

    def _graded(self, at: datetime) -> GradeChange | None:
        """The grade of the story that adds most on any axis, where it changed: asked when evidence arrives."""
        top = strongest(each for axis in AXES for each in self.case.contributions(axis, at))
        if top is None:
            return None
        before, self.state.grade = self.state.grade, top.grade
        evidence = self.case.evidence_of(top.story)
        if not before or before == top.grade or evidence is None:
            return None
        return GradeChange(before, top.grade, lead_of_story(evidence, self.topics))


def assessments(institution: str, change: Change, fresh: timedelta) -> list[InstitutionEvent]:
    """What an observation brought, in order of time: the falls due before it, and what the evidence did.

    `fresh`: the greatest age of a report, when it was found, that is still news. Where one of several stories that
    rose is news, the others are left out: a feed that comes back brings what is old with what is new."""
    before = of_falls(institution, (each for each in change.transitions if each.at != change.at))
    changes = tuple(each for each in change.transitions if each.at == change.at)
    if not changes and not change.rises:
        return before
    news = frozenset(story for story, age in change.ages.items() if age <= fresh)
    rises = tuple(each for each in change.rises if each.story in news)
    rising = [each for each in changes if each.rises]
    found = InstitutionEvent(institution, change.at, rises or change.rises, changes, reported=change.stories)
    brought = [each for rise in rising if (each := found.behind(rise)) is not None and each.story in change.stories]
    is_news = bool(rises) or any(each.story in news for each in brought)
    return [*before, found if is_news or not (change.rises or rising) else replace(found, fresh=False)]


def of_falls(institution: str, falls: Iterable[Transition]) -> list[InstitutionEvent]:
    """The level changes that no evidence brought, one assessment for each instant, in order of time."""
    instants = sorted(grouped((each.at, each) for each in falls).items())
    return [InstitutionEvent(institution, at, changes=tuple(changes)) for at, changes in instants]


def lead_of_story(evidence: Evidence, topics: Mapping[str, Topic], item: str = "") -> Lead:
    """A story as an alert leads with it, by one of its items: the newest report where none is named."""
    newest = max(evidence.reports, key=lambda each: (each.observed, each.item))
    report = next((each for each in evidence.reports if each.item == item), newest)
    fields = lead_fields(evidence, report, topics)
    return Lead(**fields if item else {**fields, "title": evidence.title})


def _corrected(corrections: Iterable[Correction]) -> list[CorrectionEvent]:
    """What revisions take back, by assessment and item."""
    together = grouped(((each.institution, each.rise.at, each.at, each.item), each) for each in corrections)
    found = []
    for key, some in together.items():
        why = "withdrawn" if any(each.withdrawn for each in some) else "corrected"
        axes = frozenset(each.rise.axis for each in some if each.rise.transition is not None)
        found.append(CorrectionEvent(*key, why, axes, frozenset(each.rise.story for each in some if each.rise.story)))
    return found


def place(event: Event) -> tuple[datetime, bool, int, str, str]:
    """Sort key of the order in which routers take in what happened.

    Within an instant corrections come first and then what is most urgent, so that a fall that a correction explains
    does not depend on the order in which institutions were assessed."""
    if isinstance(event, CorrectionEvent):
        return event.at, False, 0, event.institution, event.assessed.isoformat()
    return event.at, True, -event.level.rank, event.institution, event.key


def resolved(event: Event, alerts_at: Callable[[str, datetime], Sequence[Alert]]) -> Event:
    """The event, a correction with its alerts; `alerts_at` looks up those of an assessment."""
    if isinstance(event, InstitutionEvent):
        return event
    return replace(
        event, alerts=tuple(each for each in alerts_at(event.institution, event.assessed) if event.concerns(each))
    )
