"""A malformed message in a queue is dropped and said; the worker that found it goes on, with a real broker."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
from kit.compose import ROOT
from kit.program import until
from kit.system import settings, write

from worker.transport import malformed


def message(body: Any = (("nothing",), {}, {}), **changed: Any) -> dict[str, Any]:
    """A task as Celery puts it into a queue."""
    return {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "send", "id": "1", "eta": None, "expires": None, "timelimit": [None, None]},
        "properties": {
            "delivery_info": {"exchange": "", "routing_key": "send"},
            "body_encoding": "base64",
            "delivery_tag": "tag",
            "priority": 0,
        },
        **changed,
    }


MALFORMED = {
    "no object": [1, 2],
    "a number": 7,
    "empty": {},
    "no properties": message(properties={}),
    "headers that are none": message(headers=[]),
    "no task": message(headers={"id": "1"}),
    "a body that is no base64": {**message(), "body": "!!!"},
    "a body that is no task": message(body=7),
    "no arguments": message(body=[None, None, None]),
    "pickle": message(**{"content-type": "application/x-python-serialize"}),
    "an encoding that is none": message(**{"content-encoding": "nonsense"}),
    "a time that is none": message(headers={**message()["headers"], "eta": "nonsense"}),
    "a limit that is none": message(headers={**message()["headers"], "timelimit": "x"}),
}
NO_JSON = [b"garbage{", b"", b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("wrong", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_task_of_ours_is_seen(wrong: Any) -> None:
    assert malformed(wrong)


def test_a_task_of_ours_is_none_of_these() -> None:
    assert malformed(message()) == ""


@pytest.mark.servers
def test_a_worker_drops_what_is_malformed_and_goes_on(broker_url: str, tmp_path: Path) -> None:
    config = write(tmp_path / "config", settings({"wire": "http://127.0.0.1:9/wire"}))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")},
        "ALERTS_BROKER": broker_url,
        "ALERTS_DATABASE": f"sqlite:///{tmp_path / 'alerts.db'}",
        "ALERTS_CONFIG": str(config),
        "ALERTS_STATE": str(tmp_path / "state"),
        "ALERTS_LOG": "INFO",
    }
    subprocess.run([sys.executable, "-m", "alerts", "db", "upgrade"], env=environment, check=True, cwd=ROOT)
    worker = [sys.executable, "-m", "celery", "--app", "worker.app", "--quiet", "worker", "-Q", "send"]
    quiet = ["--pool", "threads", "--concurrency", "1", "--without-gossip", "--without-mingle"]
    log = tmp_path / "log"
    with redis.Redis.from_url(broker_url) as broker, log.open("wb") as out:
        process = subprocess.Popen(
            [*worker, *quiet, "--loglevel", "WARNING"], env=environment, cwd=ROOT, stdout=out, stderr=out
        )
        try:
            for wrong in (*NO_JSON, *(json.dumps(each).encode() for each in MALFORMED.values())):
                broker.lpush("send", wrong)
            broken = message(body=[[1, 2, 3], {"none": "such"}, {}])
            broken["properties"]["delivery_tag"] = "broken"
            broker.lpush("send", json.dumps(broken))  # well formed, and fails
            dropped = len(NO_JSON) + len(MALFORMED)
            assert until(lambda: log.read_text().count("task.malformed") == dropped, 40), log.read_text()
            assert until(lambda: "TypeError" in log.read_text(), 20), "and what fails is in the log"
            assert until(lambda: broker.hlen("unacked") == 0, 20)
            assert broker.llen("send") == 0, "nothing comes back"
            assert process.poll() is None, "the worker goes on"
        finally:
            process.terminate()
            process.wait(20)
    failed = [json.loads(each) for each in log.read_text().splitlines() if "raised unexpected" in each]
    assert failed
    assert "TypeError" in failed[0]["traceback"]
    assert "garbage{" not in log.read_text()
