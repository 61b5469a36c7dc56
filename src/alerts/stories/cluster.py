"""Items that report the same event become one story, as they arrive.

A story is compared by the profile of its members: how often each term occurs in them, weighted by the inverse
frequency of the term among stories (`window`). An item joins the most similar story above a threshold, or starts one.
When it makes two stories similar, they are merged; a small story merges, too, where its items would have joined had
they come last, so that the order of arrival does not decide.

What happens follows from the members of the time window alone: not from the order in which items came within an
instant, and not from whether this process saw them come."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from itertools import groupby
from math import exp2, sqrt
from typing import ClassVar, NamedTuple

from alerts.stories.features import Features
from alerts.stories.terms import RARE, terms, weight
from alerts.stories.window import IN_TITLE, Read, Story, Window


class Joined(NamedTuple):
    """An item is in a story now.

    `score` is its similarity (0 to 1; 0 for the first item of a story), `why` says what it rests on, for people."""

    item: str
    story: str
    score: float
    why: str


class Merged(NamedTuple):
    """Two stories turned out to be one: all items of `story_from` are in `into` now."""

    into: str
    story_from: str
    score: float
    why: str


Event = Joined | Merged


def surviving(story: str, merged: Mapping[str, str]) -> str:
    """The story that a story was merged into at last; `merged` maps each merged story to its successor."""
    while story in merged:
        story = merged[story]
    return story


# The similarity (a cosine, 0 to 1) that is needed, and what is added to it.
_JOIN = 0.22  # an item joins a story
_MERGE = 0.17  # two stories become one
_SMALL = 0.05  # divided by the items of the (smaller) story: a few headlines are alike by accident
_ALONE = 0.25  # all reports are of one publisher, whose series look alike ("10 best ...")
_DOUBLES = 2  # days between the reports in which all of it doubles

# What is shared must be evidence by itself: the odds that some story of the window shares it by accident are 1 to e.
_EVIDENCE = 1000
_EVIDENCE_WITHIN = -500  # among one institution's items, which few events share: one rare word that is new to them
_CORE = 8  # a term that one of so many members has counts as evidence in full
_COMMON = 3  # between two stories: one of so many members of each

# One rare name is evidence enough in a burst of reports: where it leads a story of at least so many members, of at
# most so many days, and no other story is about it.
_NAMED = 3
_BURST_DAYS = 2
_ABOUT = 0.3  # a story of three or more is about a name that this share of its members has

# What keeps the search short.
_BRIDGE = 0.15  # the least similarity of an item to a story that is looked at
_NEAREST = 3  # stories looked at for each item
_SMALL_STORY = 2  # members up to which a story is tried as if its items came last
_PROFILED = 4  # members up to which neighbours are searched by a story's profile, not by its last item alone
_SAID = 4  # shared terms that a reason names
_POPULAR = 60  # a term of more stories is not searched by, where rarer ones are there


class Clusterer:
    """The stories of one partition: an institution by its id, or everything ("").

    `names` are the institution's own, which tell nothing among its stories: the term of the tracked name and, where a
    text has them alone, the rare words of the names. Add items in order of `observed`. After a restart a clusterer goes
    on identically from its `members`: the items observed within `HORIZON` before the next batch, in any order, with
    their stories; older ones have no influence."""

    # By then the needed similarity has long passed 1: nothing joins what is so old.
    HORIZON: ClassVar[timedelta] = timedelta(days=10)

    def __init__(
        self, partition: str = "", names: Iterable[str] = (), members: Iterable[tuple[Features, str]] = ()
    ) -> None:
        self.partition = partition
        known = {term for name in (partition, *names) for term in terms(name.replace("-", " ")) if weight(term) == RARE}
        self._window = Window(frozenset(known | {f"@{partition}"}))
        self._evidence = _EVIDENCE_WITHIN if partition else _EVIDENCE
        for features, story in members:
            self._window.put(features, story)

    def add(self, batch: Sequence[Features]) -> list[Event]:
        """Cluster the items of one instant; they may be given in any order.

        A known item (a revision) replaces its former features, and keeps its story unless it is about something
        else now."""
        events: list[Event] = []
        if batch:
            self._window.forget(max(each.observed for each in batch) - self.HORIZON)
        for features in sorted(batch, key=lambda each: (each.reported, each.item, each.headline)):
            self._add(features, events)
        return events

    def story_of(self, item: str) -> str | None:
        """The story of an item, None where it is not in the window."""
        story = self._window.where.get(item)
        return None if story is None else story.id

    def _add(self, features: Features, events: list[Event]) -> None:
        window = self._window
        former = window.where.get(features.item)
        if former is not None:
            window.take(features.item)
        read = window.read(features)
        near = self._near(read)
        score, why, name = 0.0, "first report", ""
        if former is not None and (not former.members or any(story is former for _, story in near)):
            score, why, name = 1.0, "revision", former.id
        else:
            for similarity, story in near:
                if similarity >= self._needed_to_join(features, story) and self._is_evident_either_way(read, story):
                    score, why, name = similarity, _shared(read, story), story.id
                    break
            else:
                if (repost := self._repost(features)) is not None:
                    score, why, name = 1.0, "links to the same page", repost.id
        joined = window.put(features, name or self._new_id(features), read)
        events.append(Joined(features.item, joined.id, score, why))
        for story in self._candidates(joined, near):
            if story is not joined and story.id in window.stories:
                joined = self._merged(joined, story, events)

    def _new_id(self, features: Features) -> str:
        """From the partition and the first item as first observed, so that live and replay agree."""
        seed = "\0".join((self.partition, features.item, features.observed.isoformat()))
        return "s" + sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:12]

    def _candidates(self, joined: Story, near: list[tuple[float, Story]]) -> list[Story]:
        """The stories that may be one with the story that an item joined, the likeliest first."""
        found = {story.id: story for _, story in near}
        if 1 < len(joined.members) <= _PROFILED:
            found |= {story.id: story for _, story in self._near(joined.counts)}
        lead = joined.led_by()
        if lead is not None and self._is_named(joined, lead):
            of_lead = ((name, self._window.stories[name]) for name in sorted(self._window.term(lead).stories))
            found |= {name: story for name, story in of_lead if len(story.members) <= _SMALL_STORY}
        return list(found.values())

    def _near(self, read: Read) -> list[tuple[float, Story]]:
        """The most similar stories with their similarity (cosine of the profiles), best first."""
        window = self._window
        known = window.known(read)
        if not known:
            return []
        level, stories = window.level, window.stories
        own = sum(((level - cost) * share) ** 2 for cost, share in zip(window.costs(read), read.values(), strict=True))
        known.sort(key=lambda pair: len(pair[0].stories))
        dots: dict[str, int] = {}
        for term, share in known:
            counts, worth = term.stories, (level - term.cost) ** 2 * share
            if len(counts) <= _POPULAR or not dots:
                for name, count in counts.items():
                    dots[name] = dots.get(name, 0) + worth * count
            else:
                for name in dots:
                    if name in counts:
                        dots[name] += worth * counts[name]
        least = _BRIDGE * _BRIDGE * own
        near = [
            (dot / sqrt(own * norm), name)
            for name, dot in dots.items()
            if dot * dot >= least * (norm := window.norm(stories[name], level))
        ]
        near.sort(reverse=True)
        return [(similarity, stories[name]) for similarity, name in near[:_NEAREST]]

    def _cosine(self, read: Read, story: Story) -> float:
        """The similarity of an item or a profile, all of whose terms are in the window, with a story."""
        level = self._window.level
        own = dot = 0
        for text, share, cost in zip(read, read.values(), self._window.costs(read), strict=True):
            weighted = (level - cost) ** 2 * share
            own += weighted * share
            dot += weighted * story.counts.get(text, 0)
        return dot / sqrt(own * self._window.norm(story, level)) if dot else 0.0

    def _needed_to_join(self, features: Features, story: Story) -> float:
        alone = len(story.outlets) == 1 and features.outlet in story.outlets
        days = story.distance(features.reported.timestamp())
        return (_JOIN + _SMALL / len(story.members) + _ALONE * alone) * _apart(days)

    def _is_evident_either_way(self, read: Read, story: Story) -> bool:
        """Of two reports it is enough that one of them would join the other, whichever comes first."""
        if self._is_evident(read, story):
            return True
        if len(story.members) > 1:
            return False
        (member,) = story.members.values()
        return self._is_enough(self._window.read(member), read, IN_TITLE)

    def _is_evident(self, read: Read, story: Story) -> bool:
        """Whether what an item shares with a story is enough to be a report of the same event."""
        return self._is_enough(read, story.counts, IN_TITLE * len(story.members)) or self._name_carries(read, story)

    def _is_enough(self, read: Read, counts: Mapping[str, int], full: int) -> bool:
        """Whether the shared terms are evidence enough: of a name of two rare words in a row the second counts half,
        and tracked names in a row are a list, of which each counts for its part.

        `full` is the count of a term that stands in all titles."""
        level = self._window.level
        evidence = 0
        for tracked, group in groupby(read, key=lambda text: text[0] == "@"):
            run = list(group)
            parts = len(run) if tracked else 1
            in_name = False
            for text in run:
                count = counts.get(text, 0)
                if not count:
                    in_name = False
                    continue
                term = self._window.term(text)
                idf = (level - term.cost) * read[text] // IN_TITLE * min(full, _CORE * count) // full // parts
                evidence += idf // 2 if term.rare and in_name else idf
                in_name = term.rare
        return evidence >= level + self._evidence

    def _name_carries(self, read: Read, story: Story) -> bool:
        """Whether the headline has the rare name that leads this story and no other: reports of one product launch."""
        lead = story.led_by()
        if lead is None or not self._is_named(story, lead):
            return False
        return read.get(lead) == IN_TITLE

    def _is_named(self, story: Story, lead: str) -> bool:
        """Whether a story is a burst of reports by several publishers, known by the name that leads it alone."""
        if len(story.members) < _NAMED or len(story.outlets) < 2 or len(story.days) > _BURST_DAYS:
            return False
        having = self._window.term(lead).stories
        others = ((self._window.stories[name], count) for name, count in having.items() if name != story.id)
        return not any(
            len(other.members) >= _NAMED and count >= _ABOUT * IN_TITLE * len(other.members) for other, count in others
        )

    def _merged(self, one: Story, other: Story, events: list[Event]) -> Story:
        """Merge two stories if they are one; the elder one's id stays. Returns what `one` is then."""
        size = min(len(one.members), len(other.members))
        if size > 8 and len(one.members) % (size // 4):
            return one  # large stories change slowly: now and then is enough
        reason = self._would_have_joined(one, other) or self._became_similar(one, other)
        if reason is None:
            return one
        into, gone = (one, other) if one.first() <= other.first() else (other, one)
        events.append(Merged(into.id, gone.id, *reason))
        self._window.merge(into, gone)
        return into

    def _would_have_joined(self, one: Story, other: Story) -> tuple[float, str] | None:
        """The least similarity and why, where each item of the smaller story would join the larger one now."""
        few, many = (one, other) if len(one.members) < len(other.members) else (other, one)
        if len(few.members) > _SMALL_STORY or len(few.members) == len(many.members):
            return None
        reasons = []
        for item in sorted(few.members):
            features = few.members[item]
            read = self._window.read(features)
            similarity = self._cosine(read, many)
            if similarity < self._needed_to_join(features, many) or not self._is_evident(read, many):
                return None
            reasons.append((similarity, _shared(read, many)))
        return min(reasons)

    def _became_similar(self, one: Story, other: Story) -> tuple[float, str] | None:
        """The similarity of two stories and why, where their profiles are alike enough."""
        if one.lacks(other.led_by()) and other.lacks(one.led_by()):
            return None  # the same happened to two: Sbarro and Mt. Gox both file for bankruptcy
        size = min(len(one.members), len(other.members))
        alone = len(one.outlets) == 1 and one.outlets.keys() == other.outlets.keys()
        days = one.distance((other.earliest + other.latest) / 2)
        needed = (_MERGE + _SMALL / size + _ALONE * alone) * _apart(days)
        few, many = (one, other) if len(one.counts) <= len(other.counts) else (other, one)
        similarity = self._cosine(few.counts, many)
        if similarity < needed:
            return None
        level = self._window.level
        profile = ((self._window.term(text), count) for text, count in few.counts.items() if text in many.counts)
        shared = [(term, count, many.counts[term.text]) for term, count in profile]
        full_few, full_many = IN_TITLE * len(few.members), IN_TITLE * len(many.members)
        evidence = 0
        names = sum(term.text[0] == "@" for term, _, _ in shared)
        for term, count, theirs in shared:
            core = min(full_few, _COMMON * count) * min(full_many, _COMMON * theirs)
            telling = (level - term.cost) * core // (full_few * full_many)
            evidence += telling * (names + 1) // (2 * names * names) if term.text[0] == "@" else telling
        if evidence < level + self._evidence:
            return None
        best = sorted(shared, key=lambda each: (-(level - each[0].cost) * each[1] * each[2], each[0].text))
        return similarity, f"both share {_in_words(term.text for term, _, _ in best)}"

    def _repost(self, features: Features) -> Story | None:
        """The story of an item of another publisher that links to the same page."""
        if "/" not in features.link:
            return None  # a link to a site's front page is no evidence
        linking = self._window.pages.get(features.link, {}).items()
        others = [story for item, story in linking if story.members[item].outlet != features.outlet]
        return min(others, key=lambda story: story.id, default=None)


def _apart(days: float) -> float:
    """How many times more similar reports must be that lie some days apart; 1,000 times is more than possible."""
    return exp2(min(10.0, days / _DOUBLES))


def _shared(read: Read, story: Story) -> str:
    return f"shares {_in_words(text for text in read if text in story.counts)}"


def _in_words(shared: Iterable[str]) -> str:
    """The first of the terms that stories share, by kind: the names deepseek, minimax; the amounts 24000."""
    terms = list(shared)[:_SAID]
    kinds = {
        "the names": [each[1:] for each in terms if each[0] == "@"],
        "the amounts": [each[1:] for each in terms if each[0] == "#"],
        "the words": [each for each in terms if each[0] not in "@#"],
    }
    return "; ".join(f"{kind} {', '.join(found)}" for kind, found in kinds.items() if found)
