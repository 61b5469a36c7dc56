"""How fast recorded feeds are replayed: parse, match, cluster, score, route.

    .venv/bin/python benchmarks/replay.py [--data ../shared/data] [--times 4]

Plays the items of the recorded feeds (evaluations/recorded.py) several times over, each time shifted by two years
and under other ids, with the example configuration, in one process and in all.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from alerts.config.load import load_entries
from alerts.replay.backtest import rehearse
from alerts.runtime import gc_tuning
from alerts.runtime.configuration import Active
from evaluations.recorded import every
from evaluations.recorded import items as recorded


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--config", type=Path, default=Path("config"))
    parser.add_argument("--times", type=int, default=4)
    options = parser.parse_args(arguments)
    gc_tuning.look_rarely()  # as the command does
    if not options.data.is_dir():
        sys.exit(f"{options.data}: no such folder; give --data DIR")
    folders = sorted((options.data / "feeds_recorded").iterdir())
    once = recorded(folders)
    items = [
        replace(
            item,
            id=f"{number}-{item.id}",
            observed=item.observed + shift,
            published=item.published and item.published + shift,
        )
        for number in range(options.times)
        for shift in (timedelta(days=730) * number,)
        for item in once
    ]
    naive = list(every(folders))
    settings = load_entries(options.config).settings
    active = Active(settings)
    started = time.perf_counter()
    active.matcher  # noqa: B018
    print(f"{len(settings.institutions)} institutions, matcher built in {_since(started):.2f} s")
    for name, some in (
        (f"new and revised items, {options.times} times over", items),
        ("every entry of every version", naive),
    ):
        for processes in sorted({1, os.cpu_count() or 1}):
            started = time.perf_counter()
            result = rehearse(some, settings, active=active, processes=processes)
            rate = len(some) / _since(started)
            print(
                f"{name}: {len(some):,} items, {processes} process{'es' if processes > 1 else ''}, "
                f"{rate:,.0f} items/s, {len(result.transitions)} level changes, {len(result.alerts)} alerts"
            )


def _since(started: float) -> float:
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
