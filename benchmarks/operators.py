"""How long operators of a large deployment wait for their commands.

    .venv/bin/python benchmarks/operators.py [--items 1000000] [--only check,plan,value]

A made-up world (benchmarks/world.py) is written as YAML, its news are recorded in SQLite a minute apart, and the
commands run as a person runs them. For each: the seconds that passed, and those that processors computed.

    check   2,000 institutions and 1,000 sources are validated
    plan    another threshold, over the newest of the recorded items
    value   what each of 500 sources is worth: 500 institutions, a tenth as many items, from a file
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from alerts.store.database import Database
from alerts.store.schema import ItemRow, RevisionRow
from alerts.store.upsert import insert_all
from benchmarks.world import START, News, World

BATCH = 2_000


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--only", default="check,plan,value")
    options = parser.parse_args(arguments)
    wanted = options.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        world = World(2_000, 1_000)
        here = configuration(directory / "config", world.config("https://news.example"))
        if "check" in wanted:
            run("check", directory, here, "check")
        if "plan" in wanted:
            record(directory, world, options.items)
            other = {**world.config("https://news.example"), "levels": {"raise": {"medium": 0.15}}}
            configuration(directory / "other", other)
            run("plan", directory, here, "plan", "--against", str(directory / "other"))
        if "value" in wanted:
            small = World(500, 500, seed=2)
            config = configuration(directory / "small", small.config("https://news.example"))
            history = directory / "history.jsonl"
            with history.open("w", encoding="utf-8") as file:
                for at, source, news in played(small, options.items // 10):
                    fields = {"id": news.id, "title": news.title, "summary": news.text, "url": news.url}
                    file.write(json.dumps({**fields, "source": f"source-{source}", "observed": at.isoformat()}) + "\n")
            run("value", directory, config, "sources", "value", "--history", str(history), "--json")


def configuration(directory: Path, content: dict[str, Any]) -> Path:
    directory.mkdir()
    (directory / "alerts.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return directory


def played(world: World, count: int) -> Iterator[tuple[Any, int, News]]:
    """The news of all sources in turn, a minute apart."""
    for number in range(count):
        source, version = number % world.sources, number // world.sources
        yield START + timedelta(minutes=number), source, world.news(source, version, 1)[0]


def record(directory: Path, world: World, count: int) -> None:
    """Records the news without matching them: a plan matches what it plays."""
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    empty = dict.fromkeys(("content", "publisher", "author", "origin", "language"), "")
    news_of_all = played(world, count)
    while some := list(itertools.islice(news_of_all, BATCH)):
        items, revisions = [], []
        for at, source, news in some:
            same = {"source": f"source-{source}", "published": at, "title": news.title, "withdrawn": False}
            known = {"link_key": news.url, "title_key": news.id, "fingerprint": news.id, "text_print": news.id}
            times = {"revision": 0, "first_observed": at, "last_changed": at}
            items.append({"id": news.id, "link": news.url, **times, **known, **same})
            text = {"summary": news.text, "url": news.url}
            revisions.append({"item": news.id, "observed": at, **text, **empty, **same})
        with database.write(flush=False) as session:
            insert_all(session, ItemRow, items)
            insert_all(session, RevisionRow, revisions)
    database.dispose()


def run(what: str, directory: Path, config: Path, *command: str) -> None:
    """Runs a command of the program, and prints what it cost."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    place = ["--config", str(config), "--database", f"sqlite:///{directory / 'alerts.db'}"]
    done = subprocess.run(
        [sys.executable, "-m", "alerts", *place, "--state", str(directory / "state"), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{what}: {done.stderr}")
    after, passed = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    lines = len(done.stdout.splitlines())
    print(f"{what}: {passed:.1f} s, {computed:.1f} s of processors, {lines:,} lines", flush=True)


if __name__ == "__main__":
    main()
