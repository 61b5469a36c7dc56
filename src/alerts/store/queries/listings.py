"""What the lists of the command line and the pages show."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.model.level import Axis, Level
from alerts.model.times import format_time
from alerts.store.schema import (
    AlertRow,
    AttemptRow,
    Base,
    CarriedRow,
    CaseRow,
    DeliveryRow,
    FindingRow,
    MembershipRow,
    SourceRow,
    StoryRow,
)
from alerts.store.upsert import chunks


def _time(value: datetime | None) -> str | None:
    return None if value is None else format_time(value)


def columns(row: Any, *names: str) -> dict[str, Any]:
    """Some columns of a row by their names, instants as text."""
    values = {name: getattr(row, name) for name in names}
    return {name: _time(value) if isinstance(value, datetime) else value for name, value in values.items()}


def levels(session: Session) -> dict[str, dict[Axis, Level]]:
    """The level of every axis of every institution about which anything was ever found."""
    rows = session.execute(select(CaseRow.institution, CaseRow.axes))
    return {
        institution: {axis: Level(axes.get(axis.value, {}).get("level", Level.LOW)) for axis in Axis}
        for institution, axes in rows
    }


def stories(
    session: Session,
    *,
    institution: str | None = None,
    topic: str | None = None,
    since: datetime | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Stories, the newest first, but those that were found to be others or in which nothing counts any more."""
    listed = StoryRow.merged_into.is_(None), StoryRow.reports > 0
    query = select(StoryRow).where(*listed).order_by(StoryRow.newest.desc(), StoryRow.id)
    if institution is not None:
        query = query.where(StoryRow.institution == institution)
    if since is not None:
        query = query.where(StoryRow.newest >= since)
    found = []
    for row in session.scalars(query.execution_options(yield_per=200)):
        topics = [name for name, _ in row.topics]
        if topic is not None and topic not in topics:
            continue
        found.append(
            {
                "story": row.id,
                **columns(row, "institution", "title", "grade", "confidence", "mix", "reports", "publishers"),
                "topics": topics,
                **columns(row, "first", "newest"),
            }
        )
        if len(found) >= limit:
            break
    return found


def deliveries(
    session: Session,
    *,
    subscriber: str | None = None,
    institution: str | None = None,
    state: Sequence[str] = (),
    since: datetime | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Who got what, when and why, the newest first: each delivery with its alerts and attempts."""
    query = select(DeliveryRow).order_by(DeliveryRow.created_at.desc(), DeliveryRow.id).limit(limit)
    if subscriber is not None:
        query = query.where(DeliveryRow.subscriber == subscriber)
    if state:
        query = query.where(DeliveryRow.state.in_(state))
    if since is not None:
        query = query.where(DeliveryRow.created_at >= since)
    if institution is not None:
        query = query.where(
            DeliveryRow.id.in_(
                select(CarriedRow.delivery)
                .join(AlertRow, AlertRow.id == CarriedRow.alert)
                .where(AlertRow.institution == institution)
            )
        )
    return _with_alerts_and_attempts(session, session.scalars(query).all())


def _with_alerts_and_attempts(session: Session, rows: Sequence[DeliveryRow]) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    carried: dict[str, list[AlertRow]] = {}
    attempts: dict[str, list[AttemptRow]] = {}
    for some in chunks(ids):
        for delivery, alert in session.execute(
            select(CarriedRow.delivery, AlertRow)
            .join(AlertRow, AlertRow.id == CarriedRow.alert)
            .where(CarriedRow.delivery.in_(some))
            .order_by(AlertRow.at, AlertRow.id)
        ):
            carried.setdefault(delivery, []).append(alert)
        for attempt in session.scalars(
            select(AttemptRow).where(AttemptRow.delivery.in_(some)).order_by(AttemptRow.number)
        ):
            attempts.setdefault(attempt.delivery, []).append(attempt)
    return [_delivery(row, carried.get(row.id, []), attempts.get(row.id, [])) for row in rows]


def _delivery(row: DeliveryRow, alerts: Sequence[AlertRow], attempts: Sequence[AttemptRow]) -> dict[str, Any]:
    return {
        "delivery": row.id,
        **columns(row, "at", "subscriber", "channel", "kind", "state", "reason"),
        "institutions": sorted({alert.institution for alert in alerts}),
        "alerts": [alert.id for alert in alerts] or row.message["alerts"],
        "sent_at": _time(row.sent_at),
        "next_attempt_at": _time(row.due_at) if row.state in {"pending", "failed", "unknown"} else None,
        "attempts": [columns(each, "number", "started_at", "ended_at", "state", "line") for each in attempts],
    }


def delivery_states(session: Session) -> dict[str, int]:
    rows = session.execute(select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state))
    return dict(rows.all())


def overdue(session: Session, now: datetime) -> dict[str, tuple[int, datetime | None]]:
    """How much waits of each kind although it is due, and since when the oldest of it."""
    found = {}
    for name, column, conditions in (
        ("polls", SourceRow.next_poll_at, [SourceRow.active.is_(True)]),
        ("assessments", CaseRow.due_at, []),
        ("deliveries", DeliveryRow.due_at, []),
    ):
        row = session.execute(select(func.count(), func.min(column)).where(column <= now, *conditions)).one()
        found[name] = (row[0], row[1])
    return found


def alert(session: Session, alert_id: str) -> AlertRow | None:
    """The alert of this id, or of the only one that begins so."""
    row = session.get(AlertRow, alert_id)
    if row is not None:
        return row
    found = session.scalars(select(AlertRow).where(AlertRow.id.startswith(alert_id, autoescape=True)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def ids_beginning(session: Session, table: str, beginning: str, limit: int = 50) -> list[str]:
    """Ids of a table, to complete what a person types."""
    column = Base.metadata.tables[table].c.id
    query = select(column).where(column.startswith(beginning, autoescape=True)).order_by(column).limit(limit)
    return list(session.scalars(query))


def alerts_named(session: Session, key: str) -> list[str]:
    """The ids of the alert, or of the alerts of the delivery, that `key` is the id of, or the beginning of it."""
    row = alert(session, key)
    if row is not None:
        return [row.id]
    deliveries = session.scalars(
        select(DeliveryRow.id).where(DeliveryRow.id.startswith(key, autoescape=True)).limit(2)
    ).all()
    if len(deliveries) != 1:
        return []
    carried = select(CarriedRow.alert).where(CarriedRow.delivery == deliveries[0])
    ordered = select(AlertRow.id).where(AlertRow.id.in_(carried)).order_by(AlertRow.at, AlertRow.id)
    return list(session.scalars(ordered))


def alerts_to(
    session: Session, subscriber: str, institution: str, *, since: datetime, upto: datetime
) -> list[dict[str, Any]]:
    """The alerts of a subscriber about an institution in a span of time, in order of time."""
    asked = AlertRow.subscriber == subscriber, AlertRow.institution == institution, AlertRow.at.between(since, upto)
    rows = session.scalars(select(AlertRow).where(*asked).order_by(AlertRow.at, AlertRow.id))
    return [columns(row, "id", "at", "channel", "on", "state", "reason") for row in rows]


def deliveries_of(session: Session, alert_id: str) -> list[dict[str, Any]]:
    """The deliveries that carried an alert, the oldest first."""
    ids = select(CarriedRow.delivery).where(CarriedRow.alert == alert_id)
    rows = session.scalars(
        select(DeliveryRow).where(DeliveryRow.id.in_(ids)).order_by(DeliveryRow.created_at, DeliveryRow.id)
    ).all()
    return _with_alerts_and_attempts(session, rows)


def members(session: Session, institution: str, story: str, limit: int) -> tuple[list[FindingRow], int]:
    """The findings of the items that a story was made of first, at most so many, by time of observation, an item's
    later revisions among them; and how many items it has in all."""
    # No join: for each item SQLite would go through all that was found about the institution.
    placed = select(MembershipRow.item).where(MembershipRow.institution == institution, MembershipRow.story == story)
    items = (
        select(FindingRow.item)
        .where(FindingRow.institution == institution, FindingRow.item.in_(placed))
        .group_by(FindingRow.item)
    )
    first = items.order_by(func.min(FindingRow.observed), FindingRow.item).limit(limit)
    rows = session.scalars(
        select(FindingRow)
        .where(FindingRow.institution == institution, FindingRow.item.in_(first))
        .order_by(FindingRow.observed, FindingRow.item)
    )
    return list(rows), session.scalar(select(func.count()).select_from(items.subquery())) or 0


def mentions(session: Session, institution: str, items: Sequence[str], upto: datetime) -> dict[str, list[list[Any]]]:
    """By item where it named the institution, as it read at an instant."""
    found: dict[str, list[list[Any]]] = {}
    for some in chunks(items):
        rows = session.execute(
            select(FindingRow.item, FindingRow.mentions)
            .where(FindingRow.institution == institution, FindingRow.item.in_(some), FindingRow.observed <= upto)
            .order_by(FindingRow.observed)
        )
        found.update(dict(rows.all()))
    return found


def mention_texts(session: Session, institution: str) -> Counter[str]:
    """How often recorded items held each text by which an institution was found, case folded."""
    query = select(FindingRow.mentions).where(FindingRow.institution == institution)
    found = session.scalars(query).yield_per(1000)
    return Counter(str(mention[3]).casefold() for mentions in found for mention in mentions)


def matched(session: Session) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """What recorded items were ever matched by: by institution the texts (case folded), and the topics."""
    texts: dict[str, set[str]] = {}
    topics: set[str] = set()
    rows = session.execute(select(FindingRow.institution, FindingRow.mentions, FindingRow.topics))
    for institution, mentions, found in rows.yield_per(1000):
        if mentions:
            texts.setdefault(institution, set()).update(str(mention[3]).casefold() for mention in mentions)
        topics.update(topic for topic, *_ in found)
    return {each: frozenset(some) for each, some in texts.items()}, frozenset(topics)


def topic_counts(session: Session) -> Counter[str]:
    """How many recorded findings carry each topic."""
    found = session.scalars(select(FindingRow.topics)).yield_per(1000)
    return Counter(topic for topics in found for topic, _ in topics)
