"""The tick: finds what is due in the database and hands it to the queues, once a second."""

import logging
from datetime import timedelta

from alerts.insight.health import LATE, RUN_LATE
from alerts.pipeline import briefings, send
from alerts.pipeline.publish import publish_edits
from alerts.pipeline.rematch import is_current
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import ASSESS_BATCH, POLL_BATCH, SEND_BATCH, TaskRequests
from alerts.store import system_state
from alerts.store.maintenance import clock_rollback
from alerts.store.repositories import cases, deliveries, search_index, sources, subscriber_state

# The most of each kind that a tick hands out, and never more than its queue has room for; the next tick takes the rest.
BATCH = 500
TOGETHER = 2_000  # of what is cheaper: a task takes several sources or deliveries
INDEX_BATCH = 1_000  # items added to the search index in a transaction: with 200, FTS5 took twice as long for each
# What was handed out and not done, because a worker or the broker was lost, is handed out again after this time.
HOLD = timedelta(seconds=30)
SET_BACK = timedelta(seconds=5)  # a tick that is further ahead was made by a clock that has been set back since


def tick(runtime: Runtime, *, gap: timedelta = timedelta(0), once: bool = False, manual: bool = False) -> TaskRequests:
    """Claims what is due and enqueues it; does nothing within `gap` of another tick.

    `once`: `alerts run --once` calls it, so that health checks do not expect another tick within seconds. `manual`: a
    person polled a source, which does not show that ticks come: when the last one was stays on record.

    Two ticks at once are harmless, and so are two beats: each row is claimed by one of them, and the rate gate and the
    claims are one transaction."""
    now = runtime.clock()
    publish_edits(runtime)
    with runtime.database.read() as session:
        in_force = system_state.in_force(session)
        last = system_state.get(session, system_state.TICK)
    active = runtime.configuration.current(in_force.number)
    room = {step: min(BATCH, runtime.room(step, True)) for step in ("send", "assess", "poll")}
    with runtime.database.write() as session:
        if gap and not system_state.try_acquire(session, "tick", now, gap):
            return TaskRequests()
        if last is not None and last.at > now + SET_BACK:
            clock_rollback.repair(session, now, longest=timedelta(seconds=send.LEASE_SECONDS))
            logs.event("clock.set_back", logging.WARNING, seconds=round((last.at - now).total_seconds()))
        elif last is not None and not manual and now - last.at > (RUN_LATE if last.value.get("once") else LATE):
            sources.add_outage(session, "", last.at, now)
        stale = not is_current(session, active)
        if not manual:
            system_state.put(session, system_state.TICK, now, {"once": once})
        desk = subscriber_state.claim_due(session, now, limit=room["assess"], hold=HOLD)
        left = max(0, room["assess"] - len(desk) - stale) * ASSESS_BATCH
        found = TaskRequests(
            send=deliveries.claim_due(session, now, limit=min(TOGETHER, room["send"] * SEND_BATCH), hold=HOLD),
            desk=desk,
            assess=cases.claim_due(session, now, limit=min(BATCH, left), hold=HOLD),
            rematch=[active.matching_key] if stale else [],
            poll=sources.claim_due(session, now, limit=min(TOGETHER, room["poll"] * POLL_BATCH), hold=HOLD),
        )
        weekly = briefings.queue(session, active.settings, now if last is None else last.at, now)
    # fault point: tick.claimed
    if found:
        runtime.enqueue(found)
        # fault point: tick.enqueued
    while search_index.catch_up(runtime.database, runtime.clock(), INDEX_BATCH) and once:
        continue
    if weekly:  # behind the assessments that are due
        runtime.enqueue(TaskRequests(send=weekly))
    return found
