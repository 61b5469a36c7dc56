"""What each source is worth: the alerts of recorded history without it, and a small set that keeps them all.

Institutions do not depend on each other, so each is followed again by itself without each of its sources. Matching and
routing are done once: an alert is lost where what brought it does not happen.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from statistics import median
from typing import Any, Final

from alerts.cases.case_file import CaseFile
from alerts.model.alert import Alert, AlertState
from alerts.model.item import Item
from alerts.model.level import AXES, LEVELS, Level
from alerts.model.subscriber import On
from alerts.replay.backtest import Result, places_of, revisions, route
from alerts.replay.work import Instants, Observed, Progress, follow, in_processes, longest_first, matched_in
from alerts.routing.case_events import CaseEvent
from alerts.routing.events import InstitutionEvent
from alerts.runtime.configuration import Active

_OF_LEVELS: Final = frozenset({On.STORY, On.LEVEL})
COUNTED: Final = ("alerts", "first", "lost", "later", "graded_lower", "needed")
_Key = tuple[str, str, Level]
"""A story as it is when all sources are read, an axis (empty for a mention), and a level that was reached."""
_Happened = Mapping[_Key, tuple[datetime, str]]
"""When it was reached, and with which grade."""
_Finding = tuple[str, str, float]
"""A source, one of COUNTED, and by how many minutes an alert without it comes later."""


def values(
    items: Iterable[Item], active: Active, *, processes: int = 1, progress: Progress = lambda _: None
) -> list[dict[str, Any]]:
    """A record for each source, the most valuable first; `minutes` is the middle of how much later alerts come."""
    ordered = revisions(items)
    sizes = Counter(each.source for each in ordered)
    matched = matched_in(processes, active, ordered, progress)
    places = places_of(ordered, matched, None)
    observed = Observed(active, ordered, matched)

    def one(institution: str) -> list[_Finding]:
        return list(_Institution(active, institution, observed.about(institution, places[institution]), sizes).worth())

    counts: Counter[tuple[str, str]] = Counter()
    minutes: dict[str, list[float]] = defaultdict(list)
    order = longest_first(places)
    for institution, found in zip(order, in_processes(one, order, processes), strict=True):
        counts.update((source, what) for source, what, _ in found)
        for source, _, late in (each for each in found if each[1] == "later"):
            minutes[source].append(late)
        progress(len(places[institution]))
    records = [
        {"source": source, "items": sizes[source], **{what: counts[source, what] for what in COUNTED}}
        | {
            "minutes": round(median(minutes[source]), 1) if minutes[source] else 0,
            "needed": counts[source, "needed"] > 0,
        }
        for source in {*sizes, *active.settings.sources}
    ]
    return sorted(records, key=lambda each: (-each["lost"], -each["later"], -each["first"], each["source"]))


class _Institution:
    """One institution, followed with some of its sources."""

    def __init__(self, active: Active, institution: str, instants: Instants, sizes: Mapping[str, int]) -> None:
        self._active, self._institution, self._sizes = active, institution, sizes
        self._until = max(instants)
        case = follow(active, institution, instants, self._until).case
        assert case is not None  # noqa: S101 - it was kept
        self._story_of = case.story_of
        self._instants = instants if active.wanted - _OF_LEVELS else _that_count(instants, case)

    def worth(self) -> Iterator[_Finding]:
        """What each source adds to the alerts of the institution."""
        stories: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for at, batch in self._instants.items():
            for each in batch:
                stories[self._story_of(each.report.item) or ""].append((at, each.report.source))
        sources = {source for some in stories.values() for _, source in some}
        events, every = self._happened(sources)
        result = Result(end=self._until)
        route(self._active, events, result, {})
        base: dict[_Key, tuple[datetime, str]] = {}
        behind: set[str] = set()  # the stories without which some alert might be another
        for alert in (each for each in result.alerts if each.state is not AlertState.SUPPRESSED):
            key = self._brought(alert)
            if key is not None and key in every:
                base[key] = every[key]
                behind |= {key[0], *(one.story for change in alert.changes for one in change.contributions)}
        for story in {story for story, *_ in base}:
            yield from ((source, "alerts", 0.0) for source in {source for _, source in stories[story]})
            yield min(stories[story])[1], "first", 0.0
        lost = set()
        for source in sorted({source for story in behind for _, source in stories[story]}):
            found = list(_differences(source, base, self._happened(sources - {source})[1]))
            lost |= {source for _, what, _ in found if what == "lost"}
            yield from found
        optional = sorted(sources - lost, key=lambda each: (self._sizes[each], each))
        yield from ((source, "needed", 0.0) for source in self._least(base.keys(), sources, optional))

    def _brought(self, alert: Alert) -> _Key | None:
        """What brought an alert; None where it only says that a level fell."""
        lead, change = alert.lead, alert.transition
        if lead is None or (lead.axis is None and change is not None and not change.rises):
            return None
        story = self._story_of(lead.item) or ""
        if lead.axis is not None and lead.to is not None:
            return story, lead.axis.value, lead.to
        return (story, "", Level.LOW) if change is None else (story, change.axis.value, change.to)

    def _happened(self, sources: AbstractSet[str]) -> tuple[Sequence[CaseEvent], _Happened]:
        """What happens where only these sources are read."""
        chosen = {at: [each for each in batch if each.report.source in sources] for at, batch in self._instants.items()}
        kept = {at: batch for at, batch in chosen.items() if batch}
        events = follow(self._active, self._institution, kept, self._until).events
        found: dict[_Key, tuple[datetime, str]] = {}
        for event in (each for each in events if isinstance(each, InstitutionEvent) and each.assessment.fresh):
            for part in event.parts:
                lead, moved = part.lead, part.rise or part.change
                axis, top = ("", Level.LOW) if moved is None else (str(moved.axis), part.level)
                if lead is not None and not part.falls:
                    for level in (each for each in LEVELS if each <= top):
                        found.setdefault((self._story_of(lead.item) or "", axis, level), (event.at, lead.grade))
        return events, found

    def _least(self, wanted: AbstractSet[_Key], kept: AbstractSet[str], optional: Sequence[str]) -> AbstractSet[str]:
        """`kept` without as many of the optional sources as can be left out together, the smaller ones first."""
        if not optional:
            return kept
        rest = kept - set(optional)
        if wanted <= self._happened(rest)[1].keys():
            return rest
        if len(optional) == 1:
            return kept
        half = len(optional) // 2
        return self._least(wanted, self._least(wanted, kept, optional[:half]), optional[half:])


def _that_count(instants: Instants, case: CaseFile) -> Instants:
    """The observations in stories that contribute to any axis: others move no level and bring no alert of a level."""
    moving = {story for axis in AXES for story, _ in case.ranking(axis).leading(len(case.ranking(axis)))}
    chosen = {
        at: [each for each in batch if case.story_of(each.report.item) in moving] for at, batch in instants.items()
    }
    return {at: batch for at, batch in chosen.items() if batch}


def _differences(source: str, base: _Happened, without: _Happened) -> Iterator[_Finding]:
    """What becomes of the alerts when a source is not read."""
    for key, (at, grade) in base.items():
        then, grade_then = without.get(key, (None, ""))
        if then is None:
            yield source, "lost", 0.0
        elif then > at:
            yield source, "later", (then - at).total_seconds() / 60
        if grade_then > grade:
            yield source, "graded_lower", 0.0
