"""How long each page takes in a deployment of 2,000 institutions and 1,000,000 items.

    .venv/bin/python benchmarks/pages.py [--items 1000000] [--requests 15] [--keep DIR] [--cpu]

The rows of half a year are made up and written straight into SQLite: findings, memberships, versions of stories, level
changes and cases, as the pipeline would have left them, a few institutions in the news far more than most. Then every
page is asked for through the whole application without a network, as a member of the leadership alliance and as an
open visitor. Milliseconds: the first request, the median and the worst of the further ones. With `--keep` the database
is made once and used again; `--cpu` counts what the process computed instead of what passed, for machines that do other
work meanwhile.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import literal, null
from starlette.applications import Starlette

from alerts.access.links import token_of
from alerts.access.signing import Signer
from alerts.model.level import Axis, Level
from alerts.model.subscriber import Tier
from alerts.pipeline.publish import publish_edits
from alerts.runtime.runtime import Runtime, configuration_of, utc_now
from alerts.store.database import Database
from alerts.store.repositories.links import invite
from alerts.store.schema import (
    AssessmentRow,
    CaseRow,
    FindingRow,
    MembershipRow,
    SourceRow,
    StoryRow,
    StoryVersionRow,
    TransitionRow,
    table_of,
)
from alerts.web.app import create_app

SIGNER = Signer(b"of the benchmark")
SPAN = timedelta(days=180)
SOURCES = 200
TOPICS = tuple(f"topic{number}" for number in range(40))
TAGS, REGIONS = 20, 8
BATCH = 20_000
PAGES = (
    "/",
    "/?tag=tag1",
    "/?region=region3&level=high",
    "/?institution=i0",
    "/?institution=i1999",
    "/?topic=topic7",
    "/?topic=topic39&level=critical",
    "/?source=s150",
    "/?tag=tag4&topic=topic3&level=medium",
    "/institutions",
    "/institutions?sort=changed&level=high",
    "/overview",
    "/institutions/i0",
    "/institutions/i0?compare=i1",
    "/institutions/i1500",
    "/api/stream",
)


def configuration(institutions: int) -> str:
    """Its institutions, sources and topics as YAML."""
    axes = "{priority: 0.4, policy: 0.2, continuity: 0.2}"
    lines = ["sources:"]
    lines += [
        f"  - {{id: s{each}, url: 'https://s{each}.example/', publisher: P{each}, reliability: {'ABCD'[each % 4]}}}"
        for each in range(SOURCES)
    ]
    lines += ["institutions:"]
    lines += [
        f"  - {{id: i{each}, name: Institution {each}, tags: [tag{each % TAGS}], region: region{each % REGIONS}}}"
        for each in range(institutions)
    ]
    lines += ["topics:"]
    lines += [f"  - {{id: {each}, signal: continuity, any: [{each}], severity: {axes}}}" for each in TOPICS]
    lines += ["subscribers:", "  - {id: desk, channels: {console: 'console://'}, watch: [{all: true}]}"]
    return "\n".join(lines)


def rows(institutions: int, items: int, end: datetime) -> Iterator[tuple[type, dict[str, Any]]]:
    """What the pipeline would have left of so many items, in order of time."""
    rng = random.Random(11)
    ids = [f"i{each}" for each in range(institutions)]
    weights = [1 / (1 + each) ** 0.7 for each in range(institutions)]
    about = rng.choices(ids, weights, k=items)
    running: dict[str, tuple[str, list[str]]] = {}
    levels: dict[str, dict[str, Level]] = {
        each: dict.fromkeys((axis.value for axis in Axis), Level.LOW) for each in ids
    }
    closed: dict[str, dict[str, Any]] = {}
    for number, institution in enumerate(about):
        at = end - SPAN * (1 - number / items)
        item = f"{number:016x}"
        story, members = running.get(institution, ("", []))
        if not story or rng.random() < 0.65:
            if story:
                yield StoryVersionRow, closed.pop(institution)
            story, members = f"s{item}", []
        members = [*members[-7:], item]
        running[institution] = story, members
        topics = [[rng.choice(TOPICS), 1.0]] if rng.random() < 0.6 else []
        source = rng.randrange(SOURCES)
        common = {"institution": institution, "observed": at, "item": item, "revision": number + 1, "quiet": False}
        title = f"Institution {institution[1:]} and something that happened {number}"
        yield FindingRow, {**common, "title": title, "url": f"https://n.example/{number}", "source": f"s{source}",
                           "publisher": f"P{source}", "published": at, "salience": 0.9, "topics": topics,
                           "mentions": [], "features": b""}  # fmt: skip
        yield MembershipRow, {"institution": institution, "item": item, "story": story}
        version = {"institution": institution, "story": story, "since": at, "until": None, "title": title, "newest": at,
                   "confidence": 0.3 + rng.random() * 0.6, "grade": "B", "mix": "secondary", "salience": 0.9,
                   "topics": topics, "reports": len(members), "publishers": 1, "items": members,
                   **{f"key_{axis}": number / items * 26 if topics else None for axis in Axis}}  # fmt: skip
        former = closed.get(institution)
        if former is not None:
            yield StoryVersionRow, {**former, "until": at}
        closed[institution] = version
        if number % 5 == 0:
            axis = rng.choice(list(Axis)).value
            before, now = levels[institution][axis], rng.choice(list(Level))
            if before is not now:
                levels[institution][axis] = now
                yield TransitionRow, {"at": at, "institution": institution, "axis": axis, "from_level": before.value,
                                      "to_level": now.value, "score": 0.3, "cause": "evidence",
                                      "contributions": []}  # fmt: skip
        if number % 3 == 0:
            yield AssessmentRow, {"institution": institution, "at": at, "stories": number, "reports": number,
                                  "publishers": 3, "direct": 0,
                                  "scores": [[0.3, int(at.timestamp() * 1e6), 5] for _ in Axis]}  # fmt: skip
    for version in closed.values():
        yield StoryVersionRow, version
    for institution in ids:
        yield CaseRow, {"institution": institution, "cursor": end, "version": 1, "configuration": "", "due_at": None,
                        "claimed_until": None, "reporter": {},
                        "axes": {axis: {"level": level.value, "since": None}
                                 for axis, level in levels[institution].items()}}  # fmt: skip


def fill(database: Database, institutions: int, items: int, end: datetime) -> None:
    waiting: dict[type, list[dict[str, Any]]] = {}

    def flush(table: Any) -> None:
        with database.write() as session:
            session.execute(table_of(table).insert(), waiting.pop(table))

    for table, row in rows(institutions, items, end):
        waiting.setdefault(table, []).append(row)
        if len(waiting[table]) >= BATCH:
            flush(table)
    for table in list(waiting):
        flush(table)
    with database.write() as session:
        session.execute(
            table_of(StoryRow)
            .insert()
            .from_select(
                [each.name for each in table_of(StoryRow).c],
                table_of(StoryVersionRow)
                .select()
                .with_only_columns(*(_story_column(each.name) for each in table_of(StoryRow).c))
                .where(StoryVersionRow.until.is_(None)),
            )
        )
        session.execute(table_of(SourceRow).update().values(last_success_at=end, last_poll_at=end))


def _story_column(name: str) -> Any:
    columns = table_of(StoryVersionRow).c
    others = {"id": columns.story, "first": columns.since, "merged_into": null()}
    found = others.get(name, columns[name] if name in columns else literal(0))
    return found.label(name)


async def timed(app: Starlette, token: str, address: str, requests: int, clock: Callable[[], float]) -> list[float]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app)
    found = []
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example", headers=headers) as client:
        for _ in range(requests):
            began = clock()
            answer = await client.get(address)
            found.append((clock() - began) * 1000)
            assert answer.status_code in {200, 403}, (address, answer.status_code, answer.text[:500])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--institutions", type=int, default=2000)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=15)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.cpu else time.perf_counter
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(exist_ok=True)
        (directory / "alerts.yaml").write_text(configuration(arguments.institutions))
        made = (directory / "alerts.db").exists()
        database = Database(f"sqlite:///{directory / 'alerts.db'}")
        database.upgrade()
        runtime = Runtime(database=database, configuration=configuration_of(directory, database, directory, {}),
                          enqueue=lambda _requests: None, clock=utc_now)  # fmt: skip
        now = datetime.now(UTC)
        if not made:
            publish_edits(runtime)
            began = time.perf_counter()
            fill(database, arguments.institutions, arguments.items, now)
            print(f"made in {time.perf_counter() - began:.0f} s")
        with database.write() as session:
            link = invite(session, tier=Tier.LEADERSHIP_ALLIANCE, now=now, lasting=timedelta(days=1))
        app = create_app(runtime, SIGNER, "no operator here")
        print(f"{'page':45}{'first':>8}{'median':>8}{'worst':>8}  (milliseconds)")
        for who, token in (("", token_of(SIGNER, link)), ("open ", "")):
            for address in PAGES:
                if arguments.only and arguments.only not in address:
                    continue
                first, *more = asyncio.run(timed(app, token, address, arguments.requests + 1, clock))
                print(f"{who + address:45}{first:8.1f}{statistics.median(more):8.1f}{max(more):8.1f}", flush=True)


if __name__ == "__main__":
    main()
