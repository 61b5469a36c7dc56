"""What the list of institutions and the feeds show of level changes: columns only, no contributions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.model.fields import grouped
from alerts.model.level import Transition
from alerts.store.queries.listings import listed_stories
from alerts.store.repositories.transitions import lean_transition_of
from alerts.store.schema import AlertRow, StoryEventRow, StoryRow, TransitionRow, table_of

_LEAN = tuple(each for each in table_of(TransitionRow).c if each.name != "contributions")


def changed_at(session: Session) -> dict[str, datetime]:
    """When the newest level change of each institution was."""
    newest = select(TransitionRow.institution, func.max(TransitionRow.at)).group_by(TransitionRow.institution)
    return dict(session.execute(newest).all())


def changes_since(session: Session, institutions: Iterable[str], since: datetime) -> dict[str, list[Transition]]:
    """The level changes of some institutions since an instant, in order of time, without contributions."""
    asked = TransitionRow.institution.in_(list(institutions)), TransitionRow.at >= since
    rows = session.execute(select(*_LEAN).where(*asked).order_by(TransitionRow.at, TransitionRow.id))
    return grouped((row.institution, lean_transition_of(row)) for row in rows)


def newest_changes(session: Session, institutions: Iterable[str]) -> dict[str, Transition]:
    """The newest level change of each of some institutions, without contributions."""
    order = func.row_number().over(
        partition_by=TransitionRow.institution, order_by=(TransitionRow.at.desc(), TransitionRow.axis)
    )
    some = TransitionRow.institution.in_(list(institutions))
    ranked = select(*_LEAN, order.label("place")).where(some).subquery()
    rows = session.execute(select(ranked).where(ranked.c.place == 1))
    return {row.institution: lean_transition_of(row) for row in rows}


def story_counts(session: Session, institutions: Sequence[str] | None = None) -> dict[str, int]:
    """How many stories there are about some institutions; about all of them where none are given."""
    query = select(StoryRow.institution, func.count()).where(*listed_stories()).group_by(StoryRow.institution)
    if institutions is not None:
        query = query.where(StoryRow.institution.in_(institutions))
    return dict(session.execute(query).all())


def story(session: Session, story_id: str) -> StoryRow | None:
    return session.get(StoryRow, story_id)


def story_events(session: Session, story_id: str, *, limit: int) -> list[StoryEventRow]:
    """How a story came together, the newest `limit` events in order of time."""
    query = select(StoryEventRow).where(StoryEventRow.story == story_id)
    rows = session.scalars(query.order_by(StoryEventRow.at.desc(), StoryEventRow.id.desc()).limit(limit)).all()
    return list(reversed(rows))


def alerts_of(session: Session, subscriber: str, *, limit: int) -> list[AlertRow]:
    """A subscriber's newest alerts, the newest first."""
    newest_first = select(AlertRow).where(AlertRow.subscriber == subscriber).order_by(AlertRow.at.desc(), AlertRow.id)
    return list(session.scalars(newest_first.limit(limit)))


def transitions_by_id(session: Session, ids: Iterable[int]) -> dict[int, Transition]:
    """Level changes by row id, without contributions."""
    query = select(*_LEAN).where(TransitionRow.id.in_(sorted(set(ids))))
    return {row.id: lean_transition_of(row) for row in session.execute(query)}
