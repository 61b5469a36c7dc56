"""What beat does: finds what is due in the database and hands it to the queues."""

from __future__ import annotations

from datetime import timedelta

from alerts.pipeline import poll
from alerts.pipeline.hints import Hints
from alerts.pipeline.rematch import is_current
from alerts.pipeline.runtime import Runtime
from alerts.store import cases, deliveries, desks, facts, sources

BATCH = 500
"""So much of each kind at a time: the queues stay short, and the next tick takes the rest."""

HOLD = timedelta(seconds=30)
"""What was handed out and not done, because a worker or the broker was lost, is handed out again after this."""


def tick(runtime: Runtime) -> Hints:
    """Claims what is due and enqueues it. Two at once are harmless: each row is claimed by one of them."""
    now = runtime.clock()
    with runtime.database.read() as session:
        known = facts.get(session, "configuration")
    in_force = str(known.value["hash"]) if known is not None else ""
    active = runtime.configuration.current(elsewhere=in_force)
    settings = active.settings
    changed = settings.hash != in_force
    if changed:
        poll.sync(runtime)
    with runtime.database.write() as session:
        if changed:
            facts.put(session, "configuration", now, {"hash": settings.hash})
            cases.mark_all_due(session, now)
        stale = not is_current(session, active)
        facts.put(session, "tick", now, {})
        found = Hints(
            send=deliveries.claim_due(session, now, limit=BATCH, hold=HOLD),
            desk=desks.claim_due(session, now, limit=BATCH, hold=HOLD),
            assess=cases.claim_due(session, now, limit=BATCH, hold=HOLD),
            rematch=[active.matching_key] if stale else [],
            poll=sources.claim_due(session, now, limit=BATCH, hold=HOLD),
        )
    # fault point: tick.claimed
    if found:
        runtime.enqueue(found)
        # fault point: tick.enqueued
    return found
