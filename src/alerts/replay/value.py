"""What each source is worth: the alerts of recorded history without it, and a small set that keeps them all.

Institutions do not depend on each other, so each is followed again by itself without each of its sources. Matching and
routing are done once: an alert is lost where what brought it does not happen.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from statistics import median
from typing import Any, Final

from alerts.cases.observation import Observation
from alerts.model.alert import AlertState
from alerts.model.item import Item
from alerts.model.level import AXES, LEVELS, Level
from alerts.model.subscriber import On
from alerts.replay.backtest import Result, places_of, revisions, route
from alerts.replay.work import Instants, Observed, Progress, follow, in_processes, longest_first, matched_in
from alerts.routing.events import Event, InstitutionEvent
from alerts.runtime.configuration import Active

COUNTED: Final = ("alerts", "first", "lost", "later", "graded_lower", "needed")
_Finding = tuple[str, str, float]  # a source, one of COUNTED, by how many minutes later
# By story (as it is when all sources are read), axis (empty for a mention) and level: when it was reached first, and
# with which grade.
_Reached = Mapping[tuple[str, str, Level], tuple[datetime, str]]


def values(
    items: Iterable[Item], active: Active, *, processes: int = 1, progress: Progress = lambda _: None
) -> list[dict[str, Any]]:
    """A record for each source, the most valuable first; `minutes` is the middle of how much later alerts come."""
    ordered = revisions(items)
    sizes = Counter(each.source for each in ordered)
    matched = matched_in(processes, active, ordered, progress)
    observed, places = Observed(active, ordered, matched), places_of(ordered, matched, None)

    def one(institution: str) -> list[_Finding]:
        return list(_Institution(active, institution, observed.about(institution, places[institution]), sizes).worth())

    counts: Counter[tuple[str, str]] = Counter()
    minutes: dict[str, list[float]] = defaultdict(list)
    order = longest_first(places)
    for institution, found in zip(order, in_processes(one, order, processes), strict=True):
        for source, what, late in found:
            counts[source, what] += 1
            minutes[source] += [late] if what == "later" else []
        progress(len(places[institution]))
    records: list[dict[str, Any]] = []
    for source in {*sizes, *active.settings.sources}:
        record = {"source": source, "items": sizes[source], **{what: counts[source, what] for what in COUNTED}}
        late = round(median(minutes[source] or [0.0]), 1)
        records.append({**record, "minutes": late, "needed": counts[source, "needed"] > 0})
    return sorted(records, key=lambda each: (-each["lost"], -each["later"], -each["first"], each["source"]))


class _Institution:
    """One institution, followed with some of its sources."""

    def __init__(self, active: Active, institution: str, instants: Instants, sizes: Mapping[str, int]) -> None:
        self._active, self._institution, self._sizes = active, institution, sizes
        self._instants, self._until = instants, max(instants)
        case = follow(active, institution, instants, self._until).case
        assert case is not None  # noqa: S101 - it was kept
        rankings = [case.rankings[axis] for axis in AXES]
        moving = {story for ranking in rankings for story, _ in ranking.leading(len(ranking))}
        self._story_of = case.story_of
        if active.wanted <= {On.STORY, On.LEVEL}:  # other stories move no level and bring no such alert
            self._instants = _chosen(instants, lambda each: self._story_of(each.report.item) in moving)

    def worth(self) -> Iterator[_Finding]:
        """What each source adds to the alerts of the institution."""
        stories: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for at, batch in self._instants.items():
            for each in batch:
                stories[self._story_of(each.report.item) or ""].append((at, each.report.source))
        sources = {source for some in stories.values() for _, source in some}
        (events, every), result = self._played(sources), Result(end=self._until)
        route(self._active, events, result, {})
        sent = [each for each in result.alerts if each.state is not AlertState.SUPPRESSED]
        told = {(each.at, str(one.axis or "")) for each in sent for one in (each.lead, *each.changes) if one}
        # Of several levels reached at once the highest; they are in ascending order.
        highest = {(*key[:2], found[0]): key for key, found in every.items() if (found[0], key[1]) in told}
        base = {key: every[key] for key in highest.values()}
        alerted = {story for story, *_ in base}
        for story in alerted:
            yield from ((source, "alerts", 0.0) for source in {source for _, source in stories[story]})
            yield min(stories[story])[1], "first", 0.0
        # Without any other story the same alerts would come. A story that was found to be another has another name now.
        behind = alerted | {one.story for each in sent for change in each.changes for one in change.contributions}
        behind = set(stories) if behind - stories.keys() else behind
        lost = set()
        for source in sorted({source for story in behind for _, source in stories[story]}):
            found = list(_differences(source, base, self._played(sources - {source})[1]))
            lost |= {source for _, what, _ in found if what == "lost"}
            yield from found
        optional = sorted(sources - lost, key=lambda each: (self._sizes[each], each))
        yield from ((source, "needed", 0.0) for source in self._least(base.keys(), sources, optional))

    def _played(self, sources: AbstractSet[str]) -> tuple[Sequence[Event], _Reached]:
        """What happens, and what it reaches, where only these sources are read."""
        instants = _chosen(self._instants, lambda each: each.report.source in sources)
        events = follow(self._active, self._institution, instants, self._until).events
        found: dict[tuple[str, str, Level], tuple[datetime, str]] = {}
        for event in (each for each in events if isinstance(each, InstitutionEvent) and each.fresh):
            for part in event.parts:
                lead, moved = part.lead, part.rise or part.change
                axis, top = ("", Level.LOW) if moved is None else (str(moved.axis), part.level)
                if lead is not None and not part.falls:
                    for level in (each for each in LEVELS if each <= top):
                        found.setdefault((self._story_of(lead.item) or "", axis, level), (event.at, lead.grade))
        return events, found

    def _least(self, wanted: AbstractSet[object], kept: AbstractSet[str], optional: Sequence[str]) -> AbstractSet[str]:
        """`kept` without as many of the optional sources as can be left out together, the smaller ones first."""
        if not optional:
            return kept
        rest = kept - set(optional)
        if wanted <= self._played(rest)[1].keys():
            return rest
        if len(optional) == 1:
            return kept
        half = len(optional) // 2
        return self._least(wanted, self._least(wanted, kept, optional[:half]), optional[half:])


def _chosen(instants: Instants, wanted: Callable[[Observation], bool]) -> Instants:
    chosen = {at: [each for each in batch if wanted(each)] for at, batch in instants.items()}
    return {at: batch for at, batch in chosen.items() if batch}


def _differences(source: str, base: _Reached, without: _Reached) -> Iterator[_Finding]:
    """What becomes of the alerts when a source is not read."""
    for key, (at, grade) in base.items():
        then, grade_then = without.get(key, (None, ""))
        if then is None:
            yield source, "lost", 0.0
        elif then > at:
            yield source, "later", (then - at).total_seconds() / 60
        if grade_then > grade:
            yield source, "graded_lower", 0.0
