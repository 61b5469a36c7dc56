"""Replaying what a live system recorded gives what it recorded, byte for byte, whatever the workers did."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kit.feeds import Entry, FeedServer
from kit.system import SECRET

from alerts.config.load import load_entries
from alerts.model.records import to_line, transition_record
from alerts.pipeline import steps
from alerts.pipeline.publish import publish_edits
from alerts.replay.backtest import rehearse
from alerts.runtime.runtime import Runtime, configuration_of, utc_now
from alerts.runtime.task_requests import TaskRequests
from alerts.store.database import Database
from alerts.store.repositories import cases, items, transitions

pytestmark = pytest.mark.servers

CONFIG = """
sources:
{sources}
institutions:
  - {{id: acme, name: Acme}}
  - {{id: globex, name: Globex Corporation}}
  - {{id: initech, name: Initech}}
topics:
  - id: outage
    signal: continuity
    any: [outage, down]
    severity: {{priority: 0.6, policy: 0.2, continuity: 0.4}}
levels:
  half_life: {{priority: 300ms, policy: 400ms, continuity: 350ms}}
subscribers:
  - id: desk
    channels: {{console: "console://"}}
    watch: [{{all: true, on: [level], direction: both, at_least: medium}}]
"""
SOURCE = "  - {{id: s{n}, url: '{url}/s{n}.xml', publisher: P{n}, reliability: {r}, interval: 1s, allow_private: true}}"
WORKERS, SOURCES, STEPS = 3, 6, 12
STEPS_OF = {"desk": "advance_desk", "poll": "poll_sources"}


class _Follow:
    """Follows the hints of its own process; what it drops, the next tick of any process finds."""

    def __init__(self, seed: int) -> None:
        self.waiting: list[TaskRequests] = []
        self.random = random.Random(seed)

    def run(self, runtime: Runtime, until: float) -> None:
        while time.monotonic() < until:
            steps.tick(runtime)
            while self.waiting:
                hints = self.waiting.pop(self.random.randrange(len(self.waiting)))
                work = list(hints.tasks())
                self.random.shuffle(work)
                for name, ids in work:
                    # One in five is lost, as if the broker had been emptied.
                    kept = [each for each in ids if self.random.random() >= 0.2]
                    if kept:
                        getattr(steps, STEPS_OF.get(name, name))(runtime, *kept)
            time.sleep(self.random.random() * 0.05)


def _work(url: str, config: Path, seed: int, seconds: float) -> None:
    database = Database(url)
    follow = _Follow(seed)
    with (config.parent / f"out-{seed}").open("w") as stream:
        runtime = Runtime(
            database,
            configuration_of(config, database, config, SECRET),
            follow.waiting.append,
            clock=utc_now,
            stream=stream,
        )
        follow.run(runtime, time.monotonic() + seconds)
        runtime.close()


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


def test_three_workers_and_a_replay_agree(
    database: Database, database_url: str, server: FeedServer, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    listed = "\n".join(SOURCE.format(n=n, url=server.url, r="AABBBC"[n % 6]) for n in range(SOURCES))
    (config / "all.yaml").write_text(CONFIG.format(sources=listed))
    first = Runtime(database, configuration_of(config, database, config, SECRET), lambda _: None, clock=utc_now)
    publish_edits(first)
    context = multiprocessing.get_context("spawn")
    seconds = 16.0
    workers = [context.Process(target=_work, args=(database_url, config, seed, seconds)) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    chance = random.Random(7)
    said: dict[int, list[Entry]] = {n: [] for n in range(SOURCES)}
    names = ["Acme", "Globex Corporation", "Initech"]
    for step in range(STEPS):
        for n in chance.sample(range(SOURCES), 3):
            who, about = chance.choice(names), chance.choice(["outage", "outage", "new office"])
            said[n].insert(0, Entry(f"{n}-{step}", f"{who} {about} number {chance.randrange(3)}"))
            if step > 4 and chance.random() < 0.3:  # an edit, and so a revision
                said[n][-1] = Entry(f"{n}-e", f"{chance.choice(names)} denies it all {step}")
            server.put(f"s{n}.xml", said[n])
        time.sleep(0.9)
    for worker in workers:
        worker.join(90)
        assert worker.exitcode == 0
    for institution in ("acme", "globex", "initech"):
        steps.assess(first, institution)
    with database.read() as session:
        recorded = list(items.record(session))
        live = transitions.find(session)
        cursors = {
            each: stored.cursor for each in ("acme", "globex", "initech") if (stored := cases.peek(session, each))
        }
    chance.shuffle(recorded)  # the order within an instant, or of the file, is nothing
    settings = load_entries(config).settings
    replayed = []
    for institution, cursor in cursors.items():
        replayed += rehearse(recorded, settings, until=cursor, only=frozenset({institution})).transitions
    assert len(live) > 10
    assert any(each.cause == "decay" for each in live)

    def lines(found: list) -> list[str]:  # type: ignore[type-arg]
        return sorted(to_line(transition_record(each)) for each in found)

    assert lines(live) == lines(replayed)
