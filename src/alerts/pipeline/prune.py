"""Retention: what is older goes, what a level above low rests on stays, and no level moves because of it.

An institution is done in one short transaction, with a pause after it, so the system works on meanwhile."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.cases.history import CORRECTABLE
from alerts.model.errors import UsageError
from alerts.model.level import Axis, Level
from alerts.model.settings import Settings
from alerts.model.times import format_duration
from alerts.runtime import logs
from alerts.runtime.configuration import Active
from alerts.runtime.runtime import Runtime
from alerts.scoring.score import half_life_of
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.maintenance import retention
from alerts.store.queries import profiles
from alerts.store.repositories import cases, transitions
from alerts.store.repositories.cases import Case
from alerts.stories.cluster import surviving

BATCH = 500
MAX_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind were older than `before` and went (or would go)."""

    before: datetime
    counts: dict[str, int]


def prune(
    runtime: Runtime,
    keep: timedelta,
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _steps: None,
) -> Pruned:
    """Removes what is older than `keep`. `progress` gets how many of how many institutions and sources are done.

    A dry run does the same in one transaction and rolls it back; on SQLite it blocks all other writers meanwhile.
    Raises UsageError where evidence that still counts would go."""
    active = runtime.configuration.current()
    _check(active.settings, keep)
    before = runtime.clock() - keep
    if dry_run:
        with runtime.database.write() as session:
            counts = _prune(runtime, active, before, lambda: nullcontext(session), progress)
            session.rollback()
    else:
        counts = _prune(runtime, active, before, lambda: _in_turns(runtime.database), progress)
    logs.event("history.pruned", before=before, dry_run=dry_run, removed=dict(counts))
    return Pruned(before, dict(counts))


def _check(settings: Settings, keep: timedelta) -> None:
    longest = max(settings.levels.half_life.values())
    if keep < longest:
        raise UsageError(
            f"--keep {format_duration(keep)} is less than the longest half-life, {format_duration(longest)}: "
            "evidence of that age still counts by half. Keep more, or shorten levels.half_life"
        )
    if keep < CORRECTABLE:
        raise UsageError(
            f"--keep {format_duration(keep)} is less than {format_duration(CORRECTABLE)}, within which "
            "an alert may have to be taken back: keep more"
        )


@contextmanager
def _in_turns(database: Database) -> Iterator[Session]:
    """A transaction, and a pause as long as it took, in which those that wait to write get their turn."""
    began = time.monotonic()
    with database.write() as session:
        yield session
    time.sleep(min(MAX_PAUSE_SECONDS, time.monotonic() - began))


Transaction = Callable[[], AbstractContextManager[Session]]


def _prune(
    runtime: Runtime, active: Active, before: datetime, transaction: Transaction, progress: Callable[[int, int], None]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    with transaction() as session:
        institutions = retention.institutions(session)
        waiting = retention.waiting_alerts(session)
        unfinished = retention.oldest_unfinished(session)
        sources = retention.sources(session)
    shown = before if unfinished is None else min(before, unfinished)
    steps = len(institutions) + len(sources)
    for done, institution in enumerate(institutions):
        progress(done, steps)
        with transaction() as session:
            removed = _case(session, active, institution, before, waiting=waiting)
            removed["snapshots"] += retention.remove_snapshots(session, institution, shown)
            if removed["findings"] or removed["transitions"]:
                retention.touch(session, institution, runtime.clock())
            counts.update(removed)
    gone = BATCH
    while gone:
        with transaction() as session:
            gone = retention.remove_deliveries(session, before, BATCH)
        counts["deliveries"] += gone
    for done, source in enumerate(sources, len(institutions)):
        progress(done, steps)
        counts.update(_items(source, before, transaction))
    progress(steps, steps)
    with transaction() as session:
        counts.update(retention.remove_rest(session, before))
        for facts in (system_state.OUTAGE, system_state.ACT):
            system_state.forget(session, facts, before=before)
    return counts


def _case(session: Session, active: Active, institution: str, before: datetime, *, waiting: set[str]) -> Counter[str]:
    cases.lock(session, [institution])
    stored = cases.peek(session, institution)
    if stored is None or not stored.version:  # nothing of it is assessed yet
        return Counter()
    tracked = institution in active.settings.institutions  # what is not has no axis above low
    open_axes = [axis for axis, state in stored.axes.items() if tracked and state.level is not Level.LOW]
    gone = retention.old_stories(session, institution, before)
    if gone and open_axes:
        gone -= _behind(session, active, stored, open_axes)
    if gone:
        merged = cases.merged(session, institution)
        gone |= {each for each in merged if surviving(each, merged) in gone}
    removed = Counter(retention.remove_stories(session, institution, gone, before))
    since = retention.opened(session, institution, open_axes)
    removed.update(retention.remove_alerts(session, institution, before, keep_since=since, waiting=waiting))
    return removed


def _items(source: str, before: datetime, transaction: Transaction) -> Counter[str]:
    counts: Counter[str] = Counter()
    after: str | None = ""
    while after is not None:
        with transaction() as session:
            remembered = retention.remembered(session, source)
            old, after = retention.old_items(session, source, before, after=after, limit=BATCH)
            counts.update(retention.remove_items(session, old, remembered))
    return counts


def _behind(session: Session, active: Active, stored: Case, open_axes: list[Axis]) -> set[str]:
    """The stories that the open levels rest on: now, and when each rose."""
    merged = cases.merged(session, stored.institution)
    found: set[str] = set()
    for axis in open_axes:
        half_life = half_life_of(active.settings.levels, axis)
        leading = profiles.leading(session, stored.institution, axis, stored.cursor, half_life)
        found |= {each.story for each in leading}
    for axis, since in retention.opened(session, stored.institution, open_axes).items():
        for rise in transitions.find(session, stored.institution, axis=axis.value, since=since):
            found |= {surviving(each.story, merged) for each in rise.contributions}
    return found
