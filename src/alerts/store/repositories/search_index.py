"""The full-text index of recorded items by revision: a table of FTS5 on SQLite, a `tsvector` on PostgreSQL.

It is derived from the record and follows it: a worker adds what is not indexed yet, some at a time and the newest
first, so that neither polls nor upgrades of large databases wait for it. Revisions that a newer one replaced stay in
it and are skipped by searches; retention removes them."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from alerts.matching.search import VERSION, index_words
from alerts.model.fields import record_of
from alerts.model.item import Item
from alerts.store import system_state
from alerts.store.schema import RevisionRow, table_of
from alerts.store.upsert import chunks, dialect

FINE, COARSE = 12, 16
"""Entries hold words for their blocks of 4,096 and of 65,536 revisions, too: the index of PostgreSQL has no order, and
by them a search of the newest ones reads no others."""

_R = table_of(RevisionRow)
_AFTER = select(_R).where(_R.c.id > bindparam("high")).order_by(_R.c.id).limit(bindparam("size"))
_BEFORE = select(_R).where(_R.c.id <= bindparam("low")).order_by(_R.c.id.desc()).limit(bindparam("size"))
_ADD = {
    "sqlite": text("INSERT INTO search (rowid, words) VALUES (:id, :words)"),
    "postgresql": text("INSERT INTO search (id, words) VALUES (:id, CAST(:words AS tsvector)) ON CONFLICT DO NOTHING"),
}
_REMOVE = {  # a table of FTS5 without texts must be given the words to remove
    "sqlite": text("INSERT INTO search (search, rowid, words) VALUES ('delete', :id, :words)"),
    "postgresql": text("DELETE FROM search WHERE id = :id"),
}
_CLEAR = {"sqlite": text("INSERT INTO search (search) VALUES ('delete-all')"), "postgresql": text("DELETE FROM search")}


def _progress(session: Session, *, lock: bool = False) -> tuple[int, int] | None:
    """The revisions after the first number up to the second are indexed; None where nothing is, by today's rules."""
    known = system_state.get(session, system_state.SEARCH, lock=lock)
    return (known.value["low"], known.value["high"]) if known and known.value["rules"] == _rules(session) else None


def _rules(session: Session) -> str:
    # What is removed from FTS5 must be what was added, and that follows the Unicode tables of Python.
    return f"{VERSION}, Unicode {unicodedata.unidata_version}" if dialect(session) == "sqlite" else str(VERSION)


def newest(session: Session) -> int:
    """The newest revision; they are numbered in the order of observation."""
    return session.scalar(select(func.max(_R.c.id))) or 0


def waiting(session: Session) -> int:
    """How many revisions are not indexed yet."""
    low, high = _progress(session) or (0, 0)
    return newest(session) - high + low


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries for `count` revisions, numbered `first` to `last`, that are not indexed yet.

    `known` is what was indexed when they were read, `then` what is with them."""

    known: tuple[int, int] | None
    then: tuple[int, int]
    first: int
    last: int
    count: int
    entries: list[dict[str, Any]]


def next_batch(session: Session, size: int) -> Batch | None:
    """The revisions observed since the last batch; where there are none, those before the ones that are indexed.

    Cutting them into words takes longer than to store the words: call it outside a transaction that writes."""
    known = _progress(session)
    low, high = known or (newest(session),) * 2
    if rows := session.execute(_AFTER, {"high": high, "size": size}).all():
        then = low, rows[-1].id
    elif rows := session.execute(_BEFORE, {"low": low, "size": size}).all()[::-1]:
        then = rows[0].id - 1 if len(rows) == size else 0, high
    else:
        return None
    return Batch(known, then, rows[0].id, rows[-1].id, len(rows), _entries(rows))


def add(session: Session, batch: Batch, at: datetime) -> None:
    """Adds a batch to the index, unless another worker was faster, or some of its revisions were removed since."""
    still = select(func.count()).where(_R.c.id.between(batch.first, batch.last))
    if _progress(session, lock=True) != batch.known or session.scalar(still) != batch.count:
        return
    if batch.known is None:
        session.execute(_CLEAR[dialect(session)])
    if batch.entries:
        session.execute(_ADD[dialect(session)], batch.entries)
    low, high = batch.then
    system_state.put(session, system_state.SEARCH, at, {"rules": _rules(session), "low": low, "high": high})


def remove(session: Session, items: Sequence[str]) -> None:
    """Takes all revisions of items out of the index, before they are deleted."""
    low, high = _progress(session, lock=True) or (0, 0)
    for some in chunks(items):
        indexed = _R.c.item.in_(some), _R.c.id > low, _R.c.id <= high
        if entries := _entries(session.execute(select(_R).where(*indexed)).all()):
            session.execute(_REMOVE[dialect(session)], entries)


def block_word(bits: int, block: int) -> str:
    """A block of so many bits of a revision's number as a word of the index, which no text holds."""
    return f"@{bits}#{block}"


def _entries(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"id": row.id, "words": " ".join((words, *(block_word(bits, row.id >> bits) for bits in (FINE, COARSE))))}
        for row in rows
        if (words := index_words(record_of(Item, row, id=row.item)))
    ]
