"""Items that report the same event become one story, as they arrive.

A story is compared as the profile of its members: how often each term stands in them, weighted by how much the
term tells. What a term tells falls with the number of stories of the window that have it, so that words all
stories share (an institution's own name, first of all) soon count for little. An item joins the most similar
story above a threshold, or starts one; when it makes two stories similar, they are merged.

Everything is counted in integers and follows from the members of the window alone: not from the order in which
they came within an instant, and not from whether this process saw them come (`Clusterer.restore`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heapify, heappop, heappush, nlargest
from math import exp, log, sqrt
from typing import ClassVar

from alerts.stories.features import Features
from alerts.stories.terms import weight


@dataclass(frozen=True, slots=True)
class Joined:
    """An item is in a story now. `score` is its similarity (0 to 1; 0 for the first item), `why` says what for."""

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

# What a term is worth, in thousandths of a nat: scarcity among the stories of the window, smoothed by so many
# imagined stories in which terms are as common as in news at large.
_IMAGINED = 300
_TITLE, _BODY = 4, 1  # a term of the text counts a quarter of one of the title
_JOIN = 0.25  # similarity from which an item joins a story ...
_MERGE = 0.27  # ... and two stories become one,
_SMALL = 0.10  # more for stories of few items: divided by the size of the smaller one
_EVIDENCE = 7000  # what the shared terms must tell in all, in thousandths of a nat
_CANDIDATES = 6  # stories looked at closely for each item


class _Term:
    """One term of the window: the stories that have it, each with its count there."""

    __slots__ = ("cost", "prior", "stories", "weight")

    def __init__(self, term: str) -> None:
        self.weight = weight(term)
        self.prior = _IMAGINED * exp(-self.weight / 1000)
        self.stories: dict[str, int] = {}
        self.cost = 0
        self.recount()

    def recount(self) -> None:
        self.cost = round(1000 * log(len(self.stories) + self.prior))


class _Story:
    __slots__ = ("counts", "members")

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.counts: dict[str, int] = {}


class Clusterer:
    """The stories of one partition (an institution, or everything).

    Feed it with `add`, in order of `observed`. After a restart `restore` gives one that goes on identically, from
    the features and stories of the items observed within `HORIZON` before the next batch; older ones have no
    influence.
    """

    HORIZON: ClassVar[timedelta] = timedelta(days=10)

    def __init__(self, partition: str = "") -> None:
        self.partition = partition
        self._members: dict[str, tuple[Features, str]] = {}
        self._stories: dict[str, _Story] = {}
        self._terms: dict[str, _Term] = {}
        self._queue: list[tuple[datetime, str]] = []  # when members leave the window, a heap

    @classmethod
    def restore(cls, members: Iterable[tuple[Features, str]], partition: str = "") -> Clusterer:
        """The clusterer that saw these items arrive and put them into these stories. Any order."""
        clusterer = cls(partition)
        for features, story in members:
            clusterer._put(features, story)
        return clusterer

    def add(self, batch: Sequence[Features]) -> list[Event]:
        """Cluster the items of one instant; they may be given in any order.

        A known item (a revision) replaces its former features, and keeps its story unless it is about something
        else now.
        """
        events: list[Event] = []
        if not batch:
            return events
        self._forget(max(features.observed for features in batch) - self.HORIZON)
        for features in sorted(batch, key=lambda each: (each.reported, each.item)):
            self._add(features, events)
        return events

    def discard(self, item: str) -> None:
        """Take an item out, for example one that was withdrawn."""
        if item in self._members:
            self._take(item)

    def story_of(self, item: str) -> str | None:
        """The story that an item of the window is in."""
        member = self._members.get(item)
        return None if member is None else member[1]

    def _add(self, features: Features, events: list[Event]) -> None:
        former = self.story_of(features.item)
        if former is not None:
            self._take(features.item)
            if former not in self._stories or self._fits(features, former):
                self._put(features, former)
                events.append(Joined(features.item, former, 1.0, "revision"))
                return
        near = self._near(features)
        story, score, why = "", 0.0, "new"
        for similarity, evidence, candidate in near:
            needed = _JOIN + _SMALL / len(self._stories[candidate].members)
            if similarity >= needed and evidence >= _EVIDENCE:
                story, score = candidate, similarity
                why = self._why(features, candidate)
                break
        else:
            story = self._new_id(features)
        self._put(features, story)
        events.append(Joined(features.item, story, score, why))
        for _, _, candidate in near:
            if candidate != story and candidate in self._stories:
                similarity, evidence = self._similarity(story, candidate)
                size = min(len(self._stories[story].members), len(self._stories[candidate].members))
                if similarity >= _MERGE + _SMALL / size and evidence >= _EVIDENCE:
                    into, gone = self._elder(story, candidate)
                    events.append(Merged(into, gone, similarity, "similar"))
                    self._merge(into, gone)
                    story = into

    def _new_id(self, features: Features) -> str:
        """From the partition and the first item as first observed, so that live and replay agree."""
        seed = "\0".join((self.partition, features.item, features.observed.isoformat()))
        return "s" + sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    # Similarity

    def _near(self, features: Features) -> list[tuple[float, int, str]]:
        """The most similar stories: (similarity, evidence, story), best first."""
        total = round(1000 * log(len(self._stories) + _IMAGINED))
        stories = self._stories
        dots: dict[str, float] = {}
        evidence: dict[str, float] = {}
        own = 0
        for terms, share in ((features.terms, _TITLE), (features.body, _BODY)):
            for each in terms:
                term = self._terms.get(each)
                if term is None:
                    tells = weight(each)
                    own += tells * tells * share * share
                    continue
                tells = min(term.weight, total - term.cost)
                squared = tells * tells * share
                own += squared * share
                for story, count in term.stories.items():
                    frequency = count / len(stories[story].members)
                    dots[story] = dots.get(story, 0.0) + squared * frequency
                    evidence[story] = evidence.get(story, 0.0) + tells * frequency
        found = []
        for dot, story in nlargest(_CANDIDATES, ((dot, story) for story, dot in dots.items())):
            norm = self._norm(story, total)
            if norm:
                found.append((dot / sqrt(own) / norm, round(evidence[story] / _TITLE), story))
        found.sort(key=lambda each: (-each[0], each[2]))
        return found

    def _norm(self, story: str, total: int) -> float:
        entry = self._stories[story]
        size = len(entry.members)
        least = size * _TITLE * 0.05
        squares = 0
        for each, count in entry.counts.items():
            if count >= least:
                term = self._terms[each]
                tells = min(term.weight, total - term.cost)
                squares += tells * tells * count * count
        return sqrt(squares) / size

    def _similarity(self, a: str, b: str) -> tuple[float, int]:
        total = round(1000 * log(len(self._stories) + _IMAGINED))
        one, other = self._stories[a], self._stories[b]
        if len(one.counts) > len(other.counts):
            one, other = other, one
        dot = 0
        evidence = 0
        sizes = len(one.members) * len(other.members)
        for each, count in one.counts.items():
            theirs = other.counts.get(each)
            if theirs:
                term = self._terms[each]
                tells = min(term.weight, total - term.cost)
                dot += tells * tells * count * theirs
                evidence += tells * min(count * len(other.members), theirs * len(one.members))
        norms = self._norm(a, total) * self._norm(b, total)
        return (dot / sizes / norms if norms else 0.0), evidence // (sizes * _TITLE)

    def _fits(self, features: Features, story: str) -> bool:
        return any(near == story and similarity >= _JOIN / 2 for similarity, _, near in self._near(features))

    def _why(self, features: Features, story: str) -> str:
        counts = self._stories[story].counts
        shared = sorted((-counts[term], term) for term in features.terms if term in counts)
        return "shares " + ", ".join(term for _, term in shared[:4])

    # Members

    def _elder(self, a: str, b: str) -> tuple[str, str]:
        def first(story: str) -> tuple[datetime, datetime, str]:
            return min(
                (features.observed, features.reported, features.item)
                for features, _ in (self._members[item] for item in self._stories[story].members)
            )

        return (a, b) if first(a) <= first(b) else (b, a)

    def _merge(self, into: str, gone: str) -> None:
        for item in sorted(self._stories[gone].members):
            features = self._members[item][0]
            self._take(item)
            self._put(features, into)

    def _put(self, features: Features, story: str) -> None:
        self._members[features.item] = (features, story)
        heappush(self._queue, (features.observed, features.item))
        self._count(features, story, 1)
        self._stories[story].members.add(features.item)

    def _take(self, item: str) -> None:
        features, story = self._members.pop(item)
        entry = self._stories[story]
        entry.members.discard(item)
        self._count(features, story, -1)
        if not entry.members:
            del self._stories[story]

    def _count(self, features: Features, story: str, sign: int) -> None:
        entry = self._stories.get(story)
        if entry is None:
            entry = self._stories[story] = _Story()
        counts = entry.counts
        for terms, share in ((features.terms, _TITLE * sign), (features.body, _BODY * sign)):
            for each in terms:
                term = self._terms.get(each)
                if term is None:
                    term = self._terms[each] = _Term(each)
                count = counts.get(each, 0) + share
                if count:
                    new = each not in counts
                    counts[each] = count
                    term.stories[story] = count
                    if new:
                        term.recount()
                else:
                    del counts[each]
                    del term.stories[story]
                    if term.stories:
                        term.recount()
                    else:
                        del self._terms[each]

    def _forget(self, before: datetime) -> None:
        queue = self._queue
        while queue and queue[0][0] < before:
            _, item = heappop(queue)
            member = self._members.get(item)
            if member is not None and member[0].observed < before:
                self._take(item)
        if len(queue) > 2 * len(self._members) + 64:  # entries of revisions and merges
            self._queue = [(features.observed, item) for item, (features, _) in self._members.items()]
            heapify(self._queue)
