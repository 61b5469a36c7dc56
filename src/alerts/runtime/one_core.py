"""One processor core for all threads of a process: the interpreter's lock lets one of them run at a time anyway.

Where other cores are idle the kernel spreads the threads over them, and each hand-over of the lock wakes one:
nearly half of the processor time of a poll. Others choose a core, too, so the choice is reviewed all the time."""

import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_BETWEEN_LOOKS = 0.25  # seconds
_FULL, _MUCH = 0.9, 0.3  # of a core


def keep() -> Callable[[], None]:
    """Keeps this process on one of the cores that it may use; does nothing where the system cannot. Returns a function
    that lets it use all of them again."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    let_go = threading.Event()
    if len(cores) > 1:
        threading.Thread(target=_follow, args=(cores[os.getpid() % len(cores)], cores, let_go), daemon=True).start()
    return let_go.set


def better(present: int, busy: Mapping[int, float], own: float) -> int:
    """The core to be on, by the share of each that was busy, of the present one `own` with this process.

    It leaves a core that is full only where others take much of it, and only for one that is much less busy."""
    least = min(busy, key=busy.__getitem__)
    contested = busy[present] > _FULL and busy[present] - own > _MUCH
    return least if contested and busy[present] - busy[least] > _MUCH else present


def _follow(core: int, cores: Sequence[int], let_go: threading.Event) -> None:
    with suppress(OSError):  # a sandbox may forbid it
        while not let_go.is_set():
            _bind([core])
            before, used, began = _busy_seconds(), time.process_time(), time.monotonic()
            let_go.wait(_BETWEEN_LOOKS)
            took, own = time.monotonic() - began, time.process_time() - used
            busy = {each: (now - before[each]) / took for each, now in _busy_seconds().items() if each in cores}
            # Of two processes on one core one is to go: each does with one chance in two.
            core = random.choice((core, better(core, busy, own / took)))  # noqa: S311
        _bind(cores)


def _bind(cores: Sequence[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():  # a new one is where the one was that began it
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def _busy_seconds() -> dict[int, float]:
    """How long each core has been busy since the system started: proc_stat(5) without idling and waiting for disks."""
    rows = [line.split() for line in Path("/proc/stat").read_text("ascii").splitlines() if line.startswith("cpu")]
    ticks = os.sysconf("SC_CLK_TCK")
    return {int(name[3:]): sum(map(int, (*row[:3], *row[5:8]))) / ticks for name, *row in rows if name != "cpu"}
