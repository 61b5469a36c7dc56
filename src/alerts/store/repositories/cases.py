"""Findings in, case files out: what assessing one institution reads and writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, literal, select, tuple_, update
from sqlalchemy.orm import Session

from alerts.cases.case_file import AxisState
from alerts.cases.history import Recorded, Rise
from alerts.cases.observation import Observation, report
from alerts.model.fields import grouped, record_of
from alerts.model.level import Axis, Level
from alerts.model.records import as_record
from alerts.model.source import Source
from alerts.model.story import Report
from alerts.model.times import EPOCH, parse_time
from alerts.store.claims import Claim
from alerts.store.repositories import assessments, transitions
from alerts.store.schema import CaseRow, FindingRow, ItemRow, MembershipRow, StoryEventRow, table_of
from alerts.store.types import Instant
from alerts.store.upsert import SOME, chunks, insert_new, row_of, rows_of, upsert
from alerts.stories.features import Features

BEGINNING = EPOCH
# In the place of a configuration: its scores are by another formula, so the case is to be rebuilt, alerting nobody.
FORMER_FORMULA = "former-formula"
_CASES = table_of(CaseRow)
_C = _CASES.c
_F = table_of(FindingRow).c
_M = table_of(MembershipRow)
_E = table_of(StoryEventRow).c

_SOME = select(_CASES).where(_C.institution.in_(SOME)).order_by(_C.institution)
_STATES = select(_C.institution, _C.version, _C.cursor).where(_C.institution.in_(SOME)).order_by(_C.institution)
_LOCKED = _STATES.with_for_update()
_EVENTS = select(_E.kind, _E.institution, _E.other, _E.story).where(_E.institution.in_(SOME)).order_by(_E.id)
_PLACED = select(_M.c.institution, _M.c.item, _M.c.story).where(_M.c.institution.in_(SOME))
# Institutions to assess now (see `Claim.due`), first who was assessed longest ago: one that is in the news all the
# time is due again and again, and would wait for ever behind those that were found before.
claim_due = Claim(_CASES, _C.institution, _C.due_at, order=(_C.cursor, _C.institution)).due


@dataclass(frozen=True, slots=True)
class Case:
    """The stored state of one institution's case file."""

    institution: str
    cursor: datetime
    version: int
    configuration: str
    axes: Mapping[Axis, AxisState]
    reporter: dict[str, Any]
    due_at: datetime | None = None


def mark_due(
    session: Session, institutions: Iterable[str], at: datetime, *, claimed_until: datetime | None = None
) -> None:
    """Something new was found about these institutions at `at`; those that wait already have been due for longer.

    Until `claimed_until` they are in the caller's hands; None: a claim that there is stays."""
    rows = [{**_fresh(institution, at), "claimed_until": claimed_until} for institution in sorted(set(institutions))]
    kept = frozenset({"cursor", "version", "configuration", "axes", "reporter"})
    kept |= {"claimed_until"} if claimed_until is None else set()
    upsert(session, CaseRow, rows, keep=kept, least=frozenset({"due_at"}))


def _fresh(institution: str, due_at: datetime) -> dict[str, Any]:
    row = {"institution": institution, "cursor": BEGINNING, "version": 0, "configuration": "", "axes": {}}
    return row | {"reporter": {}, "due_at": due_at, "claimed_until": None}


def mark_all_due(session: Session, at: datetime) -> None:
    """The configuration changed at `at`: every level may be another now."""
    # In the order in which all others lock them.
    session.execute(select(_C.institution).order_by(_C.institution).with_for_update())
    session.execute(update(CaseRow).values(due_at=due_by(at), claimed_until=None))


def due_by(at: datetime) -> ColumnElement[datetime]:
    """Due at `at`, or since it is, where it waits already."""
    return case((_C.due_at < at, _C.due_at), else_=literal(at, Instant))


def lock(session: Session, institutions: Iterable[str]) -> dict[str, tuple[int, datetime]]:
    """Version and cursor of the cases, which stay locked until the transaction ends; of those that there are.

    They are locked in the order of their ids, so that two workers cannot wait for each other."""
    rows = session.execute(_LOCKED, {"some": list(institutions)})
    return {institution: (version, cursor) for institution, version, cursor in rows}


def read(session: Session, institutions: Iterable[str]) -> dict[str, Case]:
    """The cases as last assessed, without a lock; no case where nothing was ever found."""
    rows = session.execute(_SOME, {"some": list(institutions)})
    return {row.institution: _case(row) for row in rows}


def peek(session: Session, institution: str) -> Case | None:
    """One case as last assessed, without a lock."""
    return read(session, [institution]).get(institution)


def _case(row: Any) -> Case:
    axes = {
        Axis(name): AxisState(Level(state["level"]), parse_time(state["since"]) if state["since"] else None)
        for name, state in row.axes.items()
    }
    return record_of(Case, row, axes=axes)


REPORTS = select(
    *(_F.institution, _F.observed, _F.item, _F.title, _F.url),
    *(_F.source, _F.publisher, _F.published, _F.salience, _F.topics),
)
"""What `report_of` reads."""

FINDINGS = REPORTS.add_columns(_F.quiet, _F.features)  # what `observation_of` reads
_IN_ORDER = _F.observed, _F.item
_WAITING = (
    FINDINGS.join(_CASES, _C.institution == _F.institution)
    .where(_F.institution.in_(SOME), _F.observed > _C.cursor, _F.observed <= bindparam("upto"))
    .order_by(*_IN_ORDER)
)
_FIRST = select(_F.institution, func.min(_F.observed)).join(_CASES, _C.institution == _F.institution)
_LATER = _F.institution.in_(SOME), _F.observed > _C.cursor, _F.observed > bindparam("upto")
_MORE = _FIRST.where(*_LATER).group_by(_F.institution)
_FOUND = FINDINGS.where(_F.institution.in_(SOME), _F.observed <= bindparam("upto")).order_by(*_IN_ORDER)


def observations(
    session: Session, institution: str, sources: Mapping[str, Source], *, upto: datetime
) -> list[tuple[datetime, list[Observation]]]:
    """What was observed about the institution until an instant, included, by instant, in order."""
    rows = session.execute(_FOUND, {"some": [institution], "upto": upto})
    return _by_instant(rows, sources).get(institution, [])


def waiting(
    session: Session, institutions: Iterable[str], sources: Mapping[str, Source], upto: datetime
) -> dict[str, list[tuple[datetime, list[Observation]]]]:
    """What was observed up to an instant and is not assessed yet, of each institution by instant, in order."""
    return _by_instant(session.execute(_WAITING, {"some": list(institutions), "upto": upto}), sources)


def _by_instant(
    rows: Iterable[Any], sources: Mapping[str, Source]
) -> dict[str, list[tuple[datetime, list[Observation]]]]:
    together = grouped(((row.institution, row.observed), observation_of(row, sources)) for row in rows)
    return grouped((institution, (at, batch)) for (institution, at), batch in together.items())


def observed_after(session: Session, institutions: Iterable[str], upto: datetime) -> dict[str, datetime]:
    """When something was first observed after an instant and is not assessed, of those institutions of which it was.

    With the institutions locked, this is complete: other writers have to wait for the lock."""
    rows = session.execute(_MORE, {"some": list(institutions), "upto": upto})
    return dict(rows.all())


def observation_of(row: Any, sources: Mapping[str, Source]) -> Observation:
    """A finding as it was observed."""
    return Observation(report_of(row, sources), Features.load(row.features), row.quiet)


def report_of(row: Any, sources: Mapping[str, Source]) -> Report:
    """A finding as a source record."""
    return report(row, row.institution, sources, **assessments.topics_of(row))


def newest(seen: Iterable[Observation]) -> dict[str, Observation]:
    """The last observation of each item, in the place of its former ones; items that never counted are left out."""
    found: dict[str, Observation] = {}
    for each in seen:
        former = found.get(each.report.item)
        if former is not None or each.counts:
            found[each.report.item] = each.after(former)
    return found


def merged(session: Session, institution: str) -> dict[str, str]:
    """The stories that were found to be others, and which."""
    events = select(_E.other, _E.story).where(_E.institution == institution, _E.kind == "merged")
    return dict(session.execute(events).all())


def recorded(
    session: Session, cursors: Mapping[str, datetime], sources: Mapping[str, Source], *, correctable: timedelta
) -> dict[str, Recorded]:
    """What is recorded of each institution up to its cursor: a few statements for all of them."""
    if not cursors:
        return {}
    some = sorted(cursors)
    found = {institution: Recorded() for institution in some}
    rows = session.execute(_PLACED, {"some": some})
    stories = {(institution, item): story for institution, item, story in rows}
    seen_by = session.execute(_FOUND, {"some": some, "upto": max(cursors.values())})
    before = (row for row in seen_by if row.observed <= cursors[row.institution])
    observed = grouped((row.institution, observation_of(row, sources)) for row in before)
    for institution, seen in observed.items():
        found[institution].members = [
            (each, stories[institution, item]) for item, each in newest(seen).items() if (institution, item) in stories
        ]
    for institution, risen in rises(session, {each: cursors[each] - correctable for each in some}).items():
        found[institution].rises = risen
    joined: dict[tuple[str, str], set[str]] = {}
    for kind, institution, other, story in session.execute(_EVENTS, {"some": some}):
        if kind == "merged":
            found[institution].merged[other] = story
        else:
            joined.setdefault((institution, other), set()).add(story)
    for (institution, item), placed in joined.items():
        if len(placed) > 1:
            found[institution].left[item] = placed
    return found


def rises(session: Session, since: Mapping[str, datetime]) -> dict[str, list[Rise]]:
    """The levels that rose, each institution's from its instant on: of its axes first, then of its stories."""
    found: dict[str, list[Rise]] = {institution: [] for institution in since}
    some, first = sorted(since), min(since.values())
    for change in transitions.between(session, some, first):
        if change.rises and change.at >= since[change.institution]:
            found[change.institution].append(Rise.of_transition(change))
    for institution, of_stories in assessments.story_rises(session, some, first).items():
        found[institution] += [each for each in of_stories if each.at >= since[institution]]
    return found


def finding_row(seen: Report, **given: Any) -> dict[str, Any]:
    """The row of a report about an institution, with what else is `given`."""
    return row_of(FindingRow, seen, topics=assessments.topic_rows(seen), **given)


def add_findings(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Stores what was found in revisions; finding it again changes nothing."""
    insert_new(session, FindingRow, rows)


def replace_findings(session: Session, revisions: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Makes what is stored of revisions what was found in them now; the institutions of which it differs.

    A finding that is the same stays as it is, with the mark of one that came out of quarantine."""
    known = rows_of(session, select(_FINDING_ROWS).where(_F.revision.in_(SOME)), revisions)
    stored = {_finding_place(row): row for row in (found._asdict() for found in known)}
    new = {_finding_place(row): row for row in rows}
    gone = [key for key in stored if key not in new]
    changed = [
        row
        for key, row in new.items()
        if key not in stored or any(stored[key][name] != value for name, value in row.items() if name != "quiet")
    ]
    for places in chunks(gone, 100):
        session.execute(delete(FindingRow).where(_FINDING_PLACE.in_(places)))
    upsert(session, FindingRow, changed, keep=frozenset({"quiet"}))
    return sorted({key[0] for key in gone} | {row["institution"] for row in changed})


_FINDING_ROWS = table_of(FindingRow)
_FINDING_PLACE = tuple_(_F.institution, _F.observed, _F.item)
_finding_place = itemgetter("institution", "observed", "item")


def reported_by(session: Session, sources: Sequence[str]) -> list[str]:
    """The institutions about which these sources have reported."""
    # Those with items are few: a new source has none, and findings have no index by source.
    with_items = rows_of(session, select(ItemRow.source).where(ItemRow.source.in_(SOME)).distinct(), sources)
    reported = select(_F.institution).where(_F.source.in_(SOME)).distinct()
    return sorted({name for (name,) in rows_of(session, reported, [source for (source,) in with_items])})


def invalidate(session: Session, institutions: Iterable[str]) -> None:
    """Marks cases whose evidence is scored by other rules now: the next assessment rebuilds them.

    The version grows, so that an assessment in progress starts again."""
    _change(session, institutions, configuration="", version=_C.version + 1)


def configurations(session: Session) -> list[tuple[str, str]]:
    """Every institution that has a case, with the key that the case was assessed under."""
    return [(name, key) for name, key in session.execute(select(_C.institution, _C.configuration))]


def mark_due_again(session: Session, institutions: Iterable[str], at: datetime) -> None:
    """Makes institutions due at `at`, whatever they were claimed for."""
    _change(session, institutions, due_at=due_by(at), claimed_until=None)


def _change(session: Session, institutions: Iterable[str], **values: Any) -> None:
    for some in chunks(sorted(institutions)):
        chosen = _C.institution.in_(some)
        # In the order in which all others lock them.
        session.execute(select(_C.institution).where(chosen).order_by(_C.institution).with_for_update())
        session.execute(update(_CASES).where(chosen).values(**values))


def open_missing(session: Session) -> list[str]:
    """Opens a case for each institution that has findings and none; those institutions. `begin` them."""
    known = select(CaseRow.institution)
    query = select(FindingRow.institution).where(FindingRow.institution.not_in(known)).distinct()
    missing = sorted(session.scalars(query))
    insert_new(session, CaseRow, [{**_fresh(each, BEGINNING), "version": 1} for each in missing])
    return missing


def begin(session: Session, institutions: Sequence[str], at: datetime) -> None:
    """What was observed up to `at` of cases just opened is no news."""
    for some in chunks(institutions):
        # A poll may have opened one itself meanwhile, for what is news.
        untouched = _C.institution.in_(some), _C.version == 1, _C.cursor == BEGINNING
        session.execute(update(_CASES).where(*untouched).values(cursor=at, due_at=at))


def save(session: Session, assessed: Iterable[Case]) -> None:
    """Writes cases as they were assessed, none of them claimed any more."""
    rows = []
    for each in assessed:
        axes = {axis.value: as_record(state) for axis, state in each.axes.items()}
        rows.append(row_of(CaseRow, each, axes=axes, claimed_until=None))
    upsert(session, CaseRow, rows)


def shelve(session: Session, institutions: Iterable[str]) -> None:
    """Keeps cases that are no longer tracked; they are not due until something is found or configured for them."""
    for some in chunks(sorted(institutions)):
        resting = update(CaseRow).where(CaseRow.institution.in_(some), CaseRow.due_at.is_not(None))
        session.execute(resting.values(due_at=None, claimed_until=None))
