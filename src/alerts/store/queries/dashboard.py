"""What the list of institutions and the feeds show of level changes: columns only, no contributions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.model.level import Axis, Level, Transition
from alerts.model.times import EPOCH
from alerts.store.repositories.transitions import lean_transition_of
from alerts.store.schema import AlertRow, AssessmentRow, CaseRow, StoryEventRow, TransitionRow, table_of

_T = table_of(TransitionRow).c
_LEAN = tuple(each for each in _T if each.name != "contributions")
_NEWEST_OF_AXES = [
    select(func.max(_T.at)).where(_T.institution == CaseRow.institution, _T.axis == axis.value).scalar_subquery()
    for axis in Axis
]
_STORIES = (
    select(AssessmentRow.stories)
    .where(AssessmentRow.institution == CaseRow.institution)
    .order_by(AssessmentRow.at.desc())
    .limit(1)
    .scalar_subquery()
)


def changed_at(session: Session) -> dict[str, tuple[datetime, str]]:
    """When the newest level change of each institution was, and on which axis."""
    found: dict[str, tuple[datetime, str]] = {}
    for institution, *instants in session.execute(select(CaseRow.institution, *_NEWEST_OF_AXES)):
        known = [(at, axis.value) for at, axis in zip(instants, Axis, strict=True) if at is not None]
        if known:
            found[institution] = max(known, key=itemgetter(0))
    return found


def changes(session: Session, wanted: Mapping[str, tuple[datetime, str]]) -> dict[str, Transition]:
    """The level change of each of some institutions at an instant, on an axis, without contributions."""
    # Each column by itself: SQLite finds no pairs or triples by index.
    instants, axes = {at for at, _ in wanted.values()}, {axis for _, axis in wanted.values()}
    query = select(*_LEAN).where(_T.institution.in_(list(wanted)), _T.axis.in_(axes), _T.at.in_(instants))
    rows = session.execute(query)
    return {row.institution: lean_transition_of(row) for row in rows if wanted[row.institution] == (row.at, row.axis)}


def moves_since(
    session: Session, since: datetime, institutions: Sequence[str] | None = None
) -> list[tuple[str, str, Level, Level, datetime]]:
    """Institution, axis, levels before and after, and instant of the changes since an instant, the newest first."""
    query = select(_T.institution, _T.axis, _T.from_level, _T.to_level, _T.at).where(_T.at >= since)
    if institutions is not None:  # with the axes the index is entered at the right place
        query = query.where(_T.institution.in_(institutions), _T.axis.in_([axis.value for axis in Axis]))
    rows = session.execute(query.order_by(_T.at.desc(), _T.id.desc()))
    return [(institution, axis, Level(from_), Level(to), at) for institution, axis, from_, to, at in rows]


def story_counts(session: Session, institutions: Sequence[str] | None = None) -> dict[str, int]:
    """How many stories count for some institutions, as last assessed; for all of them where none are given."""
    query = select(CaseRow.institution, func.coalesce(_STORIES, 0))
    if institutions is not None:
        query = query.where(CaseRow.institution.in_(institutions))
    return dict(session.execute(query).all())


def story_events(session: Session, story_id: str, *, limit: int) -> list[StoryEventRow]:
    """How a story came together, the newest `limit` events in order of time."""
    query = select(StoryEventRow).where(StoryEventRow.story == story_id)
    rows = session.scalars(query.order_by(StoryEventRow.at.desc(), StoryEventRow.id.desc()).limit(limit)).all()
    return list(reversed(rows))


def alerts(session: Session, *, limit: int, since: datetime = EPOCH, **columns: str) -> list[AlertRow]:
    """The newest alerts from an instant on that have these values in these columns, the newest first."""
    found = select(AlertRow).filter_by(**columns).where(AlertRow.at >= since)
    return list(session.scalars(found.order_by(AlertRow.at.desc(), AlertRow.id).limit(limit)))


def transitions_by_id(session: Session, ids: Iterable[int]) -> dict[int, Transition]:
    """Level changes by row id, without contributions."""
    query = select(*_LEAN).where(_T.id.in_(sorted(set(ids))))
    return {row.id: lean_transition_of(row) for row in session.execute(query)}
