"""Findings in, case files out: what assessing one institution reads and writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from alerts.cases.casefile import AxisState
from alerts.cases.observation import Observation, report
from alerts.model.level import Axis, Cause, Contribution, Level, Transition
from alerts.model.source import Source
from alerts.model.story import Evidence
from alerts.model.times import format_time, parse_time
from alerts.store.claims import free
from alerts.store.tables import (
    CaseRow,
    FindingRow,
    MembershipRow,
    StoryEventRow,
    StoryRow,
    TransitionRow,
)
from alerts.store.upsert import insert_new, upsert
from alerts.stories.cluster import Event, Joined
from alerts.stories.features import Features

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """The stored state of one institution's case file. `falls` says when levels are left if nothing is reported."""

    institution: str
    cursor: datetime
    version: int
    configuration: str
    axes: Mapping[Axis, AxisState]
    reporter: dict[str, Any]
    due_at: datetime | None = None
    falls: Mapping[Axis, datetime] = field(default_factory=dict)


# --- what is due ---------------------------------------------------------------------------------------------


def mark_due(session: Session, institutions: Iterable[str], at: datetime) -> None:
    """Something new was found about these institutions at `at`."""
    rows = [_fresh(institution, at) for institution in sorted(set(institutions))]
    kept = frozenset(
        {"cursor", "version", "configuration", "axes", "reporter", "next_fall_at", "claimed_until"}
    )
    upsert(session, CaseRow, rows, keep=kept)


def _fresh(institution: str, due_at: datetime) -> dict[str, Any]:
    return {
        "institution": institution,
        "cursor": BEGINNING,
        "version": 0,
        "configuration": "",
        "axes": {},
        "reporter": {},
        "due_at": due_at,
        "next_fall_at": None,
        "claimed_until": None,
    }


def mark_all_due(session: Session, at: datetime) -> None:
    """The configuration changed at `at`: every level may be another now."""
    session.execute(update(CaseRow).values(due_at=at, claimed_until=None))


def claim_due(session: Session, now: datetime, *, limit: int, hold: timedelta) -> list[str]:
    """Institutions to assess now, at most `limit`; each is not handed out again for `hold`."""
    due = (
        select(CaseRow.institution)
        .where(CaseRow.due_at <= now, free(CaseRow.claimed_until, now))
        .order_by(CaseRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = list(session.scalars(due))
    if found:
        session.execute(
            update(CaseRow).where(CaseRow.institution.in_(found)).values(claimed_until=now + hold)
        )
    return found


# --- reading -------------------------------------------------------------------------------------------------


def lock(session: Session, institutions: Iterable[str]) -> dict[str, Case]:
    """The cases, locked until the transaction ends in the order of their ids; no case where nothing was ever found.

    One order, so that two workers cannot wait for each other.
    """
    query = select(CaseRow).where(CaseRow.institution.in_(list(institutions))).order_by(CaseRow.institution)
    return {row.institution: _case(row) for row in session.scalars(query.with_for_update())}


def peek(session: Session, institution: str) -> Case | None:
    """The case as last assessed, without a lock."""
    row = session.get(CaseRow, institution)
    return None if row is None else _case(row)


def _case(row: CaseRow) -> Case:
    axes = {
        Axis(name): AxisState(Level(state["level"]), parse_time(state["since"]) if state["since"] else None)
        for name, state in row.axes.items()
    }
    falls = {Axis(name): parse_time(state["falls"]) for name, state in row.axes.items() if state.get("falls")}
    return Case(
        row.institution, row.cursor, row.version, row.configuration, axes, row.reporter, row.due_at, falls
    )


def observations(
    session: Session,
    institution: str,
    sources: Mapping[str, Source],
    *,
    after: datetime = BEGINNING,
    upto: datetime | None = None,
) -> list[tuple[datetime, list[Observation]]]:
    """What was observed about the institution in (after, upto], by instant, in order."""
    query = select(FindingRow).where(FindingRow.institution == institution, FindingRow.observed > after)
    if upto is not None:
        query = query.where(FindingRow.observed <= upto)
    instants: dict[datetime, list[Observation]] = {}
    for row in session.scalars(query.order_by(FindingRow.observed, FindingRow.item)):
        instants.setdefault(row.observed, []).append(_observation(row, sources))
    return list(instants.items())


def waiting(
    session: Session, institutions: Iterable[str], sources: Mapping[str, Source], upto: datetime
) -> dict[str, list[tuple[datetime, list[Observation]]]]:
    """What was observed up to an instant and is not assessed yet, of each institution by instant, in order."""
    query = (
        select(FindingRow)
        .join(CaseRow, CaseRow.institution == FindingRow.institution)
        .where(
            FindingRow.institution.in_(list(institutions)),
            FindingRow.observed > CaseRow.cursor,
            FindingRow.observed <= upto,
        )
        .order_by(FindingRow.observed, FindingRow.item)
    )
    found: dict[str, dict[datetime, list[Observation]]] = {}
    for row in session.scalars(query):
        instants = found.setdefault(row.institution, {})
        instants.setdefault(row.observed, []).append(_observation(row, sources))
    return {institution: list(instants.items()) for institution, instants in found.items()}


def _observation(row: FindingRow, sources: Mapping[str, Source]) -> Observation:
    return Observation(
        report(
            row.institution,
            sources,
            item=row.item,
            title=row.title,
            url=row.url,
            source=row.source,
            publisher=row.publisher,
            published=row.published,
            observed=row.observed,
            salience=row.salience,
            topics=tuple((topic, weight) for topic, weight in row.topics),
        ),
        Features.load(row.features),
        row.quiet,
    )


def members(
    session: Session, institution: str, sources: Mapping[str, Source], upto: datetime
) -> list[tuple[Observation, str]]:
    """Each item's newest observation up to an instant, in the place of its former ones, with its story.

    An item begins with the first revision that counts: what went before was never taken in.
    """
    placed = session.execute(
        select(MembershipRow.item, MembershipRow.story).where(MembershipRow.institution == institution)
    )
    stories: dict[str, str] = dict(placed.all())
    newest: dict[str, Observation] = {}
    for _, batch in observations(session, institution, sources, upto=upto):
        for each in batch:
            former = newest.get(each.report.item)
            if former is not None or each.counts:
                newest[each.report.item] = each.after(former)
    return [(each, stories[item]) for item, each in newest.items() if item in stories]


def merged(session: Session, institution: str) -> dict[str, str]:
    """The stories that were found to be others, and which."""
    rows = session.execute(
        select(StoryEventRow.other, StoryEventRow.story).where(
            StoryEventRow.institution == institution, StoryEventRow.kind == "merged"
        )
    )
    return dict(rows.all())


def left(session: Session, institution: str) -> dict[str, set[str]]:
    """By item the stories that it was in, of items that a revision took from one to another."""
    joined = (
        select(StoryEventRow.other, StoryEventRow.story)
        .where(StoryEventRow.institution == institution, StoryEventRow.kind == "joined")
        .distinct()
        .subquery()
    )
    moved = select(joined.c.other).group_by(joined.c.other).having(func.count() > 1)
    found: dict[str, set[str]] = {}
    for item, story in session.execute(select(joined).where(joined.c.other.in_(moved))):
        found.setdefault(item, set()).add(story)
    return found


def transitions(
    session: Session,
    institution: str | None = None,
    *,
    axis: str | None = None,
    since: datetime | None = None,
    upto: datetime | None = None,
    rises_only: bool = False,
    limit: int | None = None,
) -> list[Transition]:
    """Recorded level changes in order of time; with `limit` the newest ones."""
    query = select(TransitionRow)
    if institution is not None:
        query = query.where(TransitionRow.institution == institution)
    if axis is not None:
        query = query.where(TransitionRow.axis == axis)
    if since is not None:
        query = query.where(TransitionRow.at >= since)
    if upto is not None:
        query = query.where(TransitionRow.at <= upto)
    query = query.order_by(TransitionRow.at.desc(), TransitionRow.institution.desc(), TransitionRow.id.desc())
    rows = session.scalars(query.limit(limit) if limit is not None else query)
    found = [transition_of(row) for row in rows]
    found.reverse()
    return [each for each in found if each.rises] if rises_only else found


def transition(session: Session, row_id: int | None) -> Transition | None:
    """The recorded level change of a row id."""
    row = None if row_id is None else session.get(TransitionRow, row_id)
    return None if row is None else transition_of(row)


def transition_of(row: TransitionRow) -> Transition:
    contributions = (Contribution(**{**each, "topics": tuple(each["topics"])}) for each in row.contributions)
    return replace(lean_transition_of(row), contributions=tuple(contributions))


def lean_transition_of(row: Any) -> Transition:
    """The level change of a row, or of its columns but the contributions, which may be many."""
    return Transition(
        at=row.at,
        institution=row.institution,
        axis=Axis(row.axis),
        from_=Level(row.from_level),
        to=Level(row.to_level),
        score=row.score,
        cause=Cause(row.cause),
    )


# --- writing -------------------------------------------------------------------------------------------------


def add_findings(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stores what was found in revisions; finding it again changes nothing."""
    insert_new(session, FindingRow, rows)


def replace_findings(session: Session, revisions: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> None:
    """Stores what was found in revisions in the place of what had been found in them before."""
    for start in range(0, len(revisions), 500):
        some = revisions[start : start + 500]
        session.execute(delete(FindingRow).where(FindingRow.revision.in_(some)))
    insert_new(session, FindingRow, rows)


def open_missing(session: Session, at: datetime) -> None:
    """Opens a case for each institution that has findings and none: its history up to `at` is no news."""
    known = select(CaseRow.institution)
    missing = session.scalars(
        select(FindingRow.institution).where(FindingRow.institution.not_in(known)).distinct()
    )
    rows = [{**_fresh(each, at), "cursor": at, "version": 1} for each in missing]
    insert_new(session, CaseRow, rows)


def replace_stories(
    session: Session,
    institution: str,
    events: Sequence[tuple[datetime, Sequence[Event]]],
    found: Iterable[Evidence],
) -> None:
    """Writes the stories of an institution whose history was worked through again."""
    for table in (MembershipRow, StoryRow, StoryEventRow):
        session.execute(delete(table).where(table.institution == institution))
    add_events(session, [(institution, at, some) for at, some in events])
    save_stories(session, found)


@dataclass(frozen=True, slots=True)
class Saved:
    """A case as it is to be written: assessed up to `cursor`."""

    case: Case
    cursor: datetime
    configuration: str
    axes: Mapping[Axis, AxisState]
    falls: Mapping[Axis, datetime]
    reporter: dict[str, Any]


def save(session: Session, saved: Iterable[Saved]) -> None:
    """Writes cases; each is due again at its next fall, or at once where something was found meanwhile."""
    rows = [_saved(each) for each in saved]
    if rows:
        session.execute(update(CaseRow), rows)


def _saved(each: Saved) -> dict[str, Any]:
    due = each.case.due_at
    found_since = due if due is not None and due > each.cursor else None
    next_fall = min(each.falls.values(), default=None)
    return {
        "institution": each.case.institution,
        "cursor": each.cursor,
        "version": each.case.version + 1,
        "configuration": each.configuration,
        "axes": {
            axis.value: {
                "level": state.level.value,
                "since": format_time(state.since) if state.since else None,
                "falls": format_time(each.falls[axis]) if axis in each.falls else None,
            }
            for axis, state in each.axes.items()
        },
        "reporter": each.reporter,
        "due_at": min((at for at in (next_fall, found_since) if at is not None), default=None),
        "next_fall_at": next_fall,
        "claimed_until": None,
    }


def shelve(session: Session, institution: str) -> None:
    """Keeps a case that is no longer tracked; it is not due until something is found or configured anew."""
    session.execute(
        update(CaseRow)
        .where(CaseRow.institution == institution)
        .values(due_at=None, next_fall_at=None, claimed_until=None)
    )


def add_transitions(session: Session, found: Sequence[Transition]) -> list[int]:
    """Stores level changes; their row ids in the same order."""
    if not found:
        return []
    rows = [
        {
            "at": each.at,
            "institution": each.institution,
            "axis": each.axis.value,
            "from_level": each.from_.value,
            "to_level": each.to.value,
            "score": each.score,
            "cause": each.cause.value,
            "contributions": [_plain(contribution) for contribution in each.contributions],
        }
        for each in found
    ]
    returning = insert(TransitionRow).returning(TransitionRow.id, sort_by_parameter_order=True)
    return list(session.scalars(returning, rows))


def _plain(each: Contribution) -> dict[str, Any]:
    return {name: getattr(each, name) for name in each.__dataclass_fields__} | {"topics": list(each.topics)}


Happened = tuple[str, datetime, Sequence[Event]]
"""What happened among the stories of an institution at an instant."""


def add_events(session: Session, happened: Iterable[Happened]) -> None:
    """Follows story events, in order of time for each institution, in the memberships, and records them."""
    placed: dict[tuple[str, str], str] = {}
    records = []
    for institution, at, events in happened:
        for event in events:
            if isinstance(event, Joined):
                placed[institution, event.item] = event.story
            else:
                _merge(session, institution, event.story_from, event.into)
                for (whose, item), story in placed.items():
                    if whose == institution and story == event.story_from:
                        placed[whose, item] = event.into
            records.append(
                {
                    "at": at,
                    "institution": institution,
                    "kind": "joined" if isinstance(event, Joined) else "merged",
                    "story": event.story if isinstance(event, Joined) else event.into,
                    "other": event.item if isinstance(event, Joined) else event.story_from,
                    "why": {"score": round(event.score, 6), "why": event.why},
                }
            )
    upsert(
        session,
        MembershipRow,
        [
            {"institution": institution, "item": item, "story": story}
            for (institution, item), story in sorted(placed.items())
        ],
    )
    if records:
        session.execute(insert(StoryEventRow), records)


def _merge(session: Session, institution: str, story: str, into: str) -> None:
    session.execute(
        update(MembershipRow)
        .where(MembershipRow.institution == institution, MembershipRow.story == story)
        .values(story=into)
    )
    session.execute(update(StoryRow).where(StoryRow.id == story).values(merged_into=into))


def save_stories(session: Session, found: Iterable[Evidence]) -> None:
    """Writes the stories as last assessed."""
    upsert(
        session,
        StoryRow,
        [
            {
                "id": each.story,
                "institution": each.institution,
                "title": each.title,
                "first": each.reports[0].reported,
                "newest": each.newest,
                "confidence": each.confidence,
                "grade": each.grade,
                "mix": each.mix.value,
                "salience": each.salience,
                "reports": len(each.reports),
                "publishers": len(each.groups),
                "topics": [list(topic) for topic in each.topics],
                "merged_into": None,
            }
            for each in found
        ],
    )
