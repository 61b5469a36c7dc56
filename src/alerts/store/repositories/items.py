"""Items, their revisions, and what an item is recognised by at the next poll."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import zip_longest

from sqlalchemy import bindparam, func, select, union_all
from sqlalchemy.orm import Session

from alerts.feeds.diff import ItemChange, KnownItem, KnownItems, Wanted
from alerts.model.fields import grouped, record_of
from alerts.model.item import Item
from alerts.model.times import LAST_INSTANT
from alerts.store.schema import FindingRow, ItemRow, RevisionRow, table_of
from alerts.store.types import clean
from alerts.store.upsert import SOME, Many, chunks, insert_all, row_of, rows_of, upsert

_I = table_of(ItemRow).c
_R = table_of(RevisionRow).c
_F = table_of(FindingRow).c

_KNOWN = select(
    _I.id, _I.title, _I.link, _I.published, _I.fingerprint, _I.text_print, _I.link_key, _I.title_key, _I.withdrawn
).where(_I.source == bindparam("source"))
# One round trip, and an index for each of the three; of an OR SQLite would read all items of the source.
_WANTED = union_all(
    _KNOWN.where(_I.id.in_(Many("ids"))),
    _KNOWN.where(_I.link_key.in_(Many("links"))),
    _KNOWN.where(_I.title_key.in_(Many("titles"))),
)
_TOTAL = select(func.count()).where(_I.source == bindparam("source"))
_NUMBERED = select(_R.id, _R.item).where(_R.observed == bindparam("at")).order_by(_R.id.desc())
_ABOUT = select(_F.item, _F.institution, _F.salience).where(_F.item.in_(SOME)).order_by(_F.observed)


def known_items(session: Session, source: str, wanted: Callable[[], Wanted]) -> KnownItems:
    """The items of a source that a poll's entries may be, and how many it has in all."""
    found: dict[str, KnownItem] = {}
    total = session.scalar(_TOTAL, {"source": source}) or 0
    if total:
        for ids, links, titles in zip_longest(*(chunks(sorted(each)) for each in wanted()), fillvalue=()):
            some = {"source": source, "ids": ids, "links": links, "titles": titles}
            found |= {row[0]: KnownItem(*row) for row in session.execute(_WANTED, some)}
    return KnownItems(found, total)


def add(session: Session, changes: Sequence[tuple[ItemChange, str]], at: datetime) -> list[int]:
    """Stores revisions, given with their publishers, and what recognises their items; their row ids in the same order.

    `at` is the stamp of the transaction."""
    seen = {"revision": 0, "first_observed": at, "last_changed": at}
    known = [row_of(ItemRow, each.known, id=each.item.id, source=each.item.source, **seen) for each, _ in changes]
    revisions = [
        row_of(RevisionRow, each.item, item=each.item.id, observed=at, publisher=publisher)
        for each, publisher in changes
    ]
    upsert(session, ItemRow, known, keep=frozenset({"source", "first_observed", "revision"}))
    insert_all(session, RevisionRow, revisions)
    # RETURNING would make the insert one statement a row. Nothing else has this timestamp.
    numbered = grouped((item, number) for number, item in session.execute(_NUMBERED, {"at": at}))
    return [numbered[clean(each.item.id)].pop() for each, _ in changes]


def institutions_of(session: Session, items: Sequence[str]) -> dict[str, set[str]]:
    """The institutions that these items were last found to be about."""
    found: dict[str, set[str]] = {}
    for item, institution, salience in rows_of(session, _ABOUT, items):
        mentioned = found.setdefault(item, set())
        (mentioned.add if salience > 0 else mentioned.discard)(institution)
    return found


def record(session: Session, *, upto: datetime | None = None) -> Iterator[Item]:
    """All that was observed, revision by revision in order of observation: what replay reads."""
    query = select(RevisionRow).where(RevisionRow.observed <= (upto or LAST_INSTANT))
    ordered = query.order_by(RevisionRow.observed, RevisionRow.id)
    return map(_item, session.scalars(ordered.execution_options(yield_per=1000)))


def newest(session: Session, *, since: datetime, upto: datetime, limit: int) -> Iterator[Item]:
    """Revisions observed in a span of time, the newest first."""
    query = select(RevisionRow).where(RevisionRow.observed >= since, RevisionRow.observed <= upto)
    newest_first = query.order_by(RevisionRow.observed.desc(), RevisionRow.id.desc())
    return map(_item, session.scalars(newest_first.limit(limit).execution_options(yield_per=1000)))


def texts(session: Session, items: Sequence[str], upto: datetime) -> dict[str, tuple[str, str, str]]:
    """Title, summary and content of items as they read at an instant."""
    query = select(_R.item, _R.title, _R.summary, _R.content).where(_R.item.in_(SOME), _R.observed <= upto)
    rows = rows_of(session, query.order_by(_R.observed, _R.id), items)
    return {item: (title, summary, content) for item, title, summary, content in rows}


def revisions_after(session: Session, after: int, *, limit: int) -> list[tuple[int, Item, Item | None]]:
    """The next revisions by row id, each with the one of the same item before it."""
    later = select(RevisionRow).where(RevisionRow.id > after).order_by(RevisionRow.id)
    rows = session.scalars(later.limit(limit)).all()
    observed = select(_I.id, _I.first_observed).where(_I.id.in_(SOME))
    seen = dict(rows_of(session, observed, sorted({row.item for row in rows})))
    # Few are edits, and only these have a former revision to look up.
    return [(row.id, _item(row), None if seen.get(row.item) == row.observed else _former(session, row)) for row in rows]


def _former(session: Session, row: RevisionRow) -> Item | None:
    query = select(RevisionRow).where(RevisionRow.item == row.item, RevisionRow.id < row.id)
    former = session.scalar(query.order_by(RevisionRow.id.desc()).limit(1))
    return None if former is None else _item(former)


def _item(row: RevisionRow) -> Item:
    return record_of(Item, row, id=row.item)


def count(session: Session) -> int:
    """How many revisions are recorded."""
    return session.scalar(select(func.count()).select_from(RevisionRow)) or 0
