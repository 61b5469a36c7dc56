"""docs/load.md from the raw results of `make load`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import QUEUES
from benchmarks.page import machines, number, table
from benchmarks.watch import FLAT_MB, FLAT_SHARE

_CURVE_WIDTH = 60
_BLOCKS = "▁▂▃▄▅▆▇█"

_HEAD = f"""# Load

Written by `make load` from the raw results in [benchmarks/results/](../benchmarks/results/) (`load-*.json`); do not
edit. All at once, every source of a deployment shows new entries and is due: how long until all of it is stored,
assessed and told, how long queues get, and what memory does meanwhile.

**The deployment** is as [production.md](production.md#compose) recommends: each queue has workers of its own.
*N workers* are N processes with 8 threads on the queue `poll` and N processes on `match` (prefork: one more as their
parent); one process with 8 threads serves `send`, whatever N, and beat ticks once a second. The database is PostgreSQL
with fsync on where nothing else is said, the broker a Redis-compatible server with its append-only file on. Feeds come
from a process of its own on the loopback interface, rendered before the burst begins; it receives the messages, too,
at four addresses, which the sender takes for four services.
All of them, the database and the meter share the machine's cores.

**The books** are balanced after each burst: every entry that a feed showed is stored, once; every finding is assessed;
every delivery is marked as sent and arrived at the receiver, once. A difference, a queue longer than it may be, or
memory that is not flat fails the run, and is named here.

**Bounded** is a queue that never holds more than twice what the program lets in (twice, because two processes may look
at the same instant). What does not get in waits in the database.

**Flat** is memory that grows in the second half of the burst by at most {FLAT_SHARE:.0%} of what it was at half, or by
{FLAT_MB:.0f} MB: the pages that a process and its children have for themselves (unique), on the line that fits best
through all samples from half of the items to all of them. The database and the feeds are shown, not judged.
"""

_COLUMNS = """*Per core*: items divided by the processor seconds of the workers for `poll`, `match` and `send`. The two
delays are p50 / p99 / longest: from the transaction that stored an item to the arrival of the message that tells of
it, and from the transaction that wrote a delivery to the beginning of its first attempt. The latter says whether
sending is starved.
"""

_TOO_FEW = """The machine has {cores} cores. More workers than that cannot be faster on them: the run with
{workers} shows what becomes of queues, memory and connections then, not how the program scales.
"""


def write(results: Path, out: Path) -> None:
    """Writes the page from all the runs that are kept."""
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("load-*.json")]
    runs.sort(key=lambda run: (run["size"]["database"], run["workers"]))
    lines = [_HEAD, *machines(runs), *_summary(runs)]
    for run in runs:
        lines += _run(run)
    out.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _summary(runs: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        [
            _name(run),
            f"{run['items']:,}",
            f"{run['seconds']:,.0f} s",
            f"{run['rate']:,.0f}",
            f"{run['rate_per_core']:,.0f}",
            _spread(run["delay"]),
            _spread(run["wait"]),
            " / ".join(f"{run['deepest'][queue]:,}" for queue in QUEUES),
            "**no**" if run["problems"] else "yes",
        ]
        for run in runs
    ]
    columns = [
        "workers",
        "items",
        "took",
        "items/s by the clock",
        "items/s per core",
        "observed to message, s",
        "written to first attempt, s",
        "longest queue poll / match / send",
        "as it must be",
    ]
    lines = ["## The runs\n", *table(columns, rows), _COLUMNS]
    cores = min((run["machine"]["cores"] for run in runs), default=0)
    more = sorted({run["workers"] for run in runs if run["workers"] > cores})
    if more:
        lines.append(_TOO_FEW.format(cores=cores, workers=" and ".join(map(str, more))))
    return lines


def _name(run: dict[str, Any]) -> str:
    kind = run["size"]["database"]
    return f"{run['workers']}" + ("" if kind == "postgresql" else f", {kind}")


def _spread(found: dict[str, float]) -> str:
    if not found["count"]:
        return "none"
    return " / ".join(f"{number(found[name])}" for name in ("p50", "p99", "longest"))


def _run(run: dict[str, Any]) -> Iterator[str]:
    size, books = run["size"], run["books"]
    before, after = run["load"]
    yield f"## {_name(run)} worker{'s' if run['workers'] > 1 else ''}\n"
    yield (
        f"{size['institutions']:,} institutions, {size['sources']:,} sources with {size['entries']} new entries each; "
        f"`{run['command']}`. Measured {run['at']}; load average before and after {before} and {after}.\n"
    )
    for problem in run["problems"]:
        yield f"- **Not as it must be**: {problem}"
    if run["problems"]:
        yield ""
    facts = {
        "items stored, those of the first read among them": f"{books['items']:,}",
        "findings, all assessed": f"{books['findings']:,}",
        "deliveries sent / messages arrived": f"{books['deliveries']:,} / {books['messages']:,}",
        "first read of all sources, one entry each": f"{run['first_read_seconds']:,.0f} s",
        "burst, until all items were stored": _seconds(run["stored_seconds"]),
        "burst, until nothing was left to do": f"{run['seconds']:,.0f} s",
        "longest time without a tick": f"{run['longest_without_tick']:.1f} s",
        "connections to the database, most": f"{run['connections']}",
        "memory that the broker says it uses, most": f"{run['broker_most_mb']} MB",
    }
    yield from table(["", ""], list(facts.items()))
    yield from _queues(run)
    yield from _memory(run)
    spent = run["cpu"].items()
    cores = sum(seconds for _, seconds in spent) / run["seconds"]
    rows = [
        [name, f"{seconds:,.1f}", f"{seconds / run['items'] * 1000:.2f}", f"{seconds / run['seconds']:.0%}"]
        for name, seconds in spent
    ]
    yield f"Processor, {cores:.2f} cores busy on average:\n"
    yield from table(["process", "s", "ms/item", "of a core"], rows)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:,.0f} s"


def _queues(run: dict[str, Any]) -> Iterator[str]:
    rows = [
        [queue, f"{run['deepest'][queue]:,}", f"{run['limits'][queue]:,}", f"{run['deepest_first_read'][queue]:,}"]
        for queue in QUEUES
    ]
    yield "Tasks in the queues:\n"
    yield from table(["queue", "most", "may hold", "most in the first read"], rows)
    series = {f"queue {queue}": [each["depth"][queue] for each in run["samples"]] for queue in QUEUES}
    series["deliveries unsent"] = [each["unsent"] for each in run["samples"]]
    series["cases due"] = [each["cases_due"] for each in run["samples"]]
    yield "Over time, from the beginning of the burst to its end; each line from 0 to its highest sample:\n"
    yield "```text"
    for name, values in series.items():
        yield f"{name:18} {curve(values)} {max(values):,}"
    yield "```\n"


def _memory(run: dict[str, Any]) -> Iterator[str]:
    rows = [
        [
            name,
            *(f"{each:,.0f}" for each in kept["unique"]),
            f"{kept['added']:+.1f}",
            ("yes" if kept["flat"] else "**no**") if kept["judged"] else "not judged",
            f"{kept['most']:,.0f}",
        ]
        for name, kept in run["memory"].items()
    ]
    yield "Memory in MB, of a process with its children, when so much of the burst is stored (100 %: at the end):\n"
    columns = ["process", "unique at 25 %", "50 %", "75 %", "100 %", "second half adds", "flat", "resident, most"]
    yield from table(columns, rows)


def curve(values: Sequence[float]) -> str:
    """The values as a line of blocks, the highest of each stretch, scaled to the highest of all."""
    top = max(values, default=0)
    width = min(_CURVE_WIDTH, len(values))
    stretches = [values[place * len(values) // width : (place + 1) * len(values) // width] for place in range(width)]
    return "".join(_BLOCKS[round(max(each) / top * (len(_BLOCKS) - 1)) if top else 0] for each in stretches)
