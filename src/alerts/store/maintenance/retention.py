"""Removing what is older than the retention, a part at a time. What must stay is decided by the caller."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Delete, delete, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from alerts.feeds.parsing import known_entries as seen_entries
from alerts.feeds.state import FeedState
from alerts.model.alert import DeliveryState
from alerts.model.answer import AnswerKind
from alerts.model.level import Axis, Level
from alerts.routing.alerts import alert_id
from alerts.routing.state import RouterState
from alerts.store import schema
from alerts.store.repositories import cases, search_index
from alerts.store.upsert import SOME, chunks, rows_of

_FINISHED = (DeliveryState.SENT.value, DeliveryState.DEAD.value, DeliveryState.SUPPRESSED.value)


def _delete(session: Session, statement: Delete) -> int:
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        statement, execution_options={"synchronize_session": False}
    )
    return result.rowcount


def _delete_of(session: Session, institution: str, table: Any, *where: ColumnElement[bool]) -> int:
    """Deletes the rows of an institution for which all of `where` holds; their number."""
    return _delete(session, delete(table).where(table.institution == institution, *where))


def _delete_in(session: Session, column: InstrumentedAttribute[str], values: Collection[str]) -> int:
    """Deletes the rows whose column has one of the values; their number."""
    return sum(_delete(session, delete(column.class_).where(column.in_(some))) for some in chunks(sorted(values)))


def institutions(session: Session) -> list[str]:
    """Every institution about which anything is recorded."""
    return list(session.scalars(select(schema.CaseRow.institution).order_by(schema.CaseRow.institution)))


def old_stories(session: Session, institution: str, before: datetime) -> set[str]:
    """The stories that hold nothing observed since an instant."""
    # Item by item first: joined with the findings themselves, SQLite would go through all of them for each item.
    finding, member, story = schema.FindingRow, schema.MembershipRow, schema.StoryRow
    newest = select(finding.item, func.max(finding.observed).label("last")).where(finding.institution == institution)
    seen = newest.group_by(finding.item).subquery()
    last = func.max(seen.c.last)
    held = select(member.story).where(member.institution == institution)
    by_story = held.outerjoin(seen, seen.c.item == member.item).group_by(member.story)
    with_members = session.scalars(by_story.having(or_(last.is_(None), last < before)))
    without_members = story.institution == institution, story.newest < before, story.id.not_in(held)
    return {*with_members, *session.scalars(select(story.id).where(*without_members))}


def opened(session: Session, institution: str, axes: Collection[Axis]) -> dict[Axis, datetime]:
    """When each of these axes, none of which is low, last left low."""
    change = schema.TransitionRow
    left = change.institution == institution, change.axis.in_(axes), change.from_level == Level.LOW.value
    rows = session.execute(select(change.axis, func.max(change.at)).where(*left).group_by(change.axis))
    return {Axis(axis): at for axis, at in rows}


def remove_stories(session: Session, institution: str, gone: Collection[str], before: datetime) -> dict[str, int]:
    """Removes stories with all that was found about the institution in their items, and old findings in no story."""
    counts = {"stories": 0, "findings": 0}
    finding, member, event = schema.FindingRow, schema.MembershipRow, schema.StoryEventRow
    assessment, version, rise = schema.AssessmentRow, schema.StoryVersionRow, schema.StoryRiseRow
    in_story = select(member.item).where(member.institution == institution)
    items = {item for (item,) in rows_of(session, in_story.where(member.story.in_(SOME)), sorted(gone))}
    for some in chunks(sorted(items)):
        counts["findings"] += _delete_of(session, institution, finding, finding.item.in_(some))
        _delete_of(session, institution, member, member.item.in_(some))
        _delete_of(session, institution, event, event.kind == "joined", event.other.in_(some))
    former = assessment.institution == institution, assessment.at < before
    newest = session.scalar(select(func.max(assessment.at)).where(*former))
    _delete_of(session, institution, version, version.until < before)
    _delete_of(session, institution, assessment, assessment.at < (newest or before))  # it stands for the time since
    _delete_of(session, institution, rise, rise.at < before)
    _delete_in(session, version.story, gone)
    counts["stories"] = _delete_in(session, schema.StoryRow.id, gone)
    for some in chunks(sorted(gone)):
        _delete_of(session, institution, event, or_(event.story.in_(some), event.other.in_(some)))
    # Findings of items that are in no story and about which nothing was found since.
    recent = select(finding.item).where(finding.institution == institution, finding.observed >= before)
    loose = finding.observed < before, finding.item.not_in(in_story), finding.item.not_in(recent)
    counts["findings"] += _delete_of(session, institution, finding, *loose)
    return counts


def remove_alerts(
    session: Session,
    institution: str,
    before: datetime,
    *,
    keep_since: Mapping[Axis, datetime],
    waiting: Collection[str],
) -> dict[str, int]:
    """Deletes old alerts with the decisions that they leave, and old level changes.

    Those of an axis stay from its instant in `keep_since` on. Alerts stay that are in `waiting`, or in a delivery that
    is unfinished or recent; level changes stay as long as an alert reports them."""
    alert, carried, change, delivery = schema.AlertRow, schema.CarriedRow, schema.TransitionRow, schema.DeliveryRow
    old = [change.institution == institution, change.at < before]
    old += [or_(change.axis != axis.value, change.at < since) for axis, since in keep_since.items()]
    in_use = or_(delivery.state.not_in(_FINISHED), delivery.created_at >= before)
    carriers = select(carried.alert).join(delivery, delivery.id == carried.delivery)
    in_delivery = carriers.where(carried.alert == alert.id, in_use).exists()
    of_old = or_(alert.transition.is_(None), alert.transition.in_(select(change.id).where(*old)))
    ended = alert.institution == institution, alert.at < before
    gone = session.execute(select(alert.id, alert.decision).where(*ended, of_old, ~in_delivery))
    decisions = {each: decision for each, decision in gone if each not in waiting}
    removed = _delete_in(session, alert.id, decisions)
    left = session.scalars(select(alert.decision).where(*ended))
    _delete_in(session, schema.DecisionRow.id, {*decisions.values()}.difference(left))
    reported = select(alert.id).where(alert.transition == change.id).exists()
    return {"alerts": removed, "transitions": _delete(session, delete(change).where(*old, ~reported))}


def remove_snapshots(session: Session, institution: str, before: datetime) -> int:
    """Deletes old profile snapshots but the newest of them, which later messages may show."""
    about = schema.SnapshotRow.institution == institution
    newest = session.scalar(select(func.max(schema.SnapshotRow.at)).where(about, schema.SnapshotRow.at < before))
    if newest is None:
        return 0
    return _delete_of(session, institution, schema.SnapshotRow, schema.SnapshotRow.at < newest)


def touch(session: Session, institution: str, now: datetime) -> None:
    """Every worker must read the case again, and it is assessed now."""
    values = {"version": schema.CaseRow.version + 1, "due_at": cases.due_by(now), "claimed_until": None}
    session.execute(update(schema.CaseRow).where(schema.CaseRow.institution == institution).values(values))


def waiting_alerts(session: Session) -> set[str]:
    """The alerts that wait at a desk for a digest, a summary, or the end of quiet hours."""
    return {
        alert_id(entry.alert, subscriber)
        for subscriber, state in session.execute(select(schema.DeskRow.subscriber, schema.DeskRow.state))
        for channel in RouterState.from_json(state).channels.values()
        for queue in channel.queues.values()
        for entry in queue.entries
    }


def oldest_unfinished(session: Session) -> datetime | None:
    """The instant of the oldest message that is still to be sent."""
    return session.scalar(select(func.min(schema.DeliveryRow.at)).where(schema.DeliveryRow.state.not_in(_FINISHED)))


def remove_deliveries(session: Session, before: datetime, limit: int) -> int:
    """Deletes old finished deliveries, at most `limit`, unless they carried an alert that is on record."""
    alert, carried, delivery = schema.AlertRow, schema.CarriedRow, schema.DeliveryRow
    reported = select(alert.id).join(carried, carried.alert == alert.id).where(carried.delivery == delivery.id)
    old = delivery.created_at < before, delivery.state.in_(_FINISHED), ~reported.exists()
    gone = session.scalars(select(delivery.id).where(*old).limit(limit)).all()
    return _delete_in(session, delivery.id, gone)


def sources(session: Session) -> list[str]:
    """Every source of which items are recorded."""
    return list(session.scalars(select(schema.ItemRow.source).distinct().order_by(schema.ItemRow.source)))


def remembered(session: Session, source: str) -> frozenset[str] | None:
    """The items by which the source's next poll recognises its entries; None: any of them may be needed."""
    row = session.get(schema.SourceRow, source)
    if row is None or not row.active:
        return frozenset()
    seen = FeedState.from_json(row.state).seen
    return frozenset(seen_entries.load(seen).values()) if seen else None


def old_items(
    session: Session, source: str, before: datetime, *, after: str, limit: int
) -> tuple[list[str], str | None]:
    """Items, in the order of their ids, of which nothing changed since an instant and in which nothing is found;
    and where to go on, None at the end."""
    item, finding = schema.ItemRow, schema.FindingRow
    old = select(item.id).where(item.source == source, item.last_changed < before, item.id > after)
    rows = session.scalars(old.order_by(item.id).limit(limit)).all()
    found = {name for (name,) in rows_of(session, select(finding.item).where(finding.item.in_(SOME)), rows)}
    return [each for each in rows if each not in found], rows[-1] if len(rows) == limit else None


def remove_items(session: Session, items: Sequence[str], remembered: frozenset[str] | None) -> dict[str, int]:
    """Deletes the texts of items, and the items themselves unless the feed may still show them."""
    search_index.remove(session, items)
    revisions = _delete_in(session, schema.RevisionRow.item, items)
    gone = () if remembered is None else [each for each in items if each not in remembered]
    return {"revisions": revisions, "items": _delete_in(session, schema.ItemRow.id, gone)}


def remove_rest(session: Session, before: datetime) -> dict[str, int]:
    """Removes ended silences, links and sessions, hosts, channels and threads unused since, and answers whose alert is
    gone, unless they still hold."""
    lasting = schema.AnswerRow.kind.in_([AnswerKind.ONLY_CRITICAL.value, AnswerKind.DAILY.value])
    without_alert = ~select(schema.AlertRow.id).where(schema.AlertRow.id == schema.AnswerRow.alert).exists()
    old_answers = schema.AnswerRow.at < before, without_alert, ~lasting | (schema.AnswerRow.undone_at < before)
    return {
        "answers": _delete(session, delete(schema.AnswerRow).where(*old_answers)),
        "silences": _delete(session, delete(schema.SilenceRow).where(schema.SilenceRow.until < before)),
        "links": _delete(session, delete(schema.LinkRow).where(schema.LinkRow.expires_at < before)),
        "sessions": _delete(session, delete(schema.SessionRow).where(schema.SessionRow.ends_at < before)),
        "hosts": _delete(session, delete(schema.HostRow).where(schema.HostRow.free_at < before)),
        "channels": _delete(session, delete(schema.ChannelRow).where(schema.ChannelRow.free_at < before)),
        "threads": _delete(session, delete(schema.ThreadRow).where(schema.ThreadRow.at < before)),
    }
