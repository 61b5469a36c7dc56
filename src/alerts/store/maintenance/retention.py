"""Removing what is older than the retention, a part at a time. What must stay is decided by the caller."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Delete, delete, func, or_, select, update
from sqlalchemy.orm import Session

from alerts.feeds.parsing import known_entries as seen_entries
from alerts.feeds.state import FeedState
from alerts.model.alert import DeliveryState
from alerts.model.answer import AnswerKind
from alerts.model.level import Axis, Level
from alerts.routing.state import RouterState
from alerts.store.repositories import cases, search_index
from alerts.store.schema import (
    AlertRow,
    AnswerRow,
    AssessmentRow,
    CarriedRow,
    CaseRow,
    ChannelRow,
    DeliveryRow,
    DeskRow,
    FindingRow,
    HostRow,
    ItemRow,
    LinkRow,
    MembershipRow,
    RevisionRow,
    SilenceRow,
    SnapshotRow,
    SourceRow,
    StoryEventRow,
    StoryRiseRow,
    StoryRow,
    StoryVersionRow,
    ThreadRow,
    TransitionRow,
)
from alerts.store.upsert import SOME, chunks, rows_of

_FINISHED = (DeliveryState.SENT.value, DeliveryState.DEAD.value, DeliveryState.SUPPRESSED.value)


def _delete(session: Session, statement: Delete) -> int:
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        statement, execution_options={"synchronize_session": False}
    )
    return result.rowcount


def _delete_of(session: Session, institution: str, table: Any, *where: ColumnElement[bool]) -> int:
    """Takes the rows of an institution away for which all of `where` holds; how many those were."""
    return _delete(session, delete(table).where(table.institution == institution, *where))


# --- one institution -----------------------------------------------------------------------------------------


def institutions(session: Session) -> list[str]:
    """Every institution about which anything is recorded."""
    return list(session.scalars(select(CaseRow.institution).order_by(CaseRow.institution)))


def old_stories(session: Session, institution: str, before: datetime) -> set[str]:
    """The stories that hold nothing observed since an instant."""
    # Item by item first: joined with the findings themselves, SQLite would go through all of them for each item.
    seen = (
        select(FindingRow.item, func.max(FindingRow.observed).label("last"))
        .where(FindingRow.institution == institution)
        .group_by(FindingRow.item)
        .subquery()
    )
    last = func.max(seen.c.last)
    with_members = session.scalars(
        select(MembershipRow.story)
        .outerjoin(seen, seen.c.item == MembershipRow.item)
        .where(MembershipRow.institution == institution)
        .group_by(MembershipRow.story)
        .having(or_(last.is_(None), last < before))
    )
    held = select(MembershipRow.story).where(MembershipRow.institution == institution)
    without = session.scalars(
        select(StoryRow.id).where(
            StoryRow.institution == institution, StoryRow.newest < before, StoryRow.id.not_in(held)
        )
    )
    return {*with_members, *without}


def opened(session: Session, institution: str, axes: Collection[Axis]) -> dict[Axis, datetime]:
    """When each of these axes, none of which is low, last left low."""
    rows = session.execute(
        select(TransitionRow.axis, func.max(TransitionRow.at))
        .where(TransitionRow.institution == institution, TransitionRow.axis.in_(axes))
        .where(TransitionRow.from_level == Level.LOW.value)
        .group_by(TransitionRow.axis)
    )
    return {Axis(axis): left for axis, left in rows}


def remove_stories(session: Session, institution: str, gone: Collection[str], before: datetime) -> dict[str, int]:
    """Removes stories with all that was found about the institution in their items, and old findings in no story."""
    counts = {"stories": 0, "findings": 0}
    in_story = select(MembershipRow.item).where(MembershipRow.institution == institution)
    items = {item for (item,) in rows_of(session, in_story.where(MembershipRow.story.in_(SOME)), sorted(gone))}
    for some in chunks(sorted(items)):
        counts["findings"] += _delete_of(session, institution, FindingRow, FindingRow.item.in_(some))
        _delete_of(session, institution, MembershipRow, MembershipRow.item.in_(some))
        joined = StoryEventRow.kind == "joined"
        _delete_of(session, institution, StoryEventRow, joined, StoryEventRow.other.in_(some))
    newest = session.scalar(
        select(func.max(AssessmentRow.at)).where(AssessmentRow.institution == institution, AssessmentRow.at < before)
    )
    for table, old in (
        (StoryVersionRow, StoryVersionRow.until < before),
        (AssessmentRow, AssessmentRow.at < (newest or before)),  # the newest stands for the time since
        (StoryRiseRow, StoryRiseRow.at < before),
    ):
        _delete_of(session, institution, table, old)
    for some in chunks(sorted(gone)):
        _delete(session, delete(StoryVersionRow).where(StoryVersionRow.story.in_(some)))
        counts["stories"] += _delete(session, delete(StoryRow).where(StoryRow.id.in_(some)))
        about = or_(StoryEventRow.story.in_(some), StoryEventRow.other.in_(some))
        _delete_of(session, institution, StoryEventRow, about)
    # Findings of items that are in no story and about which nothing was found since.
    recent = select(FindingRow.item).where(FindingRow.institution == institution, FindingRow.observed >= before)
    loose = FindingRow.item.not_in(in_story), FindingRow.item.not_in(recent)
    counts["findings"] += _delete_of(session, institution, FindingRow, FindingRow.observed < before, *loose)
    return counts


def remove_alerts(
    session: Session,
    institution: str,
    before: datetime,
    *,
    keep_since: Mapping[Axis, datetime],
    waiting: Collection[str],
) -> dict[str, int]:
    """Takes old alerts and level changes away.

    Those of an axis stay from its instant in `keep_since` on; alerts stay that are in `waiting`, or that a
    delivery tells of which is not finished or not old; level changes stay as long as an alert tells of them.
    """
    old = [TransitionRow.institution == institution, TransitionRow.at < before]
    for axis, since in keep_since.items():
        old.append(or_(TransitionRow.axis != axis.value, TransitionRow.at < since))
    told_of = (
        select(CarriedRow.alert)
        .join(DeliveryRow, DeliveryRow.id == CarriedRow.delivery)
        .where(
            CarriedRow.alert == AlertRow.id, or_(DeliveryRow.state.not_in(_FINISHED), DeliveryRow.created_at >= before)
        )
        .exists()
    )
    gone = session.scalars(
        select(AlertRow.id).where(
            AlertRow.institution == institution,
            AlertRow.at < before,
            or_(AlertRow.transition.is_(None), AlertRow.transition.in_(select(TransitionRow.id).where(*old))),
            ~told_of,
        )
    )
    counts = {"alerts": 0, "transitions": 0}
    for some in chunks(sorted(set(gone) - set(waiting))):
        counts["alerts"] += _delete(session, delete(AlertRow).where(AlertRow.id.in_(some)))
    still_told = select(AlertRow.id).where(AlertRow.transition == TransitionRow.id).exists()
    counts["transitions"] += _delete(session, delete(TransitionRow).where(*old, ~still_told))
    return counts


def remove_snapshots(session: Session, institution: str, before: datetime) -> int:
    """Takes old profile snapshots away, but for the newest of them, which later messages may show."""
    mine = SnapshotRow.institution == institution
    newest = session.scalar(select(func.max(SnapshotRow.at)).where(mine, SnapshotRow.at < before))
    if newest is None:
        return 0
    return _delete_of(session, institution, SnapshotRow, SnapshotRow.at < newest)


def touch(session: Session, institution: str, now: datetime) -> None:
    """Every worker must read the case again, and it is assessed now."""
    session.execute(
        update(CaseRow)
        .where(CaseRow.institution == institution)
        .values(version=CaseRow.version + 1, due_at=cases.due_by(now), claimed_until=None)
    )


# --- deliveries ----------------------------------------------------------------------------------------------


def waiting_alerts(session: Session) -> set[str]:
    """The alerts that wait at a desk for a digest, a summary, or the end of quiet hours."""
    return {
        entry.alert
        for state in session.scalars(select(DeskRow.state))
        for channel in RouterState.from_json(state).channels.values()
        for queue in channel.queues.values()
        for entry in queue.entries
    }


def oldest_unfinished(session: Session) -> datetime | None:
    """The instant of the oldest message that is still to be sent."""
    return session.scalar(select(func.min(DeliveryRow.at)).where(DeliveryRow.state.not_in(_FINISHED)))


def remove_deliveries(session: Session, before: datetime, limit: int) -> int:
    """Takes old finished deliveries away, at most `limit`, unless they carried an alert that is on record."""
    told = select(AlertRow.id).join(CarriedRow, CarriedRow.alert == AlertRow.id)
    gone = session.scalars(
        select(DeliveryRow.id)
        .where(
            DeliveryRow.created_at < before,
            DeliveryRow.state.in_(_FINISHED),
            ~told.where(CarriedRow.delivery == DeliveryRow.id).exists(),
        )
        .limit(limit)
    ).all()
    return sum(_delete(session, delete(DeliveryRow).where(DeliveryRow.id.in_(some))) for some in chunks(gone))


# --- items ---------------------------------------------------------------------------------------------------


def sources(session: Session) -> list[str]:
    """Every source of which items are recorded."""
    return list(session.scalars(select(ItemRow.source).distinct().order_by(ItemRow.source)))


def remembered(session: Session, source: str) -> frozenset[str] | None:
    """The items by which the source's next poll recognises its entries; None: any of them may be needed."""
    row = session.get(SourceRow, source)
    if row is None or not row.active:
        return frozenset()
    seen = FeedState.from_json(row.state).seen
    return frozenset(seen_entries.load(seen).values()) if seen else None


def old_items(
    session: Session, source: str, before: datetime, *, after: str, limit: int
) -> tuple[list[str], str | None]:
    """Items, in the order of their ids, of which nothing changed since an instant and in which nothing is found;
    and where to go on, None at the end."""
    rows = session.scalars(
        select(ItemRow.id)
        .where(ItemRow.source == source, ItemRow.last_changed < before, ItemRow.id > after)
        .order_by(ItemRow.id)
        .limit(limit)
    ).all()
    found = {item for (item,) in rows_of(session, select(FindingRow.item).where(FindingRow.item.in_(SOME)), rows)}
    return [each for each in rows if each not in found], rows[-1] if len(rows) == limit else None


def remove_items(session: Session, items: Sequence[str], remembered: frozenset[str] | None) -> dict[str, int]:
    """Takes the texts of items away, and the items themselves unless the feed may still show them."""
    counts = {"revisions": 0, "items": 0}
    search_index.remove(session, items)
    for some in chunks(items):
        counts["revisions"] += _delete(session, delete(RevisionRow).where(RevisionRow.item.in_(some)))
        gone = () if remembered is None else [each for each in some if each not in remembered]
        if gone:
            counts["items"] += _delete(session, delete(ItemRow).where(ItemRow.id.in_(gone)))
    return counts


# --- the rest ------------------------------------------------------------------------------------------------


def remove_rest(session: Session, before: datetime) -> dict[str, int]:
    """Removes ended silences and links, hosts, channels and threads unused since, and answers whose alert is
    gone, unless they still hold.
    """
    lasting = AnswerRow.kind.in_([AnswerKind.ONLY_CRITICAL.value, AnswerKind.DAILY.value])
    without_alert = ~select(AlertRow.id).where(AlertRow.id == AnswerRow.alert).exists()
    old_answers = AnswerRow.at < before, without_alert, ~lasting | (AnswerRow.undone_at < before)
    return {
        "answers": _delete(session, delete(AnswerRow).where(*old_answers)),
        "silences": _delete(session, delete(SilenceRow).where(SilenceRow.until < before)),
        "links": _delete(session, delete(LinkRow).where(LinkRow.expires_at < before)),
        "hosts": _delete(session, delete(HostRow).where(HostRow.free_at < before)),
        "channels": _delete(session, delete(ChannelRow).where(ChannelRow.free_at < before)),
        "threads": _delete(session, delete(ThreadRow).where(ThreadRow.at < before)),
    }
