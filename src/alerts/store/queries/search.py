"""Recorded items that may answer a search, the newest first, by the index of either database.

How many are read is bounded, so that a frequent word takes no longer than a rare one: `matching.search` then says how
well each fits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import and_, select, text
from sqlalchemy.orm import Session

from alerts.matching.search import Query, source_word
from alerts.model.fields import record_of
from alerts.model.item import Item
from alerts.store.queries.metrics import newest_id
from alerts.store.repositories.search_index import COARSE, FINE
from alerts.store.schema import FindingRow, ItemRow, MembershipRow, RevisionRow, table_of
from alerts.store.upsert import SOME, chunks, dialect

MAX_READ = 2_000
"""Items of the index that a search reads, unless it is satisfied before."""

_BATCH = 200
_R, _I = table_of(RevisionRow), table_of(ItemRow)
_F, _M = table_of(FindingRow), table_of(MembershipRow)

# `+ 0` and `+`: by the index of words, not by that of ids.
_HITS = {
    "sqlite": "SELECT rowid FROM search WHERE search MATCH :words AND rowid BETWEEN :low AND :high"
    " {about} ORDER BY rowid DESC LIMIT :most",
    "postgresql": "SELECT id FROM search WHERE words @@ CAST(:words AS tsquery) AND id + 0 BETWEEN :low AND :high"
    " {about} ORDER BY id + 0 DESC LIMIT :most",
}
_ABOUT = (
    " IN (SELECT revision FROM findings WHERE institution = :institution AND salience > 0"
    " ORDER BY observed DESC LIMIT 20000)"
)
_SYNTAX = {"sqlite": ('"{}"', '"{}"*', " AND ", " NOT "), "postgresql": ("'{}'", "'{}':*", " & ", " & !")}
# Only the newest revision of an item, and no item that was taken back.
_CURRENT = select(_R).join(_I, and_(_I.c.id == _R.c.item, _I.c.last_changed == _R.c.observed))
_TEXTS = _CURRENT.where(_R.c.id.in_(SOME), _I.c.withdrawn.is_(False)).order_by(_R.c.id.desc())
_PLACES = (
    select(_F.c.revision, _F.c.institution, _F.c.topics, _M.c.story)
    .outerjoin(_M, and_(_M.c.institution == _F.c.institution, _M.c.item == _F.c.item))
    .where(_F.c.revision.in_(SOME), _F.c.salience > 0)
    .order_by(_F.c.institution)
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items count: reported within a span of time, about an institution, of a source, with one of some topics."""

    since: datetime | None = None
    until: datetime | None = None
    institution: str = ""
    source: str = ""
    topics: frozenset[str] | None = None


class Place(NamedTuple):
    """An institution that an item is about, with its topics and the story that it belongs to there."""

    institution: str
    topics: frozenset[str]
    story: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item as it reads now; `number` grows with the time of observation."""

    number: int
    item: Item
    places: tuple[Place, ...]


def hits(session: Session, query: Query, filters: Filters) -> list[int]:
    """Revisions that hold the words of a query, the newest `MAX_READ` of them, the newest first; some are outdated."""
    newest, low, split = newest_id(session, RevisionRow), 1, None
    if filters.since is not None:  # nothing reported since then was observed before
        low = _first_after(session, filters.since) or newest + 1
    if filters.until is not None:  # what was observed before comes first, then what was observed late
        split = _first_after(session, filters.until)
    spans = [(low, newest)] if split is None else [(low, split - 1), (split, newest)]
    return [each for span in spans for each in _hits(session, query, filters, *span)]


def _first_after(session: Session, at: datetime) -> int | None:
    query = select(_R.c.id).where(_R.c.observed >= at).order_by(_R.c.observed, _R.c.id).limit(1)
    return session.scalar(query)


def _hits(session: Session, query: Query, filters: Filters, low: int, high: int) -> list[int]:
    kind = dialect(session)
    word, start, both, without = _SYNTAX[kind]
    terms = [(start if beginning else word).format(term) for phrase in query.wanted for term, beginning in phrase.terms]
    if filters.source:
        terms.append(word.format(source_word(filters.source)))
    for phrase in query.unwanted:
        if len(phrase.terms) == 1:  # the reader sees to the others
            ((term, beginning),) = phrase.terms
            terms[-1] += without + (start if beginning else word).format(term)
    about = ("AND +rowid" if kind == "sqlite" else "AND id") + _ABOUT if filters.institution else ""
    statement = text(_HITS[kind].format(about=about))
    asked = {"institution": filters.institution} if filters.institution else {}
    found: list[int] = []
    for first, last, block in _blocks(kind, low, high):
        within = {"words": both.join(terms) + block, "low": first, "high": last, "most": MAX_READ - len(found)}
        found += session.scalars(statement, {**asked, **within}).all()
        if len(found) >= MAX_READ:
            break
    return found


def _blocks(kind: str, low: int, high: int) -> Iterator[tuple[int, int, str]]:
    """The ids from `high` down to `low` in spans that are searched one after the other, with the words of each."""
    size, mark = (FINE, "#") if kind == "postgresql" else (63, "")
    while low <= high:
        block = high >> size
        first = max(low, (block - 1) << size)
        yield first, high, f" & ('{mark}{block}' | '{mark}{block - 1}')" if mark else ""
        high, size, mark = first - 1, COARSE, "##"


def candidates(session: Session, revisions: Sequence[int], filters: Filters) -> Iterator[Candidate]:
    """The items of some revisions that are current and pass the filters, in the same order."""
    for some in chunks(revisions, _BATCH):
        yield from _read(session, some, filters)


def _read(session: Session, revisions: Sequence[int], filters: Filters) -> Iterator[Candidate]:
    places: dict[int, list[Place]] = {}
    for revision, institution, topics, story in session.execute(_PLACES, {"some": revisions}):
        names = frozenset(name for name, *_ in topics)
        places.setdefault(revision, []).append(Place(institution, names, story))
    for row in session.execute(_TEXTS, {"some": revisions}):
        item, about = record_of(Item, row, id=row.item), places.get(row.id, [])
        if (
            (filters.since is None or item.reported >= filters.since)
            and (filters.until is None or item.reported <= filters.until)
            and (not filters.source or item.source == filters.source)
            and (filters.topics is None or any(filters.topics & place.topics for place in about))
        ):
            yield Candidate(row.id, item, tuple(about))
