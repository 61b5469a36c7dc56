"""How long a search takes among many items, what the index costs on disk, and how fast it is written.

    .venv/bin/python benchmarks/search.py [--items 20000] [--databases sqlite,postgresql] [--repeat 3]

Made-up items of 60 words, whose frequencies fall as those of a language do (a word's is one over its rank), from 200
sources; one in ten is about one of 300 institutions. Rows are written as polls leave them, the index as the worker
adds it. Then each query is asked for as the page asks, in the process of the pages: the index, reading, ranking,
excerpts. Times are the median and the longest; the first request of each is among them. `CPU ms` is what this process
and the server of the database computed, on average: what holds on a machine that does other work meanwhile.
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from sqlalchemy import text

from alerts.insight.search import search
from alerts.model.institution import Institution
from alerts.model.settings import Settings
from alerts.model.source import Reliability, Source
from alerts.model.subscriber import Tier
from alerts.runtime import gc_tuning
from alerts.store.database import Database
from alerts.store.repositories import search_index
from alerts.store.schema import Base, FindingRow, ItemRow, RevisionRow, table_of
from alerts.store.upsert import insert_all
from benchmarks import harness

CONSONANTS, VOWELS = "bcdfghklmnprstvz", "aeiou"
VOCABULARY, WORDS, SOURCES, INSTITUTIONS = 200_000, 60, 200, 300
BATCH = 2_000
START = datetime(2025, 1, 1, tzinfo=UTC)


def word(number: int) -> str:
    """The word of a rank: frequent ones are short."""
    syllables, rest = "", number + 1
    while rest:
        rest, digit = divmod(rest, 80)
        syllables += CONSONANTS[digit // 5] + VOWELS[digit % 5]
    return syllables


def texts(count: int) -> Iterator[list[str]]:
    chance = random.Random(1)
    words = [word(number) for number in range(VOCABULARY)]
    weights = list(itertools.accumulate(1 / (number + 2.7) for number in range(VOCABULARY)))
    for _ in range(count):
        yield chance.choices(words, cum_weights=weights, k=WORDS)


def settings() -> Settings:
    sources = {
        f"s{each}": Source(f"s{each}", "", publisher=f"P{each}", reliability=Reliability.B) for each in range(SOURCES)
    }
    institutions = {
        f"i{each}": Institution(f"i{each}", f"Institution {word(each * 7)}") for each in range(INSTITUTIONS)
    }
    return Settings(sources=MappingProxyType(sources), institutions=MappingProxyType(institutions))


def fill(database: Database, count: int, *, at_once: bool = False) -> float:
    """Records the items and indexes them; seconds that the index took. `at_once`: PostgreSQL builds it at the end."""
    news, took = texts(count), 0.0
    built_later = at_once and not database.is_sqlite
    if built_later:
        with database.write() as session:
            session.execute(text("DROP INDEX ix_search_words"))
    for first in range(0, count, BATCH):
        items: list[dict[str, Any]] = []
        revisions: list[dict[str, Any]] = []
        findings: list[dict[str, Any]] = []
        for number in range(first, min(first + BATCH, count)):
            words, at = next(news), START + timedelta(seconds=30) * number
            title, summary = " ".join(words[:8]).capitalize(), " ".join(words[8:]).capitalize() + "."
            key, source, url = f"n{number}", f"s{number % SOURCES}", f"https://news.example/{number}"
            same = {"source": source, "published": at, "title": title, "withdrawn": False}
            known = {"link_key": url, "title_key": key, "link": url, "fingerprint": key, "text_print": key}
            items.append({"id": key, "revision": 0, "first_observed": at, "last_changed": at, **known, **same})
            empty = dict.fromkeys(("content", "publisher", "author", "origin", "language"), "")
            revisions.append(
                {"id": number + 1, "item": key, "observed": at, "summary": summary, "url": url, **empty, **same}
            )
            if number % 10 == 0:
                about = {
                    "institution": f"i{number // 10 % INSTITUTIONS}",
                    "item": key,
                    "observed": at,
                    "source": source,
                }
                found = {"title": title, "url": url, "publisher": "", "published": at, "salience": 1.0, "quiet": False}
                rest: dict[str, Any] = {"topics": [], "mentions": [], "features": b""}
                findings.append({"revision": number + 1, **about, **found, **rest})
        for table, rows in ((ItemRow, items), (RevisionRow, revisions), (FindingRow, findings)):
            store(database, table, rows)
        began = time.perf_counter()
        while search_index.catch_up(database, START, BATCH):
            continue
        took += time.perf_counter() - began
        if first and first % 100_000 == 0:
            print(f"  {first:,} items", flush=True)
    if built_later:
        began = time.perf_counter()
        with database.write() as session:
            session.execute(text("CREATE INDEX ix_search_words ON search USING gin (words)"))
        took += time.perf_counter() - began
    return took


def store(database: Database, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """By COPY where there is one: it is the search that is measured, not how its items got there."""
    if database.is_sqlite:
        with database.write(flush=False) as session:
            insert_all(session, table, rows)
        return
    names = sorted(rows[0])
    connection: Any = database.engine.raw_connection()
    same = lambda value: value  # noqa: E731
    ways: list[Any] = [table_of(table).c[name].type.bind_processor(database.engine.dialect) or same for name in names]
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table.__tablename__} ({', '.join(names)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([way(row[name]) for name, way in zip(names, ways, strict=True)])
    connection.commit()
    connection.close()


def index_bytes(database: Database) -> int:
    query = "SELECT SUM(pgsize) FROM dbstat WHERE name LIKE 'search%'"
    if not database.is_sqlite:
        query = "SELECT pg_total_relation_size('search')"
    with database.read() as session:
        return int(session.scalar(text(query)) or 0)


def queries(count: int) -> dict[str, dict[str, str]]:
    day = {"since": (START + timedelta(seconds=30) * (count * 9 // 10)).isoformat()}
    return {
        "the most frequent word": {"q": word(0) + " "},
        "a frequent word": {"q": word(20)},
        "a word in 1 of 100 items": {"q": f'"{word(700)}"'},
        "a rare word": {"q": f'"{word(60_000)}"'},
        "two frequent words": {"q": f'"{word(5)}" "{word(9)}"'},
        "a frequent and a rare word": {"q": f'"{word(0)}" "{word(30_000)}"'},
        "three words": {"q": f'"{word(300)}" "{word(400)}" {word(900)}'},
        "a phrase of frequent words": {"q": f'"{word(3)} {word(1)}"'},
        "a phrase that is nowhere": {"q": f'"{word(30)} {word(50)} {word(31)}"'},
        "a beginning of 4 letters": {"q": word(3_000)[:4] + "*"},
        "a beginning of 6 letters": {"q": word(30_000)[:6] + "*"},
        "a word without another": {"q": f'"{word(200)}" -{word(0)}'},
        "a word of one source": {"q": f'"{word(40)}"', "source": "s7"},
        "a word about one institution": {"q": f'"{word(40)}"', "institution": "i7"},
        "the most frequent about one": {"q": f'"{word(0)}"', "institution": "i7"},
        "a word of the last tenth": {"q": f'"{word(40)}"', **day},
        "a word that nothing holds": {"q": "xylophone"},
    }


def processor_seconds(server: int | None) -> float:
    """What this process and a server with its children have computed; the latter in steps of 10 ms."""
    found = time.process_time()
    processes = [] if server is None else [psutil.Process(server), *psutil.Process(server).children()]
    return found + sum(sum(each.cpu_times()[:2]) for each in processes)


def measure(kind: str, count: int, repeat: int, *, at_once: bool) -> None:
    known = settings()
    with harness.workplace() as folder, harness.database(kind, folder) as (url, pid):
        database = Database(url)
        took = fill(database, count, at_once=at_once)
        if not database.is_sqlite:
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        size = index_bytes(database) / count
        print(f"{kind}, {count:,} items: index {size:,.0f} bytes an item, written at {count / took:,.0f} items/s")
        print(f"  {'':<32}{'found':>7}{'median ms':>11}{'longest':>9}{'CPU ms':>9}")
        slowest = 0.0
        for name, asked in queries(count).items():
            times, worked = [], processor_seconds(pid)
            for _ in range(repeat):
                began = time.perf_counter()
                with database.read() as session:
                    found = search(session, known, asked, Tier.STRATEGIC_CIRCLE, START + timedelta(seconds=30) * count)
                times.append((time.perf_counter() - began) * 1000)
            slowest = max(slowest, statistics.median(times))
            shown = f"{found['found']}{'' if found['complete'] else '+'}"
            middle, own = statistics.median(times), (processor_seconds(pid) - worked) * 1000 / repeat
            print(f"  {name:<32}{shown:>7}{middle:>11.1f}{max(times):>9.1f}{own:>9.1f}", flush=True)
        print(f"  slowest median {slowest:.1f} ms")
        database.dispose()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--at-once", action="store_true", help="PostgreSQL builds its index at the end, which is faster"
    )
    options = parser.parse_args(arguments)
    gc_tuning.look_rarely()
    for kind in options.databases.split(","):
        measure(kind, options.items, options.repeat, at_once=options.at_once)


if __name__ == "__main__":
    main()
