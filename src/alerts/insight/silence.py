"""What was read on behalf of a subscriber who heard nothing, and how near an alert was: no news, with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from alerts.insight.profiles import standing_at
from alerts.model.institution import Institution
from alerts.model.level import Axis, Contribution, Level
from alerts.model.records import rounded
from alerts.model.settings import Settings
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report, StorySummary
from alerts.model.subscriber import Direction, On, Subscriber, WatchRule
from alerts.model.times import format_time, micros
from alerts.routing.rules import name_of
from alerts.runtime.configuration import Active
from alerts.scoring.evidence import evidence, summary
from alerts.scoring.profile import Standing, contributions
from alerts.scoring.score import combined, half_life_of
from alerts.store.queries import profiles, weeks
from alerts.store.repositories import sources

NEAREST: Final = 3
"""So many of the nearest are reported, of different institutions."""

_TRIES: Final[Sequence[tuple[str, Reliability, bool, int]]] = (
    ("one more independent secondary B publisher", Reliability.B, False, 1),
    ("one more independent secondary A publisher", Reliability.A, False, 1),
    ("two more independent secondary A publishers", Reliability.A, False, 2),
    ("one direct A publisher", Reliability.A, True, 1),
    ("one direct A and two secondary A publishers", Reliability.A, True, 3),
)


def watched(settings: Settings, subscriber: Subscriber) -> list[Institution]:
    """The institutions that any rule of the subscriber selects, in the order of the configuration."""
    return [each for each in settings.institutions.values() if any(_selects(rule, each) for rule in subscriber.watch)]


def _selects(rule: WatchRule, institution: Institution) -> bool:
    return rule.select.selects(institution) and not rule.except_.select.selects(institution)


def silence_report(
    session: Session, active: Active, subscriber: Subscriber, start: datetime, end: datetime
) -> dict[str, Any]:
    """What was read from `start` to `end`, what was held back, and the nearest that anything came to a rule."""
    institutions = [each.id for each in watched(active.settings, subscriber)]
    sent, held = weeks.alerts_by_fate(session, subscriber.id, start, end)
    items, mentions = weeks.read(session, frozenset(institutions), start, end)
    blind = sorted(_blind(session, active.settings, start, end), key=lambda each: (-each[0], each[1]))
    nearest = sorted(_nearest(session, active.settings, subscriber, start, end), key=lambda each: each.place)[:NEAREST]
    return {
        "kind": "silence",
        "subscriber": subscriber.id,
        "start": format_time(start),
        "end": format_time(end),
        "alerts": sent,
        "held_back": held,
        "sources": len(active.settings.sources),
        "blind_sources": len(blind),
        "blind_hours": round(sum(hours for hours, _ in blind), 2),
        "blind": [{"source": source, "hours": hours} for hours, source in blind],
        "institutions": len(institutions),
        "items": items,
        "mentions": mentions,
        "nearest": [_crossed(session, active, each) for each in nearest],
    }


# --- what was read -------------------------------------------------------------------------------------------


def _blind(session: Session, settings: Settings, start: datetime, end: datetime) -> Iterator[tuple[float, str]]:
    """For how many hours each source was not read, of those that were not read throughout."""
    past: dict[str, list[tuple[datetime, datetime]]] = {"": [(weeks.recorded_until(session) or start, end)]}
    for source, since, until in sources.outages(session):
        past.setdefault(source, []).append((since, until))
    now = {each.id: each for each in sources.vitals(session)}
    for source in settings.sources:
        spans, vital = [*past[""], *past.get(source, ())], now.get(source)
        if vital is None or vital.error_streak or vital.last_success_at is None:
            spans.append((start if vital is None else vital.last_success_at or start, end))
        if vital is not None and vital.stale_at is not None:
            spans.append((vital.stale_at, end))
        hours = round(_covered((max(since, start), min(until, end)) for since, until in spans) / 3600, 2)
        if hours:
            yield hours, source


def _covered(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """The seconds that any of some spans covers; one that ends before it begins covers nothing."""
    total, reached = 0.0, None
    for since, until in sorted(spans):
        begin = since if reached is None else max(since, reached)
        if until > begin:
            total, reached = total + (until - begin).total_seconds(), until
    return total


# --- how near an alert was -----------------------------------------------------------------------------------


class _Near(NamedTuple):
    """A story's impact, or a score without a `story`, below the least that a rule asks for."""

    place: tuple[float, datetime, str]
    institution: Institution
    rule: str
    axis: Axis
    value: float
    level: Level
    needed: float
    story: StorySummary | None


def _nearest(
    session: Session, settings: Settings, subscriber: Subscriber, start: datetime, end: datetime
) -> Iterable[_Near]:
    """What came nearest to a rule without reaching it, of each institution one."""
    selected = {each.id: each for each in watched(settings, subscriber)}
    best: dict[str, _Near] = {}
    for key, at, story, values in _measured(session, settings, list(selected), start, end):
        for number, rule in enumerate(subscriber.watch) if key in selected else ():
            if not _is_about(rule, selected[key], story, settings):
                continue
            for axis in rule.axes & values.keys():
                value = rounded(values[axis])
                above = [(level, needed) for level, needed in settings.levels.raise_.items() if level >= rule.at_least]
                level, needed = next(((level, each) for level, each in above if each > value), (Level.LOW, 0.0))
                # A story that reached what the rule asks for was told, or held back; a standing level may rise further.
                if value <= 0 or not needed or (story is not None and level is not above[0][0]):
                    continue
                place = (needed - value, at, key)
                if key not in best or place < best[key].place:
                    best[key] = _Near(place, selected[key], name_of(number, rule), axis, value, level, needed, story)
    return best.values()


def _measured(
    session: Session, settings: Settings, ids: Sequence[str], start: datetime, end: datetime
) -> Iterator[tuple[str, datetime, StorySummary | None, dict[Axis, float]]]:
    """Everything by axis that may have come near a threshold: impacts of stories, and scores."""
    half_lives = {axis: half_life_of(settings.levels, axis) for axis in Axis}
    yield from weeks.impacts(session, start, end, half_lives)
    before = profiles.scores_at(session, dict.fromkeys(ids, start))
    for key, at, scores in (*((key, start, each) for key, each in before.items()), *weeks.scores(session, start, end)):
        yield key, at, None, {axis: score.at(micros(at), half_lives[axis]) for axis, score in scores.items()}


def _is_about(rule: WatchRule, institution: Institution, story: StorySummary | None, settings: Settings) -> bool:
    """Whether the rule asks for rises of what is measured."""
    if rule.direction is Direction.FALL or not _selects(rule, institution):
        return False
    if story is None:
        return On.LEVEL in rule.on
    topics = {name for name, _ in story.topics}
    signals = {settings.topics[name].signal for name in topics if name in settings.topics}
    return (
        On.STORY in rule.on
        and not (rule.topics and topics.isdisjoint(rule.topics))
        and not (rule.signals and signals.isdisjoint(rule.signals))
        and topics.isdisjoint(rule.except_.topics)
        and signals.isdisjoint(rule.except_.signals)
    )


def _crossed(session: Session, active: Active, near: _Near) -> dict[str, Any]:
    """The record of it, with the least further evidence that would have crossed, on that story or the strongest."""
    (_, at, _), settings = near.place, active.settings
    standing = standing_at(session, active, near.institution, at)
    behind = contributions_of(settings, standing, near.axis, standing.axes[near.axis].leading)
    strongest = next((each for each in behind if near.story is None or each.story == near.story.story), None)
    others = [each for each in behind if each is not strongest]
    crossing = None
    for words, _, all_ in further_reports(session, settings, standing, near.axis, strongest, others):
        # What is told anew has not faded: its contribution is its impact.
        reached = combined(each.value for each in all_) if near.story is None else _value(all_, near.story.story)
        if reached >= near.needed:
            crossing = {"with": words, "value": rounded(reached)}
            break
    return {
        "institution": near.institution.id,
        "name": near.institution.name,
        "rule": near.rule,
        "on": On.LEVEL.value if near.story is None else On.STORY.value,
        "axis": near.axis.value,
        "value": near.value,
        "level": near.level.value,
        "needed": near.needed,
        "at": format_time(at),
        "title": "" if strongest is None else strongest.title,
        "crossing": crossing,
    }


def contributions_of(
    settings: Settings, standing: Standing, axis: Axis, stories: Iterable[StorySummary]
) -> tuple[Contribution, ...]:
    """What stories contribute to an axis at the instant of a standing."""
    known, rules, at = settings.topics, settings.levels, standing.at
    return contributions(stories, axis, at, topics=known, rules=rules, institution=standing.institution)


def _value(all_: Iterable[Contribution], story: str) -> float:
    return max((each.value for each in all_ if each.story == story), default=0.0)


def further_reports(
    session: Session,
    settings: Settings,
    standing: Standing,
    axis: Axis,
    of: Contribution | None,
    others: Sequence[Contribution],
) -> Iterator[tuple[str, Evidence, tuple[Contribution, ...]]]:
    """Ever more evidence for a story, tried out: in words, as evidence, and what all stories then contribute to the
    axis, the largest first. `others` is what the other stories contribute."""
    institution, at = standing.institution, standing.at
    wanted = [] if of is None else [of.story]
    for story in profiles.stories(session, institution, settings.sources, wanted, at).values():
        for words, reliability, direct, count in _TRIES:
            more = [_further(story, number, reliability, at, direct=direct and number == 0) for number in range(count)]
            groups = [*story.groups, *(Group((each.item,)) for each in more)]
            found = evidence(story.story, institution.id, [*story.reports, *more], groups)
            made = contributions_of(settings, standing, axis, [summary(found)])
            yield words, found, tuple(sorted([*made, *others], key=lambda each: (-each.value, each.story)))


def _further(story: Evidence, number: int, reliability: Reliability, at: datetime, *, direct: bool) -> Report:
    """A report as if another publisher told the story anew, in words of its own and with all of its topics."""
    name = f"what-if-{number}"
    anew: dict[str, Any] = {"published": None, "observed": at, "reported": at, "salience": 1.0, "topics": story.topics}
    return replace(story.reports[0], item=name, publisher=name, reliability=reliability, direct=direct, **anew)
