"""Level changes as recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from alerts.model.fields import record_of
from alerts.model.level import Axis, Cause, Contribution, Level, Transition
from alerts.model.times import EPOCH, LAST_INSTANT
from alerts.store.schema import TransitionRow, table_of
from alerts.store.upsert import SOME, chunks, equal, insert_all, row_of, rows_of

_PARTS = tuple(Contribution.__dataclass_fields__)
_TRANSITIONS = table_of(TransitionRow)
_T = _TRANSITIONS.c

_WITHIN = _T.institution.in_(SOME), _T.at.between(bindparam("first"), bindparam("last"))
_NUMBERED = select(_T.institution, _T.axis, _T.at, _T.id).where(*_WITHIN)
_LEAST_LAST = _T.at.desc(), _T.institution.desc(), _T.id.desc()
_RANKED = (
    select(_T.id, func.row_number().over(partition_by=_T.institution, order_by=_LEAST_LAST).label("place"))
    .where(_T.institution.in_(SOME), _T.at <= bindparam("last"))
    .subquery()
)
_NEWEST = select(_TRANSITIONS).join(_RANKED, _RANKED.c.id == _T.id).where(_RANKED.c.place <= bindparam("most"))
_BETWEEN = select(_TRANSITIONS).where(*_WITHIN).order_by(_T.at, _T.institution, _T.id)


def find(
    session: Session,
    institution: str | None = None,
    *,
    axis: str | None = None,
    since: datetime | None = None,
    upto: datetime | None = None,
    limit: int | None = None,
) -> list[Transition]:
    """Recorded level changes in order of time; with `limit` the newest ones."""
    asked = *equal((_T.institution, institution), (_T.axis, axis)), _T.at.between(since or EPOCH, upto or LAST_INSTANT)
    newest_first = select(_TRANSITIONS).where(*asked).order_by(*_LEAST_LAST).limit(limit)
    return [transition_of(row) for row in session.execute(newest_first)][::-1]


def newest(session: Session, upto: Mapping[str, datetime], *, limit: int) -> dict[str, list[Transition]]:
    """The newest recorded level changes of each institution until its instant, at most `limit` of each."""
    found: dict[str, list[Transition]] = {institution: [] for institution in upto}
    for some in chunks(sorted(upto)):
        last = max(upto[institution] for institution in some)
        asked = {"some": some, "last": last, "most": limit}
        for row in session.execute(_NEWEST, asked):
            if row.at <= upto[row.institution]:
                found[row.institution].append(transition_of(row))
    return found


def transition_of(row: Any) -> Transition:
    contributions = (Contribution(**{**each, "topics": tuple(each["topics"])}) for each in row.contributions)
    return replace(lean_transition_of(row), contributions=tuple(contributions))


def lean_transition_of(row: Any) -> Transition:
    """The level change of a row, or of its columns but the contributions, which may be many."""
    levels = {"from_": Level(row.from_level), "to": Level(row.to_level)}
    return record_of(Transition, row, axis=Axis(row.axis), **levels, cause=Cause(row.cause), contributions=())


def between(
    session: Session, institutions: Sequence[str], first: datetime, last: datetime = LAST_INSTANT
) -> list[Transition]:
    """The recorded level changes of some institutions from an instant to another, both included, in order of time."""
    asked = {"some": institutions, "first": first, "last": last}
    return [transition_of(row) for row in session.execute(_BETWEEN, asked)]


def _row(change: Transition) -> dict[str, Any]:
    contributions = [{name: getattr(each, name) for name in _PARTS} for each in change.contributions]
    levels = {"from_level": change.from_, "to_level": change.to}
    return row_of(TransitionRow, change, **levels, contributions=contributions)


def add(session: Session, found: Sequence[Transition]) -> list[int]:
    """Stores level changes; their row ids in the same order."""
    if not found:
        return []
    insert_all(session, TransitionRow, [_row(each) for each in found])
    # Asking an insert for its ids would make it one statement a row.
    instants = [each.at for each in found]
    about = sorted({each.institution for each in found})
    stored = rows_of(session, _NUMBERED, about, first=min(instants), last=max(instants))
    numbered = {(institution, axis, at): number for institution, axis, at, number in stored}
    return [numbered[each.institution, each.axis.value, each.at] for each in found]
