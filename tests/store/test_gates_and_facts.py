"""The rate gate, the facts that processes share, and the column types, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import FactRow
from alerts.store.system_state import try_acquire
from alerts.store.types import Instant, Json, clean
from alerts.store.upsert import chunks, insert_all, insert_new, upsert

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GAP = timedelta(seconds=10)


def acquired(database: Database, at: datetime, name: str = "tick") -> bool:
    with database.write() as session:
        return try_acquire(session, name, at, GAP)


def test_a_gate_lets_one_through_in_an_interval(database: Database) -> None:
    assert acquired(database, NOW)
    assert not acquired(database, NOW)
    assert not acquired(database, NOW + GAP - timedelta(microseconds=1))
    assert acquired(database, NOW + GAP)
    assert acquired(database, NOW, "another"), "each name has a gate of its own"


def test_a_gate_of_a_clock_that_was_ahead_is_not_shut_for_long(database: Database) -> None:
    assert acquired(database, NOW + timedelta(days=400))
    assert acquired(database, NOW)
    assert not acquired(database, NOW)


def test_a_gate_that_was_not_committed_is_open(database: Database) -> None:
    def work_that_fails() -> None:
        with database.write() as session:
            assert try_acquire(session, "tick", NOW, GAP)
            raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError):
        work_that_fails()
    assert acquired(database, NOW)


def test_of_many_at_once_one_gets_through(database: Database) -> None:
    start = Barrier(6)

    def run(_number: int) -> bool:
        start.wait()
        return acquired(database, NOW)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(run, range(6))) == [False] * 5 + [True]


def test_facts_are_replaced_listed_by_prefix_and_forgotten_by_age(database: Database) -> None:
    with database.write() as session:
        system_state.put(session, "websub/a", NOW, {"hub": 1})
        system_state.put(session, "websub/b", NOW + GAP, {"hub": 2})
        system_state.put(session, "websub_c", NOW, {})
        system_state.put(session, "websub/a", NOW, {"hub": 3})
    with database.write() as session:
        assert system_state.get(session, "websub/a", lock=True) == system_state.Fact(NOW, {"hub": 3})
        assert system_state.get(session, "nothing") is None
        assert [name for name, _ in system_state.named(session, "websub/")] == ["websub/a", "websub/b"]
        assert [name for name, _ in system_state.named(session, "websub_")] == ["websub_c"], "_ stands for itself"
        system_state.forget(session, "websub/", before=NOW + GAP)
        assert [name for name, _ in system_state.named(session, "websub")] == ["websub/b", "websub_c"]


def test_before_the_first_configuration_nothing_is_in_force(database: Database) -> None:
    with database.write() as session:
        assert system_state.in_force(session) == system_state.InForce(0, "", {})
        system_state.put(session, system_state.CONFIGURATION, NOW, {"number": 7, "hash": "abc"})
        system_state.put(session, system_state.MATCHING, NOW, {"key": "x"})
        assert system_state.in_force(session) == system_state.InForce(7, "abc", {"key": "x"})


def test_what_inserting_does_with_a_key_that_is_there(database: Database) -> None:
    def row(name: str, number: int) -> dict[str, object]:
        return {"name": f"x/{name}", "at": NOW, "value": {"n": number}}

    def numbers(session: Session) -> list[int]:
        return [fact.value["n"] for _, fact in system_state.named(session, "x/")]

    with database.write() as session:
        insert_all(session, FactRow, [row("a", 1)])
        insert_new(session, FactRow, [row("a", 2), row("b", 2)])
        assert numbers(session) == [1, 2]
        upsert(session, FactRow, [row("a", 3)])
        upsert(session, FactRow, [row("b", 3)], keep=frozenset({"value"}))
        assert numbers(session) == [3, 2]
        for nothing in (insert_all, insert_new, upsert):
            nothing(session, FactRow, [])
        assert numbers(session) == [3, 2]


@given(st.lists(st.integers()), st.integers(1, 20))
def test_chunks_are_the_whole_in_order(ids: list[int], size: int) -> None:
    parts = list(chunks(ids, size))
    assert [each for part in parts for each in part] == ids
    assert all(0 < len(part) <= size for part in parts)


@given(st.text())
def test_text_that_no_database_takes_keeps_its_length(text: str) -> None:
    found = clean(text)
    assert len(found) == len(text)
    assert "\0" not in found
    assert found.encode("utf-8").decode("utf-8") == found
    assert clean(found) == found
    assert found == text or {a for a, b in zip(text, found, strict=True) if a != b} <= {"\0"} | set(
        map(chr, range(0xD800, 0xE000))
    )


DIALECT = sqlite.dialect()


def written(kind: Instant | Json) -> Callable[[object], object]:
    """What a type makes of a value on its way to the database and back."""
    make, read = kind.bind_processor(DIALECT), kind.result_processor(DIALECT, None)
    return lambda value: read(make(value))


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_comes_back_exactly(at: datetime) -> None:
    assert written(Instant())(at) == at
    assert written(Instant())(None) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_comes_back_and_equal_values_are_equal_bytes(value: object) -> None:
    assert written(Json())(value) == value
    if isinstance(value, dict):
        backwards = dict(reversed(list(value.items())))
        make = Json().bind_processor(DIALECT)
        assert make(value) == make(backwards)
