"""The connections to the broker: what they say of themselves, and what a command costs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from kit.compose import ROOT
from kombu.connection import Connection

from worker import transport

pytestmark = pytest.mark.servers


@pytest.fixture
def connection(broker_url: str) -> Iterator[Connection]:
    transport.install()
    with Connection(broker_url) as made:
        yield made


def test_no_connection_looks_up_the_version_of_its_library(connection: Connection, broker_url: str) -> None:
    connection.SimpleQueue("match").put({})
    with redis.Redis.from_url(broker_url, driver_info=None) as asked:
        clients = asked.client_list()
    assert len(clients) > 1
    assert {each.get("lib-ver", "") for each in clients} == {""}
    assert connection.default_channel.queue_declare("match", passive=True).message_count == 1


def test_a_pool_of_connections_has_one_client_and_a_new_pool_another(connection: Connection) -> None:
    channel: Any = connection.default_channel
    before = channel.Client(connection_pool=channel.pool)
    assert channel.Client(connection_pool=channel.pool) is before
    channel._disconnect_pools()  # as Kombu does when a connection is lost
    after = channel.Client(connection_pool=channel.pool)
    assert after is not before
    assert after.ping()


def test_a_broker_that_is_away_has_no_room_and_holds_up_no_task(tmp_path: Path) -> None:
    asks = "from worker.app import app; from worker.queues import TaskQueues; print(TaskQueues(app).room('poll', True))"
    database = f"sqlite:///{tmp_path / 'alerts.db'}"
    environment = {**os.environ, "ALERTS_BROKER": "redis://127.0.0.1:1/0", "ALERTS_DATABASE": database}
    command = [sys.executable, "-c", asks]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=5, check=True)
    assert done.stdout == "0\n"
