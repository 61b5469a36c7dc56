"""All threads of a process are on one core, and leave it where others need it; child processes are bound to none."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kit.compose import ROOT
from kit.program import until
from kit.system import settings, write

from alerts.runtime.one_core import better

SEVERAL = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this machine gives the tests one core")

PROGRAM = """
import sys, threading
from alerts.runtime import one_core
asked = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(1), asked.set()), daemon=True).start()  # a thread from before …
let_go = one_core.keep()
threading.Thread(target=threading.Event().wait, daemon=True).start()  # … and one from later
while not asked.is_set(): sum(range(1000))
let_go()
threading.Event().wait()
"""


@pytest.mark.parametrize(
    ("busy", "own", "wanted"),
    [
        ({0: 1.0, 1: 0.1}, 0.5, 1),  # another process takes half of the core
        ({0: 1.0, 1: 0.1}, 0.9, 0),  # it is full, of this process
        ({0: 0.7, 1: 0.1}, 0.3, 0),  # there is room for both
        ({0: 1.0, 1: 0.8}, 0.5, 0),  # nowhere is much more room
        ({0: 1.0, 1: 0.6, 2: 0.0, 3: 0.4}, 0.3, 2),
    ],
)
def test_a_full_core_is_left_to_others_where_another_is_much_less_busy(
    busy: dict[int, float], own: float, wanted: int
) -> None:
    assert better(0, busy, own) == wanted


def _cores(pid: int) -> list[set[int]]:
    """The cores that each thread of a process may use."""
    return [os.sched_getaffinity(int(thread.name)) for thread in Path(f"/proc/{pid}/task").iterdir()]


@SEVERAL
@pytest.mark.slow
def test_threads_from_before_and_from_later_are_on_one_core_until_let_go() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE) as process:
        try:
            assert until(lambda: len(found := _cores(process.pid)) == 4 and len(set.union(*found)) == 1, 20)
            assert process.stdin is not None
            process.stdin.write(b"x")
            process.stdin.flush()
            own = os.sched_getaffinity(0)
            assert until(lambda: len(found := _cores(process.pid)) == 2 and all(each == own for each in found), 20)
        finally:
            process.kill()


@SEVERAL
@pytest.mark.servers
def test_a_worker_with_child_processes_may_use_all_cores(broker_url: str, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")},
        "ALERTS_BROKER": broker_url,
        "ALERTS_DATABASE": f"sqlite:///{tmp_path / 'alerts.db'}",
        "ALERTS_CONFIG": str(write(tmp_path / "config", settings({"wire": "http://127.0.0.1:9/wire"}))),
        "ALERTS_STATE": str(tmp_path / "state"),
    }
    command = [sys.executable, "-m", "celery", "--app", "worker.app", "--quiet", "worker", "-Q", "match"]
    with subprocess.Popen([*command, "--pool", "prefork", "--concurrency", "2"], env=environment, cwd=ROOT) as worker:
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
        try:
            assert until(lambda: len(children.read_text().split()) == 2, 40)
            time.sleep(1)  # four times as long as a worker with threads takes from one look to the next
            for pid in (worker.pid, *map(int, children.read_text().split())):
                assert _cores(pid) == [os.sched_getaffinity(0)] * len(_cores(pid))
        finally:
            worker.terminate()
