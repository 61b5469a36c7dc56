"""The whole line in one process, with its statements counted: no broker, no threads but the pollers'."""

from __future__ import annotations

import contextlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event, update

from alerts.pipeline.inline import Once
from alerts.pipeline.publish import publish_edits
from alerts.runtime.runtime import Runtime, configuration_of, utc_now
from alerts.store.database import Database
from alerts.store.schema import SourceRow


class Statements:
    """Counts what is sent to a database: `total`, and each text by how often it was sent.

    Many rows in one statement are one: it is round trips that are counted.
    """

    def __init__(self) -> None:
        self.by_text: Counter[str] = Counter()

    @property
    def total(self) -> int:
        return self.by_text.total()

    @contextlib.contextmanager
    def counting(self, database: Database) -> Iterator[Statements]:
        def sent(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
            self.by_text[statement] += 1

        event.listen(database.engine, "before_cursor_execute", sent)
        try:
            yield self
        finally:
            event.remove(database.engine, "before_cursor_execute", sent)


class Inline:
    """A runtime and what it enqueues, followed on demand."""

    def __init__(self, config: Path, url: str, clock: Callable[[], datetime] = utc_now) -> None:
        self.once = Once()
        self.database = Database(url, pool_size=16)
        self.runtime = Runtime(
            database=self.database,
            configuration=configuration_of(config, self.database, config, {}),
            enqueue=self.once.enqueue,
            clock=clock,
            stream=io.StringIO(),
        )
        self.runtime.configuration.current().matcher  # noqa: B018
        publish_edits(self.runtime)

    @property
    def sources(self) -> list[str]:
        return list(self.runtime.configuration.current().settings.sources)

    def due(self) -> None:
        """Makes every source due now, as its interval will in time."""
        with self.database.write() as session:
            session.execute(update(SourceRow).values(next_poll_at=utc_now(), claimed_until=None))

    def close(self) -> None:
        self.runtime.close()
