"""What the program keeps is for its user alone, whichever command makes it; passwords are not for the process list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerts.cli.context import App
from alerts.cli.main import cli
from alerts.store.database import Database


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def readable_by_others(directory: Path) -> list[str]:
    found = [directory, *directory.rglob("*")]
    return [str(each) for each in found if each.stat().st_mode & 0o077]


@pytest.mark.servers
@pytest.mark.parametrize("arguments", [["db", "upgrade"], ["run", "--once"], ["link", "--tier", "open"]], ids=" ".join)
def test_no_command_leaves_a_file_that_others_can_read(call: Any, empty: Any, arguments: list[str]) -> None:
    call(empty, "db", "upgrade")
    call(empty, *arguments)
    assert empty.path.exists()
    assert readable_by_others(empty.path) == []


@pytest.mark.servers
def test_a_state_directory_that_others_could_read_is_closed(call: Any, filled: Any) -> None:
    filled.path.chmod(0o755)
    call(filled, "status")
    assert filled.path.stat().st_mode & 0o777 == 0o700


def test_a_database_of_ones_own_is_private_and_so_is_what_sqlite_puts_beside_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'place' / 'alerts.db'}")
    database.upgrade()
    with database.write():
        names = {each.name for each in (tmp_path / "new" / "place").iterdir()}
    assert "alerts.db-wal" in names
    assert readable_by_others(tmp_path / "new") == []
    database.dispose()


@pytest.mark.parametrize(
    ("option", "url", "warned"),
    [
        ("--database", "postgresql://alerts:PLANTED@127.0.0.1:1/alerts", True),
        ("--database", "postgresql://127.0.0.1:1/alerts?password=PLANTED", True),
        ("--database", "postgresql://alerts@127.0.0.1:1/alerts", False),
        ("--broker", "redis://:PLANTED@127.0.0.1:1/0", True),
        ("--broker", "redis://127.0.0.1:1/0", False),
    ],
)
def test_a_password_on_the_command_line_is_warned_of_and_not_repeated(
    capsys: pytest.CaptureFixture[str], option: str, url: str, warned: bool
) -> None:
    app = app_of(option, url)
    assert app.exposed == ((option.removeprefix("--"),) if warned else ())
    app.warn_of_passwords()
    said = capsys.readouterr().err
    assert ("list of processes" in said) is warned
    assert "PLANTED" not in said


def test_a_password_from_the_environment_is_where_it_belongs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALERTS_DATABASE", "postgresql://alerts:PLANTED@127.0.0.1:1/alerts")
    assert app_of().exposed == ()


def app_of(*options: str) -> App:
    """What a command gets that is called with these options."""
    with cli.make_context("alerts", [*options, "completion", "bash"]) as context:
        cli.invoke(context)
        assert isinstance(context.obj, App)
        return context.obj
