"""A service outside is told once a minute that ticks succeed; its address is in no log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kit.system import System, settings

from alerts.model.errors import UsageError
from alerts.model.secret import Secret
from alerts.pipeline.heartbeat import heartbeat, heartbeat_url
from alerts.store.database import Database


class Monitor:
    """Counts the requests; answers with `status`, once `free` is set."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.status = 200
        self.free = threading.Event()
        self.free.set()
        monitor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                monitor.paths.append(self.path)
                monitor.free.wait(20)
                self.send_response(monitor.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def url(self) -> Secret:
        return Secret(f"http://127.0.0.1:{self.server.server_address[1]}/ping/hunter2")


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    made = Monitor()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def quiet_line(tmp_path: Path) -> Iterator[System]:
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()
    with System(database, tmp_path / "config", settings({})) as made:
        yield made


def beat(made: System, url: Secret | None) -> bool:
    thread = heartbeat(made.runtime, url)
    if thread is not None:
        thread.join(20)
    return thread is not None


@pytest.mark.servers
def test_once_a_minute_however_many_ticks_and_workers_there_are(quiet_line: System, monitor: Monitor) -> None:
    for _ in range(150):  # ticks, one a second
        beat(quiet_line, monitor.url)
        quiet_line.clock.move(seconds=1)
    assert monitor.paths == ["/ping/hunter2"] * 3


@pytest.mark.servers
def test_no_tick_waits_for_a_monitor_that_hangs(quiet_line: System, monitor: Monitor) -> None:
    monitor.free.clear()
    thread = heartbeat(quiet_line.runtime, monitor.url)
    assert thread is not None
    assert thread.is_alive()  # and here we are
    assert heartbeat(quiet_line.runtime, monitor.url) is None
    monitor.free.set()
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.servers
def test_a_failure_is_logged_without_the_address(
    quiet_line: System, monitor: Monitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="alerts")
    monitor.status = 404
    assert beat(quiet_line, monitor.url)
    quiet_line.clock.move(minutes=1)
    assert beat(quiet_line, Secret("http://127.0.0.1:1/ping/hunter2"))
    failures = [each for each in caplog.records if each.message == "heartbeat.failed"]
    assert [each.fields for each in failures] == [{"status": 404}, {"error": "ConnectionRefusedError"}]  # type: ignore[attr-defined]
    assert "hunter2" not in "".join(str(each.__dict__) for each in caplog.records if each.name == "alerts")


def test_without_an_address_nothing_is_done(quiet_line: System) -> None:
    assert heartbeat_url({}) is None
    assert heartbeat(quiet_line.runtime, None) is None


@pytest.mark.parametrize("url", ["hunter2", "ftp://h/hunter2", "https:///hunter2"])
def test_what_is_no_address_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        heartbeat_url({"ALERTS_HEARTBEAT_URL": url})
    assert "hunter2" not in str(caught.value)


def test_the_address_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://hc.example/uuid\n")
    found = heartbeat_url({"ALERTS_HEARTBEAT_URL_FILE": str(tmp_path / "url")})
    assert found is not None
    assert found.reveal() == "https://hc.example/uuid"
