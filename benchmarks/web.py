"""How long the pages take, with up to 10,000 pieces of evidence about one institution.

    .venv/bin/python benchmarks/web.py [--evidence 100,1000,10000] [--requests 40]

Made-up items about one institution over half a year, a third of them further reports of a story, are matched,
assessed and stored as the pipeline does it, in SQLite. Then the profile page is asked for as a member of the
leadership alliance, who sees most, through the whole application without a network:

    empty   an institution about which nothing was found: what any page costs
    first   the first request of a process
    again   the median of further requests
    news    the median of requests right after something new was observed about the institution
    past    the median of requests for the profile of one of several past days
    list    the median of requests for the list of institutions

Ratios are to `empty`, in the same run. `--cpu` counts what the process computed instead of what passed, for machines
that do other work meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette

from alerts.access.links import token_of
from alerts.access.signing import Signer
from alerts.model.item import Item
from alerts.model.subscriber import Tier
from alerts.pipeline import steps
from alerts.pipeline.poll import finding_rows
from alerts.pipeline.publish import publish_edits
from alerts.runtime.runtime import Runtime, configuration_of, utc_now
from alerts.store.database import Database
from alerts.store.repositories import cases
from alerts.store.repositories.links import invite
from alerts.web.app import create_app

SYLLABLES = "ba ce do fa gi ho ka le mi nor pa re so tan vel zu".split()  # noqa: SIM905
SIGNER = Signer(b"of the benchmark")
CONFIG = """
sources: [{sources}]
institutions:
  - {{id: acme, name: Acme, tags: [a]}}
  - {{id: quiet, name: Quiet, tags: [a]}}
topics:
  - {{id: outage, signal: continuity, any: [outage], severity: {{priority: 0.4, policy: 0.1, continuity: 0.2}}}}
  - {{id: probe, signal: governance, any: [probe], severity: {{priority: 0.1, policy: 0.4, continuity: 0.1}}}}
  - {{id: deal, signal: relationship, any: [deal], severity: {{priority: 0.1, policy: 0.1, continuity: 0.3}}}}
subscribers:
  - {{id: desk, channels: {{console: "console://"}}, watch: [{{all: true}}]}}
"""


class Newsroom:
    """Makes up items and stores what is found in them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._rng = random.Random(11)
        self._words = ["".join(self._rng.choices(SYLLABLES, k=3)) for _ in range(6000)]
        self._titles: list[str] = []
        self._count = 0

    def publish(self, count: int, start: datetime, end: datetime) -> None:
        """`count` items, evenly between two instants, assessed at the end."""
        active = self._runtime.configuration.current()
        rows = []
        for place in range(count):
            item = self._item(start + (end - start) * place / count)
            rows += finding_rows(active, active.matcher.match(item), None, item, self._count, set())
        with self._runtime.database.write() as session:
            cases.add_findings(session, rows)
            cases.mark_due(session, ["acme"], end)
        steps.assess(self._runtime, "acme")

    def _item(self, at: datetime) -> Item:
        rng = self._rng
        self._count += 1
        if self._titles and rng.random() < 0.35:
            title = " ".join([*rng.choice(self._titles[-30:]).split()[:-1], rng.choice(self._words)])
        else:
            topic = rng.choice(["outage", "probe", "deal", "", ""])
            title = " ".join(["Acme", topic, *rng.choices(self._words, k=7)])
            self._titles.append(title)
        return Item(
            id=f"i{self._count}",
            title=title,
            observed=at,
            summary=" ".join(rng.choices(self._words, k=40)),
            url=f"https://news.example/{self._count}",
            source=f"s{rng.randrange(40)}",
            published=at - timedelta(minutes=5),
        )


async def timed(
    app: Starlette, token: str, addresses: list[str], before: Callable[[], None], clock: Callable[[], float]
) -> list[float]:
    """Milliseconds of each request."""
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example", headers=headers) as client:
        found = []
        for address in addresses:
            before()
            began = clock()
            answer = await client.get(address)
            found.append((clock() - began) * 1000)
            assert answer.status_code == 200, answer.text
        return found


def measure(evidence: int, requests: int, directory: Path, clock: Callable[[], float]) -> None:
    (directory / "alerts.yaml").write_text(
        CONFIG.format(
            sources=", ".join(
                f"{{id: s{each}, url: 'https://s{each}.example/', publisher: P{each}, reliability: {'ABCD'[each % 4]}}}"
                for each in range(40)
            )
        )
    )
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    now = datetime.now(UTC)
    runtime = Runtime(
        database=database,
        configuration=configuration_of(directory, database, directory, {}),
        enqueue=lambda _hints: None,
        clock=utc_now,
    )
    publish_edits(runtime)
    newsroom = Newsroom(runtime)
    newsroom.publish(evidence, now - timedelta(days=180), now)
    with database.write() as session:
        token = token_of(SIGNER, invite(session, tier=Tier.LEADERSHIP_ALLIANCE, now=now, lasting=timedelta(days=1)))
    app = create_app(runtime, SIGNER, "no operator here")

    def ask(address: str, count: int, before: Callable[[], None] = lambda: None) -> list[float]:
        return asyncio.run(timed(app, token, [address] * count, before, clock))

    def news() -> None:
        newsroom.publish(1, datetime.now(UTC), datetime.now(UTC))

    ask("/institutions/quiet", 3)
    empty = statistics.median(ask("/institutions/quiet", requests))
    [first] = ask("/institutions/acme", 1)
    again = sorted(ask("/institutions/acme", requests))
    fresh = statistics.median(ask("/institutions/acme", min(requests, 10), news))
    days = [f"/institutions/acme?at={each}d" for each in range(1, 9)]
    past = statistics.median(asyncio.run(timed(app, token, days, lambda: None, clock)))
    listed = statistics.median(ask("/", requests))
    median, worst = statistics.median(again), again[int(len(again) * 0.95)]
    shown = (empty, first, median, worst, fresh, past, listed)
    print(
        f"{evidence:>8}"
        + "".join(f"{value:>10.1f}" for value in shown)
        + f"   again {median / empty:.1f}x, news {fresh / empty:.1f}x of empty"
    )
    database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evidence", default="100,1000,10000")
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu else time.perf_counter
    names = ("empty", "first", "again", "again p95", "news", "past", "list")
    print("evidence" + "".join(f"{name:>10}" for name in names) + "   (milliseconds)")
    for evidence in map(int, arguments.evidence.split(",")):
        with tempfile.TemporaryDirectory() as directory:
            measure(evidence, arguments.requests, Path(directory), clock)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
