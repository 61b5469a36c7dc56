"""The whole system in the test's process: a configuration, a database, a clock that the test moves.

News comes from feeds that are polled, or is observed by hand; no broker and no worker is needed.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import yaml
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from alerts.cases.case_file import CaseFile
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.model.mention import Matched
from alerts.pipeline import steps
from alerts.pipeline.inline import Once
from alerts.pipeline.poll import PollOutcome, finding_rows
from alerts.pipeline.publish import publish_edits
from alerts.runtime.configuration import Active, Configuration
from alerts.runtime.runtime import Runtime, configuration_of
from alerts.runtime.task_requests import TaskRequests
from alerts.store.database import Database
from alerts.store.repositories import cases, items
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


CONFIG = """
sources:
  - {id: acme-news, url: "https://acme.example/feed", publisher: Acme, reliability: A, speaks_for: [acme]}
  - {id: tribune, url: "https://tribune.example/feed", publisher: Harbor Tribune, reliability: B}
  - {id: coastline, url: "https://coastline.example/feed", publisher: Coastline Online, reliability: C}
institutions:
  - id: acme
    name: Acme
    aliases: [Acme Corporation]
    products: [Rocketeer]
    domains: [acme.example]
    category: Manufacturer
    region: Europe
    primary_domain: Aerospace
    tags: [rockets]
    relations: [{kind: supplier, to: globex}]
  - {id: globex, name: Globex, category: Supplier, region: North America, tags: [parts]}
  - {id: initech, name: Initech, category: Software, region: Europe, tags: [rockets, quiet]}
topics:
  - id: outage
    signal: continuity
    any: ["outage", "shut down"]
    severity: {priority: 0.6, policy: 0.1, continuity: 0.3}
  - id: probe
    signal: governance
    any: ["probe*", "investigation"]
    severity: {priority: 0.2, policy: 0.5, continuity: 0.2}
# So high that one story moves one axis, which is what most tests are about.
levels: {raise: {medium: 0.25, high: 0.5, critical: 0.75}, margin: 0.05}
subscribers:
  - id: desk
    tier: strategic-circle
    channels: {console: "console://", pager: "console://"}
    watch:
      - {all: true, on: [level], at_least: medium, direction: both, to: [console]}
      - {institutions: [globex], on: [mention], to: [pager]}
    repeat: 24h
    group: 0s
  - id: board
    tier: leadership-alliance
    channels: {mail: "console://"}
    watch: [{institutions: [globex], on: [level]}]
    group: 0s
"""


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


def write(directory: Path, content: dict[str, Any] | str) -> Path:
    """The configuration as a file."""
    directory.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    (directory / "alerts.yaml").write_text(text, encoding="utf-8")
    return directory


def look(configuration: Configuration) -> Active:
    """What is in force once the files are read again, as if the second between two looks had passed."""
    configuration._looked = float("-inf")
    return configuration.current()


class System:
    """Everything that the steps need, and short ways to ask what came of them.

    `out` is what consoles printed, `requests` the tasks that were requested, `count` how many items were observed.
    """

    def __init__(
        self,
        database: Database,
        config: Path,
        content: dict[str, Any] | str | None = CONFIG,  # None: the files that are there
        clock: Clock | None = None,
        *,
        count: int = 0,
    ) -> None:
        self.database = database
        self.config = config if content is None else write(config, content)
        self.clock = clock or Clock()
        self.count = count
        self.out = io.StringIO()
        self.requests: list[TaskRequests] = []
        self.driver = Once()
        self.runtime = Runtime(
            database=database,
            configuration=configuration_of(config, database, config, SECRET),
            enqueue=self._enqueue,
            clock=self.clock,
            stream=self.out,
        )
        publish_edits(self.runtime)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def close(self) -> None:
        self.runtime.close()

    def _enqueue(self, requests: TaskRequests) -> None:
        self.requests.append(requests)
        self.driver.enqueue(requests)

    @property
    def now(self) -> datetime:
        return self.clock.at

    def later(self, **span: float) -> None:
        self.clock.move(**span)

    def poll(self, source: str) -> PollOutcome:
        """Polls one source now and works until nothing is left to do."""
        outcome = steps.poll_sources(self.runtime, source, due_only=False)[0]
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

    def observe(
        self,
        source: str,
        title: str,
        *,
        text: str = "",
        url: str | None = None,
        id: str = "",  # noqa: A002 - as in items
        author: str = "",
        withdrawn: bool = False,
        assessed: bool = True,
    ) -> str:
        """An item appears at a source now, and is assessed unless `assessed` is false. Returns its id."""
        self.count += 1
        item = Item(
            id=id or f"{source}-{self.count}",
            title=title,
            observed=self.now,
            summary=text,
            url=f"https://{source}.example/{self.count}" if url is None else url,
            source=source,
            published=self.now - timedelta(minutes=1),
            author=author,
            withdrawn=withdrawn,
        )
        with self.runtime.database.write() as session:
            who = self.add_findings(session, item, self.count, self.runtime.configuration.current().matcher.match(item))
        self.later(microseconds=1)
        if assessed:
            steps.assess(self.runtime, *who)
        return item.id

    def add_findings(self, session: Session, item: Item, number: int, matched: Matched) -> list[str]:
        """Records what a revision of an item says about whom; the institutions that are due because of it."""
        former = items.institutions_of(session, [item.id]).get(item.id, set())
        rows = finding_rows(self.runtime.configuration.current(), matched, None, item, number, former)
        cases.add_findings(session, rows)
        who = sorted({row["institution"] for row in rows})
        cases.mark_due(session, who, self.now)
        return who

    def reconfigure(self, content: dict[str, Any] | str | None = None) -> None:
        """Puts another configuration in force, or the files as they are now."""
        if content is not None:
            write(self.config, content)
        self.look_again()
        publish_edits(self.runtime)  # as the next tick would

    def look_again(self) -> None:
        look(self.runtime.configuration)

    def rows(self, table: type[Base], **where: Any) -> list[Any]:
        """The rows of a table in the order of their keys."""
        with self.database.read() as session:
            query = select(table).filter_by(**where).order_by(*inspect(table).primary_key)
            return list(session.scalars(query))

    def deliveries(self, state: str = "") -> list[DeliveryRow]:
        """Those of a state, or all, in the order of what they report."""
        where = {"state": state} if state else {}
        return sorted(self.rows(DeliveryRow, **where), key=lambda row: (row.at, row.id))

    def counts(self) -> dict[str, int]:
        """How many rows each table of results has."""
        with self.database.read() as session:
            return {
                name: session.scalar(select(func.count()).select_from(Base.metadata.tables[name])) or 0
                for name in RESULTS
            }


def case_at(session: Session, active: Active, institution: Institution, at: datetime) -> CaseFile:
    """The case file as of an instant, built from every observation until then."""
    case = CaseFile(institution, active.settings.topics, active.settings.levels)
    for instant, batch in cases.observations(session, institution.id, active.settings.sources, upto=at):
        case.observe(instant, batch)
    case.advance(at)
    return case
