"""What the lists of the command line and the pages show."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from alerts.model.errors import NotFoundError
from alerts.model.fields import grouped
from alerts.model.level import Axis, Level
from alerts.model.records import as_record, fields_of
from alerts.model.times import EPOCH
from alerts.store import schema
from alerts.store.upsert import SOME, equal, rows_of

_Row = TypeVar("_Row", bound=schema.Base)


def levels(session: Session) -> dict[str, dict[Axis, Level]]:
    """The level of every axis of every institution about which anything was ever found."""
    return {
        institution: {axis: Level(axes.get(axis.value, {}).get("level", Level.LOW)) for axis in Axis}
        for institution, axes in session.execute(select(schema.CaseRow.institution, schema.CaseRow.axes))
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
    story = schema.StoryRow
    listed = story.merged_into.is_(None), story.reports > 0, story.newest >= (since or EPOCH)
    query = select(story).where(*listed, *equal((story.institution, institution)))
    rows = session.scalars(query.order_by(story.newest.desc(), story.id).execution_options(yield_per=200))
    fitting = (row for row in rows if topic is None or any(name == topic for name, _ in row.topics))
    found = []
    for row in islice(fitting, limit):
        shown = fields_of(row, "institution", "title", "grade", "confidence", "mix", "reports", "publishers")
        topics = [name for name, _ in row.topics]
        found.append({"story": row.id, **shown, "topics": topics, **fields_of(row, "first", "newest")})
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
    delivery = schema.DeliveryRow
    asked = delivery.created_at >= (since or EPOCH), *equal((delivery.subscriber, subscriber))
    query = select(delivery).where(*asked)
    if state:
        query = query.where(delivery.state.in_(state))
    if institution is not None:
        about = select(schema.AlertRow.id).where(schema.AlertRow.institution == institution)
        carried = select(schema.CarriedRow.delivery).where(schema.CarriedRow.alert.in_(about))
        query = query.where(delivery.id.in_(carried))
    newest_first = query.order_by(delivery.created_at.desc(), delivery.id).limit(limit)
    return _with_alerts_and_attempts(session, session.scalars(newest_first).all())


def _with_alerts_and_attempts(session: Session, rows: Sequence[schema.DeliveryRow]) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    with_alert = select(schema.CarriedRow.delivery, schema.AlertRow).where(schema.CarriedRow.delivery.in_(SOME))
    joined = with_alert.join(schema.AlertRow, schema.AlertRow.id == schema.CarriedRow.alert)
    carried = grouped(rows_of(session, joined.order_by(schema.AlertRow.at, schema.AlertRow.id), ids))
    made = select(schema.AttemptRow).where(schema.AttemptRow.delivery.in_(SOME)).order_by(schema.AttemptRow.number)
    attempts = grouped((attempt.delivery, attempt) for (attempt,) in rows_of(session, made, ids))
    return [_delivery(row, carried.get(row.id, []), attempts.get(row.id, [])) for row in rows]


def _delivery(
    row: schema.DeliveryRow, alerts: Sequence[schema.AlertRow], attempts: Sequence[schema.AttemptRow]
) -> dict[str, Any]:
    return {
        "delivery": row.id,
        **fields_of(row, "at", "subscriber", "channel", "kind", "state", "reason"),
        "institutions": sorted({alert.institution for alert in alerts}),
        "alerts": [alert.id for alert in alerts] or row.message.get("alerts", []),
        "sent_at": as_record(row.sent_at),
        "next_attempt_at": as_record(row.due_at) if row.state in {"pending", "failed", "unknown"} else None,
        "attempts": [fields_of(each, "number", "started_at", "ended_at", "state", "line") for each in attempts],
    }


def delivery_states(session: Session) -> dict[str, int]:
    rows = session.execute(select(schema.DeliveryRow.state, func.count()).group_by(schema.DeliveryRow.state))
    return dict(rows.all())


def overdue(session: Session, now: datetime) -> dict[str, tuple[int, datetime | None]]:
    """How much waits of each kind although it is due, and since when the oldest of it."""
    found = {}
    for name, column, conditions in (
        ("polls", schema.SourceRow.next_poll_at, [schema.SourceRow.active.is_(True)]),
        ("assessments", schema.CaseRow.due_at, []),
        ("deliveries", schema.DeliveryRow.due_at, []),
    ):
        row = session.execute(select(func.count(), func.min(column)).where(column <= now, *conditions)).one()
        found[name] = (row[0], row[1])
    return found


def alert(session: Session, alert_id: str) -> schema.AlertRow:
    """The alert of this id, or of the only one that begins so. Raises NotFoundError where there is none."""
    row = session.get(schema.AlertRow, alert_id) or _beginning(session, schema.AlertRow, alert_id)
    if row is None:
        raise NotFoundError("alert", alert_id, "`alerts deliveries` lists the ids of messages")
    return row


def _beginning(session: Session, table: type[_Row], beginning: str) -> _Row | None:
    """The only row whose id begins so."""
    column = schema.table_of(table).c.id
    found = session.scalars(select(table).where(column.startswith(beginning, autoescape=True)).limit(2)).all()
    return found[0] if len(found) == 1 else None


def ids_beginning(session: Session, table: str, beginning: str, limit: int = 50) -> list[str]:
    """Ids of a table, to complete what a person types."""
    column = schema.Base.metadata.tables[table].c.id
    query = select(column).where(column.startswith(beginning, autoescape=True)).order_by(column).limit(limit)
    return list(session.scalars(query))


def alerts_named(session: Session, key: str) -> list[str]:
    """The ids of the alert, or of the alerts of the delivery, that `key` is the id of, or the beginning of it.

    Raises NotFoundError where there is neither."""
    is_alert = _beginning(session, schema.AlertRow, key) is not None
    delivery = None if is_alert else _beginning(session, schema.DeliveryRow, key)
    if delivery is None:
        return [alert(session, key).id]
    carried = select(schema.CarriedRow.alert).where(schema.CarriedRow.delivery == delivery.id)
    ids = select(schema.AlertRow.id).where(schema.AlertRow.id.in_(carried))
    return list(session.scalars(ids.order_by(schema.AlertRow.at, schema.AlertRow.id)))


def deliveries_of(session: Session, alert_id: str) -> list[dict[str, Any]]:
    """The deliveries that carried an alert, the oldest first."""
    delivery = schema.DeliveryRow
    ids = select(schema.CarriedRow.delivery).where(schema.CarriedRow.alert == alert_id)
    carriers = select(delivery).where(delivery.id.in_(ids)).order_by(delivery.created_at, delivery.id)
    return _with_alerts_and_attempts(session, session.scalars(carriers).all())


def members(session: Session, institution: str, story: str, limit: int) -> tuple[list[schema.FindingRow], int]:
    """The findings of the items that a story was made of first, at most so many, by time of observation, an item's
    later revisions among them; and how many items it has in all."""
    # No join: for each item SQLite would go through all that was found about the institution.
    finding, member = schema.FindingRow, schema.MembershipRow
    placed = select(member.item).where(member.institution == institution, member.story == story)
    about = finding.institution == institution
    items = select(finding.item).where(about, finding.item.in_(placed)).group_by(finding.item)
    first = items.order_by(func.min(finding.observed), finding.item).limit(limit)
    found = select(finding).where(about, finding.item.in_(first)).order_by(finding.observed, finding.item)
    return list(session.scalars(found)), session.scalar(select(func.count()).select_from(items.subquery())) or 0


def mentions(session: Session, institution: str, items: Sequence[str], upto: datetime) -> dict[str, list[list[Any]]]:
    """By item where it named the institution, as it read at an instant."""
    finding = schema.FindingRow
    asked = finding.institution == institution, finding.item.in_(SOME), finding.observed <= upto
    query = select(finding.item, finding.mentions).where(*asked).order_by(finding.observed)
    return dict(rows_of(session, query, items))


def mention_texts(session: Session, institution: str) -> Counter[str]:
    """How often recorded items held each text by which an institution was found, case folded."""
    query = select(schema.FindingRow.mentions).where(schema.FindingRow.institution == institution)
    found = session.scalars(query).yield_per(1000)
    return Counter(str(mention[3]).casefold() for mentions in found for mention in mentions)


def matched(session: Session) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """What recorded items were ever matched by: by institution the texts (case folded), and the topics."""
    texts: dict[str, set[str]] = {}
    topics: set[str] = set()
    rows = session.execute(select(schema.FindingRow.institution, schema.FindingRow.mentions, schema.FindingRow.topics))
    for institution, mentions, found in rows.yield_per(1000):
        if mentions:
            texts.setdefault(institution, set()).update(str(mention[3]).casefold() for mention in mentions)
        topics.update(topic for topic, *_ in found)
    return {each: frozenset(some) for each, some in texts.items()}, frozenset(topics)


def topic_counts(session: Session) -> Counter[str]:
    """How many recorded findings carry each topic."""
    found = session.scalars(select(schema.FindingRow.topics)).yield_per(1000)
    return Counter(topic for topics in found for topic, *_ in topics)
