"""docs/benchmarks.md from the raw results."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_HEAD = """# Benchmarks

Written by `make bench` from the raw results in [benchmarks/results/](../benchmarks/results/); do not edit. Some parts
alone: `make bench ARGS="--only a,d"`. Figures are medians of the runs named; those before
and after a slash are the least and the greatest. What is measured beside a peer alternates with it in the same run, so
ratios hold where the machine was busy with other things too; absolute figures then do not, and the load average before
and after each part says whether it was. Figures *by the processor* count processor time and depend less on that.

*Met* and *missed* compare the median with the target.
"""


def write(results: Path, out: Path) -> None:
    """Writes the page from all the parts that were ever measured."""
    parts = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))]
    parts = [part for part in parts if "figures" in part]
    lines = [_HEAD, *machines(parts), *_summary(parts)]
    for part in parts:
        lines += _part(part)
    out.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def machines(parts: Sequence[dict[str, Any]]) -> list[str]:
    """Where they were measured, a line for each machine."""
    seen = {json.dumps(part["machine"], sort_keys=True): part["machine"] for part in parts}
    found = []
    for machine in seen.values():
        packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
        found.append(
            f"Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}, "
            f"Python {machine['python']}; {packages}.\n"
        )
    return found


def _summary(parts: Sequence[dict[str, Any]]) -> list[str]:
    rows = [
        [
            f"({part['key']})" if len(part["key"]) == 1 else part["key"],
            figure["name"],
            f"{number(figure['value'])} {figure['unit']}",
            figure["target"]["text"],
            "met" if figure["target"]["met"] else "**missed**",
        ]
        for part in parts
        for figure in part["figures"]
        if figure["target"]
    ]
    return ["## Targets\n", *table(["", "figure", "measured", "target", ""], rows)]


def _part(part: dict[str, Any]) -> list[str]:
    name = f"({part['key']}) {part['title']}" if len(part["key"]) == 1 else part["title"]
    lines = [f"## {name}\n", part["how"] + "\n", _when(part)]
    rows = [
        [
            figure["name"],
            f"{number(figure['value'])} {figure['unit']}",
            _spread(figure["runs"]),
            figure["target"]["text"] if figure["target"] else "",
            "" if not figure["target"] else "met" if figure["target"]["met"] else "**missed**",
            figure["bound"],
        ]
        for figure in part["figures"]
    ]
    if rows:
        lines += table(["figure", "median", "least / greatest", "target", "", "bound by"], rows)
    for each in part["tables"]:
        lines += [f"{each['title']}:\n", *table(each["columns"], each["rows"])]
    lines += [f"{note}\n" for note in part["notes"]]
    return lines


def _when(part: dict[str, Any]) -> str:
    before, after = part["load"]
    seconds = f"{part['seconds']:.0f} s"
    return f"Measured {part['at']} in {seconds}; load average before and after {before} and {after}.\n"


def _spread(runs: Sequence[float]) -> str:
    return f"{number(min(runs))} / {number(max(runs))}" if len(runs) > 1 else "one run"


def number(value: float) -> str:
    """Three significant digits, whole where it is large."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown and the empty line after it."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return [*lines, ""]
