"""What was read on behalf of a subscriber who heard nothing, and how near an alert was: no news, with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from alerts.insight.profiles import standing_at
from alerts.insight.what_if import further_reports
from alerts.model.briefing import BlindSource, Nearest, SilenceReport
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.records import rounded
from alerts.model.settings import Settings
from alerts.model.story import StorySummary
from alerts.model.subscriber import Direction, On, Subscriber, WatchRule
from alerts.model.times import micros
from alerts.routing.rules import name_of
from alerts.runtime.configuration import Active
from alerts.scoring.profile import contributions
from alerts.scoring.score import half_life_of
from alerts.store.queries import profiles, weeks
from alerts.store.repositories import sources

NEAREST: Final = 3
"""So many of the nearest are reported, of different institutions."""

_HOUR: Final = 3600.0


def watched(settings: Settings, subscriber: Subscriber) -> list[Institution]:
    """The institutions that any rule of the subscriber selects, in the order of the configuration."""
    return [each for each in settings.institutions.values() if any(_selects(rule, each) for rule in subscriber.watch)]


def _selects(rule: WatchRule, institution: Institution) -> bool:
    return rule.select.selects(institution) and not rule.except_.select.selects(institution)


def silence_report(
    session: Session, active: Active, subscriber: Subscriber, start: datetime, end: datetime
) -> SilenceReport:
    """What was read from `start` to `end`, and the nearest that anything came to a rule of the subscriber."""
    settings = active.settings
    institutions = watched(settings, subscriber)
    ids = [each.id for each in institutions]
    sent, held = weeks.alerts_by_fate(session, subscriber.id, start, end)
    items, mentions = weeks.read(session, ids, start, end)
    blind = _blind(session, settings, start, end)
    return SilenceReport(
        subscriber.id,
        start,
        end,
        alerts=sent,
        held_back=held,
        institutions=len(ids),
        sources=len(settings.sources),
        up=len(settings.sources) - len(blind),
        blind_hours=rounded(sum(each.hours for each in blind)),
        blind=tuple(sorted(blind, key=lambda each: (-each.hours, each.source))),
        items=items,
        mentions=mentions,
        nearest=tuple(_crossed(session, active, each) for each in _nearest(session, active, subscriber, start, end)),
    )


# --- reading -------------------------------------------------------------------------------------------------


def _blind(session: Session, settings: Settings, start: datetime, end: datetime) -> list[BlindSource]:
    """The sources that were not read for a part of the span."""
    past = weeks.outages(session, start, end)
    recorded = weeks.recorded_until(session) or start
    everywhere = [*past.get("", ()), (recorded, end)]
    now = {each.id: each for each in sources.vitals(session, settings.sources.keys())}
    found = []
    for source in settings.sources:
        spans = [*everywhere, *past.get(source, ())]
        vital = now.get(source)
        if vital is None or vital.last_success_at is None:
            spans.append((start, end))
        elif vital.error_streak:
            spans.append((vital.last_success_at, end))
        if vital is not None and vital.stale_at is not None:
            spans.append((vital.stale_at, end))
        hours = _total(((max(since, start), min(until, end)) for since, until in spans)) / _HOUR
        if hours > 0:
            found.append(BlindSource(source, round(hours, 2)))
    return found


def _total(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """The seconds that any of some spans covers; what ends before it begins covers nothing."""
    total, reached = 0.0, None
    for since, until in sorted(spans):
        begin = since if reached is None else max(since, reached)
        if until > begin:
            total += (until - begin).total_seconds()
            reached = until
    return total


# --- how near ------------------------------------------------------------------------------------------------


class _Measured(NamedTuple):
    """A value that may come near a threshold: a story's impact, or a score, which has no story of its own."""

    institution: str
    axis: Axis
    value: float
    at: datetime
    story: StorySummary | None


def _measured(
    session: Session, settings: Settings, ids: list[str], start: datetime, end: datetime
) -> Iterator[_Measured]:
    rules = settings.levels
    half_lives = {axis: half_life_of(rules, axis) for axis in Axis}
    for institution, story, at, impacts in weeks.impacts(session, ids, start, end, half_lives):
        yield from (_Measured(institution, axis, rounded(value), at, story) for axis, value in impacts.items())
    faded = [(each, start, scores) for each, scores in profiles.scores_at(session, dict.fromkeys(ids, start)).items()]
    for institution, at, scores in (*faded, *weeks.scores(session, ids, start, end)):
        for axis, score in scores.items():
            yield _Measured(institution, axis, rounded(score.at(micros(at), half_lives[axis])), at, None)


def _nearest(
    session: Session, active: Active, subscriber: Subscriber, start: datetime, end: datetime
) -> list[tuple[Nearest, str]]:
    """What came nearest to a rule without reaching it, of each institution at most one; and the story it is about."""
    settings = active.settings
    selected = {each.id: each for each in watched(settings, subscriber)}
    best: dict[str, tuple[tuple[float, datetime, str], Nearest, str]] = {}
    for each in _measured(session, settings, list(selected), start, end):
        institution = selected[each.institution]
        for number, rule in enumerate(subscriber.watch):
            level = _asked_for(rule, institution, each, settings)
            if level is None:
                continue
            needed = settings.levels.raise_[level]
            place = (needed - each.value, each.at, name_of(number, rule))
            if each.value > 0 and (each.institution not in best or place < best[each.institution][0]):
                title, story = (each.story.title, each.story.story) if each.story is not None else ("", "")
                on = On.STORY if each.story is not None else On.LEVEL
                near = Nearest(
                    *(institution.id, institution.name, name_of(number, rule), on.value, each.axis),
                    *(each.value, needed, level, each.at, title),
                )
                best[each.institution] = (place, near, story)
    return [(near, story) for _, near, story in sorted(best.values(), key=lambda one: (one[0], one[1].institution))][
        :NEAREST
    ]


def _asked_for(rule: WatchRule, institution: Institution, each: _Measured, settings: Settings) -> Level | None:
    """The level that the value would have had to reach for the rule; None where the rule is not about it."""
    on, least = On.LEVEL if each.story is None else On.STORY, max(rule.at_least, Level.MEDIUM, key=lambda one: one.rank)
    if (
        on not in rule.on
        or each.axis not in rule.axes
        or rule.direction is Direction.FALL
        or not _selects(rule, institution)
    ):
        return None
    if each.story is not None:
        topics = {name for name, _ in each.story.topics}
        signals = {settings.topics[name].signal for name in topics if name in settings.topics}
        if (
            (rule.topics and topics.isdisjoint(rule.topics))
            or (rule.signals and signals.isdisjoint(rule.signals))
            or not topics.isdisjoint(rule.except_.topics)
            or not signals.isdisjoint(rule.except_.signals)
        ):
            return None
    above = [level for level, needed in settings.levels.raise_.items() if level >= least and needed > each.value]
    # A story that reached what the rule asks for was told, or held back for a reason; a level may rise further.
    return above[0] if above and (each.story is None or above[0] is least) else None


def _crossed(session: Session, active: Active, found: tuple[Nearest, str]) -> Nearest:
    """With the least further evidence that would have crossed the threshold, on that story or the strongest one."""
    near, story = found
    settings = active.settings
    standing = standing_at(session, active, settings.institutions[near.institution], near.at)
    behind = contributions(
        standing.axes[near.axis].leading, near.axis, near.at,
        topics=settings.topics, rules=settings.levels, institution=standing.institution,
    )  # fmt: skip
    strongest = next((each for each in behind if not story or each.story == story), None)
    if strongest is None:
        return near
    near = replace(near, title=strongest.title)
    others = [each for each in behind if each is not strongest]
    for tried in further_reports(session, settings, standing, near.axis, strongest.story, others):
        reached = tried.impact if near.on == On.STORY else tried.score
        if reached >= near.needed:
            return replace(near, crossing=f"{tried.words}: {reached:.2f}")
    return near
