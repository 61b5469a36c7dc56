"""`alerts run` as a child process: what it says, its own children, their memory, how it ends. Linux only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


def until(found: Callable[[], object], seconds: float, every: float = 0.05) -> bool:
    """Whether `found` became true before the time was over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(every)
    return bool(found())


class Program:
    """Runs `alerts GLOBAL run OPTIONS`. A context manager; whatever is left of it at the end is killed.

    `port` is that of the pages, 0 for none; `python` the interpreter that has the program installed.
    """

    def __init__(
        self,
        config: Path,
        state: Path,
        *options: str,
        globally: Sequence[str] = (),
        port: int = 0,
        environ: dict[str, str] | None = None,
        python: Path = Path(sys.executable),
    ) -> None:
        self.directory = state.parent
        self._out = state.parent / f"{state.name}.out"
        self._err = state.parent / f"{state.name}.err"
        command = [
            str(python),
            "-m",
            "alerts",
            "--config",
            str(config),
            "--state",
            str(state),
            *globally,
            "run",
            "--port",
            str(port),
            *options,
        ]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
        environment = {**kept, "ALERTS_TICK": "0.2", **(environ or {})}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=environment)
        self._seen: set[int] = {self.process.pid}

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8")

    def says(self, text: str, seconds: float = 60) -> bool:
        """Whether standard error holds the text, now or within that time."""
        return until(lambda: text in self.err or self.process.poll() is not None, seconds) and text in self.err

    def children(self) -> dict[str, int]:
        """Name and process id of each child that runs."""
        found = {}
        for pid, parent, name, _ in _processes():
            if parent == self.process.pid:
                self._seen.add(pid)
                found["broker" if name == "valkey-server" else name.removeprefix("alerts: ")] = pid
        return found

    def up(self, *names: str, seconds: float = 60) -> bool:
        """Whether these children run, now or within that time."""
        return until(lambda: set(names) <= self.children().keys(), seconds)

    def memory(self) -> dict[str, float]:
        """Resident memory of each process in MB."""
        pids = {"supervisor": self.process.pid, **self.children()}
        return {name: _resident(pid) for name, pid in pids.items()}

    def left(self) -> list[int]:
        """Processes ever seen here, and those that name its directory, which still run."""
        mine = {pid for pid, _, _, command in _processes() if str(self.directory) in command}
        running = {pid for pid, *_ in _processes()}
        return sorted((self._seen | mine) & running - {os.getpid()})

    def replaced(self, name: str, was: int) -> bool:
        """Whether another process runs under a name."""
        return self.children().get(name, was) != was

    def gone(self) -> bool:
        """Whether nothing of it runs any more."""
        return not self.left()

    def stop(self, number: int = signal.SIGTERM, seconds: float = 20) -> float:
        """Sends a signal and waits for the end; how long that took."""
        began = time.monotonic()
        self.children()
        self.process.send_signal(number)
        self.process.wait(seconds)
        return time.monotonic() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.children()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)


def _processes() -> list[tuple[int, int, str, str]]:
    """Id, parent, name and command line of every process that is not a zombie."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        state, parent = stat.rpartition(")")[2].split()[:2]
        name = stat.partition("(")[2].rpartition(")")[0]
        if state != "Z":
            found.append((int(entry.name), int(parent), name, command))
    return found


def _resident(pid: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(match[1]) / 1024 if match else 0.0
