"""The page's table: fault by database, from the results of schedules."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from faults.schedules import DATABASES, ROOT

Result = dict[str, Any]
_PLACE = re.compile(r"(<!-- matrix -->\n).*(<!-- end -->)", re.DOTALL)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def code() -> str:
    """Names the program as it is: its trees in the last commit, `+` where they were changed since."""
    trees = _git("rev-parse", "HEAD:src", "HEAD:worker").split()
    changed = _git("status", "--porcelain", "--", "src", "worker")
    return "-".join(each[:10] for each in trees) + ("+" if changed else "")


def commit() -> str:
    return _git("rev-parse", "--short=10", "HEAD")


def faults(result: Result) -> list[str]:
    """What struck in a schedule, and the world that it struck in."""
    plan = result["plan"]
    inside = [f"{plan['action']} at `{plan['point']}`"] if result["struck"] else []
    outside = [name for _, name in result["outside"] if name not in result["skipped"]]
    return sorted({*inside, *outside, *result["world"]})


def table(results: Iterable[Result]) -> str:
    """Each cell: schedules / with a violation / second copies, all of them marked unknown. Every fault of a
    schedule counts it."""
    cells: dict[str, dict[str, list[int]]] = {}
    for each in results:
        for fault in faults(each):
            cell = cells.setdefault(fault, {}).setdefault(each["database"], [0, 0, 0])
            cell[0] += 1
            cell[1] += bool(each["violations"])
            cell[2] += each["copies"]
    rows = ["| fault | SQLite | PostgreSQL |", "|---|---|---|"]
    for fault, row in sorted(cells.items()):
        shown = [" / ".join(map(str, row[name])) if name in row else "–" for name in DATABASES]
        rows.append(f"| {fault} | {' | '.join(shown)} |")
    return "\n".join(rows)


def newest(results: Sequence[Result]) -> list[Result]:
    """The results of the newest code in the log, the newest of each seed, by seed."""
    found = {each["seed"]: each for each in results if each["code"] == results[-1]["code"]}
    return [found[seed] for seed in sorted(found)]


def summary(results: Sequence[Result]) -> str:
    """The lines above the table and the table."""
    these = newest(results)
    bad = [each for each in these if each["violations"]]
    commits = sorted({each["commit"] for each in these})
    seconds = sorted(each["seconds"] for each in these)
    told = (
        f"Seeds {these[0]['seed']} to {these[-1]['seed']}, {len(these)} schedules, on the program of commit "
        f"{', '.join(commits)}: {len(these) - len(bad)} without a violation, {len(bad)} with one, "
        f"{sum(each['copies'] for each in these)} second copies, each with an attempt marked `unknown`. "
        f"{sum(each['transitions'] for each in these)} transitions, "
        f"{sum(each['deliveries'] for each in these)} deliveries. "
        f"Median {seconds[len(seconds) // 2]:.0f} s a schedule."
    )
    lines = [told, ""]
    lines += [f"- seed {each['seed']}: {'; '.join(each['violations'])}" for each in bad]
    return "\n".join([*lines, *([""] if bad else []), table(these)])


def publish(page: Path, results: Sequence[Result]) -> None:
    text = summary(results)
    old = page.read_text(encoding="utf-8")
    page.write_text(_PLACE.sub(lambda found: f"{found[1]}{text}\n{found[2]}", old), encoding="utf-8")
