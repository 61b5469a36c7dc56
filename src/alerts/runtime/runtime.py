"""The composition root: worker, command line and tests build the program here, each with its own adapters."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TextIO

from alerts.access.links import Pages, pages
from alerts.access.signing import signer
from alerts.config import environment
from alerts.config.load import fingerprint, load_entries
from alerts.feeds.fetching.network import HttpClient
from alerts.rendering.render import Renderer
from alerts.runtime.bulkhead import Bulkhead
from alerts.runtime.case_cache import CaseCache
from alerts.runtime.configuration import Active, Configuration, Generations
from alerts.runtime.task_requests import SIZES, TaskRequests
from alerts.store.clock import SharedClock
from alerts.store.database import Database


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Runtime:
    """Everything that steps work with; HTTP client and renderer are made on first use.

    `enqueue` is called only after a transaction committed. `room` says how many more tasks of a step its queue takes,
    claimed by a tick or not. `cases` are the case files that this process has in memory. `stream` is where console
    channels print. `pages` are where the world finds the pages; None where it does not."""

    database: Database
    configuration: Configuration
    enqueue: Callable[[TaskRequests], None]
    clock: Callable[[], datetime]
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    cases: CaseCache = field(default_factory=CaseCache)
    bulkhead: Bulkhead = field(default_factory=Bulkhead)
    assessments: set[object] = field(default_factory=set)  # in progress in this process
    contact: str = ""
    pages: Pages | None = None
    room: Callable[[str, bool], int] = lambda _task, _claimed: sys.maxsize
    # Threads that fetch feeds, which mostly wait. Started when needed and kept: to start one costs half a poll.
    fetchers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(64, "fetch"))

    @cached_property
    def client(self) -> HttpClient:
        """Made on first use: most commands fetch nothing."""
        from alerts.feeds.fetching.fetch import make_client

        return make_client(self.contact)

    @cached_property
    def renderer(self) -> Renderer:
        return Renderer(self.configuration.directory / "templates")

    @contextmanager
    def assessing(self) -> Iterator[None]:
        """Marks an assessment in progress: polls of this process hold back meanwhile."""
        self.assessments.add(one := object())
        try:
            yield
        finally:
            self.assessments.remove(one)

    def places(self, step: str) -> int:
        """How many ids of a step its queue takes from who found them; what is more is for the next tick."""
        return self.room(step, False) * SIZES[step]

    def close(self) -> None:
        """Gives connections and threads back."""
        self.fetchers.shutdown()
        self.database.dispose()


_PROCESS: list[tuple[int, Runtime]] = []
_PREPARED: dict[Path, Active] = {}
_PROCESS_LOCK = threading.Lock()


def prepare(directory: Path | None = None, *, matching: bool = True) -> Active:
    """The configuration in the files, loaded once for all that this process and its forks build from it.

    `matching`: with the matcher, which would lie idle in a process that matches no items. Raises ConfigError where the
    files are broken: what is in force stays so."""
    directory = directory or _directory()
    active = _PREPARED.get(directory.absolute())
    if active is None or active.settings.hash != fingerprint(directory):
        active = _PREPARED[directory.absolute()] = Active.of(load_entries(directory))
    if matching:
        active.matcher  # noqa: B018
    return active


def process_runtime(enqueue: Callable[[TaskRequests], None], room: Callable[[str, bool], int]) -> Runtime:
    """The runtime of this worker process, from its environment; made anew after a fork."""
    with _PROCESS_LOCK:
        if not _PROCESS or _PROCESS[0][0] != os.getpid():
            database = Database(environment.required(os.environ, environment.DATABASE))
            state = Path(os.environ.get("ALERTS_STATE", ".alerts"))
            _PROCESS[:] = [(os.getpid(), runtime_on(database, _directory(), state, enqueue, room))]
        return _PROCESS[0][1]


def runtime_on(
    database: Database,
    directory: Path,
    state: Path,
    enqueue: Callable[[TaskRequests], None],
    room: Callable[[str, bool], int] = lambda _task, _claimed: sys.maxsize,
) -> Runtime:
    """The runtime on an open database, as the environment says. Raises ConfigError as `configuration_of` does."""
    return Runtime(
        database=database,
        configuration=configuration_of(directory, database, state, os.environ),
        enqueue=enqueue,
        clock=SharedClock(database, utc_now),
        contact=os.environ.get("ALERTS_CONTACT", ""),
        pages=pages(state, os.environ),
        room=room,
    )


def configuration_of(directory: Path, database: Database, state: Path, environ: Mapping[str, str]) -> Configuration:
    """The configuration in force: the newest generation of the database, or the files before the first.

    Raises ConfigError where there is neither."""
    kept = Generations(database, lambda: signer(state, environ))
    return Configuration(directory, kept, prepared=_PREPARED.get(directory.absolute()))


def _directory() -> Path:
    return Path(os.environ.get("ALERTS_CONFIG", "config"))
