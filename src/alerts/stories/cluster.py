"""Items that report the same event become one story, as they arrive.

A story is compared by the profile of its members: how often each term stands in them, weighted by how much the
term tells (`window`). An item joins the most similar story above a threshold, or starts one; when it makes two
stories similar, they are merged.

What happens follows from the members of the time window alone: not from the order in which items came within an
instant, and not from whether this process saw them come (`Clusterer.restore`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from heapq import nlargest
from math import sqrt
from typing import ClassVar

from alerts.stories.features import Features
from alerts.stories.terms import RARE, terms, weight
from alerts.stories.window import IN_TITLE, Story, Term, Window


@dataclass(frozen=True, slots=True)
class Joined:
    """An item is in a story now.

    `score` is its similarity (0 to 1; 0 for the first item of a story), `why` says what it rests on, for people.
    """

    item: str
    story: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class Merged:
    """Two stories turned out to be one: all items of `story_from` are in `into` now."""

    into: str
    story_from: str
    score: float
    why: str


Event = Joined | Merged

_JOIN = 0.25  # similarity from which an item joins a story,
_MERGE = 0.22  # and two stories become one;
_SMALL = 0.10  # more where the (smaller) story has few items: divided by their number,
_ALONE = 0.15  # more where all reports come from one publisher: series look alike (`10 best ...`),
_FADE = 0.5  # and more with the time between the reports: by this part for each day.
_EVIDENCE = 7500  # what the shared terms must tell in all, in thousandths of a nat
_CORE = 3  # a term that stands in one of so many members is counted as evidence in full
_BRIDGE = 0.10
_HALF = 2
_POPULAR = 60  # a term of more stories finds no candidates
_CANDIDATES = 4  # stories looked at closely for each item
_DAY = timedelta(days=1)


class Clusterer:
    """The stories of one partition (an institution, or everything).

    `names` are what the partition is about: an institution's own name and aliases, in which its stories do not
    differ. Feed items with `add` in order of `observed`. After a restart `restore` gives a clusterer that goes on
    identically, from the items observed within `HORIZON` before the next batch; older ones have no influence.
    """

    HORIZON: ClassVar[timedelta] = timedelta(days=10)

    def __init__(self, partition: str = "", names: Iterable[str] = ()) -> None:
        self.partition = partition
        known = {term for name in (partition, *names) for term in terms(name.replace("-", " "))}
        self._window = Window(frozenset(known))

    @classmethod
    def restore(
        cls, members: Iterable[tuple[Features, str]], partition: str = "", names: Iterable[str] = ()
    ) -> Clusterer:
        """The clusterer that saw these items arrive and put them into these stories, given in any order."""
        clusterer = cls(partition, names)
        for features, story in members:
            clusterer._window.put(features, story)
        return clusterer

    def add(self, batch: Sequence[Features]) -> list[Event]:
        """Cluster the items of one instant; they may be given in any order.

        A known item (a revision) replaces its former features, and keeps its story unless it is about something
        else now.
        """
        events: list[Event] = []
        if batch:
            self._window.forget(max(each.observed for each in batch) - self.HORIZON)
        for features in (
            sorted(batch, key=lambda each: (each.reported, each.item)) if len(batch) > 1 else batch
        ):
            self._add(features, events)
        return events

    def discard(self, item: str) -> None:
        """Take an item out, for example one that was withdrawn. Unknown ids are ignored."""
        if item in self._window.where:
            self._window.take(item)

    def story_of(self, item: str) -> str | None:
        """The story of an item, None where it is not in the window."""
        story = self._window.where.get(item)
        return None if story is None else story.id

    def _add(self, features: Features, events: list[Event]) -> None:
        window = self._window
        former = window.where.get(features.item)
        if former is not None:
            window.take(features.item)
        near = self._near(features)
        if former is not None and self._stays(former, near):
            window.put(features, former.id)
            events.append(Joined(features.item, former.id, 1.0, "revision"))
            return
        score, why, name = 0.0, "first report", ""
        for similarity, story in near:
            if similarity >= self._needed_to_join(features, story) and self._evident(features, story):
                score, why, name = similarity, self._why(features, story), story.id
                break
        else:
            repost = self._repost(features)
            if repost is not None:
                score, why, name = 1.0, "links to the same page", repost.id
        joined = window.put(features, name or self._new_id(features))
        events.append(Joined(features.item, joined.id, score, why))
        for similarity, story in near:
            if similarity < _BRIDGE:
                break
            if story is not joined and story.id in window.stories:
                joined = self._merged(joined, story, events)

    def _new_id(self, features: Features) -> str:
        """From the partition and the first item as first observed, so that live and replay agree."""
        seed = "\0".join((self.partition, features.item, features.observed.isoformat()))
        return "s" + sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    def _near(self, features: Features) -> list[tuple[float, Story]]:
        """The most similar stories with their similarity (cosine of the profiles), best first."""
        window = self._window
        level = window.level
        known: list[tuple[Term, int]] = []
        own = 0
        for each, share in window.weighed(features):
            term = window.terms.get(each)
            if term is None:
                tells = level - _cost_of_new(each)
                own += tells * tells * share * share
            else:
                tells = level - term.cost
                own += tells * tells * share * share
                known.append((term, tells * tells * share))
        if not own or not known:
            return []
        known.sort(key=lambda pair: len(pair[0].stories))
        dots: dict[Story, int] = {}
        for term, worth in known:
            if len(term.stories) <= _POPULAR or not dots:
                for story, count in term.stories.items():
                    dots[story] = dots.get(story, 0) + worth * count
            else:
                of = term.stories
                for story in dots:
                    count = of.get(story)
                    if count:
                        dots[story] += worth * count
        found = [(dot / sqrt(own * story.norm(level)), story.id, story) for story, dot in dots.items()]
        return [(similarity, story) for similarity, _, story in nlargest(_CANDIDATES, found)]

    def _needed_to_join(self, features: Features, story: Story) -> float:
        alone = len(story.outlets) == 1 and features.outlet in story.outlets
        days = story.distance(features.reported.timestamp())
        return (_JOIN + _SMALL / len(story.members) + _ALONE * alone) * (1 + days * _FADE)

    def _evident(self, features: Features, story: Story) -> bool:
        """Whether the shared terms tell enough: of a name of two rare words in a row the second counts half."""
        terms, level = self._window.terms, self._window.level
        full = IN_TITLE * len(story.members)
        evidence = 0
        in_name = False
        for each, share in self._window.weighed(features):
            term = terms.get(each)
            count = 0 if term is None else story.counts.get(term, 0)
            if term is None or not count:
                in_name = False
                continue
            tells = (level - term.cost) * share // IN_TITLE * min(full, _CORE * count) // full
            rare = weight(each) == RARE
            evidence += tells // _HALF if rare and in_name else tells
            in_name = rare
        return evidence >= _EVIDENCE

    def _merged(self, one: Story, other: Story, events: list[Event]) -> Story:
        """Merge two stories if they are one; the elder one's id stays. Returns what `one` is then."""
        small, large = (one, other) if len(one.counts) <= len(other.counts) else (other, one)
        size = min(len(one.members), len(other.members))
        if size > 8 and len(one.members) % (size // 4):
            return one  # large stories change slowly: now and then is enough
        alone = len(one.outlets) == 1 and one.outlets.keys() == other.outlets.keys()
        days = one.distance((other.earliest + other.latest) / 2)
        needed = (_MERGE + _SMALL / size + _ALONE * alone) * (1 + days * _FADE)
        level = self._window.level
        dot = evidence = 0
        full, full_large = IN_TITLE * len(small.members), IN_TITLE * len(large.members)
        for term, count in small.counts.items():
            theirs = large.counts.get(term)
            if theirs:
                tells = level - term.cost
                dot += tells * tells * count * theirs
                evidence += (
                    tells * min(full, _CORE * count) * min(full_large, _CORE * theirs) // (full * full_large)
                )
        if not dot or evidence < _EVIDENCE:
            return one
        similarity = dot / sqrt(one.norm(level) * other.norm(level))
        if similarity < needed:
            return one
        into, gone = (one, other) if one.first() <= other.first() else (other, one)
        events.append(Merged(into.id, gone.id, similarity, "their reports became similar"))
        self._window.merge(into, gone)
        return into

    def _stays(self, former: Story, near: list[tuple[float, Story]]) -> bool:
        """Whether a revision keeps its story: it was the only item, or is still half as similar as needed."""
        return not former.members or any(
            story is former and similarity >= _JOIN / 2 for similarity, story in near
        )

    def _repost(self, features: Features) -> Story | None:
        """The story of an item of another publisher that links to the same page."""
        if "/" not in features.link:
            return None  # a site's front page says nothing
        stories = {
            story.id: story
            for item, story in self._window.pages.get(features.link, {}).items()
            if story.members[item].outlet != features.outlet
        }
        return stories[min(stories)] if stories else None

    def _why(self, features: Features, story: Story) -> str:
        terms = self._window.terms
        shared = [
            term for term in (terms.get(each) for each in features.terms) if term and term in story.counts
        ]
        shared.sort(key=lambda term: (-story.counts[term], term.cost, term.text))
        return "shares " + ", ".join(term.text for term in shared[:4])


def _cost_of_new(text: str) -> int:
    return Term(text).cost
