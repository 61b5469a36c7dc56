"""From what a case file does to events that somebody may want to hear of. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alerts.cases.case_file import CaseFile, Change
from alerts.cases.corrections import Correction
from alerts.cases.observation import Observation
from alerts.model.alert import Alert
from alerts.model.level import Axis, Transition
from alerts.model.settings import Settings
from alerts.model.subscriber import On
from alerts.routing.events import (
    CorrectionEvent,
    Event,
    LevelEvent,
    MentionEvent,
    Notice,
    grade_change,
    order,
    strongest,
)
from alerts.routing.spike import SpikeDetector, SpikeState
from alerts.stories.cluster import Joined

NEWS = timedelta(hours=48)
"""What was reported longer ago when it is found is background: a feed read for the first time is full of it. Levels
need no such rule: age is in their scores."""

Happening = Notice | Correction
"""An event, or a correction whose alerts are not looked up yet."""


def wanted(settings: Settings) -> frozenset[On]:
    """The kinds of event that any subscriber watches."""
    return frozenset(
        on for subscriber in settings.subscribers.values() for rule in subscriber.watch for on in rule.on
    )


@dataclass(slots=True)
class ReporterState:
    """What telling spikes and grades needs to remember of an institution. `grade` is empty before the first."""

    spike: SpikeState = field(default_factory=SpikeState)
    grade: str = ""

    def record(self) -> dict[str, Any]:
        return {"spike": json.loads(self.spike.to_json()), "grade": self.grade}

    @classmethod
    def of(cls, record: dict[str, Any] | None) -> ReporterState:
        if not record:
            return cls()
        return cls(SpikeState.from_json(json.dumps(record["spike"])), record["grade"])


class Reporter:
    """Feeds one case file and says what happened, in order of time."""

    def __init__(self, case: CaseFile, state: ReporterState, wanted: frozenset[On]) -> None:
        self.case = case
        self.state = state
        self._wanted = wanted
        self._spikes = SpikeDetector(case.institution.id, state.spike)

    def observe(self, at: datetime, batch: Sequence[Observation]) -> tuple[Change, list[Happening]]:
        """Takes in what was observed at one instant."""
        known = frozenset(
            each.report.item for each in batch if self.case.story_of(each.report.item) is not None
        )
        change = self.case.observe(at, batch)
        found: list[Happening] = [*change.corrections]
        quiet = frozenset(each.report.item for each in batch if each.quiet)
        all_quiet = len(quiet) == len(batch)
        found += [LevelEvent(each, quiet=all_quiet and each.at == at) for each in change.transitions]
        if On.MENTION in self._wanted:
            found += self._mentions(at, change, quiet, known)
        found += self._spiked(at, change)
        if On.GRADE in self._wanted:
            found += self._graded(at)
        return change, sorted(found, key=place)

    def advance(self, to: datetime) -> tuple[list[Transition], list[Happening]]:
        """The falls until `to`, included."""
        falls = self.case.advance(to)
        return falls, [LevelEvent(each) for each in falls]

    def _mentions(
        self, at: datetime, change: Change, quiet: frozenset[str], known: frozenset[str]
    ) -> Iterable[Notice]:
        """The items that were found to be about the institution; `known` ones were so before they were edited."""
        for event in change.events:
            if not isinstance(event, Joined) or event.item in known:
                continue
            evidence = self.case.evidence_of(self.case.story_of(event.item) or event.story)
            reports = evidence.reports if evidence is not None else ()
            for report in reports:
                if report.item == event.item and evidence is not None:
                    yield MentionEvent(
                        at=at,
                        institution=self.case.institution.id,
                        item=event.item,
                        story=evidence.story,
                        title=report.title,
                        url=report.url,
                        publisher=report.publisher,
                        confidence=evidence.confidence,
                        quiet=event.item in quiet or at - report.reported > NEWS,
                    )

    def _spiked(self, at: datetime, change: Change) -> Iterable[Notice]:
        started = [each for each in change.events if isinstance(each, Joined) and each.score == 0]
        for _ in started:
            spike = self._spikes.observe(at)
            if spike is not None and On.SPIKE in self._wanted:
                yield spike

    def _graded(self, at: datetime) -> Iterable[Notice]:
        """The grade of the story that adds most on any axis."""
        added = [each for axis in Axis for each in self.case.contributions(axis, at)]
        top = strongest(added)
        if top is None:
            return
        change = grade_change(self.case.institution.id, at, self.state.grade, added)
        self.state.grade = top.grade
        if change is not None:
            yield change


def place(happening: Happening) -> tuple[datetime, bool, int, str, str]:
    """Sort key: the order in which desks are to hear of what happened."""
    if isinstance(happening, Correction):
        return happening.at, False, 0, happening.institution, happening.key
    return order(happening)


def resolved(happening: Happening, alerts_of: Callable[[Transition], Sequence[Alert]]) -> Event:
    """The event of a happening; `alerts_of` looks up the alerts that told of a transition."""
    if not isinstance(happening, Correction):
        return happening
    return CorrectionEvent(
        at=happening.at,
        institution=happening.institution,
        item=happening.item,
        alerts=() if happening.rise.transition is None else tuple(alerts_of(happening.rise.transition)),
        why="withdrawn" if happening.withdrawn else "corrected",
    )
