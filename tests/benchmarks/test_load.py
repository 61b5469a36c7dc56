"""`make load` at a small size, and that its books notice what does not balance."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from alerts.store.database import Database
from alerts.store.schema import AttemptRow, Base, CaseRow, DeliveryRow, FindingRow, ItemRow, RevisionRow, SourceRow

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import load_page, reconcile, watch  # noqa: E402

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.servers
@pytest.mark.slow
def test_a_small_load_goes_through_whole(tmp_path: Path) -> None:
    sizes = [
        "--institutions",
        "40",
        "--sources",
        "20",
        "--entries",
        "3",
        "--workers",
        "1",
        "--every",
        "0.5",
        "--within",
        "240",
    ]
    places = ["--results", str(tmp_path / "results"), "--out", str(tmp_path / "load.md")]
    done = subprocess.run(
        [sys.executable, "benchmarks/load.py", *sizes, *places], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "results").iterdir()
    found = json.loads(kept.read_text(encoding="utf-8"))
    assert kept.name == "load-1.json"
    assert found["problems"] == []
    assert found["items"] == 20 * 3
    assert found["books"]["items"] == 20 * (1 + 3)
    assert found["books"]["deliveries"] == found["books"]["messages"] > 0
    assert found["delay"]["count"] > 0
    assert set(found["memory"]) == {"broker", "poll-1", "match", "send", "beat", "feeds and receiver", "database"}
    assert all(each["connections"] > 0 for each in found["samples"])
    page = (tmp_path / "load.md").read_text(encoding="utf-8")
    assert "## 1 worker\n" in page
    assert "| items stored, those of the first read among them | 80 |" in page


def put(database: Database, table: type[Base], *rows: dict[str, Any]) -> None:
    """Rows of which only what matters is given."""
    plain = {"VARCHAR": "", "TEXT": "", "BIGINT": AT, "BOOLEAN": False, "FLOAT": 0.0, "BLOB": b""}
    empty: dict[str, Any] = {}
    for column in table.__table__.columns:
        if not column.nullable and not (column.autoincrement is True or column.name == "id"):
            kind = type(column.type).__name__
            empty[column.name] = {"Instant": AT, "Json": {}, "SafeText": "", "Integer": 0}.get(
                kind, plain.get(str(column.type), 0)
            )
    with database.write() as session:
        for row in rows:
            session.execute(insert(table), [{**empty, **row}])


@pytest.fixture
def balanced(database: Database) -> tuple[Database, set[str]]:
    """Three items, one finding, one delivery, as they must be."""
    wanted = reconcile.expected(1, {0: 1, 1: 2})
    assert len(wanted) == 3
    put(database, SourceRow, {"id": "source-0", "error": None})
    put(database, ItemRow, *({"id": each} for each in wanted))
    put(database, RevisionRow, *({"item": each} for each in wanted))
    put(database, CaseRow, {"institution": "acme", "cursor": AT})
    put(database, FindingRow, {"institution": "acme", "observed": AT, "item": min(wanted)})
    put(database, DeliveryRow, {"id": "told", "state": "sent", "created_at": AT})
    return database, wanted


def test_balanced_books_have_no_line(balanced: tuple[Database, set[str]]) -> None:
    database, wanted = balanced
    found = reconcile.balance(database, ["told"], wanted)
    assert found == reconcile.Books(items=3, findings=1, deliveries=1, messages=1, problems=[])


def test_each_fault_has_its_line(balanced: tuple[Database, set[str]]) -> None:
    database, wanted = balanced
    put(database, ItemRow, {"id": "made up"})
    put(database, RevisionRow, {"item": min(wanted)}, {"item": "made up"})
    put(database, FindingRow, {"institution": "acme", "observed": AT + timedelta(seconds=1), "item": "late"})
    put(database, FindingRow, {"institution": "globex", "observed": AT, "item": "no case"})
    put(database, DeliveryRow, {"id": "stuck", "state": "pending"}, {"id": "dropped", "state": "sent"})
    put(database, SourceRow, {"id": "source-1", "error": "away"})
    found = reconcile.balance(database, ["told", "told", "stray"], wanted | {"never read"})
    assert found.problems == [
        "1 items are missing, for example never read",
        "1 items are there that no feed showed, for example made up",
        f"1 items are stored more than once, for example {min(wanted)}",
        "1 deliveries are neither sent nor suppressed, for example stuck",
        "1 messages were sent that did not arrive, for example dropped",
        "1 messages arrived more than once, for example told",
        "1 messages arrived that were not marked as sent, for example stray",
        "2 findings are not assessed",
        "1 sources have an error",
    ]


def test_the_wait_is_that_for_the_first_attempt(balanced: tuple[Database, set[str]]) -> None:
    database, _ = balanced
    put(
        database,
        AttemptRow,
        {"delivery": "told", "number": 1, "started_at": AT + timedelta(seconds=2)},
        {"delivery": "told", "number": 2, "started_at": AT + timedelta(seconds=60)},
    )
    assert reconcile.waits(database, AT) == [2.0]
    assert reconcile.waits(database, AT + timedelta(seconds=1)) == []


def sample(items: int, unique: float = 0.0) -> watch.Sample:
    memory = {"poll-1": watch.Memory(unique, unique)}
    return watch.Sample(0.0, items, 0, 0, 0, 0, 0.0, 0.0, 0, {}, 0.0, memory)


def test_memory_is_flat_or_is_not() -> None:
    samples = [sample(items) for items in range(0, 101, 10)]
    warming = [50.0, 80, 95, 99, 100, 100, 100, 100, 100, 100, 100]
    leaking = [100.0 + 4 * place for place in range(11)]
    assert watch.growth(samples, warming) == watch.Growth(100.0, 0.0)
    leak = watch.growth(samples, leaking)
    assert (round(leak.half), round(leak.added)) == (120, 20)
    assert watch.growth(samples, warming).flat
    assert not leak.flat


def test_shares_of_a_burst() -> None:
    samples = [sample(items) for items in (20, 20, 45, 70, 120, 120)]
    assert watch.at_share(samples, 0.25) is samples[2]
    assert watch.at_share(samples, 0.5) is samples[3]
    assert watch.at_share(samples, 1.0) is samples[5]
    assert [each["items"] for each in watch.records(samples, most=3)] == [20, 45, 120, 120]


def test_a_curve_is_scaled_to_its_top() -> None:
    assert load_page.curve([0, 7, 14]) == "▁▅█"
    assert load_page.curve([0, 0]) == "▁▁"
    assert len(load_page.curve(list(range(1000)))) == 60
