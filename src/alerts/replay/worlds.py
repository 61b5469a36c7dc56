"""One institution in many worlds, each without the reports of some sources: which levels are reached, and when. Pure.

All worlds share the stories as they were found with every source. A world differs from that of all sources only in the
stories that one of its sources is missing from, and on an axis only while one of these is among the stories that a
score counts. So all worlds are played at once, and at each instant only those are computed that can differ."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Final, NamedTuple

from alerts.cases.membership import Membership
from alerts.cases.observation import Observation
from alerts.model.fields import grouped
from alerts.model.level import AXES, LEVELS, Axis, Level, LevelRules
from alerts.model.story import Evidence, Group
from alerts.model.subscriber import On
from alerts.model.times import micros
from alerts.replay.work import Step
from alerts.runtime.configuration import Active
from alerts.scoring import score as scores
from alerts.scoring.evidence import evidence
from alerts.scoring.impact import term
from alerts.scoring.score import PLACES, Ranking, Score, Term
from alerts.stories.independence import independent

ALL: Final = ""  # the world of all sources
Key = tuple[str, str, Level]  # a story, as it is called at the end, an axis (empty: a mention), a level
Reached = Mapping[Key, tuple[datetime, str]]  # when a level was first reached with a story in the lead, with its grade
_Move = tuple[Level, Sequence[str]]  # the level that an axis rises to (low: it does not), and the stories behind it


class _Version(NamedTuple):
    """What a story proves, what it is worth on each of AXES, and its own level there."""

    evidence: Evidence | None = None
    terms: Sequence[Term | None] = (None,) * len(AXES)
    levels: Sequence[Level] = (Level.LOW,) * len(AXES)


_Versions = Mapping[str, _Version]  # of a story, by world; where a world has none of its own, that of ALL holds
_STAYS: Final[_Move] = (Level.LOW, ())


def reached(
    active: Active, institution: str, log: Iterable[Step], worlds: Mapping[str, AbstractSet[str]]
) -> dict[str, Reached]:
    """What is reached in the world of ALL sources and, by name, in each of `worlds`, which name what they leave out."""
    played = _Worlds(active, institution, worlds)
    steps = [(step.at, by_world) for step in log if any((by_world := played.observe(step)).values())]
    found: dict[str, Reached] = {}
    for world in (ALL, *worlds):
        first: dict[Key, tuple[datetime, str]] = {}
        for at, by_world in steps:
            for (story, axis, level), grade in by_world.get(world, by_world[ALL]).items():
                first.setdefault((played.members.surviving(story), axis, level), (at, grade))
        found[world] = first
    return found


class _Worlds:
    """The stories and the levels of an institution in each world."""

    def __init__(self, active: Active, institution: str, worlds: Mapping[str, AbstractSet[str]]) -> None:
        self._settings, self._institution = active.settings, active.settings.institutions[institution]
        self._mentions = On.MENTION in active.wanted
        self._without = grouped((source, world) for world, sources in worlds.items() for source in sources)
        self._axes = [_Axis(axis, active.settings.levels) for axis in AXES]
        self._versions: dict[str, _Versions] = defaultdict(lambda: {ALL: _Version()})
        self.members = Membership()

    def observe(self, step: Step) -> dict[str, dict[Key, str]]:
        """What is reached, and with which grade, in the world of ALL and in those that differ from it."""
        former = {each.report.item: self.members.observation(each.report.item) for each in step.batch}
        batch = [each.after(former[each.report.item]) for each in step.batch]
        touched = sorted(self.members.observe(batch, step.events))  # of two that became one the first counts
        before = {story: self._versions[story] for story in touched}
        for story in touched:
            self._weigh(story)
        moves = [each.rises(step.at) for each in self._axes]
        fresh = [
            (each.report.source, self.members.story_of[each.report.item], former[each.report.item] is None)
            for each in batch
            if each.counts and not each.quiet and step.at - each.report.reported <= self._settings.fresh
        ]
        worlds = {ALL}.union(*moves, *before.values(), *(self._versions[story] for story in touched))
        worlds.update(world for each in batch for world in self._without.get(each.report.source, ()))
        found = {}
        for world in worlds:
            news = {story: new for source, story, new in fresh if world not in self._without.get(source, ())}
            found[world] = self._reached(world, before, news, [each.get(world, each[ALL]) for each in moves])
        return found

    def _weigh(self, story: str) -> None:
        """Computes anew what a story proves, in each world that lacks a report of it."""
        counting = [each for each in self.members.by_story.get(story, {}).values() if each.counts]
        if not self._mentions and not any(each.report.topics for each in counting):
            counting = []
        groups = independent([each.features for each in counting])
        missing: dict[str, set[str]] = defaultdict(set)  # items by world
        for each in counting:
            for world in self._without.get(each.report.source, ()):
                missing[world].add(each.report.item)
        versions = {}
        for world in (ALL, *missing):
            kept = [each for each in counting if each.report.item not in missing[world]]
            # Links do not cross groups: only a group that loses an item can fall apart.
            same = [each for each in groups if missing[world].isdisjoint(each.items)]
            whole = {item for each in same for item in each.items}
            rest = independent([each.features for each in kept if each.report.item not in whole])
            versions[world] = self._version(story, kept, sorted([*same, *rest], key=attrgetter("items")))
        self._versions[story] = versions
        for place, axis in enumerate(self._axes):
            axis.put(story, {world: each.terms[place] for world, each in versions.items()})

    def _version(self, story: str, kept: Sequence[Observation], groups: Sequence[Group]) -> _Version:
        if not kept:
            return _Version()
        proves = evidence(story, self._institution.id, [each.report for each in kept], groups)
        terms = [term(proves, axis, self._settings.topics, self._institution) for axis in AXES]
        impacts = (0.0 if each is None else each.impact for each in terms)
        return _Version(proves, terms, [scores.level_of(each, self._settings.levels) for each in impacts])

    def _reached(
        self, world: str, before: Mapping[str, _Versions], news: Mapping[str, bool], moves: Sequence[_Move]
    ) -> dict[Key, str]:
        """The keys of an assessment in a world. `news` are the stories with a fresh report; true: of a new item."""
        now = {story: _in(self._versions[story], world) for story in before}
        stood: dict[str, Sequence[Level]] = {}
        for story, versions in before.items():  # a story that another was merged into had the higher level of the two
            name, levels = self.members.surviving(story), _in(versions, world).levels
            stood[name] = list(map(max, stood.get(name, levels), levels))
        shown: list[tuple[str, str, Level]] = [
            (story, axis.value, level)
            for story, levels in stood.items()
            for axis, was, level in zip(AXES, levels, now[story].levels, strict=True)
            if level > was
        ]
        risen = [each for each in shown if each[0] in news]
        is_news, shown = bool(risen), risen or shown
        reported = {story for story, versions in before.items() if now[story].evidence != _in(versions, world).evidence}
        for axis, (level, leading) in zip(AXES, moves, strict=True):
            if leading:
                lead = next((story for story in leading if story in reported), leading[0])
                shown.append((lead, axis.value, level))
                is_news = is_news or (lead in reported and lead in news)
        if shown and not is_news:
            return {}
        shown += [(story, "", Level.LOW) for story, new in news.items() if new and self._mentions]
        return {
            (story, axis, level): proves.grade
            for story, axis, top in shown
            if (proves := _in(self._versions[story], world).evidence) is not None
            for level in LEVELS
            if level <= top
        }


def _in(versions: _Versions, world: str) -> _Version:
    return versions.get(world, versions[ALL])


class _Axis:
    """The ranking and the level of one axis in all worlds."""

    def __init__(self, axis: Axis, rules: LevelRules) -> None:
        self._rules, self._half_life = rules, scores.half_life_of(rules, axis)
        self._all = Ranking(self._half_life)
        self._own = defaultdict[str, Ranking](lambda: Ranking(self._half_life))  # by world the terms that differ
        self._differing = defaultdict[str, set[str]](set)  # by story the worlds with another term than ALL
        self._at: dict[str, tuple[Score, Level]] = {ALL: (scores.NO_SCORE, Level.LOW)}  # of those that differ, and ALL
        self._changed = set[str]()  # worlds with another term since `rises`

    def put(self, story: str, terms: Mapping[str, Term | None]) -> None:
        """What a story is worth from now on, by world."""
        if self._all.get(story) != terms[ALL]:
            self._all.put(story, terms[ALL])
            self._changed.add(ALL)
        differing = {world for world, each in terms.items() if each != terms[ALL]}
        for world in differing | self._differing[story]:
            self._own[world].put(story, terms[world] if world in differing else None)
            self._changed.add(world)
        self._differing[story] = differing

    def rises(self, at: datetime) -> dict[str, _Move]:
        """How the level rises now in the world of ALL, and in each where it does so otherwise."""
        if not self._changed:
            return {ALL: _STAYS}
        now, differing = micros(at), (self._differing[story] for story, _ in self._all.leading())
        moves: dict[str, _Move] = {}
        states: dict[str, tuple[Score, Level]] = {}
        for world in {*self._at, *self._changed}.union(*differing):
            score, level = self._at.get(world, self._at[ALL])
            before = scores.level_after(level, score, now - 1, self._rules, self._half_life)
            leading = self._leading(world)
            score = scores.score_of([each for _, each in leading], self._half_life)
            level = scores.level_after(before, score, now, self._rules, self._half_life)
            states[world] = score, level
            moves[world] = (level, [story for story, _ in leading]) if level > before else _STAYS
        self._at = {world: state for world, state in states.items() if world == ALL or state != states[ALL]}
        self._changed.clear()
        return {world: move for world, move in moves.items() if world == ALL or move != moves[ALL]}

    def _leading(self, world: str) -> list[tuple[str, Term]]:
        own = self._own[world]
        shared = (each for each in self._all.order if world not in self._differing[each[1]])
        ranked = sorted([*islice(shared, PLACES), *own.order[:PLACES]])[:PLACES]
        terms = ((story, own.get(story) or self._all.get(story)) for _, story in ranked)
        return [(story, each) for story, each in terms if each is not None]
