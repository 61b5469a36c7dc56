"""Queues hold so much and no more: what is due beyond that waits in the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kit.system import START, System, settings
from sqlalchemy import insert, update

from alerts.pipeline import steps, tick
from alerts.runtime.task_requests import ASSESS_BATCH, TaskRequests
from alerts.store.schema import CaseRow, SourceRow

ROOT = Path(__file__).parents[2]
SOURCES = 40
INSTITUTIONS = 5 * ASSESS_BATCH


class Queue:
    """Takes so many tasks of each step; remembers them as they were put in."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.tasks: list[tuple[str, Any]] = []

    def room(self, step: str, claimed: bool) -> int:
        return max(0, self.most - sum(name == step for name, _ in self.tasks))

    def enqueue(self, hints: TaskRequests) -> None:
        self.tasks += hints.tasks()

    def take(self, step: str, count: int) -> list[str]:
        mine = [task for task in self.tasks if task[0] == step][:count]
        for task in mine:
            self.tasks.remove(task)
        return [each for _, ids in mine for each in ids]


@pytest.fixture
def line(lines: Any) -> System:
    """Everything is due, and nothing is handed out yet."""
    made: System = lines(settings({f"wire-{n}": f"http://127.0.0.1:9/{n}" for n in range(SOURCES)}))
    made.runtime.enqueue = lambda hints: None
    steps.tick(made.runtime)
    case = {"cursor": START, "version": 0, "configuration": "", "axes": {}, "reporter": {}, "due_at": START}
    with made.database.write() as session:
        session.execute(update(SourceRow).values(next_poll_at=START, claimed_until=None))
        session.execute(insert(CaseRow), [{**case, "institution": f"i{n}"} for n in range(INSTITUTIONS)])
    return made


def test_a_tick_hands_out_what_the_queues_have_room_for(line: System) -> None:
    queue = Queue(most=3)
    line.runtime.enqueue, line.runtime.room = queue.enqueue, queue.room
    polled: list[str] = []
    assessed: list[str] = []
    while len(polled) < SOURCES or len(assessed) < INSTITUTIONS:
        steps.tick(line.runtime)
        assert sum(name == "poll" for name, _ in queue.tasks) <= 3
        assert sum(name == "assess" for name, _ in queue.tasks) <= 3
        taken = queue.take("poll", 2), queue.take("assess", 1)
        assert any(taken), "what is due is handed out as soon as there is room"
        polled += taken[0]
        assessed += taken[1]
    assert len(set(polled)) == len(polled) == SOURCES
    assert len(set(assessed)) == len(assessed) == INSTITUTIONS


def test_a_backlog_does_not_grow_with_every_hold(line: System) -> None:
    """What waits longer than a claim lasts is handed out again, into the room that there is."""
    queue = Queue(most=3)
    line.runtime.enqueue, line.runtime.room = queue.enqueue, queue.room
    for _ in range(5):
        steps.tick(line.runtime)
        line.clock.move(seconds=tick.HOLD.total_seconds() + 1)
    assert sum(name == "poll" for name, _ in queue.tasks) == 3
    assert sum(name == "assess" for name, _ in queue.tasks) == 3


SCRIPT = """
import json, sys
from alerts.runtime.task_requests import POLL_BATCH, SEND_BATCH, TaskRequests
from worker.app import app
from worker.queues import MAX_WAITING, TaskQueues

queues = TaskQueues(app)
enqueue, room = queues.enqueue, queues.room

told = {"most": MAX_WAITING, "empty": {name: room(name, True) for name in ("poll", "assess", "desk", "send")}}
names = [str(number) for number in range(MAX_WAITING["send"] * SEND_BATCH)]
half = MAX_WAITING["poll"] // 2
enqueue(TaskRequests(poll=names[: (half - 1) * POLL_BATCH], send=names, assess=["first"]))
told["claimed"] = {name: room(name, True) for name in ("poll", "send", "assess")}
told["found"] = {name: room(name, False) for name in ("poll", "send", "assess")}
app.send_task("tick")
with app.connection() as connection:
    channel = connection.default_channel
    took = {}
    for queue in MAX_WAITING:
        took[queue] = []
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            took[queue].append((message.headers["task"], message.headers["argsrepr"]))
told["first"], told["last"] = took["match"][0], took["match"][-1]
told["held"] = {queue: len(each) for queue, each in took.items()}
print(json.dumps(told))
"""


@pytest.mark.servers
def test_a_queue_that_is_half_full_has_room_only_for_what_ticks_claim_and_ticks_come_first(broker_url: str) -> None:
    environment = {**os.environ, "ALERTS_BROKER": broker_url}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    most = told["most"]
    assert told["empty"] == {"poll": most["poll"], "assess": most["match"], "desk": most["match"], "send": most["send"]}
    half = {name: count // 2 for name, count in most.items()}
    assert told["claimed"] == {"poll": most["poll"] - half["poll"] + 1, "send": 0, "assess": most["match"] - 1}
    assert told["found"] == {"poll": 1, "send": 0, "assess": half["match"] - 1}
    assert told["first"][0] == "tick"
    assert told["last"] == ["assess", "['first']"]
    assert told["held"] == {"poll": half["poll"] - 1, "match": 2, "send": most["send"]}
