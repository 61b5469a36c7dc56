"""The weekly briefing, recomputed from the record alone: the same record gives the same edition."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.insight.silence import silence_report, watched
from alerts.model.errors import NotFoundError
from alerts.model.fields import grouped, record_of
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level, Transition
from alerts.model.profile import SourceRecord
from alerts.model.records import as_record, transition_record
from alerts.model.settings import Settings
from alerts.model.story import Report, StorySummary
from alerts.model.subscriber import Subscriber
from alerts.model.times import MICROSECOND, format_time, micros
from alerts.model.week import Week
from alerts.rendering import escape
from alerts.runtime.configuration import Active
from alerts.scoring.score import Score, fall_instant, half_life_of, level_after
from alerts.store.queries import profiles, reports
from alerts.store.repositories import silences, transitions

# So many are listed at most: institutions, stories of each, source records of a story, level changes of each.
INSTITUTIONS: Final = 100
STORIES: Final = 8
SOURCES: Final = 4
CHANGES: Final = 20

_LOW: Final = dict.fromkeys(Axis, Level.LOW)
_DAYS: Final = [timedelta(days=day) for day in range(8)]


def briefing(session: Session, active: Active, week: Week, subscriber: Subscriber | None = None) -> dict[str, Any]:
    """What the week brought what a subscriber watches, or all that is tracked, as a record that hides nothing.

    Reads no clock. Raises NotFoundError where the record ends before the week begins."""
    settings, recorded = active.settings, reports.recorded_until(session)
    if recorded <= week.start:
        raise NotFoundError("edition", str(week), f"the record ends at {format_time(recorded)}")
    scope = list(settings.institutions.values()) if subscriber is None else watched(settings, subscriber)
    known, until = {each.id: each for each in scope}, min(week.end, recorded)
    subscriber_id = "" if subscriber is None else subscriber.id
    found, stories = _institutions(session, settings, known, week, until)
    corrected = list(_corrected(session, known, week.start, until))
    numbers: dict[tuple[str, bool], int] = {}
    listed = found[:INSTITUTIONS]
    for each in listed:
        summaries = stories.get(each["institution"], ())[:STORIES]
        each["stories"] = _stories(session, settings, each["institution"], summaries, until, numbers)
    report = None if subscriber is None else silence_report(session, active, subscriber, week.start, until)
    return {
        "kind": "briefing",
        "week": str(week),
        "start": format_time(week.start),
        "end": format_time(week.end),
        "until": format_time(until),
        "subscriber": subscriber_id,
        "tracked": len(scope),
        "quiet": len(scope) - len(found),
        "omitted": len(found) - len(listed),
        "counts": _counts(found, corrected),
        "institutions": listed,
        "corrected": corrected,
        "silences": _ending(session, settings, scope, until),
        "last": _last(session, settings, known, week.moved(-1), found),
        "silence": None if report is None or report["alerts"] else report,
    }


def _counts(found: Sequence[Mapping[str, Any]], corrected: Sequence[Any]) -> dict[str, int]:
    return {
        "changes": sum(each["change_count"] for each in found),
        "stories": sum(each["story_count"] for each in found),
        "reported": sum(each["story_count"] > 0 for each in found),
        "corrected": len(corrected),
    }


def _institutions(
    session: Session, settings: Settings, known: Mapping[str, Institution], week: Week, until: datetime
) -> tuple[list[dict[str, Any]], Mapping[str, Sequence[StorySummary]]]:
    """The institutions with a level above low, a change or a story in the week, the highest level first; and the
    stories of each, the newest first."""
    before, stories = reports.levels_before(session, week.start), reports.stories(session, week.start, until)
    recorded = transitions.find(session, since=week.start, upto=until - MICROSECOND)
    changes = grouped((change.institution, change) for change in recorded)
    faded = profiles.scores_at(session, dict.fromkeys({*before, *changes} & known.keys(), until))
    found: list[dict[str, Any]] = []
    for key in sorted({*before, *changes, *stories} & known.keys()):
        mine, first = changes.get(key, []), _LOW | before.get(key, {})
        days, levels = _days(first, mine, week, until)
        if not mine and key not in stories and not any(day and day > Level.LOW for day in days):
            continue
        stood = {"days": days, "before": first, "levels": levels}
        moved = {"change_count": len(mine), "changes": [transition_record(each) for each in mine[-CHANGES:]]}
        reported = {"story_count": len(stories.get(key, ())), "stories": []}
        falls = list(_falls(settings, levels, faded.get(key, {}), until))
        found.append({"institution": key, "name": known[key].name, **stood, **moved, **reported, "falls": falls})
    found.sort(key=lambda each: (-each["change_count"], each["name"].casefold()))
    found.sort(key=lambda each: max(day for day in each["days"] if day), reverse=True)
    return found, stories


def _days(
    before: Mapping[Axis, Level], changes: Sequence[Transition], week: Week, until: datetime
) -> tuple[list[Level | None], dict[Axis, Level]]:
    """The highest level that stood on each day, None where the record had ended; and the levels after the last."""
    levels: dict[Axis, Level] = dict(before)
    days: list[Level | None] = []
    for day, after in pairwise(_DAYS):
        highest = max(levels.values())
        for change in changes:
            if day <= change.at - week.start < after:
                levels[change.axis] = change.to
                highest = max(highest, *levels.values())
        days.append(highest if week.start + day < until else None)
    return days, levels


def _falls(
    settings: Settings, levels: Mapping[Axis, Level], faded: Mapping[Axis, Score], until: datetime
) -> Iterator[dict[str, Any]]:
    """The falls within the week after, if nothing is reported."""
    for axis in faded:
        half_life = half_life_of(settings.levels, axis)
        at = fall_instant(faded[axis], levels[axis], settings.levels, half_life, until)
        # One that is past: other rules, those of then, held the level up.
        if at is not None and until + MICROSECOND < at <= until + _DAYS[7]:
            to = level_after(levels[axis], faded[axis], micros(at), settings.levels, half_life)
            yield {"at": format_time(at), "axis": axis, "from": levels[axis], "to": to}


def _stories(
    session: Session,
    settings: Settings,
    institution: str,
    summaries: Sequence[StorySummary],
    until: datetime,
    numbers: dict[tuple[str, bool], int],
) -> list[dict[str, Any]]:
    """Stories as they were at an instant, each with the first report of its publishers as source records.

    `numbers` are those of the records so far: a report that is about several institutions has one."""
    items = {item for story in summaries for item in story.items}
    known = profiles.reports(session, institution, settings.sources, items, until - MICROSECOND)
    found = []
    for story in summaries:
        first: dict[str, Report] = {}
        mine = (known[item] for item in story.items if item in known)
        for report in sorted(mine, key=lambda each: (each.reported, each.item)):
            first.setdefault(report.publisher, report)
        records = []
        for report in list(first.values())[:SOURCES]:
            number = numbers.setdefault((report.item, report.direct), len(numbers) + 1)
            records.append(record_of(SourceRecord, report, number=number, story=story.story))
        over = bool(story.topics) and {name for name, _ in story.topics} <= set(story.resolved)
        shown = {**as_record(story), "topics": [name for name, _ in story.topics], "resolved": over}
        del shown["items"]
        sources = [{**as_record(each), "url": escape.safe_url(each.url) or None} for each in records]
        found.append({**shown, "sources": sources})
    return found


def _corrected(
    session: Session, known: Mapping[str, Institution], start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    """The reports that no longer counted, in order of time, in the words that they had then."""
    for row, why in reports.corrected(session, start, end):
        if row.institution in known:
            about = {"at": format_time(row.observed), "institution": row.institution}
            said = {"name": known[row.institution].name, "title": row.title, "publisher": row.publisher}
            yield {**about, **said, "url": escape.safe_url(row.url) or None, "why": why}


def _ending(
    session: Session, settings: Settings, scope: Sequence[Institution], until: datetime
) -> list[dict[str, Any]]:
    """The silences over any of some institutions that hold at an instant and end within the week after."""
    found = [
        {"until": format_time(each.until), "about": each.select.in_words(), "reason": each.reason}
        for each in (*settings.silences, *silences.all_silences(session))
        if until < each.until <= until + _DAYS[7]
        and (each.starts is None or each.starts < until)
        and any(each.select.selects(institution) for institution in scope)
    ]
    return sorted(found, key=lambda each: (each["until"], each["about"], each["reason"]))


def _last(
    session: Session, settings: Settings, known: Mapping[str, Institution], week: Week, now: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The edition before, recomputed, as far as it differs: its numbers, highest levels at its end that are others at
    the end of this one, and which institutions were in one of the two alone."""
    then, _ = _institutions(session, settings, known, week, week.end)
    here, there = ({each["name"] for each in some} for some in (now, then))
    highest = [(each["name"], *(max(each[end].values()) for end in ("before", "levels"))) for each in now]
    return {
        "week": str(week),
        "counts": _counts(then, list(_corrected(session, known, week.start, week.end))),
        "levels": [{"name": name, "before": was, "now": now_} for name, was, now_ in highest if was is not now_],
        "entered": sorted(here - there),
        "left": sorted(there - here),
    }
