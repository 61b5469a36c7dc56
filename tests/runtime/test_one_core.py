"""All threads of a process are on one core, and leave it where others need it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kit.program import until

from alerts.runtime.one_core import better

PROGRAM = """
import sys, threading
from alerts.runtime import one_core
threading.Thread(target=sys.stdin.read, daemon=True).start()  # a thread from before, and one from later
one_core.keep()
threading.Thread(target=threading.Event().wait, daemon=True).start()
while True: sum(range(1000))
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


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="this machine gives the tests one core")
@pytest.mark.slow
def test_threads_from_before_and_from_later_come_to_be_on_one_core() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE) as process:
        try:
            assert until(lambda: len(found := _cores(process.pid)) == 4 and len(set.union(*found)) == 1, 20)
        finally:
            process.kill()
