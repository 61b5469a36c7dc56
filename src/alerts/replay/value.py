"""What each source is worth: the alerts of recorded history without it, and a small set of sources that keeps them all.

    observations ─> case file ─> stories as all sources make them ─> the alerts
                                         └─> worlds: these stories without some reports ─> what is reached, and when

Which items are one story is found once. Without a source its reports are taken out of their stories; what these then
prove, and which levels are reached, is computed as a case file does (`replay.worlds`), each institution by itself."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any, Final

from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.replay.backtest import Result, places_of, revisions, route
from alerts.replay.work import Instants, Observed, Progress, Step, follow, in_each, matched_in
from alerts.replay.worlds import ALL, reached
from alerts.runtime.configuration import Active

COUNTED: Final = ("alerts", "first", "lost", "later", "graded_lower", "needed")
_Finding = tuple[str, str, float]  # a source, one of COUNTED, by how many minutes later


def values(
    items: Iterable[Item], active: Active, *, processes: int = 1, progress: Progress = lambda _: None
) -> list[dict[str, Any]]:
    """A record for each source, the most valuable first; `minutes` is the median delay of later alerts."""
    ordered = revisions(items)
    sizes = Counter(each.source for each in ordered)
    matched = matched_in(processes, active, ordered, progress)
    observed, places = Observed(active, ordered, matched), places_of(ordered, matched, None)

    def one(institution: str, instants: Instants) -> list[_Finding]:
        return list(_worth(active, institution, instants, sizes))

    findings = [each for _, found in in_each(one, observed, places, processes, progress) for each in found]
    counts = Counter((source, what) for source, what, _ in findings)
    minutes = grouped((source, late) for source, what, late in findings if what == "later")
    records: list[dict[str, Any]] = []
    for source in {*sizes, *active.settings.sources}:
        record = {"source": source, "items": sizes[source], **{what: counts[source, what] for what in COUNTED}}
        late = round(median(minutes.get(source, [0.0])), 1)
        records.append({**record, "minutes": late, "needed": counts[source, "needed"] > 0})
    return sorted(records, key=lambda each: (-each["lost"], -each["later"], -each["first"], each["source"]))


def _worth(active: Active, institution: str, instants: Instants, sizes: Mapping[str, int]) -> Iterator[_Finding]:
    """What each source adds to the alerts of one institution."""
    log: list[Step] = []
    followed, result = follow(active, institution, instants, max(instants), log), Result(end=max(instants))
    case = followed.case
    assert case is not None  # noqa: S101 - it was kept
    route(active, followed.events, result, {})
    told = {(each.at, str(one.axis or "")) for each in result.sent for one in (each.lead, *each.changes) if one}
    if not told:
        return
    observed = (each.report for step in log for each in step.batch)
    reporting = grouped((case.story_of(each.item), each.source) for each in observed)
    sources = frozenset(each.report.source for step in log for each in step.batch)
    worlds = reached(active, institution, log, {source: {source} for source in sources})
    # Of several levels reached at once the highest; they are in ascending order.
    highest = {(*key[:2], at): key for key, (at, _) in worlds[ALL].items() if (at, key[1]) in told}
    wanted = {key: worlds[ALL][key] for key in highest.values()}
    for story in {story for story, *_ in wanted}:
        yield from ((source, "alerts", 0.0) for source in set(reporting[story]))
        yield reporting[story][0], "first", 0.0
    needed = set[str]()
    for source in sorted(sources):
        for key, (at, grade) in wanted.items():
            then, grade_then = worlds[source].get(key, (None, ""))
            if then is None:
                needed.add(source)
                yield source, "lost", 0.0
            elif then > at:
                yield source, "later", (then - at).total_seconds() / 60
            if grade_then > grade:
                yield source, "graded_lower", 0.0
    while missing := wanted.keys() - reached(active, institution, log, {"needed": sources - needed})["needed"].keys():
        # One source more for each story: of those that are left the one that says most.
        for story in sorted({story for story, *_ in missing}):
            left = set(reporting[story]) - needed or sources - needed
            needed |= set(sorted(left, key=lambda each: (-sizes[each], each))[:1])
    yield from ((source, "needed", 0.0) for source in needed)
