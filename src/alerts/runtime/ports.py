"""What each step needs of the runtime: a poll needs no renderer, a page no HTTP client, a silence neither.

    Recording ─> Enqueuing ─┬─> Ticking     room in the queues
                            ├─> Polling     HTTP client, addresses of pages
                            ├─> Assessing   case files in memory
                            ├─> Sending     renderer, bulkhead, addresses of pages
                            └─> Serving     addresses of pages

`alerts.runtime.runtime.Runtime` is all of them; whoever needs less can be given less.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TextIO

from alerts.access.links import Pages
from alerts.feeds.fetching.network import HttpClient
from alerts.rendering.render import Renderer
from alerts.runtime.bulkhead import Bulkhead
from alerts.runtime.case_cache import CaseCache
from alerts.runtime.configuration import Configuration
from alerts.runtime.task_requests import TaskRequests
from alerts.store.database import Database


class Recording(Protocol):
    """The database, the configuration in force, and the time."""

    @property
    def database(self) -> Database: ...
    @property
    def configuration(self) -> Configuration: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...


class Enqueuing(Recording, Protocol):
    """`enqueue` is called only after a transaction committed."""

    @property
    def enqueue(self) -> Callable[[TaskRequests], None]: ...


class Ticking(Enqueuing, Protocol):
    """`room` says how many more tasks of a step its queue takes; `enqueue` may drop what is more than that."""

    @property
    def room(self) -> Callable[[str], int]: ...


class Serving(Enqueuing, Protocol):
    """`pages` are where the world finds the pages; None where it does not."""

    @property
    def pages(self) -> Pages | None: ...


class Polling(Serving, Protocol):
    """With an HTTP client."""

    @property
    def client(self) -> HttpClient: ...


class Assessing(Enqueuing, Protocol):
    """With the case files that this process has in memory."""

    @property
    def cases(self) -> CaseCache: ...


class Sending(Serving, Protocol):
    """`stream` is where console channels print."""

    @property
    def renderer(self) -> Renderer: ...
    @property
    def bulkhead(self) -> Bulkhead: ...
    @property
    def stream(self) -> TextIO: ...
