"""What was read on behalf of a subscriber who heard nothing, and how near an alert was: no news, with its evidence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.insight.profiles import standing_at
from alerts.model.institution import Institution
from alerts.model.level import Axis, Contribution, Level
from alerts.model.records import rounded
from alerts.model.settings import Settings
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report, StorySummary
from alerts.model.subscriber import Direction, On, Subscriber
from alerts.model.times import format_time, micros
from alerts.routing.rules import name_of
from alerts.runtime.configuration import Active
from alerts.scoring.evidence import evidence, summary
from alerts.scoring.impact import term
from alerts.scoring.profile import Standing, contributions
from alerts.scoring.score import combined, half_life_of
from alerts.store.queries import profiles, reports
from alerts.store.repositories import sources

NEAREST: Final = 3  # so many of the nearest are reported, of different institutions
_TRIES: Final[Sequence[tuple[str, Reliability, bool, int]]] = (
    ("one more independent secondary B publisher", Reliability.B, False, 1),
    ("one more independent secondary A publisher", Reliability.A, False, 1),
    ("two more independent secondary A publishers", Reliability.A, False, 2),
    ("one direct A publisher", Reliability.A, True, 1),
    ("one direct A and two secondary A publishers", Reliability.A, True, 3),
)
OF_LEVELS: Final = frozenset({On.STORY, On.LEVEL})  # what a rule watches that asks for levels


def watched(settings: Settings, subscriber: Subscriber) -> list[Institution]:
    """The institutions that any rule of the subscriber selects, in the order of the configuration."""
    return [each for each in settings.institutions.values() if any(rule.selects(each) for rule in subscriber.watch)]


def silence_report(
    session: Session, active: Active, subscriber: Subscriber, start: datetime, end: datetime
) -> dict[str, Any]:
    """What was read from `start` to `end`, what was held back, and the nearest that anything came to a rule."""
    institutions = [each.id for each in watched(active.settings, subscriber)]
    sent, held = reports.alerts_by_fate(session, subscriber.id, start, end)
    items, mentions = reports.read(session, frozenset(institutions), start, end)
    blind = sorted(_blind(session, active.settings, start, end), key=lambda each: (-each[0], each[1]))
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
        "nearest": list(_nearest(session, active, subscriber, start, end)),
    }


def _blind(session: Session, settings: Settings, start: datetime, end: datetime) -> Iterator[tuple[float, str]]:
    """For how many hours each source was not read, of those that were not read throughout."""
    past: dict[str, list[tuple[datetime, datetime]]] = {"": [(reports.recorded_until(session), end)]}
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


def _nearest(
    session: Session, active: Active, subscriber: Subscriber, start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    """What of each institution came nearest to a level that a rule asks for, and above the one it stood at: no score
    at all is near nothing. The nearest first."""
    settings = active.settings
    selected = {each.id: each for each in watched(settings, subscriber)}
    first = profiles.scores_at(session, dict.fromkeys(selected, start)).items()
    best: dict[str, tuple[float, datetime, float, Axis, Level, str]] = {}
    for key, at, scores in (*((key, start, each) for key, each in first), *reports.scores(session, start, end)):
        for number, rule in enumerate(subscriber.watch) if key in selected else ():
            if not rule.selects(selected[key]) or rule.direction is Direction.FALL or rule.on.isdisjoint(OF_LEVELS):
                continue
            for axis in rule.axes:
                value = rounded(scores[axis].at(micros(at), half_life_of(settings.levels, axis)))
                above = [each for each in settings.levels.raise_.items() if each[0] >= rule.at_least]
                above = [each for each in above if each[1] > value]
                if above and value > 0:
                    level, needed = above[0]
                    near = (rounded(needed - value), at, value, axis, level, name_of(number, rule))
                    best[key] = min(near, best.get(key, near))
    for key, near in sorted(best.items(), key=lambda each: (each[1][:2], each[0]))[:NEAREST]:
        _, at, value, axis, level, rule_name = near
        needed = settings.levels.raise_[level]
        about = {"institution": key, "name": selected[key].name, "rule": rule_name, "axis": axis.value}
        came = {"value": value, "level": level.value, "needed": needed, "at": format_time(at)}
        yield {**about, **came, **_crossing(session, active, selected[key], axis, at, needed)}


def _crossing(
    session: Session, active: Active, institution: Institution, axis: Axis, at: datetime, needed: float
) -> dict[str, Any]:
    """The strongest story, and the least further evidence on it with which the score would have reached a threshold."""
    standing = standing_at(session, active, institution, at)
    behind = contributions_of(active.settings, standing, axis, standing.axes[axis].leading)
    title = behind[0].title if behind else ""
    for words, _, all_ in further_reports(session, active.settings, standing, axis, behind):
        if (score := rounded(combined(each.value for each in all_))) >= needed:
            return {"title": title, "crossing": {"with": words, "score": score}}
    return {"title": title, "crossing": None}


def contributions_of(
    settings: Settings, standing: Standing, axis: Axis, stories: Iterable[StorySummary]
) -> tuple[Contribution, ...]:
    """What stories contribute to an axis at the instant of a standing."""
    topics, institution = settings.topics, standing.institution
    ranked = ((each, term(each, axis, topics, institution)) for each in stories)
    return contributions(ranked, standing.at, half_life_of(settings.levels, axis), institution)


def further_reports(
    session: Session, settings: Settings, standing: Standing, axis: Axis, behind: Sequence[Contribution]
) -> Iterator[tuple[str, Evidence, tuple[Contribution, ...]]]:
    """Ever more evidence for the first of the stories behind an axis, tried out: in words, the story with it, and what
    all stories then contribute, the largest first."""
    institution, at = standing.institution, standing.at
    strongest = [each.story for each in behind[:1]]
    for story in profiles.stories(session, institution, settings.sources, strongest, at).values():
        for words, reliability, direct, count in _TRIES:
            more = [_further(story, number, reliability, at, direct=direct and number == 0) for number in range(count)]
            groups = [*story.groups, *(Group((each.item,)) for each in more)]
            found = evidence(story.story, institution.id, [*story.reports, *more], groups)
            made = contributions_of(settings, standing, axis, [summary(found)])
            yield words, found, tuple(sorted([*made, *behind[1:]], key=lambda each: (-each.value, each.story)))


def _further(story: Evidence, number: int, reliability: Reliability, at: datetime, *, direct: bool) -> Report:
    """A report as if another publisher told the story anew, in words of its own and with all of its topics."""
    name = f"what-if-{number}"
    anew: dict[str, Any] = {"published": None, "observed": at, "reported": at, "salience": 1.0, "topics": story.topics}
    return replace(story.reports[0], item=name, publisher=name, reliability=reliability, direct=direct, **anew)
