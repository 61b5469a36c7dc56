"""The real program: an alert that nobody acknowledges goes on, once, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from kit.feeds import Entry, FeedServer
from kit.program import Program
from kit.receiver import Receiver
from kit.system import settings, write

AFTER = 10
"""Seconds until an alert goes on."""

pytestmark = [pytest.mark.servers, pytest.mark.slow]


def entry(number: int) -> Entry:
    who = ("Acme Networks", "Globex Corporation")[number]
    return Entry(f"o{number}", f"{who} hit by outage", published=datetime.now(UTC).replace(microsecond=0))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_stops_at_a_click_and_survives_a_kill_and_a_restart(tmp_path: Path) -> None:
    with FeedServer() as feeds, Receiver() as receiver:
        feeds.put("wire", [])
        channels = {name: receiver.channel(name) for name in ("chat", "phone")}
        content = settings({"wire": f"{feeds.url}/wire"}, channels)
        content["sources"][0]["interval"] = "1s"
        content["subscribers"][0]["watch"][0]["escalate"] = {"after": f"{AFTER}s", "to": ["phone"]}
        config, port = write(tmp_path / "config", content), free_port()
        environ = {"ALERTS_BASE_URL": f"http://127.0.0.1:{port}"}
        with Program(config, tmp_path / "state", port=port, environ=environ) as program:
            feeds.put("wire", [entry(0)])
            assert receiver.wait_for(1, 90), program.err
            [alert] = receiver.received[0].body["alerts"]
            clicked = httpx.post(alert["answer"] + "/acknowledge", timeout=30)
            assert clicked.status_code == 200, clicked.text
            assert not receiver.wait_for(2, AFTER + 5), "it was acknowledged"
            feeds.put("wire", [entry(1), entry(0)])
            assert receiver.wait_for(2, 90), program.err
            for pid in (*program.children().values(), program.process.pid):
                os.kill(pid, signal.SIGKILL)
        with Program(config, tmp_path / "state", port=port, environ=environ) as program:
            assert receiver.wait_for(3, 90), program.err
            assert not receiver.wait_for(4, AFTER), "once is enough"
            program.stop()
    assert [(each.path.strip("/"), each.body["kind"]) for each in receiver.received] == [
        ("chat", "alert"),
        ("chat", "alert"),
        ("phone", "escalation"),
    ]
