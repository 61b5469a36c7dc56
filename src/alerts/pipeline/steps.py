"""The pipeline steps by name, as the drivers call them.

    tick │ poll ──> assess ──> send
         │            └─ advance_desk ──┘

Each commits its own transaction, then enqueues what comes next.
"""

from __future__ import annotations

from datetime import timedelta

from alerts.pipeline.assess import assess
from alerts.pipeline.poll import poll, poll_sources
from alerts.pipeline.rematch import rematch
from alerts.pipeline.route import advance
from alerts.pipeline.send import send
from alerts.pipeline.tick import tick
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state

__all__ = ["advance_desk", "assess", "poll", "poll_sources", "release_groups", "rematch", "send", "tick"]

GROUP_PATIENCE = timedelta(minutes=1)
"""A run that ends does not wait for the end of a group that is due within this; a longer one is kept."""


def release_groups(runtime: Runtime, subscriber: str) -> list[str]:
    """Sends the groups of a subscriber that are due within a minute at once; the deliveries that are ready."""
    return _advance(runtime, subscriber, release=GROUP_PATIENCE)


def advance_desk(runtime: Runtime, subscriber: str) -> None:
    """Does what has fallen due for a subscriber: groups, digests, reminders, summaries."""
    if ready := _advance(runtime, subscriber):
        runtime.enqueue(TaskRequests(send=ready))


def _advance(runtime: Runtime, subscriber: str, *, release: timedelta | None = None) -> list[str]:
    with runtime.database.read() as session:
        in_force = system_state.in_force(session)
    active = runtime.configuration.current(in_force.number)
    with runtime.database.write() as session:
        return advance(session, active, subscriber, runtime.clock(), release=release).ready
