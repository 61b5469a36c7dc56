"""The stories of an institution as last assessed, which items are in them, and how that came about."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, update
from sqlalchemy.orm import Session

from alerts.model.story import Evidence
from alerts.store.schema import MembershipRow, StoryEventRow, StoryRow, table_of
from alerts.store.upsert import SOME, chunks, insert_all, row_of, upsert
from alerts.stories.cluster import Event, Joined

_M = table_of(MembershipRow)
_S = table_of(StoryRow)
_MERGE_MEMBERS = (
    update(_M)
    .where(_M.c.institution == bindparam("institution_id"), _M.c.story == bindparam("merged_id"))
    .values(story=bindparam("into_id"))
)
_MERGE_STORY = update(_S).where(_S.c.id == bindparam("merged_id")).values(merged_into=bindparam("into_id"))
_EMPTY = update(_S).where(_S.c.id.in_(SOME)).values(reports=0, publishers=0)
Happened = tuple[str, datetime, Sequence[Event]]  # what happened among the stories of an institution at an instant


def add_events(session: Session, happened: Iterable[Happened]) -> None:
    """Follows story events, in order of time for each institution, in the memberships, and records them."""
    placed: dict[tuple[str, str], str] = {}
    records = []
    for institution, at, events in happened:
        for event in events:
            if isinstance(event, Joined):
                placed[institution, event.item] = event.story
                kind, story, other = "joined", event.story, event.item
            else:
                merged = {"merged_id": event.story_from, "into_id": event.into}
                session.execute(_MERGE_MEMBERS, {**merged, "institution_id": institution})
                session.execute(_MERGE_STORY, merged)
                for member, former in placed.items():
                    if member[0] == institution and former == event.story_from:
                        placed[member] = event.into
                kind, story, other = "merged", event.into, event.story_from
            why = {"score": round(event.score, 6), "why": event.why}
            about = {"at": at, "institution": institution, "kind": kind}
            records.append({**about, "story": story, "other": other, "why": why})
    members = [{"institution": each, "item": item, "story": story} for (each, item), story in sorted(placed.items())]
    upsert(session, MembershipRow, members)
    insert_all(session, StoryEventRow, records)


def empty(session: Session, stories: Sequence[str]) -> None:
    """Nothing counts in these stories any more: their pages stay, no list shows them."""
    for some in chunks(stories):
        session.execute(_EMPTY, {"some": some})


def save(session: Session, found: Iterable[Evidence]) -> None:
    """Writes the stories as last assessed."""
    rows = []
    for each in found:
        counts = {"reports": len(each.reports), "publishers": len(each.groups)}
        rows.append(row_of(StoryRow, each, id=each.story, first=each.reports[0].reported, **counts, merged_into=None))
    upsert(session, StoryRow, rows)


def replace(
    session: Session, institution: str, events: Sequence[tuple[datetime, Sequence[Event]]], found: Iterable[Evidence]
) -> None:
    """Writes the stories of an institution whose case was rebuilt."""
    for table in (MembershipRow, StoryRow, StoryEventRow):
        session.execute(delete(table).where(table.institution == institution))
    add_events(session, [(institution, at, some) for at, some in events])
    save(session, found)
