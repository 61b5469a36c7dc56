"""The full-text index of recorded items by revision: a table of FTS5 on SQLite, a `tsvector` on PostgreSQL.

It is derived from the record and follows it: a worker adds what is not indexed yet, some at a time and the newest
first, so that neither polls nor upgrades of large databases wait for it. Revisions that a newer one replaced stay in
it and are skipped by searches; retention removes them."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from alerts.matching.search import VERSION, index_words
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import RevisionRow, table_of
from alerts.store.upsert import chunks, dialect

FINE, COARSE = 12, 16
"""Entries hold words for their blocks of 4,096 and of 65,536 revisions, too: the index of PostgreSQL has no order, and
by them a search of the newest ones reads no others."""

_R = table_of(RevisionRow)
_READ = select(_R.c.id, _R.c.source, _R.c.title, _R.c.summary, _R.c.content, _R.c.withdrawn)  # what an entry is made of
_ADD = {  # given to the driver as it is: SQLAlchemy takes a third as long for its parameters as FTS5 for the words
    "sqlite": "INSERT INTO search (rowid, words) VALUES (?, ?)",
    "postgresql": "INSERT INTO search (id, words) VALUES (%s, CAST(%s AS tsvector)) ON CONFLICT DO NOTHING",
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


def catch_up(database: Database, at: datetime, size: int) -> bool:
    """Indexes revisions observed since the last call; where there are none, those before the ones that are indexed.
    False where nothing was left.

    They are cut into words, which takes longer than to store these, before the transaction that writes."""
    with database.computing(), database.read() as session:
        known = _progress(session)
        low, high = known or (newest(session),) * 2
        if rows := session.execute(_READ.where(_R.c.id > high).order_by(_R.c.id).limit(size)).all():
            then = low, rows[-1].id
        elif rows := session.execute(_READ.where(_R.c.id <= low).order_by(_R.c.id.desc()).limit(size)).all()[::-1]:
            then = rows[0].id - 1 if len(rows) == size else 0, high
        else:
            return False
        entries = _entries(rows)
    still = select(func.count()).where(_R.c.id.between(rows[0].id, rows[-1].id))
    with database.write(flush=False) as session:
        # Unless another worker was faster, or some of the revisions were removed since.
        if _progress(session, lock=True) == known and session.scalar(still) == len(rows):
            if known is None:
                session.execute(_CLEAR[dialect(session)])
            if entries:
                session.connection().exec_driver_sql(_ADD[dialect(session)], entries)
            low, high = then
            system_state.put(session, system_state.SEARCH, at, {"rules": _rules(session), "low": low, "high": high})
    return True


def remove(session: Session, items: Sequence[str]) -> None:
    """Takes all revisions of items out of the index, before they are deleted."""
    low, high = _progress(session, lock=True) or (0, 0)
    for some in chunks(items):
        indexed = _R.c.item.in_(some), _R.c.id > low, _R.c.id <= high
        if entries := _entries(session.execute(_READ.where(*indexed)).all()):
            session.execute(_REMOVE[dialect(session)], [{"id": id_, "words": words} for id_, words in entries])


def block_word(bits: int, block: int) -> str:
    """A block of so many bits of a revision's number as a word of the index, which no text holds."""
    return f"@{bits}#{block}"


def _entries(rows: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [
        (row.id, f"{words} {block_word(FINE, row.id >> FINE)} {block_word(COARSE, row.id >> COARSE)}")
        for row in rows
        if (words := index_words(row))
    ]
