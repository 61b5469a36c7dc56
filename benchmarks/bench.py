"""`make bench`: every benchmark in one run, and docs/benchmarks.md from what they found.

    .venv/bin/python benchmarks/bench.py [--only a,d] [--page] [--out docs/benchmarks.md]

Each part runs in a process of its own and leaves its raw results in benchmarks/results/. `--page` only writes the
page again from them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from alerts.runtime import gc_tuning
from benchmarks import page
from benchmarks.results import RESULTS

PARTS = {
    "a": "first_fetch",
    "b": "throughput",
    "c": "latency",
    "d": "steady",
    "e": "names",
    "f": "history",
    "g": "footprint",
    "h": "curves",
    "i": "burst",
}
BY_DEFAULT = "a,b,c,d,e,f,g,h,i"


def run_part(key: str, results: Path) -> None:
    gc_tuning.look_rarely()  # as the program does
    part = importlib.import_module(f"benchmarks.parts.{PARTS[key]}")
    before, began = os.getloadavg()[0], time.perf_counter()
    found = part.measure()
    found.save(time.perf_counter() - began, [before, os.getloadavg()[0]], results)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=BY_DEFAULT, metavar="a,d", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        run_part(options.part, options.results)
        return 0
    wanted = [] if options.page else options.only.split(",")
    if unknown := [key for key in wanted if key not in PARTS]:
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    failed = []
    for key in wanted:
        began = time.perf_counter()
        print(f"{key}  {PARTS[key].replace('_', ' ')} ...", end=" ", flush=True)
        command = [sys.executable, __file__, "--part", key, "--results", str(options.results)]
        status = subprocess.run(command, check=False).returncode
        print(f"{'done' if status == 0 else 'FAILED'} in {time.perf_counter() - began:.0f} s")
        failed += [key] if status else []
    page.write(options.results, options.out)
    print(f"{options.out} is written; the raw results are in {options.results}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
