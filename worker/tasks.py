"""The tasks: each calls one verb of the pipeline and, once its transaction is committed, enqueues the next."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from typing import Final

from alerts.model.secret import Secret
from alerts.pipeline import steps
from alerts.pipeline.heartbeat import heartbeat, heartbeat_url
from alerts.pipeline.selfcheck import selfcheck as look_after_itself
from alerts.runtime.runtime import Runtime, process_runtime
from alerts.runtime.task_requests import Hints
from worker.app import TICK_SECONDS, app

MOST: Final = {"poll": 500, "match": 64, "send": 500}
"""Tasks that may wait in each queue, but for ticks.

What is due and does not get in waits in the database, where it takes no memory of the broker's and stands once. The
match queue is the shortest: institutions that wait there are assessed 32 together, with all that came in meanwhile.
Half of each is for ticks, which hand out what has waited longest; else the newest hints would take every free place.
"""


def _runtime() -> Runtime:
    return process_runtime(enqueue, room)


def enqueue(hints: Hints) -> None:
    """Hands ids to the queues, those that nobody claimed only as long as these are not half full.

    A full queue or a broker that is away loses nothing: a tick finds the same ids some seconds later.
    """
    left: dict[str, int] = {}
    for name, ids in hints.tasks():
        queue = _queue(name)
        if not hints.claimed:
            if queue not in left:
                left[queue] = room(name) - MOST[queue] // 2
            if left[queue] <= 0:
                continue
            left[queue] -= 1
        app.send_task(name, args=list(ids), retry=False)


def room(name: str) -> int:
    """How many more tasks the queue of a task takes now."""
    queue = _queue(name)
    with app.pool.acquire(block=True) as connection:
        try:
            waiting = connection.default_channel.queue_declare(queue, passive=True).message_count
        except connection.channel_errors:  # there is none while it is empty
            waiting = 0
    return max(0, MOST[queue] - int(waiting))


def _queue(name: str) -> str:
    return str(app.conf.task_routes[name]["queue"])


@app.task(name="tick")
def tick() -> None:
    steps.tick(_runtime(), gap=timedelta(seconds=TICK_SECONDS / 2))
    heartbeat(_runtime(), _heartbeat_url())


@cache
def _heartbeat_url() -> Secret | None:
    return heartbeat_url(os.environ)


@app.task(name="selfcheck")
def selfcheck() -> None:
    look_after_itself(_runtime())


@app.task(name="poll")
def poll(source: str) -> None:
    steps.poll(_runtime(), source)


@app.task(name="assess")
def assess(*institutions: str) -> None:
    # fault point: assess.taken
    steps.assess(_runtime(), *institutions)
    # fault point: assess.done


@app.task(name="rematch")
def rematch(key: str) -> None:
    steps.rematch(_runtime(), key)


@app.task(name="desk")
def desk(subscriber: str) -> None:
    # fault point: desk.taken
    steps.advance_desk(_runtime(), subscriber)
    # fault point: desk.done


@app.task(name="send")
def send(delivery: str) -> None:
    steps.send(_runtime(), delivery)
