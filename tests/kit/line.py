"""The whole line in the test's process: a configuration of YAML, a database, a clock that the test moves."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, inspect, select

from alerts.model.alert import DeliveryState
from alerts.pipeline import steps
from alerts.pipeline.inline import Once
from alerts.pipeline.poll import PollOutcome
from alerts.pipeline.publish import publish_edits
from alerts.runtime.runtime import Runtime, configuration_of
from alerts.store.database import Database
from alerts.store.schema import Base, DeliveryRow

SECRET = {"ALERTS_SECRET": "of this test alone"}
"""The environment that holds the key of the configurations in the database."""

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


RESULTS = (
    *("items", "revisions", "findings", "cases", "memberships", "stories", "story_events", "transitions"),
    *("alerts", "deliveries", "attempts", "carried", "snapshots"),
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


def settings(sources: dict[str, str], channels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """A configuration about two institutions. `sources` gives URLs by id, `more` replaces whole sections.

    `acme-news` speaks for acme (A, direct); all others are secondary B. One fully confirmed headline on
    `outage` does 0.60 on priority, 0.30 on continuity; on `ruling` 0.60 on policy.
    """
    found: dict[str, Any] = {
        "sources": [
            {
                "id": name,
                "url": url,
                "publisher": name.replace("-", " ").title(),
                "reliability": "A" if name == "acme-news" else "B",
                "speaks_for": ["acme"] if name == "acme-news" else [],
                "interval": "1m",
                "allow_private": True,
            }
            for name, url in sources.items()
        ],
        "institutions": [
            {"id": "acme", "name": "Acme Networks", "tags": ["infra"]},
            {"id": "globex", "name": "Globex Corporation", "tags": ["infra"]},
        ],
        "topics": [
            {
                "id": "outage",
                "signal": "continuity",
                "any": ["outage*"],
                "severity": {"priority": 0.6, "policy": 0.0, "continuity": 0.3},
            },
            {
                "id": "ruling",
                "signal": "governance",
                "any": ["court ruling*"],
                "severity": {"priority": 0.0, "policy": 0.6, "continuity": 0.0},
            },
        ],
        # So high that one story moves one axis, which is what most tests are about.
        "levels": {"raise": {"medium": 0.25, "high": 0.50, "critical": 0.75}, "margin": 0.05},
    }
    if channels is not None:
        watch = [{"tags": ["infra"], "on": ["level"], "at_least": "medium", "direction": "both"}]
        found["subscribers"] = [
            {"id": "desk", "tier": "leadership-alliance", "channels": channels, "watch": watch, "group": "0s"}
        ]
    return {**found, **more}


def write(directory: Path, content: dict[str, Any]) -> Path:
    """The configuration as a file."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "alerts.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return directory


class Line:
    """Everything that the verbs need, and short ways to ask what came of them."""

    def __init__(self, database: Database, config: Path, clock: Clock) -> None:
        self.database = database
        self.config = config
        self.clock = clock
        self.out = io.StringIO()
        self.driver = Once()
        self.runtime = Runtime(
            database=database,
            configuration=configuration_of(config, database, config, SECRET),
            enqueue=self.driver.enqueue,
            clock=clock,
            stream=self.out,
        )
        publish_edits(self.runtime)

    def poll(self, source: str) -> PollOutcome:
        """Polls one source now and works until nothing is left to do."""
        outcome = steps.poll(self.runtime, source, due_only=False)
        self.driver.settle(self.runtime)
        return outcome

    def run(self, **after: float) -> list[PollOutcome]:
        """`alerts run --once`, after a while."""
        self.clock.move(**after)
        return self.driver.run(self.runtime, list(self.runtime.configuration.current().settings.sources))

    def settle(self, **after: float) -> None:
        """What falls due, polls apart, after a while."""
        self.clock.move(**after)
        self.driver.settle(self.runtime)

    def reconfigure(self, content: dict[str, Any]) -> None:
        write(self.config, content)
        self.runtime.configuration.look()  # as if the second between two looks had passed
        publish_edits(self.runtime)  # as the next tick would

    def rows(self, table: type[Base], **where: Any) -> list[Any]:
        """The rows of a table in the order of their keys."""
        with self.database.read() as session:
            query = select(table).filter_by(**where).order_by(*inspect(table).primary_key)
            return list(session.scalars(query))

    def deliveries(self, state: DeliveryState | None = None) -> list[DeliveryRow]:
        where = {} if state is None else {"state": state.value}
        return sorted(self.rows(DeliveryRow, **where), key=lambda row: (row.at, row.id))

    def counts(self) -> dict[str, int]:
        """How many rows each table of results has."""
        with self.database.read() as session:
            return {
                name: session.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0
                for name in RESULTS
            }

    def close(self) -> None:
        self.runtime.close()


@contextmanager
def line(database: Database, config: Path, content: dict[str, Any], clock: Clock | None = None) -> Iterator[Line]:
    made = Line(database, write(config, content), clock or Clock())
    try:
        yield made
    finally:
        made.close()
