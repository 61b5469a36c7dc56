"""What the program runs on, so that it can be broken: a disk with a quota, PostgreSQL, a receiver, their faults."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psycopg
from kit import postgres
from kit.receiver import Receiver, _handler

_CLONE_NEWNS, _MS_REC, _MS_PRIVATE = 0x20000, 1 << 14, 1 << 18


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def small_disk(folder: Path, megabytes: int) -> bool:
    """Makes the folder a file system of its own of that size, seen by this process and its children alone.

    False, and an ordinary folder, where this user may not.
    """
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0:
        return False
    libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
    options = f"size={megabytes}m,mode=755".encode()
    return bool(libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, options) == 0)


def fill(folder: Path) -> Path:
    """Takes every byte that is left on the folder's disk; the file to delete afterwards."""
    ballast = folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size) == size:
                    pass
    return ballast


class Postgres:
    """A server of its own, under a supervisor's care: `tend` starts it again where it has ended."""

    def __init__(self, folder: Path) -> None:
        self._bin = postgres.programs()
        folder.mkdir()
        self._as = postgres.running_in(folder)
        self._data, self._port, self._folder = folder / "data", free_port(), folder
        options = "-U alerts --auth=trust --no-sync -E UTF8 --locale=C --wal-segsize=1"
        init: list[str | Path] = [self._bin / "initdb", "-D", self._data, *options.split()]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, **self._as)
        self.wanted = True
        self.start()
        self._wait()
        self._prepare_clock()

    def start(self) -> None:
        set_ = {
            "fsync": "off",
            "max_connections": "100",
            "shared_buffers": "16MB",
            "min_wal_size": "4MB",
            "max_wal_size": "16MB",
        }
        more = [part for name, value in set_.items() for part in ("-c", f"{name}={value}")]
        where = ["-D", str(self._data), "-h", "127.0.0.1", "-p", str(self._port), "-k", str(self._folder)]
        command = [str(self._bin / "postgres"), *where, *more]
        with (self._folder.parent.parent / "postgres.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **self._as)

    def tend(self) -> None:
        if self.wanted and self.process.poll() is not None:
            (self._data / "postmaster.pid").unlink(missing_ok=True)  # as a container's fresh start would
            self.start()

    @property
    def url(self) -> str:
        return f"postgresql://alerts@127.0.0.1:{self._port}/postgres"

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL does not answer")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _prepare_clock(self) -> None:
        """Puts a clock that can be set before the server's own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA faults; CREATE TABLE faults.clock (off double precision)")
            connection.execute("INSERT INTO faults.clock VALUES (0)")
            connection.execute(
                "CREATE FUNCTION faults.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS "
                "'SELECT pg_catalog.clock_timestamp() + (SELECT off FROM faults.clock) * interval ''1 second'''"
            )
            connection.execute("ALTER ROLE alerts SET search_path = public, faults, pg_catalog")

    def set_clock(self, seconds: float) -> None:
        self._wait()
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("UPDATE faults.clock SET off = %s", [seconds])

    def signal(self, number: int) -> None:
        """To the server and all of its processes."""
        for pid in list(self._processes()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _processes(self) -> Iterator[int]:
        """The server and its children, which lead sessions of their own."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
                if parent == self.process.pid:
                    yield int(stat.parent.name)
        yield self.process.pid

    def disconnect(self) -> None:
        self._wait()  # an earlier fault may have it down
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def end(self) -> None:
        self.wanted = False
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGKILL)
        self.process.wait(20)


class Counting(Receiver):
    """A receiver that can also be away, its port closed."""

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reopen(self) -> None:
        address = self._server.server_address
        self._server = ThreadingHTTPServer(("127.0.0.1", int(address[1])), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
