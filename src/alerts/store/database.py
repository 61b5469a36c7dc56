"""One database, two kinds: SQLite in WAL mode, or PostgreSQL."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from alerts.model.errors import StoreError
from alerts.store import system_state

_BUSY_SECONDS = 30.0  # how long a write on SQLite waits for those before it
_PATIENCE = 0.05  # how long a thread that writes and one that computes wait for each other, in seconds …
CROWD_PATIENCE = 0.5  # … and one of many that compute, such as those with a feed: they would all begin at once
_SHORTEST_LOOK, _LONGEST_LOOK = 0.0005, 0.005  # seconds
_NO_FLUSH = text("SET LOCAL synchronous_commit = off")
_SERVER_FACTS = text(
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'server_version') "
    "UNION ALL SELECT 'now', extract(epoch FROM clock_timestamp())::text"
)
_SCRIPTS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_205_316_849_002_117


class Database:
    """A pool of connections. `write()` and `read()` give a session whose transaction ends with the block.

    Leaving a block by an exception rolls back. Make it after a fork, never before."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        """Raises StoreError where the URL is none of the two kinds. Connects only on first use."""
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url, pool_size)
        self._reading = self.engine.execution_options(alerts_read=True)
        self._writer = threading.Lock()
        self._interpreter = threading.Lock()

    @contextmanager
    def write(self, *, flush: bool = True) -> Iterator[Session]:
        """A read-write transaction, committed at the end of the block.

        Without `flush` PostgreSQL does not wait for its disk. If it crashes, the last such commits may be lost, as a
        whole and before any later commit; so this is for work that is done again then, such as polls. (SQLite in WAL
        mode never waits.)"""
        with self._translated(), self._turn(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            if not (flush or self.is_sqlite):
                session.execute(_NO_FLUSH)
            with self.computing():  # not while it commits, which waits for the disk now and then
                yield session
            # fault point: store.uncommitted

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one snapshot on SQLite, waits for no writer, and must not write."""
        with self._translated(), Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    def upgrade(self, at: datetime | None = None) -> None:
        """Brings the schema to the newest revision; several processes may call it at once.

        `at` is recorded as when a new database was made (default: this machine's time)."""
        if self.revision() == newest_revision():
            return
        from alembic import command
        from alembic.config import Config
        from alembic.util import CommandError

        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        with self._translated(), self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:  # it has a revision that is not among ours
                raise StoreError(
                    f"database {self._shown}: its schema is of another version of this program, most likely a newer "
                    f"one ({error}); run that version, or restore a backup from before it"
                ) from error
            system_state.record_creation(connection, at or datetime.now(UTC))

    def revision(self) -> str | None:
        """The schema revision of the database, None where it has none.

        Asked without the migration library, which is slow to load and large."""
        with self._translated(), self.engine.connect() as connection:
            found = inspect(connection).has_table("alembic_version")
            return connection.scalar(text("SELECT version_num FROM alembic_version")) if found else None

    def server_facts(self) -> dict[str, str]:
        """The settings on which it depends whether commits outlive a crash, by their own names. Of PostgreSQL also
        `now`, the seconds since the epoch by its clock."""
        with self._translated(), self._reading.connect() as connection:
            if self.is_sqlite:
                names = ("journal_mode", "synchronous")
                return {name: str(connection.scalar(text(f"PRAGMA {name}"))) for name in names}
            return {str(name): str(value) for name, value in connection.execute(_SERVER_FACTS)}

    def dispose(self) -> None:
        self.engine.dispose()

    @contextmanager
    def computing(self, patience: float = _PATIENCE) -> Iterator[None]:
        """A block that keeps the interpreter busy, such as one that parses: it takes turns with those of other threads,
        and with transactions that write.

        These give the interpreter up with each statement; having to share it they would hold their locks for longer.
        Nobody waits for long: what takes longer than that is shared after all."""
        taken = self._interpreter.acquire(timeout=patience)
        try:
            yield
        finally:
            if taken:
                self._interpreter.release()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """On SQLite, where one may write at a time, the threads of a process wait for each other here.

        A lock wakes the next one at once, and only one of them has to look when other processes are done."""
        if self.is_sqlite and not self._writer.acquire(timeout=_BUSY_SECONDS):
            raise StoreError(f"database {self._shown}: another thread has been writing for {_BUSY_SECONDS:.0f} s")
        try:
            yield
        finally:
            if self.is_sqlite:
                self._writer.release()

    @property
    def _shown(self) -> str:
        # Without its options: PostgreSQL takes a password there, too.
        return self.url.set(query={}).render_as_string(hide_password=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Database errors that a person can cause, as one line without the password."""
        try:
            yield
        except SQLAlchemyError as error:
            line = self._explained(error)
            if line is None:
                raise
            raise StoreError(f"database {self._shown}: {line}") from error

    def _explained(self, error: SQLAlchemyError) -> str | None:
        """What is wrong and what to do about it; None where it is a mistake of our own."""
        match error:
            case OperationalError():
                reason = str(error.orig).strip().splitlines()[0] if error.orig else type(error).__name__
                if self.is_sqlite:
                    return f"{reason}; is there room on its disk, may it be written, does another process hold it?"
                return f"{reason}; is it running and reachable?"
            case PoolTimeoutError():
                return "all connections of this process are in use; ask again later"
            case ProgrammingError(statement=None):
                return f"{str(error.orig).strip()}; correct the options of its URL"
            case DatabaseError() if type(error) is DatabaseError:  # its subclasses are our own mistakes
                return f"{error.orig}; restore it from a backup"
        return None


def newest_revision() -> str:
    """The schema revision that this program needs."""
    return max(revision_files())


def revision_files() -> dict[str, Path]:
    """The migrations: the name of a file begins with the revision that it makes."""
    return {path.name[:4]: path for path in (_SCRIPTS / "versions").glob("[0-9]*")}


def parse_url(url: str) -> URL:
    """`sqlite:///path`, `postgresql://…` (psycopg 3). Raises StoreError, without the password, for others."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, SQLAlchemyError):
        raise StoreError(
            "the database URL cannot be read; write sqlite:///path/alerts.db or postgresql://user@host/name"
        ) from None
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreError(f"database {backend!r} is not supported; use sqlite:///path or postgresql://…")
    return parsed


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,  # what is stored has no place in the log of an error
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )
    file = _File(url.database)

    @event.listens_for(engine, "do_connect")
    def _make_directory(*_arguments: Any) -> None:
        file.check()
        if url.database and url.database != ":memory:":
            try:
                make_private(Path(url.database))
            except OSError as error:
                raise StoreError(f"{Path(url.database).parent}: cannot be made: {error.strerror}") from error

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        # pysqlite's own transaction handling would run SELECTs outside the transaction: updates get lost.
        connection.isolation_level = None
        for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        file.opened()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        file.check()
        if connection.get_execution_options().get("alerts_read", False):
            connection.exec_driver_sql("BEGIN")
        elif not _began_writing(connection.connection.dbapi_connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def make_private(file: Path) -> None:
    """Makes the file of a new database, and the directories that it needs, for this user alone.

    SQLite gives the files beside it (`-wal`, `-shm`) the mode of the file itself."""
    missing = [each for each in file.parents if not each.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


class _File:
    """The file that was opened first. Who goes on writing to one that has been removed writes to nowhere, and all
    seems well until the next start."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path or ":memory:")
        self._first: tuple[int, int] | None = None

    def opened(self) -> None:
        self._first = self._first or self._now()

    def check(self) -> None:
        """Raises StoreError where another file, or none, has its name now."""
        if self._first is not None and self._now() != self._first:
            raise StoreError(
                f"database {self._path}: the file was removed or replaced while in use; stop all that use it, "
                "put it back or restore a backup, and start again"
            )

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def _began_writing(connection: Any) -> bool:
    """Begins a write as soon as the writer of another process is done; False where that took too long.

    SQLite waits by itself, too, but sleeps for up to a tenth of a second between two attempts, in which the database
    may be idle. Here the sleep grows with the time waited, within bounds."""
    connection.execute("PRAGMA busy_timeout=0")
    began = time.monotonic()
    try:
        while (waited := time.monotonic() - began) < _BUSY_SECONDS:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    return False  # it will tell again what it is
            else:
                return True
            time.sleep(min(max(waited / 50, _SHORTEST_LOOK), _LONGEST_LOOK))
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout={round(_BUSY_SECONDS * 1000)}")


def _postgres_engine(url: URL, pool_size: int) -> Engine:
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "pool_pre_ping": True}
    return create_engine(url, **pool, hide_parameters=True, connect_args={"connect_timeout": 10})
