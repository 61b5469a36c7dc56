"""The items of the time window, counted: which terms stand how often in which story.

All numbers are integers and follow from the members alone, whatever the order in which they came and went.

What a term tells is its scarcity among the stories, in thousandths of a nat: `level - cost`, where `level` is the
logarithm of the number of stories and `cost` that of the number of stories with the term, both smoothed by
imagined stories in which words are as common as in news at large. Stories are counted, not items: one big
story does not make its own words worthless, but a name that all stories share soon is.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from heapq import heapify, heappop, heappush
from math import exp, inf, log

from alerts.stories.features import Features
from alerts.stories.terms import weight

IN_TITLE, IN_TEXT = 4, 1  # how a term counts: one of the text a quarter of one of the title
_IMAGINED = 300
# Above 8, the number of stories with a term counts in steps of about a quarter, so that a common term
# changes its cost (which touches all its stories) seldom.
_STEPS = [*range(9), *(round(8 * 1.25**k) for k in range(1, 60))]


class Term:
    """A term of the window, with the stories that have it and how often (in units of `IN_TEXT`)."""

    __slots__ = ("_prior", "_step", "cells", "cost", "stories", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.stories: dict[Story, int] = {}
        self.cells: dict[tuple[Story, int], int] = {}
        self._prior = _IMAGINED * exp(-weight(text) / 1000)
        self._step = -1
        self.cost = 0
        self.recount()

    def recount(self) -> None:
        """Bring `cost` up to date with the number of stories, here and in the stories' norms."""
        count = len(self.cells) or 1
        step = count if count < 9 else _STEPS[bisect_right(_STEPS, count) - 1]
        if step == self._step:
            return
        self._step = step
        former, self.cost = self.cost, round(1000 * log(step + self._prior))
        first, second = self.cost - former, self.cost * self.cost - former * former
        for story, times in self.stories.items():
            story.costs += first * times * times
            story.squares += second * times * times


class Story:
    """The members of one story and the counts of their terms.

    `weight`, `costs` and `squares` are the sums of count², count²·cost and count²·cost² over the terms: the squared
    norm of the counts weighted by what the terms tell, as a polynomial of the level.
    """

    __slots__ = ("costs", "counts", "earliest", "id", "latest", "members", "outlets", "squares", "weight")

    def __init__(self, name: str) -> None:
        self.id = name
        self.members: dict[str, Features] = {}
        self.counts: dict[Term, int] = {}
        self.outlets: dict[str, int] = {}
        self.earliest, self.latest = inf, -inf  # reports, in seconds since 1970
        self.weight = self.costs = self.squares = 0

    def norm(self, level: int) -> int:
        """The squared length of the story's profile."""
        return level * level * self.weight - 2 * level * self.costs + self.squares

    def distance(self, middle: float) -> float:
        """The days between an instant and the middle of the story's reports."""
        return abs((self.earliest + self.latest) / 2 - middle) / 86400

    def first(self) -> tuple[datetime, datetime, str]:
        """What the age of a story goes by: its first member in the window."""
        return min((each.observed, each.reported, item) for item, each in self.members.items())


class Window:
    """The stories of a partition within the time window."""

    def __init__(self, ignored: frozenset[str]) -> None:
        self.stories: dict[str, Story] = {}
        self.terms: dict[str, Term] = {}
        self.where: dict[str, Story] = {}  # by item
        self.pages: dict[str, dict[str, Story]] = {}  # by link and item
        self._ignored = ignored
        self._leaving: list[tuple[datetime, str]] = []  # a heap

    @property
    def level(self) -> int:
        """The logarithm of the number of stories, smoothed, times 1000."""
        return round(1000 * log(len(self.stories) + _IMAGINED))

    def weighed(self, features: Features) -> list[tuple[str, int]]:
        """The item's terms with their shares, those of the title first, in the order of the text."""
        ignored = self._ignored
        return [(each, IN_TITLE) for each in features.terms if each not in ignored] + [
            (each, IN_TEXT) for each in features.body if each not in ignored
        ]

    def put(self, features: Features, name: str) -> Story:
        """Make the item a member of the story, which is created where it does not exist."""
        story = self.stories.get(name)
        if story is None:
            story = self.stories[name] = Story(name)
        terms, counts = self.terms, story.counts
        reported = features.reported.timestamp()
        day = int(reported // 86400)
        for each, share in self.weighed(features):
            term = terms.get(each)
            if term is None:
                term = terms[each] = Term(each)
            former = counts.get(term, 0)
            self._set(story, term, former, former + share, day, 1)
        story.members[features.item] = features
        story.outlets[features.outlet] = story.outlets.get(features.outlet, 0) + 1
        story.earliest = min(story.earliest, reported)
        story.latest = max(story.latest, reported)
        self.where[features.item] = story
        if features.link:
            self.pages.setdefault(features.link, {})[features.item] = story
        heappush(self._leaving, (features.observed, features.item))
        return story

    def take(self, item: str) -> Features:
        """Take an item out; its story goes with its last member."""
        story = self.where.pop(item)
        features = story.members.pop(item)
        reported = features.reported.timestamp()
        day = int(reported // 86400)
        for each, share in self.weighed(features):
            term = self.terms[each]
            former = story.counts[term]
            self._set(story, term, former, former - share, day, -1)
        if features.link:
            page = self.pages[features.link]
            del page[item]
            if not page:
                del self.pages[features.link]
        if not story.members:
            del self.stories[story.id]
            return features
        story.outlets[features.outlet] -= 1
        if not story.outlets[features.outlet]:
            del story.outlets[features.outlet]
        if reported in {story.earliest, story.latest}:
            times = [each.reported.timestamp() for each in story.members.values()]
            story.earliest, story.latest = min(times), max(times)
        return features

    def merge(self, into: Story, gone: Story) -> None:
        """All members of `gone` become members of `into`."""
        for item in list(gone.members):
            self.put(self.take(item), into.id)

    def forget(self, before: datetime) -> None:
        """Take out the items observed before an instant."""
        leaving = self._leaving
        while leaving and leaving[0][0] < before:
            _, item = heappop(leaving)
            story = self.where.get(item)
            if story is not None and story.members[item].observed < before:
                self.take(item)
        if len(leaving) > 2 * len(self.where) + 64:  # what merges and revisions left behind
            self._leaving = [
                (each.observed, item)
                for story in self.stories.values()
                for item, each in story.members.items()
            ]
            heapify(self._leaving)

    def _set(self, story: Story, term: Term, former: int, count: int, day: int, one: int) -> None:
        more = count * count - former * former
        story.weight += more
        story.costs += more * term.cost
        story.squares += more * term.cost * term.cost
        if count:
            term.stories[story] = story.counts[term] = count
        else:
            del term.stories[story], story.counts[term]
        cell = (story, day)
        n = term.cells.get(cell, 0) + one
        if n:
            term.cells[cell] = n
        else:
            del term.cells[cell]
            if not term.stories:
                del self.terms[term.text]
                return
        if n <= 1:
            term.recount()
