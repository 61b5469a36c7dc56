"""Seeded faults against the real program: `python tests/faults/harness.py --seeds 1-20`.

Each seed is one schedule (schedules.py): a database kind, a fault point that strikes once, and faults from
outside, while three feeds grow (play.py). Then everything is healthy again, the clock is put forward so that
leases end and levels fall, and what is stored and received is judged (judge.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import traceback
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from faults import matrix  # noqa: E402
from faults.play import Play  # noqa: E402
from faults.schedules import schedule  # noqa: E402


def run(seed: int, keep: Path | None = None) -> dict[str, Any]:
    """One schedule in a folder of its own, gone afterwards unless it is to be kept. Call it in a fresh process:
    it makes the folder a disk that this process alone sees."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="alerts-faults-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        play = Play(schedule(seed), Path(folder))
        try:
            result = play.go()
        finally:
            if keep is not None:
                subprocess.run(["cp", "-a", folder, str(keep / str(seed))], check=False)
                (keep / f"{seed}.said").write_text("\n".join(play.said))
    return {**result, "seconds": round(time.monotonic() - began, 1)}


def _child(seed: int, keep: Path | None, pipe: Connection) -> None:
    with open(os.devnull, "w") as nothing:  # what killed processes say on their way  # noqa: PTH123
        os.dup2(nothing.fileno(), 2)
        os.dup2(nothing.fileno(), 1)
    try:
        pipe.send(run(seed, keep))
    except BaseException:  # noqa: BLE001
        pipe.send({**schedule(seed), "broken": traceback.format_exc()})


def run_all(seeds: list[int], jobs: int, keep: Path | None = None) -> Any:
    """The results of the seeds, as they come."""
    context = multiprocessing.get_context("fork")
    waiting = list(seeds)
    running: dict[Connection[Any, Any], Any] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            here, there = context.Pipe(duplex=False)
            process = context.Process(target=_child, args=(waiting.pop(0), keep, there))
            process.start()
            there.close()
            running[here] = process
        for pipe in [each for each in wait(list(running)) if isinstance(each, Connection)]:
            process = running.pop(pipe)
            try:
                yield pipe.recv()
            except EOFError:
                yield {"broken": "the process of the schedule was killed"}
            process.join()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-6", help="FIRST-LAST, or one")
    parser.add_argument(
        "--log", type=Path, default=None, help="JSON lines of results; what this code has passed is not run again"
    )
    parser.add_argument(
        "--report", type=Path, default=None, help="page whose matrix is replaced, from --log; runs nothing"
    )
    parser.add_argument("--keep", type=Path, default=None, help="folder for what each schedule leaves behind")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    results = [json.loads(line) for line in given.log.open()] if given.log and given.log.exists() else []
    if given.report:
        matrix.publish(given.report, results)
        return 0
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    code = matrix.code()
    known = {each["seed"] for each in results if each["code"] == code and not each["violations"]}
    first, _, last = given.seeds.partition("-")
    seeds = [each for each in range(int(first), int(last or first) + 1) if each not in known]
    bad = 0
    for result in run_all(seeds, given.jobs, given.keep):
        if "broken" in result:
            bad += 1
            print(f"BROKEN {result.get('seed', '')} {result['broken']}", flush=True)
            continue
        bad += bool(result["violations"])
        if given.log:
            with given.log.open("a") as log:
                load = round(os.getloadavg()[0], 1)
                log.write(json.dumps({**result, "code": code, "commit": matrix.commit(), "load": load}) + "\n")
        print(
            f"{result['seed']} {result['database']} {matrix.faults(result)} "
            f"{result['transitions']} transitions, {result['deliveries']} deliveries, "
            f"{result['copies']} copies, {result['seconds']} s",
            flush=True,
        )
        for line in result["violations"]:
            print(f"  VIOLATION {line}\n  again: make test-faults ARGS='--seeds {result['seed']}'", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
