from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import QueuePool

from alerts.model.errors import StoreError
from alerts.store import database as module
from alerts.store.clock import next_timestamp
from alerts.store.database import Database, parse_url
from alerts.store.schema import Base, ClockRow
from alerts.store.upsert import insert_new, upsert

NOW = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)


@pytest.mark.servers
def test_a_wait_for_a_connection_that_takes_too_long_is_one_line_and_no_defect(postgres_url: str) -> None:
    database = Database(postgres_url, pool_size=1)
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    pool._timeout = 0.2
    with database.read() as first, database.read() as second:
        assert first.scalar(text("SELECT 1")) == second.scalar(text("SELECT 1"))
        with pytest.raises(StoreError, match="all connections of this process are in use"), database.read() as third:
            third.scalar(text("SELECT 1"))
    database.dispose()


def in_the_models(name: str | None, kind: str, _parents: object) -> bool:
    """The search index is written in the SQL of each database; FTS5 keeps tables of its own for it."""
    return kind != "table" or not str(name).startswith("search")


def test_the_migrations_make_exactly_the_tables(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": in_the_models})
        assert compare_metadata(context, Base.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before = database.revision()
    database.upgrade()
    assert database.revision() == before is not None


def test_a_failed_block_leaves_nothing_behind(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            insert_new(session, ClockRow, [{"id": 1, "stamp": NOW}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.get(ClockRow, 1) is None


def test_upsert_updates_what_is_there_but_for_what_is_kept(database: Database) -> None:
    from alerts.store.schema import FactRow

    with database.write() as session:
        upsert(session, FactRow, [{"name": "a", "at": NOW, "value": {"n": 1}}])
        upsert(session, FactRow, [{"name": "a", "at": NOW + timedelta(1), "value": {"n": 2}}], keep=frozenset({"at"}))
    with database.read() as session:
        row = session.get_one(FactRow, "a")
        assert (row.at, row.value) == (NOW, {"n": 2})


def test_stamps_only_grow_even_if_the_clock_is_set_back(database: Database) -> None:
    with database.write() as session:
        first = next_timestamp(session, NOW)
    with database.write() as session:
        second = next_timestamp(session, NOW - timedelta(hours=1))
        third = next_timestamp(session, NOW - timedelta(hours=1))
    assert first == NOW
    assert first < second < third < NOW + timedelta(seconds=1)


def _take_stamps(url: str, count: int, found: multiprocessing.Queue[list[datetime]]) -> None:
    database = Database(url)
    mine = []
    for _ in range(count):
        with database.write() as session:
            mine.append(next_timestamp(session, NOW))
    found.put(mine)
    database.dispose()


@pytest.mark.slow
def test_no_two_processes_get_one_timestamp(database: Database, database_url: str) -> None:
    # Lost updates show here: without immediate transactions SQLite lost half of them.
    context = multiprocessing.get_context("spawn")
    found: multiprocessing.Queue[list[datetime]] = context.Queue()
    workers = [context.Process(target=_take_stamps, args=(database_url, 200, found)) for _ in range(2)]
    for worker in workers:
        worker.start()
    stamps = [each for _ in workers for each in found.get(timeout=60)]
    for worker in workers:
        worker.join()
    assert len(set(stamps)) == 400
    assert max(stamps) == NOW + timedelta(microseconds=399)


def test_text_that_no_database_takes_is_made_safe(database: Database) -> None:
    from alerts.store.schema import LockRow

    with database.write() as session:
        insert_new(session, LockRow, [{"name": "a\0b\ud800c", "until": NOW}])
    with database.read() as session:
        assert session.execute(text("SELECT name FROM locks")).scalar_one() == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("url", "says"),
    [("mysql://u:hunter2@h/db", "'mysql' is not supported"), ("no url", "cannot be read"), ("://", "cannot be read")],
)
def test_a_wrong_url_is_one_line_without_the_password(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        parse_url(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/db", "reachable"),
        ("postgresql://127.0.0.1:1/db?user=u&password=hunter2", "reachable"),
        ("postgresql://127.0.0.1:1/db?passwd=hunter2", "passwd.*options"),
    ],
)
def test_an_unreachable_database_is_one_line_without_the_password(url: str, says: str) -> None:
    database = Database(url)
    with pytest.raises(StoreError, match=says) as caught, database.read() as session:
        session.execute(text("SELECT 1"))
    message = str(caught.value)
    assert "hunter2" not in message
    assert "\n" not in message


def test_the_schema_of_another_version_is_one_line(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"another version.*'9999'") as caught:
        database.upgrade()
    assert "\n" not in str(caught.value)
    with database.write() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


def test_an_error_does_not_repeat_what_was_to_be_stored(database: Database) -> None:
    twice = text("INSERT INTO alembic_version VALUES (:kept), (:kept)")
    with pytest.raises(IntegrityError) as caught, database.write() as session:
        session.execute(twice, {"kept": "hunter2"})
    assert "hunter2" not in str(caught.value).replace("(hunter2)", "")  # which PostgreSQL itself repeats


def test_a_full_file_is_told_with_what_to_look_for(file: Database) -> None:
    def fill() -> None:
        with file.write() as session:
            session.execute(text("PRAGMA max_page_count=1"))
            session.execute(text("CREATE TABLE more AS SELECT randomblob(1000000) AS large"))

    with pytest.raises(StoreError, match=r"full.*room on its disk") as caught:
        fill()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("other", [False, True])
def test_a_file_that_is_gone_or_replaced_is_told_not_written_to(file: Database, tmp_path: Path, other: bool) -> None:
    _write(file)
    path = tmp_path / "some.db"
    path.rename(tmp_path / "kept.db")
    if other:
        path.touch()
    for way in (file.read, file.write):
        with pytest.raises(StoreError, match="removed or replaced"), way() as session:
            session.execute(text("SELECT 1"))
    file.engine.dispose()  # as where a pool grows: no new file may take its place
    with pytest.raises(StoreError, match="removed or replaced"), file.read() as session:
        session.execute(text("SELECT 1"))
    assert path.exists() is other
    path.unlink(missing_ok=True)
    (tmp_path / "kept.db").rename(path)
    _write(file)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'some.db'}")
    made.upgrade()
    yield made
    made.dispose()


def _write(database: Database) -> None:
    with database.write() as session:
        next_timestamp(session, NOW)


def test_a_write_waits_for_one_of_another_process(file: Database) -> None:
    assert file.url.database is not None
    with closing(sqlite3.connect(file.url.database, isolation_level=None)) as other, ThreadPoolExecutor() as pool:
        other.execute("BEGIN IMMEDIATE")
        waiting = pool.submit(_write, file)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.1)
        other.execute("ROLLBACK")
        waiting.result(timeout=30)


def test_one_that_never_ends_is_told_in_one_line(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    assert file.url.database is not None
    with closing(sqlite3.connect(file.url.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked"):
            _write(file)
        other.execute("ROLLBACK")
    _write(file)


def test_a_thread_that_never_ends_is_told_in_one_line(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.05)
    with file.write(), ThreadPoolExecutor() as pool, pytest.raises(StoreError, match="another thread"):
        pool.submit(_write, file).result()
    _write(file)


def test_who_computes_for_long_holds_up_no_write_and_no_other(database: Database) -> None:
    begun, over = threading.Event(), threading.Event()

    def compute() -> None:
        with database.computing():
            begun.set()
            over.wait(30)

    with ThreadPoolExecutor() as pool:
        pool.submit(compute)
        begun.wait(30)
        _write(database)
        with database.computing():
            pass
        assert not over.is_set()
        over.set()


def test_a_failed_block_leaves_the_turn_to_others(file: Database) -> None:
    def fail() -> None:
        with file.computing():
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fail()
        with pytest.raises(RuntimeError), file.write():
            raise RuntimeError
    _write(file)
