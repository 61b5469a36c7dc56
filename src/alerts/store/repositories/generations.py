"""The configurations that were in force, numbered, and which files each host has.

The newest generation is the configuration in force. Its number and hash are also in the fact `configuration`,
which every step reads anyway: whoever has another number in memory adopts the newest one first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from alerts.model.times import format_time, parse_time
from alerts.store import system_state
from alerts.store.schema import ConfigurationRow, table_of
from alerts.store.upsert import insert_all

KEPT: Final = 200  # generations whose hash is remembered
CONTENT_KEPT: Final = 20  # of the newest the files are kept, encrypted, so that their differences can be shown
HOST_PREFIX: Final = "files/"
HOST_KEPT: Final = timedelta(days=30)  # what a host that is gone had in its directory is forgotten after this


@dataclass(frozen=True, slots=True)
class Generation:
    """A configuration that was published. `outline` counts what it holds (`alerts.config.files`)."""

    number: int
    hash: str
    published_at: datetime
    host: str
    outline: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HostFiles:
    """The files that a host has: their hash, since when, and when that was last confirmed."""

    host: str
    hash: str
    since: datetime
    seen: datetime


_COLUMNS = tuple(each for each in table_of(ConfigurationRow).c if each.name != "content")


def newest(session: Session, *, lock: bool = False) -> Generation | None:
    """The generation in force; None before the first. With `lock` no other publishes before the transaction ends."""
    if lock:
        system_state.get(session, system_state.CONFIGURATION, lock=True)
    row = session.execute(select(*_COLUMNS).order_by(ConfigurationRow.number.desc()).limit(1)).one_or_none()
    return None if row is None else Generation(*row)


def recent(session: Session, since: datetime) -> list[Generation]:
    """The generations published since then, in order."""
    query = select(*_COLUMNS).where(ConfigurationRow.published_at >= since).order_by(ConfigurationRow.number)
    return [Generation(*row) for row in session.execute(query)]


def was_published(session: Session, content_hash: str) -> bool:
    """Whether files of this hash were in force before."""
    query = select(ConfigurationRow.number).where(ConfigurationRow.hash == content_hash).limit(1)
    return session.scalar(query) is not None


def content(session: Session, number: int) -> bytes:
    """The sealed files of a generation; empty where they were not kept."""
    return session.scalar(select(ConfigurationRow.content).where(ConfigurationRow.number == number)) or b""


def add(
    session: Session, *, content_hash: str, at: datetime, host: str, outline: Mapping[str, Any], content: bytes
) -> Generation:
    """Puts a configuration in force. The caller holds the lock of `newest`."""
    former = newest(session)
    made = Generation(1 if former is None else former.number + 1, content_hash, at, host, outline)
    outdated = ConfigurationRow.number <= made.number - CONTENT_KEPT, ConfigurationRow.content != b""
    session.execute(update(ConfigurationRow).where(*outdated).values(content=b""))
    row = {"number": made.number, "hash": content_hash, "published_at": at, "host": host}
    insert_all(session, ConfigurationRow, [{**row, "outline": dict(outline), "content": content}])
    session.execute(delete(ConfigurationRow).where(ConfigurationRow.number <= made.number - KEPT))
    system_state.put(session, system_state.CONFIGURATION, at, {"hash": content_hash, "number": made.number})
    system_state.forget(session, HOST_PREFIX, before=at - HOST_KEPT)
    return made


def files_of(session: Session, host: str) -> HostFiles | None:
    """The files that a host had when it last looked."""
    fact = system_state.get(session, HOST_PREFIX + host)
    return None if fact is None else _host_files(host, fact)


def keep_files_of(session: Session, host: str, content_hash: str, now: datetime) -> HostFiles | None:
    """Records the files that a host has now; returns those that it had."""
    former = files_of(session, host)
    since = former.since if former is not None and former.hash == content_hash else now
    system_state.put(session, HOST_PREFIX + host, now, {"hash": content_hash, "since": format_time(since)})
    return former


def hosts(session: Session) -> list[HostFiles]:
    """The files of every host."""
    facts = system_state.named(session, HOST_PREFIX)
    return [_host_files(name.removeprefix(HOST_PREFIX), fact) for name, fact in facts]


def _host_files(host: str, fact: system_state.Fact) -> HostFiles:
    return HostFiles(host, fact.value["hash"], parse_time(fact.value["since"]), fact.at)
