"""Items and deliveries in PostgreSQL, in one table or partitioned by month: the cost of hot statements and of pruning.

    .venv/bin/python benchmarks/partitions.py [--rows 10000000]

A server of its own with default settings; made-up rows over twelve months, the columns and indexes that matter. Times
are medians in milliseconds but for loading and pruning. docs/design/0029-partitions.md draws the conclusion.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

import psycopg

from benchmarks import harness

MONTHS, BATCH, ENTRIES = 12, 500, 50
MONTH = 30 * 86400 * 10**6  # microseconds, as the program stores instants

ITEMS = (
    "items (id text, source text, link_key text, title_key text, title text, fingerprint text, at bigint NOT NULL)",
    (
        "SELECT substr(md5(n::text), 1, 20), 'source-' || n %% 10000, 'news.example/' || n, 'title ' || n, "
        "repeat('word ', 20) || n, md5('f' || n), n::bigint * %d FROM generate_series(%d, %d) n"
    ),
    ["(source, link_key)", "(source, title_key)"],
)
DELIVERIES = (
    "deliveries (id text, subscriber text, message text, state text, due_at bigint, at bigint NOT NULL)",
    (
        "SELECT substr(md5(n::text), 1, 20), 'desk-' || n %% 1000, repeat('word ', 60) || n, 'sent', "
        "CASE WHEN n %% 10000 = 0 THEN n ELSE NULL END, n::bigint * %d FROM generate_series(%d, %d) n"
    ),
    ["(at)", "(subscriber)", "(due_at)"],
)


class Layout:
    """One table, partitioned or not, filled and analysed."""

    def __init__(self, connection: psycopg.Connection, rows: int, *, partitioned: bool) -> None:
        self.connection = connection
        self.rows = rows
        self.partitioned = partitioned

    def run(self, statement: str, parameters: object = None) -> list[tuple[object, ...]]:
        cursor = self.connection.execute(statement, parameters)  # type: ignore[call-overload]
        return list(cursor.fetchall()) if cursor.description else []

    def fill(self, table: tuple[str, str, list[str]]) -> float:
        columns, source, indexes = table
        name = columns.partition(" ")[0]
        began = time.perf_counter()
        self.run(f"CREATE TABLE {columns}" + (" PARTITION BY RANGE (at)" if self.partitioned else ""))
        for month in range(MONTHS + 1) if self.partitioned else ():
            bounds = f"FROM ({month * MONTH}) TO ({(month + 1) * MONTH})"
            self.run(f"CREATE TABLE {name}_{month} PARTITION OF {name} FOR VALUES {bounds}")
        self.run(f"INSERT INTO {name} " + source % (MONTHS * MONTH // self.rows, 0, self.rows - 1))
        # A unique key of a partitioned table has to hold the column by which it is partitioned.
        self.run(f"ALTER TABLE {name} ADD PRIMARY KEY (id{', at' if self.partitioned else ''})")
        for index in indexes:
            self.run(f"CREATE INDEX ON {name} {index}")
        self.run(f"VACUUM ANALYZE {name}")
        return time.perf_counter() - began

    def timed(self, work: Callable[[int], object], times: int = 60) -> float:
        """Milliseconds, the median; the first ones only warm up."""
        took = []
        for number in range(times):
            began = time.perf_counter()
            work(number)
            took.append(time.perf_counter() - began)
        return median(took[5:]) * 1000

    def lookup(self, number: int) -> None:
        """What a poll asks: items of a source with one of these ids, links or titles."""
        first = number * 9973 % (self.rows - ENTRIES * 10000)
        known = range(first, first + ENTRIES * 10000, 10000)
        fields = "id, title, fingerprint"
        self.run(
            f"SELECT {fields} FROM items WHERE source = %s AND id = ANY(SELECT substr(md5(x::text), 1, 20) FROM "
            f"unnest(%s::bigint[]) x) UNION ALL SELECT {fields} FROM items WHERE source = %s AND link_key = ANY(%s) "
            f"UNION ALL SELECT {fields} FROM items WHERE source = %s AND title_key = ANY(%s)",
            (
                source := f"source-{first % 10000}",
                list(known),
                source,
                [f"news.example/{n}" for n in known],
                source,
                [f"title {n}" for n in known],
            ),
        )

    def store(self, number: int) -> None:
        """New items of a batch of polls; one that is there is updated."""
        first = self.rows + number * BATCH
        rows = ITEMS[1] % (MONTHS * MONTH // self.rows, first, first + BATCH - 1)
        if self.partitioned:  # no unique key on the id alone: what is there has to be asked for
            ids = f"SELECT substr(md5(n::text), 1, 20) FROM generate_series({first}, {first + BATCH - 1}) n"
            self.run(f"SELECT id, at FROM items WHERE id = ANY(ARRAY({ids}))")
        key = "id, at" if self.partitioned else "id"
        self.run(f"INSERT INTO items {rows} ON CONFLICT ({key}) DO UPDATE SET fingerprint = excluded.fingerprint")

    def claim(self, _number: int) -> None:
        self.run(
            "SELECT id FROM deliveries WHERE due_at <= %s ORDER BY due_at LIMIT 500 FOR UPDATE SKIP LOCKED",
            (self.rows,),
        )

    def finish(self, number: int) -> None:
        self.run(
            "UPDATE deliveries SET state = 'sent' WHERE id = substr(md5(%s::text), 1, 20)", (number * 7919 % self.rows,)
        )

    def steps(self) -> Iterator[tuple[str, Callable[[], float]]]:
        """What is measured, in order."""
        yield f"load {self.rows:,} items, s", lambda: self.fill(ITEMS)
        yield "look up the 50 entries of a feed, ms", lambda: self.timed(self.lookup)
        yield f"store {BATCH} new items, ms", lambda: self.timed(self.store)
        yield "prune a month of items, s", lambda: self.prune("items")
        self.run("DROP TABLE items")
        yield f"load {self.rows:,} deliveries, s", lambda: self.fill(DELIVERIES)
        yield f"claim {BATCH} due of {self.rows // 10_000:,}, ms", lambda: self.timed(self.claim)
        yield "mark one delivery as sent, ms", lambda: self.timed(self.finish, 300)
        yield "prune a month of deliveries, s", lambda: self.prune("deliveries")

    def prune(self, name: str) -> float:
        """Removes the oldest month."""
        began = time.perf_counter()
        if self.partitioned:
            self.run(f"DROP TABLE {name}_0")
        else:
            self.run(f"DELETE FROM {name} WHERE at < {MONTH}")
            self.run(f"VACUUM {name}")
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    print("| | one table | by month |\n|---|---|---|", flush=True)
    found: dict[str, list[float]] = {}
    for partitioned in (False, True):
        with (
            harness.workplace() as folder,
            harness.postgres(folder / "pg") as (url, _),
            psycopg.connect(url, autocommit=True) as connection,
        ):
            connection.execute("SET maintenance_work_mem = '512MB'")
            made = Layout(connection, rows, partitioned=partitioned)
            for what, measure in made.steps():
                found.setdefault(what, []).append(measure())
                print(f"  {what}: {found[what][-1]:.2f}", file=sys.stderr, flush=True)
    for what, (plain, split) in found.items():
        print(f"| {what} | {plain:,.2f} | {split:,.2f} |")


if __name__ == "__main__":
    main()
