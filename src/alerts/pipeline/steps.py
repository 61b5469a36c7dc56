"""The pipeline steps by name, as the drivers call them.

    tick │ poll ──> assess ──> send
         │            └─ advance_desk ──┘

Each commits its own transaction, then enqueues what comes next."""

from datetime import timedelta

from alerts.pipeline.assess import assess
from alerts.pipeline.poll import poll_sources
from alerts.pipeline.rematch import rematch
from alerts.pipeline.route import advance
from alerts.pipeline.send import send
from alerts.pipeline.tick import tick
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state

__all__ = ["advance_desk", "assess", "poll_sources", "rematch", "send", "tick"]


def advance_desk(runtime: Runtime, subscriber: str, *, release: timedelta | None = None) -> bool:
    """Does what has fallen due for a subscriber: groups, digests, reminders, summaries; whether a message goes out.

    `release`: groups go out so much before they are due."""
    with runtime.database.read() as session:
        in_force = system_state.in_force(session)
    active = runtime.configuration.current(in_force.number)
    places = runtime.places("send")
    with runtime.database.write() as session:
        ready = advance(session, active, subscriber, runtime.clock(), places=places, release=release).ready
    runtime.enqueue(TaskRequests(send=ready))
    return bool(ready)
