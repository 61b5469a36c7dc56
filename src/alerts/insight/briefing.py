"""The weekly briefing, recomputed from the record alone: the same record gives the same edition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final

from sqlalchemy.orm import Session

from alerts.insight.silence import silence_report, watched
from alerts.model.briefing import (
    DAYS,
    Briefing,
    CorrectedItem,
    Difference,
    EndingSilence,
    ExpectedFall,
    InstitutionWeek,
    LastEdition,
    Week,
    WeekStory,
    highest,
)
from alerts.model.errors import UsageError
from alerts.model.fields import record_of
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level, Transition
from alerts.model.profile import SourceRecord
from alerts.model.settings import Settings
from alerts.model.story import Report, StorySummary
from alerts.model.subscriber import Subscriber
from alerts.model.times import MICROSECOND, format_time, micros
from alerts.runtime.configuration import Active
from alerts.scoring.score import Score, fall_instant, half_life_of, level_after
from alerts.store.queries import profiles, weeks
from alerts.store.repositories import silences, transitions

WEEK: Final = timedelta(days=DAYS)
INSTITUTIONS: Final = 100
STORIES: Final = 8
SOURCES: Final = 4
"""So many are listed at most: institutions, stories of each, source records of a story."""

_LOW: Final[Mapping[Axis, Level]] = dict.fromkeys(Axis, Level.LOW)


def briefing(session: Session, active: Active, week: Week, subscriber: Subscriber | None = None) -> Briefing:
    """What the week brought, for what a subscriber watches or for all that is tracked. Reads no clock.

    Raises UsageError where the record ends before the week begins.
    """
    settings = active.settings
    recorded = weeks.recorded_until(session)
    if recorded is None or recorded <= week.start:
        ends = "nothing is recorded yet" if recorded is None else f"the record ends at {format_time(recorded)}"
        raise UsageError(f"{week} is not on record: {ends}")
    scope = list(settings.institutions.values()) if subscriber is None else watched(settings, subscriber)
    known, until = {each.id: each for each in scope}, min(week.end, recorded)
    whose = "" if subscriber is None else subscriber.id
    found, stories = _institutions(session, settings, known, week, until)
    number = count(1)
    made = Briefing(
        *(str(week), week.start, week.end, until, whose),
        tracked=len(scope),
        quiet=len(scope) - len(found),
        omitted=max(0, len(found) - INSTITUTIONS),
        institutions=tuple(
            _with_stories(session, settings, each, stories.get(each.institution, ()), until, number)
            for each in found[:INSTITUTIONS]
        ),
        corrected=tuple(_corrected(session, known, week, until, whose)),
        silences=tuple(_ending(session, settings, scope, until)),
        last=_last_edition(session, settings, known, week.moved(-1), found, whose),
    )
    if subscriber is None:
        return made
    report = silence_report(session, active, subscriber, week.start, until)
    return made if report.alerts else replace(made, silence=report)


def _institutions(
    session: Session, settings: Settings, known: Mapping[str, Institution], week: Week, until: datetime
) -> tuple[list[InstitutionWeek], Mapping[str, Sequence[StorySummary]]]:
    """The institutions with a level above low, a change or a story in the week, the highest level first; and the
    stories of each, the newest first."""
    before = weeks.levels_before(session, week.start)
    changes: dict[str, list[Transition]] = {}
    for change in transitions.find(session, since=week.start, upto=until - MICROSECOND):
        changes.setdefault(change.institution, []).append(change)
    stories = weeks.stories(session, list(known), week.start, until)
    found = []
    for institution in known.values():
        mine, first = tuple(changes.get(institution.id, ())), {**_LOW, **before.get(institution.id, {})}
        days, after = _days(first, mine, week, until)
        number = len(stories.get(institution.id, ()))
        each = InstitutionWeek(institution.id, institution.name, days, first, after, mine, (), number)
        if mine or number or each.highest is not Level.LOW:
            found.append(each)
    raised = {each.institution: until for each in found if highest(each.levels) is not Level.LOW}
    faded = profiles.scores_at(session, raised)
    found = [replace(each, falls=_falls(settings, each, faded.get(each.institution, {}), until)) for each in found]
    found.sort(key=lambda each: (-each.highest.rank, -len(each.changes), each.name.casefold(), each.institution))
    return found, stories


def _days(
    before: Mapping[Axis, Level], changes: Sequence[Transition], week: Week, until: datetime
) -> tuple[tuple[Level | None, ...], dict[Axis, Level]]:
    """The highest level that stood on each day, and the levels after the last."""
    levels: dict[Axis, Level] = dict(before)
    days: list[Level | None] = []
    for day in range(DAYS):
        begin = week.start + timedelta(days=day)
        top = highest(levels)
        for change in changes:
            if begin <= change.at < begin + timedelta(days=1):
                levels[change.axis] = change.to
                top = max(top, highest(levels), key=lambda each: each.rank)
        days.append(top if begin < until else None)
    return tuple(days), levels


def _falls(
    settings: Settings, each: InstitutionWeek, faded: Mapping[Axis, Score], until: datetime
) -> tuple[ExpectedFall, ...]:
    """The falls within the week after, if nothing is reported."""
    found = []
    for axis, level in each.levels.items():
        half_life = half_life_of(settings.levels, axis)
        at = fall_instant(faded[axis], level, settings.levels, half_life, until) if axis in faded else None
        # One that is past: other rules, those of then, held the level up.
        if at is not None and until + MICROSECOND < at <= until + WEEK:
            to = level_after(level, faded[axis], micros(at), settings.levels, half_life)
            found.append(ExpectedFall(at, axis, level, to))
    return tuple(found)


def _with_stories(
    session: Session,
    settings: Settings,
    each: InstitutionWeek,
    some: Sequence[StorySummary],
    until: datetime,
    number: Iterator[int],
) -> InstitutionWeek:
    """With its newest stories, and of each the first report of every publisher as a source record."""
    shown = some[:STORIES]
    items = {item for story in shown for item in story.items}
    reports = profiles.reports(session, each.institution, settings.sources, items, until - MICROSECOND)
    stories = []
    for story in shown:
        first: dict[str, Report] = {}
        mine = (reports[item] for item in story.items if item in reports)
        for report in sorted(mine, key=lambda one: (one.reported, one.item)):
            first.setdefault(report.publisher, report)
        records = (
            record_of(SourceRecord, report, number=next(number), story=story.story)
            for report in list(first.values())[:SOURCES]
        )
        topics = tuple(name for name, _ in story.topics)
        over = bool(topics) and set(topics) <= set(story.resolved)
        stories.append(record_of(WeekStory, story, topics=topics, resolved=over, sources=tuple(records)))
    return replace(each, stories=tuple(stories))


def _corrected(
    session: Session, known: Mapping[str, Institution], week: Week, until: datetime, subscriber: str
) -> list[CorrectedItem]:
    """The reports that no longer counted, and the alerts that were corrected, in order of time."""
    found: dict[tuple[str, str], CorrectedItem] = {}
    for row in weeks.retracted(session, list(known), week.start, until):
        found[row.institution, row.item] = CorrectedItem(
            *(row.observed, row.institution, known[row.institution].name, row.title, row.publisher, row.url),
            "withdrawn" if row.withdrawn else "corrected",
        )
    told: set[tuple[str, datetime, str]] = set()
    for at, why, alert in weeks.corrected_alerts(session, week.start, until, subscriber):
        lead, key = alert.detail.get("lead") or {}, (alert.institution, alert.at, alert.subscriber)
        if alert.institution not in known or key in told:
            continue
        told.add(key)
        name, place = known[alert.institution].name, (alert.institution, lead.get("item", ""))
        title, publisher, url = (lead.get(key, "") for key in ("title", "publisher", "url"))
        former = found.get(place) or CorrectedItem(at, alert.institution, name, title, publisher, url, why)
        found[place] = replace(former, alerts=former.alerts + 1)
    return sorted(found.values(), key=lambda each: (each.at, each.institution, each.title))


def _ending(session: Session, settings: Settings, scope: Sequence[Institution], until: datetime) -> list[EndingSilence]:
    """The silences over any of the institutions that hold at an instant and end within the week after."""
    found = [
        EndingSilence(each.until, each.select.in_words(), each.reason)
        for each in (*settings.silences, *silences.all_silences(session))
        if (each.starts is None or each.starts < until)
        and until < each.until <= until + WEEK
        and any(each.select.selects(institution) for institution in scope)
    ]
    return sorted(found, key=lambda each: (each.until, each.about, each.reason))


def _last_edition(
    session: Session,
    settings: Settings,
    known: Mapping[str, Institution],
    week: Week,
    now: Sequence[InstitutionWeek],
    subscriber: str,
) -> LastEdition:
    """The edition of the week before, recomputed, and what differs from it."""
    then, _ = _institutions(session, settings, known, week, week.end)
    here = {each.institution: each for each in now}
    there = {each.institution: each for each in then}
    return LastEdition(
        str(week),
        changes=sum(len(each.changes) for each in then),
        stories=sum(each.story_count for each in then),
        corrected=len(_corrected(session, known, week, week.end, subscriber)),
        levels=tuple(
            Difference(each.name, highest(each.before), highest(each.levels))
            for each in now
            if highest(each.before) is not highest(each.levels)
        ),
        entered=tuple(each.name for key, each in here.items() if key not in there),
        left=tuple(each.name for key, each in there.items() if key not in here),
    )
