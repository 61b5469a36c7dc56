"""A small world without sockets: a configuration, a database, a clock, and items that are observed by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kit.line import SECRET
from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.cases.case_file import CaseFile
from alerts.model.institution import Institution
from alerts.model.item import Item
from alerts.pipeline import steps
from alerts.pipeline.mentions import finding_rows
from alerts.pipeline.publish import publish_edits
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime, configuration_of
from alerts.runtime.task_requests import TaskRequests
from alerts.store.database import Database
from alerts.store.repositories import cases, items
from alerts.store.schema import DeliveryRow

BEGINNING = datetime(2026, 2, 24, 9, tzinfo=UTC)

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


@dataclass
class World:
    """`said` is what consoles printed, `hints` what was enqueued."""

    runtime: Runtime
    at: list[datetime]
    said: io.StringIO
    hints: list[TaskRequests] = field(default_factory=list)
    count: int = 0  # of items observed

    @property
    def now(self) -> datetime:
        return self.at[0]

    def later(self, **span: float) -> None:
        self.at[0] += timedelta(**span)

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
        """A source says something now; unless told not to, what comes of it is assessed. The item's id."""
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
        active = self.runtime.configuration.current()
        matched = active.matcher.match(item)
        with self.runtime.database.write() as session:
            former = items.institutions_of(session, [item.id]).get(item.id, set())
            rows = finding_rows(active, matched, None, item, self.count, former)
            cases.add_findings(session, rows)
            who = sorted({row["institution"] for row in rows})
            cases.mark_due(session, who, self.now)
        self.later(microseconds=1)
        if assessed:
            steps.assess(self.runtime, *who)
        return item.id

    def reconfigure(self) -> None:
        """Puts the files in force as they are now."""
        self.runtime.configuration.look()
        publish_edits(self.runtime)

    def settle(self) -> None:
        """Assesses and sends what is due now."""
        found = steps.tick(self.runtime)
        steps.assess(self.runtime, *found.assess)
        for delivery in self.deliveries("pending"):
            steps.send(self.runtime, delivery)

    def deliveries(self, *states: str) -> Sequence[str]:
        with self.runtime.database.read() as session:
            query = select(DeliveryRow.id).where(DeliveryRow.state.in_(states)).order_by(DeliveryRow.created_at)
            return list(session.scalars(query))


def world(
    database: Database, directory: Path, *, config: str = CONFIG, at: datetime = BEGINNING, count: int = 0
) -> World:
    """A world as of `at`; `directory` is to hold its configuration."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "alerts.yaml").write_text(config, encoding="utf-8")
    clock = [at]
    said = io.StringIO()
    hints: list[TaskRequests] = []
    runtime = Runtime(
        database=database,
        configuration=configuration_of(directory, database, directory, SECRET),
        enqueue=hints.append,
        clock=lambda: clock[0],
        stream=said,
    )
    publish_edits(runtime)
    return World(runtime, clock, said, hints, count)


def case_at(session: Session, active: Active, institution: Institution, at: datetime) -> CaseFile:
    """The case file as of an instant, worked through from every observation until then."""
    case = CaseFile(institution, active.settings.topics, active.settings.levels)
    for instant, batch in cases.observations(session, institution.id, active.settings.sources, upto=at):
        case.observe(instant, batch)
    case.advance(at)
    return case
