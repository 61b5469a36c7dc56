"""The search index of both databases: it follows the record, and says the same on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.recorded import record
from kit.system import System
from sqlalchemy import delete, text, update

from alerts.matching import search as words
from alerts.matching.search import parse
from alerts.pipeline.prune import prune
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.queries.search import Filters, candidates, hits
from alerts.store.repositories import search_index
from alerts.store.schema import FactRow, ItemRow, RevisionRow, SourceRow


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Iterator[System]:
    with System(database, tmp_path / "config") as made:
        yield made


def found(town: System, query: str, **filters: object) -> list[str]:
    """The ids of the items that fit, the newest first."""
    parsed, asked = parse(query), Filters(**filters)  # type: ignore[arg-type]
    with town.database.read() as session:
        some = list(candidates(session, hits(session, parsed, asked), asked))
    return [each.item.id for each in some if parsed.score(each.item.title, words.body_of(each.item))]


def waiting(town: System) -> int:
    with town.database.read() as session:
        return search_index.waiting(session)


def checked(town: System) -> None:
    """FTS5 finds nothing wrong with its tables."""
    if town.database.is_sqlite:
        with town.database.write() as session:
            session.execute(text("INSERT INTO search (search) VALUES ('integrity-check')"))


def test_words_phrases_beginnings_and_exclusions_find_items_the_newest_first(town: System) -> None:
    first = record(town, "tribune", "Müller & Söhne: Export controls", "About AT&T and 数据泄露事件")
    second = record(town, "coastline", "Control of exports", "A banking matter")
    town.settle()
    assert waiting(town) == 0
    for query, expected in (
        ("control", [second, first]),
        ('"export controls"', [first]),
        ("muller sohne", [first]),
        ("controls -banking", [first]),
        ("bank", [second]),
        ("bank*", [second]),
        ("at&t", [first]),
        ("泄露", [first]),
        ("件", [first]),
        ("露泄", []),
        ("zebra", []),
    ):
        assert found(town, query) == expected, query


def test_filters_hold(town: System) -> None:
    start = town.now
    old = record(town, "tribune", "Acme plans", published=start - timedelta(days=40))
    town.later(days=2)
    news = record(town, "coastline", "Acme plans an outage")
    other = record(town, "acme-news", "Plans of others, an outage of ours")
    town.settle()
    assert found(town, "plans") == [other, news, old]
    assert found(town, "plans", source="coastline") == [news]
    assert found(town, "plans", institution="acme") == [other, news, old]
    assert found(town, "plans", institution="globex") == []
    assert found(town, "plans", topics=frozenset({"outage"})) == [other, news]
    assert found(town, "plans", topics=frozenset({"probe"})) == []
    assert found(town, "plans", since=start) == [other, news]
    assert found(town, "plans", until=start) == [old]
    assert found(town, "plans", since=town.now + timedelta(days=1)) == []


def test_edits_and_withdrawals_are_followed(town: System) -> None:
    item = record(town, "tribune", "Acme opens a zoo")
    town.settle()
    record(town, "tribune", "Acme opens a park", id=item)
    town.settle()
    assert (found(town, "zoo"), found(town, "park")) == ([], [item])
    record(town, "tribune", "Acme opens a park", id=item, withdrawn=True)
    town.settle()
    assert found(town, "park") == []


def test_retention_takes_entries_away(town: System) -> None:
    gone = record(town, "tribune", "Rain in Lyon")
    record(town, "tribune", "Rain in Lyons", id=gone)
    town.later(days=500)
    kept = record(town, "tribune", "Rain in Paris")
    town.settle()
    with town.database.write() as session:
        session.execute(update(SourceRow).values(active=False))
    prune(town.runtime, timedelta(days=400))
    assert found(town, "rain") == [kept]
    checked(town)
    with town.database.read() as session:
        assert len(hits(session, parse("rain"), Filters())) == 1


def test_what_was_recorded_before_the_index_is_added_newest_first_in_bounded_steps(town: System) -> None:
    recorded = [record(town, "tribune", f"Rain number {number}") for number in range(5)]
    for left, expected in ((3, recorded[3:]), (1, recorded[1:]), (0, recorded)):
        assert search_index.catch_up(town.database, town.now, 2)
        assert waiting(town) == left
        with town.database.read() as session:
            assert len(hits(session, parse("rain"), Filters())) == len(expected)
    assert not search_index.catch_up(town.database, town.now, 2)
    late = record(town, "tribune", "Rain at last")
    assert waiting(town) == 1
    town.settle()
    assert found(town, "rain") == [late, *reversed(recorded)]
    checked(town)


@pytest.mark.parametrize("removed", [True, False])
def test_what_changed_while_texts_were_cut_into_words_is_read_again(
    town: System, monkeypatch: pytest.MonkeyPatch, removed: bool
) -> None:
    first, second = (record(town, "tribune", f"Rain number {number}") for number in range(2))
    cut = search_index._entries

    def meanwhile(rows: Sequence[Any]) -> list[tuple[Any, ...]]:
        monkeypatch.undo()
        if removed:
            with town.database.write() as session:
                session.execute(delete(ItemRow).where(ItemRow.id == first))
        else:  # another worker was faster
            assert search_index.catch_up(town.database, town.now, 2)
        return cut(rows)

    monkeypatch.setattr(search_index, "_entries", meanwhile)
    assert search_index.catch_up(town.database, town.now, 2)
    assert waiting(town) == (2 if removed else 0)
    town.settle()
    assert found(town, "rain") == ([second] if removed else [second, first])
    checked(town)


def test_other_rules_index_everything_again(town: System, monkeypatch: pytest.MonkeyPatch) -> None:
    item = record(town, "tribune", "Rain in Lyon")
    town.settle()
    monkeypatch.setattr(search_index, "VERSION", 2)
    assert waiting(town) == 1
    town.settle()
    assert (waiting(town), found(town, "rain")) == (0, [item])
    checked(town)
    assert next(row.value["rules"] for row in town.rows(FactRow, name=system_state.SEARCH)).startswith("2")


def test_a_frequent_word_is_searched_among_the_newest(town: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerts.store.queries.search.MAX_HITS", 3)
    for name, bits in (("FINE", 0), ("COARSE", 2)):
        monkeypatch.setattr(f"alerts.store.queries.search.{name}", bits)
        monkeypatch.setattr(search_index, name, bits)
    recorded = [record(town, "tribune", f"Rain, {'hail' if number % 4 == 0 else 'sun'}") for number in range(21)]
    town.settle()
    assert found(town, "rain") == recorded[:-4:-1]
    assert found(town, "hail") == [recorded[20], recorded[16], recorded[12]]
    then = town.rows(RevisionRow)[4].observed
    assert found(town, "rain", until=then) == recorded[4:1:-1]


@pytest.mark.parametrize(
    "query", ["'; DROP TABLE items; --", '"a" OR rowid:1', "a:* & !b", "NEAR(a b)", "{x} : y ^z", "a\\'b", "\0 x"]
)
def test_no_query_is_a_syntax_error(town: System, query: str) -> None:
    record(town, "tribune", "Rain in Lyon")
    town.settle()
    found(town, query, source="tribune")
