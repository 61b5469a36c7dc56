"""Looks at a running deployment: queues, memory of each process, what waits in the database."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psutil
from sqlalchemy import func, select, text

from alerts.runtime.runtime import utc_now
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import CaseRow, DeliveryRow, DeskRow, RevisionRow, SourceRow
from benchmarks import harness
from benchmarks.parts.throughput import UNSENT

FLAT_SHARE, FLAT_MB = 0.10, 5.0
"""Memory is flat if in the second half of the burst it grows by no more than this share of itself, or so many MB."""


@dataclass(frozen=True)
class Memory:
    """MB of a process with its children: pages shared with others in proportion, and pages of its own alone."""

    resident: float
    unique: float


@dataclass(frozen=True)
class Sample:
    """The deployment at an instant, `at` seconds from the beginning."""

    at: float
    items: int
    polls_due: int
    cases_due: int
    desks_due: int
    unsent: int
    oldest_unsent: float
    tick_age: float
    connections: int
    depth: Mapping[str, int]
    broker: float
    memory: Mapping[str, Memory]

    @property
    def at_rest(self) -> bool:
        """Whether everything that was found is assessed and everything that is to be told is sent."""
        return self.polls_due + self.cases_due + self.desks_due + self.unsent == 0


class Watch:
    """Samples a deployment; `others` are processes beside the group's, by name."""

    def __init__(self, group: harness.Processes, database: Database, others: Mapping[str, int]) -> None:
        self._group = group
        self._database = database
        self._others = others
        self._began = time.monotonic()
        self.samples: list[Sample] = []
        self.deepest = dict.fromkeys(harness.QUEUES, 0)
        self.most_broker = 0.0

    def look(self) -> dict[str, int]:
        """The depths of the queues alone: cheap, so that no peak between two samples is missed."""
        depth = self._group.depth()
        self.deepest = {name: max(deep, depth[name]) for name, deep in self.deepest.items()}
        return depth

    def sample(self) -> Sample:
        now = utc_now()
        with self._database.read() as session:
            due = {
                "polls_due": select(func.count()).where(SourceRow.active.is_(True), SourceRow.next_poll_at <= now),
                "cases_due": select(func.count()).where(CaseRow.due_at <= now),
                "desks_due": select(func.count()).where(DeskRow.due_at <= now),
                "unsent": select(func.count()).where(DeliveryRow.state.in_(UNSENT)),
                "items": select(func.count()).select_from(RevisionRow),
            }
            counts = {name: session.scalar(query) or 0 for name, query in due.items()}
            oldest: datetime | None = session.scalar(
                select(func.min(DeliveryRow.created_at)).where(DeliveryRow.state.in_(UNSENT))
            )
            tick = system_state.get(session, "tick")
            clients = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
            connections = 0 if self._database.is_sqlite else session.scalar(text(clients)) or 0
        sample = Sample(
            at=round(time.monotonic() - self._began, 2),
            oldest_unsent=0.0 if oldest is None else _age(oldest, now),
            tick_age=0.0 if tick is None else _age(tick.at, now),
            connections=connections,
            depth=self.look(),
            broker=self._group.broker_memory(),
            memory=self._memory(),
            **counts,
        )
        self.most_broker = max(self.most_broker, sample.broker)
        self.samples.append(sample)
        return sample

    def _memory(self) -> dict[str, Memory]:
        pids = {name: process.pid for name, process in self._group.running.items()} | dict(self._others)
        return {name: memory(pid) for name, pid in pids.items()}


def _age(since: datetime, now: datetime) -> float:
    return round(max(0.0, (now - since).total_seconds()), 2)


def memory(pid: int) -> Memory:
    """Of a process that runs and of its children."""
    resident = unique = 0.0
    parent = psutil.Process(pid)
    for each in (parent, *parent.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            held = each.memory_full_info()
            resident += held.pss / 1e6
            unique += held.uss / 1e6
    return Memory(round(resident, 1), round(unique, 1))


def at_share(samples: Sequence[Sample], share: float) -> Sample:
    """The first sample that has so much of the burst stored; of all of it, the last one."""
    first, last = samples[0].items, samples[-1].items
    if share >= 1:
        return samples[-1]
    return next(each for each in samples if each.items - first >= share * (last - first))


@dataclass(frozen=True)
class Growth:
    """What the line that fits best (least squares) through the second half of the burst adds, in MB."""

    half: float
    added: float

    @property
    def flat(self) -> bool:
        return self.added <= max(FLAT_SHARE * self.half, FLAT_MB)


def growth(samples: Sequence[Sample], values: Sequence[float]) -> Growth:
    """How values grow with the items stored, from half of the burst to its end."""
    half = at_share(samples, 0.5)
    first = samples.index(half)
    xs, ys = [each.items for each in samples[first:]], list(values[first:])
    if len(set(xs)) < 2:
        return Growth(ys[0], 0.0)
    line = statistics.linear_regression(xs, ys)
    return Growth(line.intercept + line.slope * xs[0], line.slope * (xs[-1] - xs[0]))


def records(samples: Sequence[Sample], most: int = 120) -> list[dict[str, Any]]:
    """Evenly chosen samples as JSON."""
    step = max(1, -(-len(samples) // most))
    chosen = [*samples[::step], *([samples[-1]] if (len(samples) - 1) % step else [])]
    return [asdict(each) for each in chosen]
