"""The two heavy parts of a replay, matching items and following institutions, each over several processes.

Children are forked and so inherit the items and the matcher; only results travel. Where there is no fork, or too
little to do, this process does the work.
"""

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from alerts.cases.case_file import CaseFile
from alerts.cases.observation import Observation, observation, publisher_of
from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.model.level import Transition
from alerts.model.mention import Matched
from alerts.routing.case_events import CaseEvent, CaseEvents, EventState
from alerts.runtime.configuration import Active
from alerts.stories.features import Features, features

Progress = Callable[[int], None]  # called now and then with how many more items are done
CHUNK = 500
WORTH_IT = 4_000  # fewer items than this are done sooner than a process has started

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Followed:
    """The result of replaying one institution; `case` is its case file at the end, where it was kept."""

    institution: str
    transitions: tuple[Transition, ...]
    events: tuple[CaseEvent, ...]
    case: CaseFile | None = None


def matched_in(processes: int, active: Active, items: Sequence[Item], progress: Progress) -> list[Matched | None]:
    """What matching found in each item; None where nothing was, or the item was withdrawn."""
    matcher = active.matcher  # built before any fork

    def match(chunk: range) -> list[Matched | None]:
        found: list[Matched | None] = []
        for item in (items[place] for place in chunk):
            matched = None if item.withdrawn else matcher.match(item, tracked_only=True)
            found.append(matched if matched is not None and matched.mentions else None)
        return found

    chunks = [range(start, min(start + CHUNK, len(items))) for start in range(0, len(items), CHUNK)]
    matched: list[Matched | None] = []
    for found in _each(match, chunks, processes if len(items) >= WORTH_IT else 1):
        matched += found
        progress(len(found))
    return matched


def follow_in(
    processes: int,
    active: Active,
    items: Sequence[Item],
    matched: Sequence[Matched | None],
    places: Mapping[str, Sequence[int]],
    until: datetime | None,
) -> list[Followed]:
    """Follows each institution through the items at its `places`."""
    several = processes > 1 and len(items) >= WORTH_IT
    reduced: dict[int, Features] = {}

    def observed(institution: str, place: int) -> Observation:
        item = items[place]
        found = matched[place] or Matched()
        if place not in reduced:
            reduced[place] = features(item, publisher_of(item, active.settings.sources), found.mentions)
        return observation(item, institution, found, reduced[place], active.settings.sources, active.authorities)

    def follow(institution: str) -> Followed:
        case = active.new_case(institution)
        instants = grouped((items[place].observed, observed(institution, place)) for place in places[institution])
        transitions, events = _followed(active, case, instants, until)
        return Followed(institution, transitions, events, None if several else case)

    # The longest first, so that no process is left alone with it at the end.
    order = sorted(places, key=lambda each: (-len(places[each]), each))
    return list(_each(follow, order, processes if several else 1))


def _followed(
    active: Active, case: CaseFile, instants: Mapping[datetime, Sequence[Observation]], until: datetime | None
) -> tuple[tuple[Transition, ...], tuple[CaseEvent, ...]]:
    settings = active.settings
    reporter = CaseEvents(case, EventState(), active.wanted, topics=settings.topics, fresh=settings.fresh)
    transitions: list[Transition] = []
    events: list[CaseEvent] = []
    for at, batch in instants.items():
        change, found = reporter.observe(at, batch)
        transitions += change.transitions
        events += found
    while (end := until or case.next_fall()) is not None:
        falls, found = reporter.advance(end)
        transitions += falls
        events += found
        if until is not None:
            break
    return tuple(transitions), tuple(events)


_inherited: Callable[[Any], Any] | None = None


def _each(work: Callable[[_Part], _Result], parts: Sequence[_Part], processes: int) -> list[_Result]:
    """`work` on every part, in order. Forked children find it in `_inherited`: it need not travel."""
    global _inherited  # noqa: PLW0603
    if processes < 2 or len(parts) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return [work(part) for part in parts]
    _inherited = work
    try:
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(min(processes, len(parts)), mp_context=context) as pool:
            return list(pool.map(_call, parts))
    finally:
        _inherited = None


def _call(part: Any) -> Any:
    assert _inherited is not None  # noqa: S101
    return _inherited(part)
