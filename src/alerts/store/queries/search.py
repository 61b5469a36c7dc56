"""Recorded items that may answer a search, the newest first, by the index of either database.

How many are read is bounded, so that a frequent word takes no longer than a rare one: `matching.search` then says how
well each fits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select, text
from sqlalchemy.orm import Session

from alerts.matching.search import Query, source_word
from alerts.model.fields import record_of
from alerts.model.item import Item
from alerts.store.repositories import search_index
from alerts.store.repositories.search_index import COARSE, FINE, block_word
from alerts.store.schema import FindingRow, ItemRow, MembershipRow, RevisionRow, table_of
from alerts.store.upsert import SOME, chunks, dialect

MAX_HITS = 1_500  # items of the index that a search looks at: the newest that hold its words
_R, _I = table_of(RevisionRow), table_of(ItemRow)
_F, _M = table_of(FindingRow), table_of(MembershipRow)
# `+` and `+ 0`: by the index of words, not by that of ids.
_HITS = {
    "sqlite": "SELECT rowid FROM search WHERE search MATCH :words AND rowid BETWEEN :low AND :high"
    " AND (:institution = '' OR +rowid IN ({about})) ORDER BY rowid DESC LIMIT :most",
    "postgresql": "SELECT id FROM search WHERE words @@ CAST(:words AS tsquery) AND id + 0 BETWEEN :low AND :high"
    " AND (CAST(:institution AS text) = '' OR id IN ({about})) ORDER BY id + 0 DESC LIMIT :most",
}
_ABOUT = (
    "SELECT revision FROM findings WHERE institution = :institution AND salience > 0 ORDER BY observed DESC LIMIT 20000"
)
_SYNTAX = {
    "sqlite": ('"{}"', '"{}"*', " AND ", " OR ", " NOT "),
    "postgresql": ("'{}'", "'{}':*", " & ", " | ", " & !"),
}
# Only the newest revision of an item, and no item that was taken back.
_CURRENT = and_(_I.c.id == _R.c.item, _I.c.last_changed == _R.c.observed, _I.c.withdrawn.is_(False))
_TEXTS = select(_R).join(_I, _CURRENT).where(_R.c.id.in_(SOME)).order_by(_R.c.id.desc())
_PLACES = (
    select(_F.c.revision, _F.c.institution, _F.c.topics, _M.c.story)
    .outerjoin(_M, and_(_M.c.institution == _F.c.institution, _M.c.item == _F.c.item))
    .where(_F.c.revision.in_(SOME), _F.c.salience > 0)
    .order_by(_F.c.institution)
)
_FIRST_AFTER = select(_R.c.id).order_by(_R.c.observed, _R.c.id).limit(1)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items count: reported within a span of time, about an institution, of a source, with one of some topics."""

    since: datetime | None = None
    until: datetime | None = None
    institution: str = ""
    source: str = ""
    topics: frozenset[str] = frozenset()


@dataclass(slots=True)
class Candidate:
    """An item as it reads now, the institutions that it is about with its topics there, and its stories.

    `number` grows with the time of observation; `score` and `more` (reports of the same stories) are for the reader."""

    number: int
    item: Item
    institutions: list[str] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)
    score: float = 0.0
    more: int = 0


def hits(session: Session, query: Query, filters: Filters) -> list[int]:
    """Revisions that hold the words of a query, at most `MAX_HITS`, the newest; some are outdated."""
    kind = dialect(session)
    word, start, both, either, without = _SYNTAX[kind]
    terms = [(start if opens else word).format(term) for phrase in query.wanted for term, opens in phrase.terms]
    terms += [word.format(source_word(filters.source))] if filters.source else []
    single = [phrase.terms[0] for phrase in query.unwanted if len(phrase.terms) == 1]  # the score sees to the others
    terms[-1] += "".join(without + (start if opens else word).format(term) for term, opens in single)
    low, newest = 1, search_index.newest(session)
    if filters.since is not None:  # nothing reported since then was observed before
        low = session.scalar(_FIRST_AFTER.where(_R.c.observed >= filters.since)) or newest + 1
    spans = [(low, newest)]
    if filters.until is not None:  # first what was observed by then; what was observed later may be of before
        late = session.scalar(_FIRST_AFTER.where(_R.c.observed > filters.until)) or newest + 1
        spans = [(low, late - 1), (max(low, late), newest)]
    statement = text(_HITS[kind].format(about=_ABOUT))
    found: list[int] = []
    for lowest, highest in spans:
        high, bits, blocks = highest, FINE, 2  # and more and more at a time: what is rare is soon known to be
        while lowest <= high and len(found) < MAX_HITS:
            last, first = high >> bits, max(0, (high >> bits) - blocks + 1)
            names = either.join(word.format(block_word(bits, block)) for block in range(first, last + 1))
            asked = {"words": both.join((*terms, f"({names})")), "institution": filters.institution}
            span = {"low": max(lowest, first << bits), "high": high, "most": MAX_HITS - len(found)}
            found += session.scalars(statement, {**asked, **span}).all()
            high, bits, blocks = (first << bits) - 1, COARSE, 2 if bits == FINE else blocks * 4
    return found


def candidates(session: Session, revisions: Sequence[int], filters: Filters) -> Iterator[Candidate]:
    """The items of some revisions that are current and pass the filters, in the same order."""
    for some in chunks(revisions, 200):
        found = {
            row.id: Candidate(row.id, record_of(Item, row, id=row.item))
            for row in session.execute(_TEXTS, {"some": some})
        }
        for revision, institution, topics, story in session.execute(_PLACES, {"some": list(found)}):
            found[revision].institutions.append(institution)
            found[revision].topics.update(topic for topic, *_ in topics)
            found[revision].stories += [story] if story else []
        for each in found.values():
            if (
                (filters.since is None or each.item.reported >= filters.since)
                and (filters.until is None or each.item.reported <= filters.until)
                and filters.source in {"", each.item.source}
                and (not filters.topics or filters.topics & each.topics)
            ):
                yield each
