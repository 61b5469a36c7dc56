"""(i) A story that many subscribers watch: what routing and sending one of its messages costs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select, update

from alerts.pipeline import steps
from alerts.runtime.runtime import utc_now
from alerts.store import system_state
from alerts.store.database import Database
from alerts.store.schema import CaseRow, DeliveryRow
from benchmarks import harness
from benchmarks.inline import Inline, Statements
from benchmarks.results import Figure, Part, Table, Target
from benchmarks.served import Remote, server
from benchmarks.world import World

INSTITUTIONS, ENTRIES, SUBSCRIBERS, MESSAGES = 100, 140, 500, 10_000


@contextmanager
def burst(kind: str, messages: int) -> Iterator[tuple[Inline, Remote, int | None, list[float], list[float]]]:
    """A line in which so many messages at least wait to be sent to one webhook.

    With it, for each assessment of an institution, milliseconds of processor time and statements a message.
    """
    with harness.workplace() as folder, server(INSTITUTIONS, 1, ENTRIES) as remote:
        content = World(INSTITUTIONS, 1, SUBSCRIBERS).config(
            remote.url, channel=remote.url.replace("http:", "json:") + "/hook"
        )
        for subscriber in content["subscribers"]:
            subscriber["watch"] = [{"all": True}]
        config = harness.configure(folder, content)
        with harness.database(kind, folder) as (url, pid):
            line = Inline(config, url)
            line.runtime.enqueue = lambda _requests: None  # a tick is to find them
            spent, sent = [], []
            try:
                for institution in _assessable(line, remote):
                    before, statements, began = count(line.database), Statements(), time.process_time()
                    with statements.counting(line.database):
                        steps.assess(line.runtime, institution)
                    used, made = time.process_time() - began, count(line.database) - before
                    if made >= SUBSCRIBERS:
                        spent.append(used / made * 1000)
                        sent.append(statements.total / made)
                    if before + made >= messages:
                        break
                with line.database.write() as session:  # what is left is no part of the burst
                    session.execute(update(CaseRow).values(due_at=None))
                yield line, remote, pid, spent, sent
            finally:
                line.close()


def _assessable(line: Inline, remote: Remote) -> Iterator[str]:
    """Institutions of which something was found, of one version of the feed after the other."""
    for version in itertools.count():
        remote.show(version)
        steps.poll_sources(line.runtime, "source-0", due_only=False)
        with line.database.read() as session:
            due = list(session.scalars(select(CaseRow.institution).where(CaseRow.due_at <= utc_now())))
        yield from due


def count(database: Database, *states: str) -> int:
    of_state = [DeliveryRow.state.in_(states)] if states else []
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(DeliveryRow).where(*of_state)) or 0


def make_due(database: Database, **due: Any) -> None:
    """When all that waits is due, and that no tick has claimed it."""
    with database.write() as session:
        waits = DeliveryRow.state == "pending"
        session.execute(update(DeliveryRow).where(waits).values(claimed_until=None, **due))


def measure(kinds: Sequence[str] = harness.DATABASES) -> Part:
    part = Part(
        "i",
        "A burst: one story, many subscribers, one webhook",
        f"{SUBSCRIBERS} subscribers watch all of {INSTITUTIONS} institutions; each event is a message to each of them. "
        "*Routed*: processor time of assessing one institution, with all that is stored, divided by its messages. "
        f"*Sent*: {MESSAGES:,} messages wait and become due at once; one worker process with 8 threads and all "
        "queues sends them to one webhook on the loopback interface, each leased, recorded and marked. "
        "*Per core*: messages divided by the processor seconds of the worker; the receiver is another process.",
    )
    rows = []
    for kind in kinds:
        with burst(kind, MESSAGES) as (line, remote, pid, spent, _statements):
            make_due(line.database, due_at=utc_now().replace(year=2999))
            url, folder = line.database.url.render_as_string(hide_password=False), line.runtime.configuration.directory
            with harness.processes(folder.parent, folder, url, [harness.QUEUES]) as group:
                harness.until(lambda: _ticks(line.database), 60)
                time.sleep(2)
                used, served = group.cpu(), 0.0 if pid is None else harness.cpu(pid, children=True)
                waiting = count(line.database, "pending")
                took = _sent(line.database)
                work = {name: seconds - used[name] for name, seconds in group.cpu().items()}
                served = 0.0 if pid is None else harness.cpu(pid, children=True) - served
            arrived = [key for key, _ in remote.arrivals()]
            assert len(set(arrived)) == waiting, (len(arrived), len(set(arrived)), waiting)
        limit = Target(most=0.05) if kind == "sqlite" else None
        bound = "processor: a message's five rows, a third of it in the database, and the assessment that they share"
        part.figures.append(Figure(f"{kind}: routed, 500 subscribers", "ms/message", spent, bound, limit))
        bound = "processor: a third of it HTTP in Python, then rendering"
        goal = Target(least=300)
        part.figures.append(Figure(f"{kind}: sent, per core", "messages/s", [waiting / work["worker-1"]], bound, goal))
        rows.append(
            [
                kind,
                f"{waiting:,}",
                f"{waiting / took:,.0f}",
                f"{waiting / work['worker-1']:,.0f}",
                f"{served / waiting * 1000:.2f}",
                f"{work['broker'] / waiting * 1000:.2f}",
                f"{len(arrived) - waiting}",
            ]
        )
    columns = ["database", "messages", "messages/s by the clock", "messages/s per core"]
    part.tables.append(Table("Sending", [*columns, "database ms/message", "broker ms/message", "second copies"], rows))
    return part


def _sent(database: Database) -> float:
    """Makes what waits due, and waits until it is sent; how many seconds that took."""
    began = time.perf_counter()
    make_due(database, due_at=utc_now())
    harness.until(lambda: not count(database, "pending", "leased", "failed", "unknown"), 900, 0.5)
    return time.perf_counter() - began


def _ticks(database: Database) -> bool:
    with database.read() as session:
        return system_state.get(session, system_state.TICK) is not None
