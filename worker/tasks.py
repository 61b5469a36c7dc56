"""The tasks: each calls one verb of the pipeline and, once its transaction is committed, enqueues the next."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache

from alerts.model.secret import Secret
from alerts.pipeline import verbs
from alerts.pipeline.heartbeat import heartbeat, heartbeat_url
from alerts.pipeline.hints import Hints
from alerts.pipeline.runtime import Runtime, process_runtime
from alerts.pipeline.selfcheck import selfcheck as look_after_itself
from worker.app import TICK_SECONDS, app


def _runtime() -> Runtime:
    return process_runtime(enqueue)


def enqueue(hints: Hints) -> None:
    """Hands ids to the queues. A broker that is away loses nothing: the next tick finds the same ids."""
    for name, ids in hints.tasks():
        app.send_task(name, args=list(ids), retry=False)


@app.task(name="tick")
def tick() -> None:
    verbs.tick(_runtime(), gap=timedelta(seconds=TICK_SECONDS / 2))
    heartbeat(_runtime(), _heartbeat_url())


@cache
def _heartbeat_url() -> Secret | None:
    return heartbeat_url(os.environ)


@app.task(name="selfcheck")
def selfcheck() -> None:
    look_after_itself(_runtime())


@app.task(name="poll")
def poll(source: str) -> None:
    verbs.poll(_runtime(), source)


@app.task(name="assess")
def assess(*institutions: str) -> None:
    # fault point: assess.taken
    verbs.assess(_runtime(), *institutions)
    # fault point: assess.done


@app.task(name="rematch")
def rematch(key: str) -> None:
    verbs.rematch(_runtime(), key)


@app.task(name="desk")
def desk(subscriber: str) -> None:
    # fault point: desk.taken
    verbs.advance_desk(_runtime(), subscriber)
    # fault point: desk.done


@app.task(name="send")
def send(delivery: str) -> None:
    verbs.send(_runtime(), delivery)
