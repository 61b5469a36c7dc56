"""A state with a story in it, made once; and a way to call the program in the test's process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer, Page
from kit.receiver import Answer, Receiver
from kit.system import Clock, System, settings, write

from alerts.cli.main import COMMANDS, status_of
from alerts.store.database import Database


@dataclass(frozen=True)
class Called:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Standard output, which is one JSON object a line."""
        found = [json.loads(text) for text in self.out.splitlines()]
        assert all(isinstance(each, dict) for each in found)
        return found


@dataclass(frozen=True)
class State:
    """Directories that commands are called on, and when what they hold was observed."""

    config: Path
    path: Path
    at: datetime | None = None


Call = Callable[..., Called]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls a command as the shell would: `call(state, "sources", "--json")`."""
    monkeypatch.delenv("ALERTS_DEBUG", raising=False)

    def run(state: State, *arguments: str) -> Called:
        capsys.readouterr()
        status = status_of(["--config", str(state.config), "--state", str(state.path), *arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "internal error" not in said.err
        return Called(status, said.out, said.err)

    return run


def _content(url: str, hook: str) -> dict[str, Any]:
    content = settings(
        {"acme-news": f"{url}/acme-news", "wire": f"{url}/wire", "herald": f"{url}/herald"},
        {"console": "console://", "hook": hook},
    )
    content["tests"] = [
        {
            "name": "an outage lifts the priority",
            "at": "2026-02-24T09:00:00Z",
            "items": [{"source": "wire", "title": "Acme Networks hit by outage", "published": "2026-02-24T09:00:00Z"}],
            "expect": [{"institution": "acme", "axis": "priority", "level": "medium"}],
        }
    ]
    return content


@pytest.fixture
def empty(tmp_path: Path) -> State:
    """A good configuration and no state at all."""
    return State(write(tmp_path / "config", _content("http://127.0.0.1:9", "json://127.0.0.1:9/x")), tmp_path / "state")


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> State:
    directory = tmp_path_factory.mktemp("filled")
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    with FeedServer() as feeds, Receiver() as receiver:
        receiver.then(Answer(404))
        feeds.put("acme-news", [Entry("n1", "Our outage in Rotterdam harbour", "", "https://acme.example/n1", now)])
        feeds.put(
            "wire",
            [
                Entry("w1", "Acme Networks hit by outage in Rotterdam harbour", "", "https://wire.example/w1", now),
                Entry("w2", "Court ruling on Globex Corporation", "It lost.", "https://wire.example/w2", now),
            ],
        )
        feeds.put("herald", Page(b"<html>log in</html>", content_type="text/html"))
        database = Database(f"sqlite:///{directory / 'state' / 'alerts.db'}")
        database.upgrade()
        content = _content(feeds.url, receiver.channel())
        with System(database, directory / "config", content, Clock(now)) as made:
            for source in ("acme-news", "wire", "herald"):
                made.poll(source)
            assert made.counts()["alerts"] > 2
        database.dispose()
    return State(directory / "config", directory / "state", now)


@pytest.fixture
def filled(_filled: State, tmp_path: Path) -> State:
    """Two institutions with alerts, one source that fails, one delivery that is dead. Each test has its own copy."""
    shutil.copytree(_filled.path, tmp_path / "state")
    shutil.copytree(_filled.config, tmp_path / "config")
    return State(tmp_path / "config", tmp_path / "state", _filled.at)


@pytest.fixture(params=sorted(COMMANDS))
def command(request: pytest.FixtureRequest) -> str:
    """Each command there is."""
    return str(request.param)
