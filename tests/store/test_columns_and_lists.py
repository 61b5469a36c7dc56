"""What is written column by column, and asked for by lists of values, on both databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from alerts.model.level import Axis, Level
from alerts.pipeline.send import _shown
from alerts.routing.alerts import Kind, Message, Standing
from alerts.store.database import Database
from alerts.store.queries.profiles import scores_at
from alerts.store.repositories import deliveries
from alerts.store.schema import AssessmentRow, DeliveryRow, FactRow
from alerts.store.types import are_clean, clean
from alerts.store.upsert import SOME, insert_all, rows_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ODD = ["", "it's", 'a "name"', "[1, 2]", "null", "caf\u00e9", "\U0001f600", "\u2028", "x" * 3000]


@given(st.lists(st.one_of(st.text(), st.sampled_from(["\0", "\ud800", "a\0b"]), st.none(), st.sampled_from(Level))))
def test_texts_that_are_clean_are_told_together(values: list[Any]) -> None:
    plain = all(type(each) is str for each in values)
    assert are_clean(values) == (bool(values) and plain and all(clean(each) == each for each in values))


def test_a_column_holds_what_each_row_has_whatever_is_odd_in_it(database: Database) -> None:
    names = [*ODD, "nul \0 in it", "half of a pair \ud83d"]
    at = [NOW + timedelta(microseconds=number) for number in range(len(names))]
    rows = [{"name": name, "at": when, "value": {"same": True}} for name, when in zip(names, at, strict=True)]
    with database.write() as session:
        insert_all(session, FactRow, rows)
    with database.read() as session:
        found = {row.name: (row.at, row.value) for row in session.scalars(select(FactRow)) if row.name != "created"}
    assert found == {clean(name): (when, {"same": True}) for name, when in zip(names, at, strict=True)}


@pytest.mark.parametrize("count", [0, 1, 3, 1203])
def test_a_list_of_values_finds_the_rows_that_have_one_of_them(database: Database, count: int) -> None:
    names = [*ODD, *(f"n{number}" for number in range(1203))]
    with database.write() as session:
        insert_all(session, FactRow, [{"name": name, "at": NOW, "value": {}} for name in names])
    wanted = names[-count:] if count else []
    query = select(FactRow.name).where(FactRow.name.in_(SOME))
    with database.read() as session:
        assert sorted(name for (name,) in rows_of(session, query, [*wanted, "is not there"])) == sorted(wanted)
        assert sorted(name for (name,) in rows_of(session, query, ["or\0", *ODD])) == sorted(ODD)
        at = select(FactRow.name).where(FactRow.at.in_(SOME)).limit(2)
        assert len(list(rows_of(session, at, [NOW, NOW + timedelta(1)]))) == 2
        assert list(rows_of(session, at, [NOW + timedelta(1)])) == []


def test_each_institution_is_asked_about_at_its_own_instant(database: Database) -> None:
    names = [f"i{number}" for number in range(230)]
    with database.write() as session:
        rows = [
            {"institution": name, "at": NOW + timedelta(hours=hour), "scores": [[hour / 10, 0, 1]] * 3}
            | dict.fromkeys(("stories", "reports", "publishers", "direct"), 1)
            for name in names
            for hour in range(3)
        ]
        insert_all(session, AssessmentRow, rows)
    asked = {name: NOW + timedelta(hours=number % 4 - 1, minutes=30) for number, name in enumerate(names)}
    with database.read() as session:
        found = scores_at(session, asked)
    expected = {name: (number % 4 - 1) / 10 for number, name in enumerate(names) if number % 4}
    assert {name: scores[Axis.POLICY].value for name, scores in found.items()} == expected


def test_what_a_message_has_not_is_left_out_of_its_row_and_is_there_for_its_sender(database: Database) -> None:
    short = Message("d1", "desk", "hook", Kind.ALERT, NOW, ("a1",))
    full = short._replace(id="d2", reminders=("a2",), standing=(Standing("acme", Axis.POLICY, Level.LOW),), more=3)
    with database.write() as session:
        deliveries.add_deliveries(session, [deliveries.Written(each) for each in (short, full)], now=NOW)
    with database.write() as session:
        stored = {row.id: row.message for row in session.scalars(select(DeliveryRow))}
        leased = {each.id: each.message for each in deliveries.lease(session, ["d1", "d2"], NOW, seconds=60)}
    assert stored["d1"] == {"alerts": ["a1"]}
    nothing = {"reminders": [], "superseded": [], "standing": [], "more": 0, "detail": ""}
    assert leased["d1"] == {"alerts": ["a1"], **nothing}
    said = {"reminders": ["a2"], "standing": [["acme", "policy", "low"]], "more": 3}
    assert leased["d2"] == {"alerts": ["a1"], **nothing, **said}


def test_a_message_written_before_version_0_2_still_shows_what_was_superseded(database: Database) -> None:
    message = Message("d1", "desk", "hook", Kind.GROUP, NOW, ("a1",))
    former = {"alerts": ["a1"], "reminders": [], "overtaken": ["a0"], "standing": [], "more": 0, "detail": ""}
    with database.write() as session:
        deliveries.add_deliveries(session, [deliveries.Written(message)], now=NOW)
        session.execute(update(DeliveryRow).values(message=former))
    with database.write() as session:
        (leased,) = deliveries.lease(session, ["d1"], NOW, seconds=60)
    assert _shown(leased) == (["a1"], [], ["a0"])


def test_a_database_with_other_pages_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA page_size=4096")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE other (id INTEGER)")
    for path, size in ((file, 4096), (tmp_path / "new.db", 8192)):
        database = Database(f"sqlite:///{path}")
        database.upgrade()
        with database.write() as session:
            insert_all(session, FactRow, [{"name": "a", "at": NOW, "value": {}}])
        with database.read() as session:
            assert session.scalar(text("PRAGMA page_size")) == size
            assert session.get(FactRow, "a") is not None
        database.dispose()
