"""`alerts topics`: the list, and what a pattern would have found."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.store.database import Database
from alerts.store.schema import FindingRow

pytestmark = pytest.mark.servers

Call = Any
State = Any


def test_the_list_counts_what_was_found(call: Call, filled: State) -> None:
    rows = call(filled, "topics", "--json").records
    assert {"topic", "signal", "severity", "languages", "patterns", "found", "example"} <= rows[0].keys()
    assert any(row["found"] for row in rows)


def test_the_list_counts_what_is_over(call: Call, filled: State) -> None:
    database = Database(f"sqlite:///{filled.path / 'alerts.db'}")
    with database.write() as session:
        for row in session.query(FindingRow):
            row.topics = [["outage", 0.25, "resolved"]]
        findings = session.query(FindingRow).count()
    database.dispose()
    found = {row["topic"]: row["found"] for row in call(filled, "topics", "--json").records}
    assert found == {"outage": findings, "ruling": 0}


def test_the_packs_are_listed(call: Call, filled: State) -> None:
    rows = {row["pack"]: row for row in call(filled, "topics", "--packs", "--json").records}
    assert set(rows["core"]["languages"]) == {"de", "en", "es", "fr", "it", "nl", "pt", "zh"}


def test_a_pattern_is_tried_on_what_is_recorded(call: Call, filled: State) -> None:
    found = call(filled, "topics", "try", "@ ~4 (outage|outages)", "--since", "2000-01-01T00:00:00Z", "--json")
    assert found.status == 0
    assert all(hit["institutions"] for row in found.records for hit in row["found"])
    nothing = call(filled, "topics", "try", "nowhere ~3 seen", "--since", "2000-01-01T00:00:00Z")
    assert (nothing.status, " of " in nothing.out) == (1, True)


def test_a_bad_pattern_is_explained(call: Call, filled: State) -> None:
    answer = call(filled, "topics", "try", "a (b")
    assert answer.status == 2
    assert "character 3: this bracket is not closed" in answer.err
