"""Copies of a SQLite database, made and taken back while it may be in use. PostgreSQL brings its own tools."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from alerts.model.errors import StoreError
from alerts.store.database import Database, make_private

_TABLE = "alembic_version"


def backup(database: Database, target: Path) -> int:
    """Writes a consistent, compact copy as of now to a new file and checks it; its size in bytes.

    Whoever else uses the database works on. Raises StoreError where the database is none of SQLite's or the
    file cannot be made."""
    source = _file(database, f"pg_dump --format=custom --file={target} '{_plain(database)}'")
    # Under another name first, so that half a backup is never taken for a whole one.
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with _errors(source), closing(sqlite3.connect(source)) as connection:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            connection.execute("VACUUM INTO ?", (str(draft),))
        _check(draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.link(draft, target)  # which refuses to replace a file
        return target.stat().st_size
    except FileExistsError:
        raise StoreError(f"{target} exists already: choose another name") from None
    except OSError as error:
        raise StoreError(f"{target}: cannot be made: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def restore(database: Database, source: Path) -> None:
    """Puts the content of a backup in the place of what the database holds. Nothing may be using it.

    Raises StoreError where the file is no backup or the database is none of SQLite's."""
    target = _file(database, f"pg_restore --clean --if-exists --dbname='{_plain(database)}' {source}")
    if not source.is_file():
        raise StoreError(f"{source}: no such file")
    _check(source)
    make_private(target)
    with _errors(target), closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(target)) as current:
        copy.backup(current)


def _file(database: Database, instead: str) -> Path:
    if not database.is_sqlite or not database.url.database:
        raise StoreError(f"PostgreSQL has tools of its own for this; run: {instead}")
    return Path(database.url.database)


def _plain(database: Database) -> str:
    """The URL as PostgreSQL's tools take it, without the password."""
    url = database.url
    query = {name: value for name, value in url.query.items() if "password" not in name}
    bare = URL.create("postgresql", url.username, host=url.host, port=url.port, database=url.database, query=query)
    return bare.render_as_string()


def _check(file: Path) -> None:
    """Raises StoreError where the file is no sound database of this program."""
    with _errors(file), closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_TABLE,)).fetchone()
    if verdict != "ok" or known is None:
        raise StoreError(f"{file}: no sound backup of this program" + ("" if known else ": it has no schema"))


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{file}: {error}") from error
