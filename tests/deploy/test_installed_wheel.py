"""The wheel in a fresh environment with its own dependencies alone: no build backend, nothing that only tests need."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kit.compose import ROOT, Service, load
from kit.feeds import Entry, FeedServer
from kit.program import Program, until
from kit.receiver import Receiver
from kit.system import settings, write

pytestmark = [pytest.mark.servers, pytest.mark.slow]

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a virtual environment that holds the wheel; skips where no package index is reachable."""
    directory = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [*PIP, "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "-w", directory, ROOT], check=True
    )
    (wheel,) = directory.glob("*.whl")
    # The locked versions, so that a release of somebody else's does not fail this test.
    locked = re.findall(r"^[\w.-]+==[^ ;\\]+(?: ;[^\\\n]*)?", (ROOT / "requirements/run.txt").read_text(), re.MULTILINE)
    constraints = directory / "constraints.txt"
    constraints.write_text("\n".join(locked), encoding="utf-8")
    environment = directory / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    interpreter = environment / "bin" / "python"
    install: list[str | Path] = [*PIP, "--python", interpreter, "install", "--quiet", "--retries", "1"]
    done = subprocess.run(
        [*install, "--only-binary", ":all:", "--constraint", constraints, wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        probe = [*install, "--dry-run", "--no-deps", "packaging"]
        if subprocess.run(probe, capture_output=True, check=False).returncode:
            pytest.skip("no package index is reachable: the wheel's dependencies cannot be installed")
        pytest.fail(done.stderr)
    return interpreter


def test_the_whole_program_runs_and_tells_of_an_item(python: Path, tmp_path: Path) -> None:
    with FeedServer() as server, Receiver() as receiver:
        server.put("wire", [Entry("o1", "Acme Networks hit by outage", "It is down.", "", datetime.now(UTC))])
        content = settings({"wire": f"{server.url}/wire"}, {"hook": receiver.channel()})
        config = write(tmp_path / "config", content)
        with Program(config, tmp_path / "state", python=python) as program:
            assert receiver.wait_for(1, 60), program.err
            assert "starting it again" not in program.err
            program.stop()


def test_a_worker_of_the_compose_file_connects_to_its_broker(python: Path, broker_url: str, tmp_path: Path) -> None:
    config = write(tmp_path / "config", settings({"wire": "http://127.0.0.1:9/wire"}))
    service = load()["services"]["match"]
    paths = {"/opt/alerts/bin": str(python.parent), "/config": str(config), "/state": str(tmp_path)}
    worker = Service("match", service, paths, tmp_path / "services")
    for name in ("ALERTS_DATABASE_FILE", "ALERTS_BROKER_FILE", "ALERTS_SECRET_FILE"):
        del worker.environment[name]
    database = f"sqlite:///{tmp_path / 'alerts.db'}"
    worker.environment |= {"ALERTS_DATABASE": database, "ALERTS_BROKER": broker_url}
    alerts = python.parent / "alerts"
    subprocess.run([alerts, "--database", database, "--config", config, "db", "upgrade"], check=True)
    try:
        worker.start()
        assert until(lambda: worker.health()[0] == 0, 30), worker.log
        status, _ = worker.stop()
        assert status == 0, worker.log
    finally:
        worker.kill()
