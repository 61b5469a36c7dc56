"""Matches the recorded history again after the names or topics of the configuration changed.

Recorded revisions are matched again, some at a time. The cases of institutions whose findings changed
are rebuilt when all are done (`assess`); until then they are assessed as before. All other cases stay as they are."""

from typing import Any

from sqlalchemy.orm import Session

from alerts.model.item import Item
from alerts.model.mention import Matched
from alerts.pipeline.poll import finding_rows
from alerts.pipeline.publish import mark_outdated
from alerts.runtime import logs
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.runtime.task_requests import TaskRequests
from alerts.store import system_state
from alerts.store.clock import next_timestamp
from alerts.store.repositories import cases, items

CHUNK = 500


def is_current(session: Session, active: Active) -> bool:
    """Whether every recorded revision was matched under this configuration."""
    known = system_state.get(session, system_state.MATCHING)
    return known is not None and known.value == {"key": active.matching_key, "done": None}


def rematch(runtime: Runtime, _key: str = "") -> bool:
    """Matches the next recorded revisions again; returns whether more are left. Requests itself, then what is due.

    Idempotent: the progress is stored in the same transaction as the findings."""
    with runtime.database.read() as session:
        in_force = system_state.in_force(session)
    active = runtime.configuration.current(in_force.number)
    with runtime.database.read() as session:
        if is_current(session, active):
            return False
        known = system_state.get(session, system_state.MATCHING)
        same = known is not None and known.value["key"] == active.matching_key
        after = int(known.value["done"] or 0) if known is not None and same else 0
        chunk = items.revisions_after(session, after, limit=CHUNK)
    # Matching is done outside the transaction that stores its findings.
    rows: list[dict[str, Any]] = []
    for revision, item, former in chunk:
        before = set() if former is None else set(_matched(active, former).institutions())
        rows += finding_rows(active, _matched(active, item), None, item, revision, before)
    with runtime.database.write() as session:
        latest = system_state.get(session, system_state.MATCHING, lock=True)
        if latest is not None and known is not None and latest.value != known.value:
            return True  # another worker did this chunk
        changed = cases.replace_findings(session, [revision for revision, _, _ in chunk], rows)
        cases.invalidate(session, changed)
        done = chunk[-1][0] if len(chunk) == CHUNK else None
        opened: list[str] = []
        if done is None:
            mark_outdated(session, active, runtime.clock())
            opened = cases.open_missing(session)
        # The rows of institutions before the stamp, as in a poll.
        now = next_timestamp(session, runtime.clock())
        cases.begin(session, opened, now)
        system_state.put(session, system_state.MATCHING, now, {"key": active.matching_key, "done": done})
    logs.event(
        "history.rematched", revisions=len(chunk), findings=len(rows), institutions=len(changed), done=done is None
    )
    runtime.enqueue(TaskRequests(rematch=[active.matching_key]) if done is not None else TaskRequests())
    return done is not None


def _matched(active: Active, item: Item) -> Matched:
    return Matched() if item.withdrawn else active.matcher.match(item, tracked_only=True)
