"""The items of the time window, counted: which terms occur how often in which story.

All numbers are integers and follow from the members alone, whatever the order in which they came and went.

The inverse story frequency of a term, in thousandths of a nat, is `level - cost`, where `level` is the logarithm of the
number of all story-days (a story counts once for each day with a report) and `cost` that of the story-days with
the term, both smoothed by imagined ones in which words are as common as in news at large. Not items are counted
but story-days, so that a big story does not make its own words worthless, while a name that comes back in story
after story, or day after day, soon weighs little."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from heapq import heapify, heappop, heappush
from math import exp, inf, log
from operator import mul

from alerts.model.memory import Memory
from alerts.stories.features import Features
from alerts.stories.terms import RARE, weight

IN_TITLE, IN_TEXT = 4, 1  # how a term counts: one of the text a quarter of one of the title
_IMAGINED = 300
_LEADS, _LACKS = 0.6, 0.1  # shares of a story's members
_DAY = 86400
# Story-days of a term count in steps: a change of its cost touches all its stories.
_STEPS = [1, 2, *(value << octave for octave in range(24) for value in (3, 4))]


@lru_cache(maxsize=1 << 12)
def cost(telling: int, step: int) -> int:
    """The logarithm of the (smoothed) number of story-days with a term of a given weight, times 1000."""
    return round(1000 * log(step + _IMAGINED * exp(-telling / 1000)))


_FIRST_COST = Memory(lambda text: cost(weight(text), 1))  # of a term that has one story-day


def is_rare(text: str) -> bool:
    return weight(text) == RARE


class Term:
    """A term of the window: the stories (by id) that have it and how often (in units of `IN_TEXT`), its story-days."""

    __slots__ = ("cost", "days", "rare", "stories", "text")

    def __init__(self, text: str, stories: dict[str, int]) -> None:
        self.text = text
        self.stories = stories
        self.days = len(stories)
        self.rare = is_rare(text)
        self.cost = _FIRST_COST[text]


@dataclass(slots=True, eq=False)
class Story:
    """The members of one story and the counts of their terms, by text: no reference leads from a term back to its
    stories, so that what is dropped is gone at once and need not wait for the collector.

    `weight`, `costs` and `squares` are the sums of count², count²·cost and count²·cost² over the terms: the squared
    norm of the counts weighted by what the terms tell, as a polynomial of the level. `days` has the number of reports
    of each day, `dated` how many of them have each term. `earliest` and `latest` are the times of the reports, in
    seconds since 1970. `lead` is the rare term with the highest count, None where there is none.

    While it has one report, no sums are kept before they are asked for (`Window.norm`), and no lead."""

    id: str
    members: dict[str, Features] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    outlets: dict[str, int] = field(default_factory=dict)
    days: dict[int, int] = field(default_factory=dict)
    dated: dict[int, dict[str, int]] = field(default_factory=dict)
    lead: str | None = None
    earliest: float = inf
    latest: float = -inf
    weight: int = 0
    costs: int = 0
    squares: int = 0

    def distance(self, instant: float) -> float:
        """The days between an instant and the middle of the story's reports."""
        return abs((self.earliest + self.latest) / 2 - instant) / _DAY

    def led_by(self) -> str | None:
        """The lead where it is one: in most members of a story of two or more."""
        if self.lead is None or len(self.members) < 2:
            return None
        return self.lead if self.counts[self.lead] >= _LEADS * IN_TITLE * len(self.members) else None

    def lacks(self, term: str | None) -> bool:
        """Whether next to no member has a term (that is there)."""
        return term is not None and self.counts.get(term, 0) < _LACKS * IN_TITLE * len(self.members)

    def first(self) -> tuple[datetime, datetime, str]:
        """What the age of a story goes by: its first member in the window."""
        return min((each.observed, each.reported, item) for item, each in self.members.items())


Read = Mapping[str, int]  # the terms of an item in the order of its text, each with its share


class Window:
    """The stories of a partition within the time window. Terms in `ignored` are not looked at.

    Most terms are in one report alone, as long as it is in the window: of these no more is kept than the story
    (`_alone`). What another report has, too, is one of `terms`."""

    def __init__(self, ignored: frozenset[str]) -> None:
        self.stories: dict[str, Story] = {}
        self.terms: dict[str, Term] = {}
        self.where: dict[str, Story] = {}  # by item
        self.pages: dict[str, dict[str, Story]] = {}  # by link and item
        self._alone: dict[str, str] = {}
        self._ignored = ignored
        self._days = 0  # story-days
        self._leaving: list[tuple[datetime, str]] = []  # a heap

    @property
    def level(self) -> int:
        """The logarithm of the (smoothed) number of story-days, times 1000."""
        return round(1000 * log(self._days + _IMAGINED))

    def read(self, features: Features) -> Read:
        """The item's terms with their shares; those of the title first."""
        read = dict.fromkeys(features.terms, IN_TITLE) | dict.fromkeys(features.body, IN_TEXT)
        for text in self._ignored.intersection(read):
            del read[text]
        return read

    def known(self, read: Read) -> list[tuple[Term, int]]:
        """The terms that some story has, with their shares in what was read."""
        for text in self._alone.keys() & read.keys():
            self.term(text)
        terms = self.terms
        return [(terms[text], share) for text, share in read.items() if text in terms]

    def term(self, text: str) -> Term:
        """The term of a text, made one of `terms` if it is not one yet."""
        term = self.terms.get(text)
        if term is None:
            story = self._alone.pop(text, "")
            term = self.terms[text] = Term(text, {story: self.stories[story].counts[text]} if story else {})
        return term

    def costs(self, texts: Iterable[str]) -> list[int]:
        """The costs of terms, also of such as no story has."""
        terms = self.terms
        return [terms[text].cost if text in terms else _FIRST_COST[text] for text in texts]

    def norm(self, story: Story, level: int) -> int:
        """The squared length of the story's profile."""
        if not story.weight:
            costs, squares = self.costs(story.counts), [count * count for count in story.counts.values()]
            story.weight, story.costs = sum(squares), sum(map(mul, squares, costs))
            story.squares = sum(map(mul, map(mul, squares, costs), costs))
        return level * level * story.weight - 2 * level * story.costs + story.squares

    def put(self, features: Features, name: str, read: Read | None = None) -> Story:
        """Make the item a member of the story, which is created where it does not exist. `read` is the item as read."""
        story = self.stories.get(name)
        if story is None:
            story = self.stories[name] = Story(name)
        item = features.item
        story.members[item] = features
        self.where[item] = story
        read = self.read(features) if read is None else read
        if len(story.members) == 1:
            self._begin(story, features, read)
        else:
            self._count(story, features, read, 1)
        seconds = features.reported.timestamp()
        story.earliest = min(story.earliest, seconds)
        story.latest = max(story.latest, seconds)
        if features.link:
            self.pages.setdefault(features.link, {})[item] = story
        heappush(self._leaving, (features.observed, item))
        return story

    def take(self, item: str) -> Features:
        """Take an item out; its story goes with its last member."""
        story = self.where.pop(item)
        features = story.members.pop(item)
        self._count(story, features, self.read(features), -1)
        if features.link:
            page = self.pages[features.link]
            del page[item]
            if not page:
                del self.pages[features.link]
        if not story.members:
            del self.stories[story.id]
            return features
        if features.reported.timestamp() in {story.earliest, story.latest}:
            times = [each.reported.timestamp() for each in story.members.values()]
            story.earliest, story.latest = min(times), max(times)
        if story.lead is not None and (story.lead in features.terms or story.lead in features.body):
            story.lead = _lead(story.counts)
        return features

    def _begin(self, story: Story, features: Features, read: Read) -> None:
        """Count the terms, the outlet and the day of the first item of a story."""
        terms, alone, name, day = self.terms, self._alone, story.id, int(features.reported.timestamp() // _DAY)
        for text, share in read.items():
            if text in terms or text in alone:  # another story has it
                term = self.term(text)
                term.stories[name] = share
                self._recount(term, 1)
            else:
                alone[text] = name
        story.counts, story.dated[day] = {**read}, dict.fromkeys(read, 1)
        story.outlets[features.outlet] = story.days[day] = 1
        self._days += 1

    def _count(self, story: Story, features: Features, read: Read, sign: int) -> None:
        """Count the terms, the outlet and the day of a further item that comes (1), or of any that goes (-1)."""
        if len(story.members) == 2 and sign > 0:
            self.norm(story, self.level)  # its sums are kept from here on
            story.lead = _lead(story.counts)
        day = int(features.reported.timestamp() // _DAY)
        terms, counts, dated = self.terms, story.counts, story.dated.setdefault(day, {})
        for text, share in read.items():
            term = terms.get(text) or self.term(text)
            former = counts.get(text, 0)
            count = former + sign * share
            if count:
                counts[text] = term.stories[story.id] = count
            else:
                del counts[text], term.stories[story.id]
            squares = count * count - former * former
            story.weight += squares
            story.costs += squares * term.cost
            story.squares += squares * term.cost * term.cost
            reports = dated[text] = dated.get(text, 0) + sign
            if reports == (sign > 0):  # the first of the day came, or the last went
                self._recount(term, sign)
                if not reports:
                    del dated[text]
            if sign > 0 and term.rare:
                lead = story.lead
                if lead is None or count > (most := counts[lead]) or (count == most and text < lead):
                    story.lead = text
        days = len(story.days)
        story.outlets[features.outlet] = story.outlets.get(features.outlet, 0) + sign
        story.days[day] = story.days.get(day, 0) + sign
        if not story.outlets[features.outlet]:
            del story.outlets[features.outlet]
        if not story.days[day]:
            del story.days[day], story.dated[day]
        self._days += len(story.days) - days

    def _recount(self, term: Term, sign: int) -> None:
        """Give a term a story-day (1) or take one (-1), and with it its cost, here and in the norms of its stories."""
        term.days += sign
        if not term.days:
            del self.terms[term.text]
            return
        former, step = term.cost, _STEPS[bisect_right(_STEPS, term.days) - 1]
        term.cost = cost(weight(term.text), step)
        if term.cost == former:
            return
        first, second = term.cost - former, term.cost * term.cost - former * former
        for name, times in term.stories.items():
            story = self.stories[name]
            story.costs += first * times * times
            story.squares += second * times * times

    def merge(self, into: Story, gone: Story) -> None:
        """All members of `gone` become members of `into`."""
        for item in list(gone.members):
            self.put(self.take(item), into.id)

    def forget(self, before: datetime) -> None:
        """Take out the items observed at or before an instant."""
        leaving = self._leaving
        while leaving and leaving[0][0] <= before:
            _, item = heappop(leaving)
            story = self.where.get(item)
            if story is not None and story.members[item].observed <= before:
                self.take(item)
        if len(leaving) > 2 * len(self.where) + 64:  # what merges and revisions left behind
            self._leaving = [
                (each.observed, item) for story in self.stories.values() for item, each in story.members.items()
            ]
            heapify(self._leaving)


def _lead(counts: Mapping[str, int]) -> str | None:
    """The rare term with the highest count; of equals the first."""
    return min(filter(is_rare, counts), key=lambda text: (-counts[text], text), default=None)
