"""How many statements a poll, assessing and a message cost: no more where there are more items in them.

Counted on both databases. A statement with many rows is one; what must not be is one statement a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ALL_COMPLETED
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.receiver import Receiver
from kit.system import START, System, settings
from sqlalchemy import event, select

from alerts.pipeline import poll as poll_step
from alerts.pipeline import send as send_step
from alerts.pipeline import steps
from alerts.pipeline.rematch import is_current
from alerts.runtime.case_cache import CaseCache
from alerts.store.database import Database
from alerts.store.schema import CaseRow, DeliveryRow, RevisionRow

FEW, MANY = 2, 30


def counted(database: Database, work: Callable[[], Any]) -> Counter[str]:
    """The statements that some work sends, by text."""
    sent: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent[statement.split(" VALUES ", maxsplit=1)[0].split(" IN (", maxsplit=1)[0]] += 1

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return sent


def entries(count: int, version: int, event_: str = "outage") -> list[Entry]:
    return [
        Entry(
            f"e{version}-{number}",
            f"Body{number} Networks {event_}: report {version}",
            f"Text {number} of version {version} with words enough to tell it from all others.",
            f"https://news.example/{version}/{number}",
            START,
        )
        for number in range(count)
    ]


def world(feeds: FeedServer, receiver: Receiver, **desk: Any) -> dict[str, Any]:
    content = settings({"wire": feeds.url + "/wire"}, {"hook": receiver.channel()})
    content["institutions"] = [
        {"id": f"i{number:02}", "name": f"Body{number} Networks", "tags": ["infra"]} for number in range(MANY)
    ]
    content["subscribers"][0] |= desk
    return content


def poll(each: System) -> Counter[str]:
    return counted(each.database, lambda: steps.poll_sources(each.runtime, "wire", due_only=False)[0])


def assess(each: System) -> Counter[str]:
    with each.database.read() as session:
        due = session.scalars(select(CaseRow.institution).where(CaseRow.due_at <= each.clock.at)).all()
    return counted(each.database, lambda: steps.assess(each.runtime, *due))


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True
)
def test_statements_do_not_grow_with_what_is_in_them(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_step, "MARK_SECONDS", float("inf"))  # else slow sends are marked in two parts
    with FeedServer() as feeds, Receiver() as receiver:
        content = world(feeds, receiver, group="1m")
        feeds.put("wire", entries(1, 0))  # so that what is there once and for all is made
        with System(database, tmp_path / "config", content) as each:
            each.runtime.configuration._looked = float("inf")  # no look at the files, once a second, in between
            each.poll("wire")
            seen = {}
            for version, count in enumerate((FEW, MANY), start=1):
                feeds.put("wire", entries(count, version))
                each.clock.move(minutes=5)
                polled = poll(each)
                assert each.counts()["findings"] >= count
                each.runtime.cases = CaseCache()  # as in a worker that has assessed none of them
                before = each.counts()["snapshots"]
                assessed = assess(each)
                alerted = each.counts()["snapshots"] - before
                each.clock.move(minutes=5)
                steps.advance_desk(each.runtime, "desk")
                seen[count] = polled, assessed, alerted
            few, many = seen[FEW], seen[MANY]
            assert many[0] == few[0]
            assert few[0].total() <= 24
            assert many[2] > few[2]
            assert many[1].total() <= few[1].total() + 1
            waiting = [row.id for row in each.rows(DeliveryRow, state="pending")]
            assert waiting
            few_sent = counted(each.database, lambda: steps.send(each.runtime, *waiting[:FEW]))
            many_sent = counted(each.database, lambda: steps.send(each.runtime, *waiting[FEW:]))
            assert len(receiver.accepted) == len(waiting) == MANY
            profiles = (MANY - FEW) - FEW  # each is about another institution
            assert many_sent.total() <= few_sent.total() + profiles
            assert few_sent.total() - FEW <= 18


@pytest.mark.slow
def test_sources_polled_together_cost_one_statement_a_table(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll_step, "FIRST_COMPLETED", ALL_COMPLETED)  # else it depends on what arrives when
    names = [f"s{number}" for number in range(MANY)]
    with FeedServer() as feeds, Receiver() as receiver:
        content = world(feeds, receiver)
        content["sources"] = [
            {"id": name, "url": f"{feeds.url}/{name}", "publisher": name, "interval": "1m", "allow_private": True}
            for name in names
        ]
        with System(database, tmp_path / "config", content) as each:
            each.runtime.configuration._looked = float("inf")
            written = {}
            for version, count in enumerate((MANY, FEW, MANY)):  # the first makes what is there once and for all
                for number, name in enumerate(names[:count]):
                    feeds.put(name, entries(number + 1, version)[number:])
                each.clock.move(minutes=5)
                work = partial(steps.poll_sources, each.runtime, *names[:count], due_only=False)
                sent = counted(each.database, work)
                written[count] = Counter(
                    {text: times for text, times in sent.items() if not text.startswith(("SELECT", "BEGIN"))}
                )
            assert len(each.rows(RevisionRow)) == MANY + FEW + MANY
    assert written[FEW] == written[MANY]


def test_a_poll_that_brings_nothing_costs_two_transactions(database: Database, tmp_path: Path) -> None:
    with FeedServer() as feeds, Receiver() as receiver:
        feeds.put("wire", entries(MANY, 0))
        with System(database, tmp_path / "config", world(feeds, receiver)) as each:
            each.runtime.configuration._looked = float("inf")  # no look at the files, once a second, in between
            each.poll("wire")
            each.clock.move(minutes=5)
            sent = poll(each)
            assert feeds.requests == ["wire", "wire"]
            sent = Counter({text: times for text, times in sent.items() if not text.startswith(("BEGIN", "SET"))})
            assert sent.total() == 2, sent  # the lease, and what came of it where that still holds


def test_matching_history_again_asks_only_for_what_edits_replaced(database: Database, tmp_path: Path) -> None:
    with FeedServer() as feeds, Receiver() as receiver:
        content = world(feeds, receiver)
        seen = {}
        for version, count in enumerate((FEW, MANY)):
            first, *others = entries(count, version)
            for title in (first.title, f"{first.title}, edited"):
                feeds.put("wire", [replace(first, title=title), *others])
                with System(database, tmp_path / f"config-{version}-{len(title)}", content) as each:
                    each.poll("wire")
            content = {**content, "topics": [{**content["topics"][0], "any": [f"report {version}"]}]}
            with System(database, tmp_path / f"config-{version}", content) as each:
                steps.tick(each.runtime)
                seen[count] = counted(database, lambda: steps.rematch(each.runtime, ""))
                assert is_current_now(each)
        former = "FROM revisions WHERE revisions.item"
        edits = [
            sum(times for text, times in each.items() if former in " ".join(text.split())) for each in seen.values()
        ]
        assert edits == [1, 2], "one more was edited"
        # Four more, however many findings changed: cases are marked as outdated, and as due.
        assert seen[MANY].total() - edits[1] <= seen[FEW].total() - edits[0] + 1 + 4


def is_current_now(each: System) -> bool:
    with each.database.read() as session:
        return is_current(session, each.runtime.configuration.current())
