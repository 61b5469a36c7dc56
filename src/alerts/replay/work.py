"""The two heavy parts of a replay, matching items and following institutions, each over several processes.

Children are forked and so inherit the items and the matcher; only results travel. Where there is no fork, or too
little to do, this process does the work."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from alerts.cases.case_file import CaseFile
from alerts.cases.observation import Observation, observation, publisher_of
from alerts.model.fields import grouped
from alerts.model.item import Item
from alerts.model.level import Transition
from alerts.model.mention import Matched
from alerts.routing.case_events import CaseEvents, EventState
from alerts.routing.events import Event
from alerts.runtime.configuration import Active
from alerts.stories.cluster import Event as StoryEvent
from alerts.stories.features import Features, features

Progress = Callable[[int], None]  # called now and then with how many more items are done
CHUNK = 500  # items that are matched, or reports that are followed, at once
WORTH_IT = 4_000  # fewer items than this are done sooner than a process has started

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")
Instants = Mapping[datetime, Sequence[Observation]]
_inherited: Callable[[Any], Any]  # in a child


class Step(NamedTuple):
    """What an institution's stories were made of at an instant: what was observed, and which stories came of it."""

    at: datetime
    batch: Sequence[Observation]
    events: Sequence[StoryEvent]


@dataclass(frozen=True, slots=True)
class Followed:
    """The result of replaying one institution; `case` is its case file at the end, where it was kept."""

    transitions: tuple[Transition, ...]
    events: tuple[Event, ...]
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
    matched: list[Matched | None] = [None] * len(items)
    for chunk, found in in_processes(match, chunks, processes if len(items) >= WORTH_IT else 1):
        matched[chunk.start : chunk.stop] = found
        progress(len(chunk))
    return matched


@dataclass(frozen=True, slots=True)
class Observed:
    """Matched items as what they say about institutions; each is reduced to its features once."""

    active: Active
    items: Sequence[Item]
    matched: Sequence[Matched | None]
    _features: dict[int, Features] = field(default_factory=dict)

    def about(self, institution: str, places: Sequence[int]) -> Instants:
        """What the items at `places` say about an institution, by instant."""
        return grouped((self.items[place].observed, self._observation(institution, place)) for place in places)

    def _observation(self, institution: str, place: int) -> Observation:
        item, found = self.items[place], self.matched[place] or Matched()
        sources = self.active.settings.sources
        if place not in self._features:
            self._features[place] = features(item, publisher_of(item, sources), found.mentions)
        return observation(item, institution, found, self._features[place], sources, self.active.authorities)


def in_each(
    work: Callable[[str, Instants], _Result],
    observed: Observed,
    places: Mapping[str, Sequence[int]],
    processes: int,
    progress: Progress,
) -> Iterator[tuple[str, _Result]]:
    """`work` on each institution and what the items at its `places` say about it. Counts all items as progress."""
    order = sorted(places, key=lambda each: (-len(places[each]), each))
    count = min(len(order), 1 + sum(map(len, places.values())) // CHUNK)
    batches = [order[number::count] for number in range(count)]  # of much the same size

    def work_on(batch: Sequence[str]) -> list[_Result]:
        instants = [observed.about(each, places[each]) for each in batch]
        return list(map(work, batch, instants))  # all reports first: in turn the two empty the processor's caches

    total = len(observed.items)
    parts = in_processes(work_on, batches, processes if total >= WORTH_IT else 1)
    for number, (batch, found) in enumerate(parts):
        yield from zip(batch, found, strict=True)
        progress(total * (number + 1) // count - total * number // count)
    progress(0 if order else total)


def follow(
    active: Active, institution: str, instants: Instants, until: datetime | None, log: list[Step] | None = None
) -> Followed:
    """One institution through its observations; without `until` on to its last fall. Each step is added to `log`."""
    settings, case = active.settings, active.new_case(institution)
    watched = active.audience.of(case.institution)  # where nobody does there are no events
    reporter = CaseEvents(case, EventState(), active.wanted, topics=settings.topics, fresh=settings.fresh)
    transitions: list[Transition] = []
    events: list[Event] = []
    for at, batch in instants.items():
        change, found = reporter.observe(at, batch) if watched else (case.observe(at, batch), [])
        transitions += change.transitions
        events += found
        if log is not None:
            log.append(Step(at, batch, change.events))
    falls, found = reporter.advance(until) if watched else (case.advance(until), [])
    return Followed((*transitions, *falls), (*events, *found), case)


def in_processes(
    work: Callable[[_Part], _Result], parts: Sequence[_Part], processes: int
) -> Iterator[tuple[_Part, _Result]]:
    """`work` on every part, in any order. Forked children have it: it need not travel.

    This process takes parts from the end, until it meets the children: of what it does itself nothing has to travel."""
    if processes < 2 or len(parts) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from ((part, work(part)) for part in parts)
        return
    with ProcessPoolExecutor(processes - 1, multiprocessing.get_context("fork"), _inherit, (work,)) as pool:
        given = [(part, pool.submit(_call, part)) for part in parts]
        yield from ((part, work(part)) for part, future in reversed(given) if future.cancel())
        yield from ((part, future.result()) for part, future in given if not future.cancelled())


def _inherit(work: Callable[[Any], Any]) -> None:
    global _inherited  # noqa: PLW0603
    _inherited = work


def _call(part: Any) -> Any:
    return _inherited(part)
