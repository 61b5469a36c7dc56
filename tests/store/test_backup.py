"""A backup is a whole, sound copy made while others write; what is restored is what was backed up."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kit import postgres
from sqlalchemy import select

from alerts.cli.main import status_of
from alerts.model.errors import StoreError
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.maintenance.backup import backup, restore
from alerts.store.schema import FactRow

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'live' / 'alerts.db'}")
    database.upgrade()
    _put(database, "one")
    yield database
    database.dispose()


def _put(database: Database, name: str) -> None:
    with database.write() as session:
        system_state.put(session, name, NOW, {"said": name})


def _names(file: Path) -> list[str]:
    database = Database(f"sqlite:///{file}")
    found = _recorded(database)
    database.dispose()
    return found


def _recorded(database: Database) -> list[str]:
    """The names of the facts that these tests put."""
    put = select(FactRow.name).where(FactRow.name != system_state.CREATED).order_by(FactRow.name)
    with database.read() as session:
        return list(session.scalars(put))


def test_what_is_only_in_the_write_ahead_log_is_in_the_backup(filled: Database, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    size = backup(filled, target)
    assert size == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert _names(target) == ["one"]
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_backup_during_writes_is_one_instant_of_them(filled: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            with filled.write() as session:  # two rows that belong together
                system_state.put(session, f"a{number:06}", NOW, {})
                system_state.put(session, f"b{number:06}", NOW, {})
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            backup(filled, tmp_path / f"copy-{number}.db")
    finally:
        stop.set()
        thread.join()
    for number in range(5):
        names = _names(tmp_path / f"copy-{number}.db")
        assert sum(name.startswith("a") for name in names) == sum(name.startswith("b") for name in names)


def test_restoring_takes_back_what_came_since(filled: Database, tmp_path: Path) -> None:
    backup(filled, tmp_path / "copy.db")
    _put(filled, "two")
    assert _recorded(filled) == ["one", "two"]
    restore(filled, tmp_path / "copy.db")
    assert _recorded(filled) == ["one"]
    _put(filled, "three")
    filled.dispose()
    assert _names(Path(filled.url.database or "")) == ["one", "three"]


def test_restoring_into_nothing_makes_the_database(filled: Database, tmp_path: Path) -> None:
    backup(filled, tmp_path / "copy.db")
    other = tmp_path / "elsewhere" / "alerts.db"
    made = Database(f"sqlite:///{other}")
    restore(made, tmp_path / "copy.db")
    made.dispose()
    assert _names(other) == ["one"]


def test_a_file_is_never_replaced(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        backup(filled, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"
    with pytest.raises(StoreError, match="cannot be made: No such file"):
        backup(filled, tmp_path / "no" / "copy.db")


@pytest.mark.parametrize("kind", ["missing", "text", "foreign", "torn"])
def test_what_is_no_backup_is_refused_and_changes_nothing(filled: Database, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "backup.db"
    if kind == "text":
        file.write_text("This is no database. " * 100)
    elif kind == "foreign":
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE other (x)")
        connection.close()
    elif kind == "torn":
        backup(filled, tmp_path / "whole.db")
        file.write_bytes((tmp_path / "whole.db").read_bytes()[:50_000])
    with pytest.raises(StoreError, match=r"backup\.db: "):
        restore(filled, file)
    assert _recorded(filled) == ["one"]


def test_the_commands(filled: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = filled.url.render_as_string()
    file = tmp_path / "copy.db"
    assert status_of(["--database", url, "db", "backup", str(file)]) == 0
    assert capsys.readouterr().out.startswith(f"{file}: ")
    _put(filled, "two")
    assert status_of(["--database", url, "db", "restore", str(file)]) == 0
    assert "restored from" in capsys.readouterr().out
    assert _names(Path(filled.url.database or "")) == ["one"]
    assert status_of(["--state", str(tmp_path / "none"), "db", "backup", str(tmp_path / "x.db")]) == 1
    assert "there is no database yet" in capsys.readouterr().err


def test_a_system_that_runs_is_not_restored(
    filled: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from alerts.embedded import state_directory

    backup(filled, tmp_path / "copy.db")
    with state_directory(tmp_path / "live"):
        assert status_of(["--state", str(tmp_path / "live"), "db", "restore", str(tmp_path / "copy.db")]) == 1
    assert "another `alerts run` uses this state" in capsys.readouterr().err
    assert status_of(["--state", str(tmp_path / "live"), "db", "restore", str(tmp_path / "copy.db")]) == 0


@pytest.mark.servers
def test_postgresql_says_which_of_its_own_tools_do_it_and_they_do(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(postgres_url.replace("alerts@", "alerts:hunter2@"))
    database.upgrade()
    _put(database, "one")
    file = tmp_path / "copy.dump"
    commands = []
    for what in ("backup", "restore"):
        assert status_of(["--database", database.url.render_as_string(False), "db", what, str(file)]) == 1
        said = capsys.readouterr().err
        assert "hunter2" not in said
        commands.append(said.partition("run: ")[2].strip())
    tools = postgres.programs()
    subprocess.run(f"{tools}/{commands[0]}", shell=True, check=True)
    _put(database, "two")
    database.dispose()
    subprocess.run(f"{tools}/{commands[1]}", shell=True, check=True)
    assert _recorded(database) == ["one"]
    database.dispose()
