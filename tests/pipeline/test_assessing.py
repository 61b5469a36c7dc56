from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.system import START, Clock, System, settings
from sqlalchemy import text, update

from alerts.cases.case_file import CaseFile
from alerts.explain.alert import explain
from alerts.model.alert import DeliveryState
from alerts.model.times import format_time
from alerts.pipeline import inline, steps
from alerts.runtime.case_cache import CaseCache
from alerts.runtime.configuration import Active, Configuration
from alerts.runtime.task_requests import ENQUEUE_GRACE, SEND_BATCH, TaskRequests
from alerts.store.clock import next_timestamp
from alerts.store.database import Database
from alerts.store.maintenance import retention
from alerts.store.queries import dashboard, listings
from alerts.store.repositories import cases
from alerts.store.schema import (
    AlertRow,
    CaseRow,
    DecisionRow,
    DeliveryRow,
    FindingRow,
    MembershipRow,
    StoryRow,
    TransitionRow,
)

pytestmark = pytest.mark.servers

OUTAGE = Entry("a1", "Acme Networks hit by outage in Rotterdam harbour", "", "https://wire.example/a1", START)
SECOND = Entry("b1", "Outage in Rotterdam harbour hits Acme Networks", "", "https://herald.example/b1", START)
RULING = Entry("a2", "Court ruling on Globex Corporation", "The judge spoke.", "https://wire.example/a2", START)


def sources(feeds: FeedServer, *names: str) -> dict[str, str]:
    return {name: f"{feeds.url}/{name}" for name in names}


@pytest.fixture
def wire(lines: Any, feeds: FeedServer) -> System:
    made: System = lines(settings(sources(feeds, "wire", "herald"), {"console": "console://"}))
    return made


def moves(made: System) -> list[tuple[Any, ...]]:
    rows = sorted(made.rows(TransitionRow), key=lambda row: (row.at, row.institution, row.axis))
    return [(row.institution, row.axis, row.from_level, row.to_level, row.cause, row.at) for row in rows]


def test_one_report_lifts_a_level_by_the_formula(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    # severity 0.60 x confidence 0.50 (one secondary B) x salience 1 (title) x criticality 1, age 0
    (change,) = wire.rows(TransitionRow)
    assert (change.institution, change.axis, change.from_level, change.to_level) == (
        "acme",
        "priority",
        "low",
        "medium",
    )
    assert (change.at, change.cause, change.score) == (START, "evidence", 0.3)
    (why,) = change.contributions
    assert (why["severity"], why["confidence"], why["salience"], why["criticality"]) == (0.6, 0.5, 1.0, 1.0)
    assert (why["grade"], why["age_s"], why["topics"]) == ("D", 0.0, ["outage"])
    assert why["value"] == pytest.approx(0.3)
    (story,) = wire.rows(StoryRow)
    assert (story.title, story.reports, story.publishers, story.mix) == (OUTAGE.title, 1, 1, "secondary")
    (alert,) = wire.rows(AlertRow)
    assert (alert.subscriber, alert.channel, alert.state, alert.reason) == ("desk", "console", "sent", "")
    (delivery,) = wire.rows(DeliveryRow)
    assert (delivery.state, delivery.attempts, delivery.observed_at) == ("sent", 1, START)
    assert OUTAGE.title in wire.out.getvalue()


def test_a_second_independent_report_adds_to_the_same_story(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    feeds.put("herald", [SECOND])
    wire.poll("wire")
    wire.poll("herald")
    (story,) = wire.rows(StoryRow)
    assert (story.reports, story.publishers, story.confidence, story.grade) == (2, 2, 0.75, "B")
    # 0.60 x 0.75 = 0.45: no further level
    assert [move[:5] for move in moves(wire)] == [("acme", "priority", "low", "medium", "evidence")]


def test_polling_and_assessing_again_changes_nothing(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE, RULING])
    feeds.put("herald", [SECOND])
    wire.run()
    before, said = wire.counts(), wire.out.getvalue()
    assert before["alerts"] == before["deliveries"] == 2
    for _ in range(3):
        wire.run(seconds=90)
        for institution in ("acme", "globex", "nobody"):
            steps.assess(wire.runtime, institution)
        for row in wire.rows(DeliveryRow):
            steps.send(wire.runtime, row.id)
    assert wire.counts() == before
    assert wire.out.getvalue() == said


def test_a_fall_is_stamped_with_its_instant_however_late_it_is_seen(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    # 0.30 x 2^(-age / 7 d) < 0.20 from age = 7 d x log2(1.5); scores have twelve decimals, so that a few
    # microseconds later it shows
    age = timedelta(days=7) * 0.5849625007211562
    due = wire.rows(CaseRow)[0].due_at
    assert timedelta(0) <= due - (START + age) <= timedelta(microseconds=4)
    wire.clock.at = due - timedelta(microseconds=1)
    wire.settle()
    assert len(moves(wire)) == 1, "not a microsecond early"
    wire.settle(days=2)
    assert moves(wire)[1:] == [("acme", "priority", "medium", "low", "decay", due)]
    assert [row.kind for row in wire.deliveries()] == ["alert", "all-clear"]
    assert wire.rows(CaseRow)[0].due_at is None


def test_nobody_hears_of_the_fall_of_a_level_whose_rise_he_never_got(lines: Any, feeds: FeedServer) -> None:
    content = settings(sources(feeds, "wire"), {"console": "console://"})
    quiet = {**content, "silences": [{"all": True, "until": "2026-03-03T00:00:00Z", "reason": "drill"}]}
    made: System = lines(quiet)
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    assert [(row.state, row.reason) for row in made.rows(AlertRow)] == [("suppressed", "silence")]
    made.settle(days=10)
    assert [move[3] for move in moves(made)] == ["medium", "low"]
    assert made.out.getvalue() == ""


def test_what_a_first_poll_finds_has_the_age_it_has(wire: System, feeds: FeedServer) -> None:
    old = Entry(**{**vars(OUTAGE), "published": START - timedelta(days=5)})
    feeds.put("wire", [old])
    wire.poll("wire")
    assert [row.newest for row in wire.rows(StoryRow)] == [START - timedelta(days=5)]
    assert moves(wire) == [], "0.30 x 2^(-5/7) = 0.18"


def test_an_edit_that_takes_the_reason_back_corrects_exactly_who_was_told(lines: Any, feeds: FeedServer) -> None:
    content = settings(sources(feeds, "wire"), {"console": "console://"})
    content["subscribers"].append(
        {
            "id": "other",
            "tier": "open",
            "channels": {"console": "console://"},
            "watch": [{"institutions": ["globex"], "on": ["level"]}],
        }
    )
    made: System = lines(content)
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    feeds.put("wire", [Entry(**{**vars(OUTAGE), "title": "Acme Networks hit by praise"})])
    made.clock.move(minutes=10)
    made.poll("wire")
    assert [(row.subscriber, row.kind, row.state) for row in made.deliveries()] == [
        ("desk", "alert", "sent"),
        ("desk", "correction", "sent"),
    ]
    assert [move[3] for move in moves(made)] == ["medium", "low"]
    assert len(made.rows(MembershipRow)) == 1


class Gate:
    """Holds up one thread, once, until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reached = threading.Event()
        self.held: threading.Thread | None = None

    def pass_through(self) -> None:
        if threading.current_thread() is self.held:
            self.reached.set()
            assert self.open.wait(20)

    def during(self, work: Callable[[], object], meanwhile: Callable[[], object]) -> None:
        """Does `work` in a thread that stands still at the gate until `meanwhile` is done."""
        thread = self.held = threading.Thread(target=work)
        thread.start()
        assert self.reached.wait(20)
        meanwhile()
        self.open.set()
        thread.join(20)
        assert not thread.is_alive()


class GatedConfiguration(Configuration):
    def __init__(self, made: System, gate: Gate) -> None:
        super().__init__(made.config, made.runtime.configuration.generations)
        self._gate = gate

    def current(self, in_force: int = 0) -> Active:
        self._gate.pass_through()
        return super().current(in_force)


class GatedCases(CaseCache):
    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def take(self, institution: str, version: int, configuration: str) -> CaseFile | None:
        self._gate.pass_through()
        return super().take(institution, version, configuration)


def held_up(made: System, work: Callable[[], object], meanwhile: Callable[[], object]) -> None:
    """Does `work` in a thread that stands still after it took its stamp until `meanwhile` is done."""
    gate = Gate()
    made.runtime.configuration = GatedConfiguration(made, gate)
    gate.during(work, meanwhile)


def held_up_thinking(made: System, work: Callable[[], object], meanwhile: Callable[[], object]) -> None:
    """Does `work` in a thread that stands still where it has read what it assesses until `meanwhile` is done."""
    gate = Gate()
    made.runtime.cases = GatedCases(gate)
    gate.during(work, meanwhile)


def test_an_assessment_that_was_overtaken_repeats_nothing(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    feeds.put("herald", [SECOND])
    wire.clock.move(minutes=1)

    def overtake() -> None:
        wire.clock.move(minutes=1)
        wire.poll("herald")

    held_up(wire, lambda: steps.assess(wire.runtime, "acme"), overtake)
    (case,) = wire.rows(CaseRow)
    assert case.cursor > START + timedelta(minutes=1), "the cursor never goes back"
    before = wire.counts()
    steps.assess(wire.runtime, "acme")
    assert wire.counts() == before
    assert [row.reports for row in wire.rows(StoryRow)] == [2]


def test_two_that_think_about_one_institution_at_once_write_one_after_the_other(
    wire: System, feeds: FeedServer
) -> None:
    """Whoever comes second begins with what the first has written, in one transaction with its reading of it."""
    third = Entry("b3", "Court ruling on Acme Networks", "New.", "https://herald.example/b3", START)
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    feeds.put("herald", [SECOND])
    wire.clock.move(minutes=1)
    steps.poll_sources(wire.runtime, "herald", due_only=False)

    def overtake() -> None:
        feeds.put("herald", [SECOND, third])
        wire.clock.move(minutes=1)
        steps.poll_sources(wire.runtime, "herald", due_only=False)
        steps.assess(wire.runtime, "acme")

    held_up_thinking(wire, lambda: steps.assess(wire.runtime, "acme"), overtake)
    (case,) = wire.rows(CaseRow)
    assert sorted(row.reports for row in wire.rows(StoryRow)) == [1, 2]
    assert len(wire.rows(MembershipRow)) == 3
    assert case.cursor >= START + timedelta(minutes=2), "the cursor never goes back"
    before = wire.counts(), case.version
    wire.runtime.cases = CaseCache()
    steps.assess(wire.runtime, "acme")
    assert (wire.counts(), wire.rows(CaseRow)[0].version) == before, "all is assessed"


@pytest.mark.parametrize("tracked", [True, False])
def test_an_edit_while_an_assessment_thinks_is_not_lost(lines: Any, feeds: FeedServer, tracked: bool) -> None:
    content = settings(sources(feeds, "wire", "herald"), {"console": "console://"})
    unreached = {"raise": {"medium": 0.95, "high": 0.96, "critical": 0.97}}
    made: System = lines({**content, "levels": unreached})
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    feeds.put("herald", [SECOND])
    made.clock.move(minutes=1)
    steps.poll_sources(made.runtime, "herald", due_only=False)
    made.driver._waiting.clear()
    ahead = System(made.database, made.config, None, made.clock)
    edited = content if tracked else {**content, "institutions": content["institutions"][1:]}

    def edit() -> None:
        ahead.reconfigure(edited)
        steps.tick(ahead.runtime)
        ahead.driver._waiting.clear()  # the broker was emptied: the hints are lost

    held_up_thinking(made, lambda: steps.assess(made.runtime, "acme"), edit)
    ahead.settle(seconds=31)
    assert [move[1:5] for move in moves(made)] == ([("priority", "low", "medium", "config")] if tracked else [])
    ahead.close()


def test_what_is_found_during_an_assessment_is_still_due_after_it(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [RULING])
    wire.poll("wire")
    feeds.put("herald", [Entry("g", "Globex Corporation: another court ruling", "x", "https://h.example/g", START)])
    wire.clock.move(minutes=1)

    def find() -> None:
        wire.clock.move(minutes=1)
        steps.poll_sources(wire.runtime, "herald", due_only=False)
        wire.driver._waiting.clear()  # the broker was emptied: the hint is lost

    held_up(wire, lambda: steps.assess(wire.runtime, "globex"), find)
    wire.driver._waiting.clear()
    assert len(wire.rows(MembershipRow)) == 1, "not assessed yet"
    wire.settle(seconds=ENQUEUE_GRACE.total_seconds())
    assert len(wire.rows(MembershipRow)) == 2


def test_what_finds_no_room_in_the_queue_is_for_the_next_tick(wire: System, feeds: FeedServer) -> None:
    """Enqueued by the poll, it would be dropped, and wait until its claim ends."""
    wire.settle()
    feeds.put("wire", [RULING])
    wire.runtime.room = lambda _step, claimed: sys.maxsize if claimed else 0
    steps.poll_sources(wire.runtime, "wire", due_only=False)
    assert not any(requests.assess for requests in wire.driver._waiting)
    assert wire.rows(FindingRow)
    assert steps.tick(wire.runtime, once=True).assess == ["globex"]


@pytest.mark.parametrize("tasks", [0, 1])
def test_messages_that_find_no_room_in_the_queue_are_for_the_next_tick(
    lines: Any, feeds: FeedServer, tasks: int
) -> None:
    """A request for more than there is room for would be dropped or fill the queue."""
    channels = {f"hook-{number}": f"json://127.0.0.1:9/{number}" for number in range(SEND_BATCH + 3)}
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}, channels))
    made.settle()
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(made.runtime, "wire", due_only=False)
    made.driver._waiting.clear()
    made.runtime.room = lambda _step, claimed: sys.maxsize if claimed else tasks
    steps.assess(made.runtime, "acme")
    written = {row.id for row in made.deliveries("pending")}
    assert len(written) == len(channels)
    asked = {each for requests in made.driver._waiting for each in requests.send}
    assert len(asked) == tasks * SEND_BATCH
    assert {*steps.tick(made.runtime, once=True).send} == written - asked


def test_what_is_stored_right_after_the_stamp_of_an_assessment_is_due_after_it(wire: System, feeds: FeedServer) -> None:
    """Its own stamp is later, but its institution was marked due by a clock that was not ahead of that of the other."""
    wire.settle()  # the first tick of a configuration marks everything due
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(wire.runtime, "wire", due_only=False)
    feeds.put("herald", [SECOND])

    def find() -> None:
        steps.poll_sources(wire.runtime, "herald", due_only=False)
        wire.driver._waiting.clear()  # the broker was emptied: the hints are lost

    held_up(wire, lambda: steps.assess(wire.runtime, "acme"), find)
    wire.driver._waiting.clear()
    assert [row.item for row in wire.rows(MembershipRow)] == [wire.rows(FindingRow, source="wire")[0].item]
    wire.settle(seconds=ENQUEUE_GRACE.total_seconds())
    assert len(wire.rows(MembershipRow)) == 2


def test_who_is_in_the_news_again_has_been_due_since_the_first_of_what_waits(wire: System, feeds: FeedServer) -> None:
    def since() -> datetime | None:
        with wire.database.read() as session:
            return listings.overdue(session, wire.clock())["assessments"][1]

    wire.settle()  # the first tick of a configuration marks everything due
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(wire.runtime, "wire", due_only=False)
    wire.clock.move(minutes=10)
    feeds.put("herald", [SECOND])
    steps.poll_sources(wire.runtime, "herald", due_only=False)
    assert since() == START, "not since it was found last"
    third, fourth = (Entry(each, f"Acme Networks {each}", "", f"https://h.example/{each}", START) for each in "34")
    wire.clock.move(minutes=10)

    def find() -> None:
        for entries in ([SECOND, third], [SECOND, third, fourth]):
            wire.clock.move(minutes=1)
            feeds.put("herald", entries)
            steps.poll_sources(wire.runtime, "herald", due_only=False)

    held_up(wire, lambda: steps.assess(wire.runtime, "acme"), find)
    assert since() == START + timedelta(minutes=21), "what was assessed waits no more"
    steps.assess(wire.runtime, "acme")
    assert since() is None


def test_what_waits_keeps_its_age_whatever_makes_it_due_again(wire: System, feeds: FeedServer) -> None:
    def due() -> datetime | None:
        (case,) = wire.rows(CaseRow)
        found: datetime | None = case.due_at
        return found

    wire.settle()
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(wire.runtime, "wire", due_only=False)
    wire.clock.move(minutes=10)
    for again in (cases.mark_all_due, lambda session, at: retention.touch(session, "acme", at)):
        with wire.database.write() as session:
            again(session, wire.clock())
        assert due() == START
    steps.assess(wire.runtime, "acme")
    fall = due()
    assert fall is not None
    assert fall > wire.clock()
    with wire.database.write() as session:
        cases.mark_all_due(session, wire.clock())
    assert due() == wire.clock(), "what is due later is due now"
    with wire.database.write() as session:
        cases.shelve(session, "acme")
        retention.touch(session, "acme", wire.clock())
    assert due() == wire.clock(), "and so is what was not due at all"


def test_who_waits_for_an_institution_keeps_nobody_from_storing(wire: System, feeds: FeedServer) -> None:
    """A poll waits for the rows of its institutions before it has the stamp that all who store wait for."""
    if wire.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    feeds.put("herald", [SECOND])
    waiting = threading.Thread(target=lambda: steps.poll_sources(wire.runtime, "herald", due_only=False)[0])
    blocked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    with wire.database.write() as holding:
        cases.lock(holding, ["acme"])
        waiting.start()
        deadline = time.monotonic() + 20
        with wire.database.engine.connect() as watching:
            while not watching.execute(blocked).scalar_one():
                watching.rollback()  # the view stands still within a transaction
                assert time.monotonic() < deadline
        with wire.database.write() as other:
            other.execute(text("SET LOCAL lock_timeout = '5s'"))
            next_timestamp(other, wire.clock())
    waiting.join(20)
    assert not waiting.is_alive()
    wire.driver.settle(wire.runtime)
    assert len(wire.rows(MembershipRow)) == 2


def test_two_ticks_at_once_claim_each_row_once(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE, RULING])
    steps.poll_sources(wire.runtime, "wire", due_only=False)
    steps.poll_sources(wire.runtime, "herald", due_only=False)
    steps.tick(wire.runtime)  # the first tick of a configuration marks everything due
    wire.driver._waiting.clear()
    wire.clock.move(minutes=5)
    both = threading.Barrier(4)
    claimed: list[TaskRequests] = []

    def tick() -> None:
        both.wait()
        claimed.append(steps.tick(wire.runtime))

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each for hints in claimed for each in hints.assess) == ["acme", "globex"]
    assert sorted(each for hints in claimed for each in hints.poll) == ["herald", "wire"]
    assert not steps.tick(wire.runtime)
    wire.clock.move(seconds=31)
    assert sorted(steps.tick(wire.runtime).assess) == ["acme", "globex"], "what was lost is handed out again"


def test_who_was_assessed_longest_ago_is_first(wire: System, feeds: FeedServer) -> None:
    """Acme is in the news all the time, and due again after each assessment."""
    steps.tick(wire.runtime)
    with wire.database.write() as session:
        cases.mark_due(session, ["acme", "globex"], wire.clock())
    steps.assess(wire.runtime, "acme")
    wire.clock.move(seconds=10)
    steps.assess(wire.runtime, "globex")
    wire.clock.move(seconds=10)
    with wire.database.write() as session:
        cases.mark_due(session, ["globex"], wire.clock())
        cases.mark_due(session, ["acme"], wire.clock.move(seconds=10))
        assert cases.claim_due(session, wire.clock(), limit=1, hold=timedelta(seconds=30)) == ["acme"]


def test_another_process_at_every_step_writes_the_same(lines: Any, feeds: FeedServer, tmp_path: Path) -> None:
    """One process with a warm cache, and one that begins anew before each step, agree row by row."""
    content = settings(sources(feeds, "wire", "herald", "acme-news"), {"console": "console://"})
    clock = Clock()
    fresh: System = lines(content, clock)
    warm_clock = Clock()
    other = Database(f"sqlite:///{tmp_path / 'warm.db'}")
    other.upgrade()
    warm = System(other, fresh.config, None, warm_clock)
    try:
        for step in range(6):
            feeds.put("wire", _version(step))
            feeds.put("herald", _version(step + 1)[::-1])
            feeds.put("acme-news", [Entry(f"n{step}", f"Our outage, part {step // 3}", "We work on it.", "", START)])
            fresh = lines(content, clock)
            for made in (warm, fresh):
                made.clock.move(hours=20)
                for source in ("wire", "herald", "acme-news"):
                    made.poll(source)
        for table in (TransitionRow, AlertRow, DeliveryRow, StoryRow, MembershipRow):
            assert _plain(warm, table) == _plain(fresh, table), table.__name__
        assert len(warm.rows(TransitionRow)) > 5
    finally:
        warm.close()


def _version(step: int) -> list[Entry]:
    return [
        Entry(
            f"v{number}",
            f"{('Acme Networks', 'Globex Corporation')[number % 2]} "
            f"{('outage', 'court ruling', 'praise')[(number + (step > number + 3)) % 3]} number {number // 2}",
            f"Text {number} about the matter and more of it.",
            f"https://x.example/{number}",
            START + timedelta(hours=20 * number),
        )
        for number in range(max(0, step - 5), step + 1)
    ]


def _plain(made: System, table: Any) -> list[dict[str, Any]]:
    names = [column.key for column in table.__table__.columns if column.key not in {"id", "transition"}]
    return sorted(({name: getattr(row, name) for name in names} for row in made.rows(table)), key=repr)


def test_without_institution_in_the_configuration_a_case_rests_and_comes_back(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    content = settings(sources(feeds, "wire", "herald"), {"console": "console://"})
    without = {**content, "institutions": content["institutions"][1:]}
    wire.reconfigure(without)
    wire.settle(seconds=5)
    assert wire.rows(CaseRow)[0].due_at is None
    wire.reconfigure(content)
    wire.settle(days=10)
    assert [move[3] for move in moves(wire)] == ["medium", "low"]


def test_a_case_is_read_back_as_it_was_written(wire: System, feeds: FeedServer) -> None:
    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    with wire.database.read() as session:
        stored = cases.peek(session, "acme")
    assert stored is not None
    assert {axis.value: state.level.value for axis, state in stored.axes.items()} == {
        "priority": "medium",
        "policy": "low",
        "continuity": "low",
    }
    assert {axis.value: state.since for axis, state in stored.axes.items()}["priority"] == START


def test_alerts_of_one_decision_share_what_they_hold(lines: Any, feeds: FeedServer) -> None:
    content = settings(sources(feeds, "wire"), {"console": "console://"})
    desk = content["subscribers"][0]
    content["subscribers"] += [{**desk, "id": "office"}, {**desk, "id": "slow", "digest": {"at": "08:00"}}]
    made: System = lines(content)
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    alerts = {row.subscriber: row for row in made.rows(AlertRow)}
    assert alerts["desk"].decision == alerts["office"].decision != alerts["slow"].decision
    assert {row.decision for row in alerts.values()} == {row.id for row in made.rows(DecisionRow)}
    for row in alerts.values():
        with made.database.read() as session:
            told = explain(session, made.runtime.configuration.current(), row.id)
        assert (told["alert"]["subscriber"], told["routing"]["subscriber"]) == (row.subscriber, row.subscriber)
        assert (told["alert"]["state"], told["routing"]["channels"][0]["state"]) == (row.state, row.state)


def test_mentions_in_what_was_old_when_it_was_found_are_background(lines: Any, feeds: FeedServer) -> None:
    content = settings(sources(feeds, "wire"), {"console": "console://"})
    content["subscribers"][0]["watch"] = [{"all": True, "on": ["mention"]}]
    made: System = lines(content)
    old = [
        Entry(
            f"o{days}",
            f"Acme Networks, chronicle of day {days}",
            "",
            f"https://w.example/{days}",
            START - timedelta(days=days),
        )
        for days in range(3, 9)
    ]
    feeds.put("wire", [OUTAGE, *old])
    made.poll("wire")
    alerts = made.rows(AlertRow)
    assert [row.detail["lead"]["title"] for row in alerts if row.state == "sent"] == [OUTAGE.title]
    assert {row.reason for row in alerts if row.state == "suppressed"} <= {"backfill", "same-story"}
    assert len(made.deliveries(DeliveryState.SENT)) == 1


def test_an_edit_of_what_was_held_back_is_no_new_mention(lines: Any, feeds: FeedServer) -> None:
    content = settings(sources(feeds, "wire"), {"console": "console://"})
    content["subscribers"][0]["watch"] = [{"all": True, "on": ["mention"]}]
    until = format_time(START + timedelta(hours=1))
    content["silences"] = [{"institutions": ["acme"], "until": until, "reason": "launch week"}]
    made: System = lines(content)
    for hours, title in enumerate(("opens a plant", "opens a new plant", "hires a coach from Paris")):
        made.clock.at = START + timedelta(hours=2 * hours)
        feeds.put("wire", [replace(OUTAGE, title=f"Acme Networks {title}")])
        made.poll("wire")
    assert [(row.state, row.reason) for row in made.rows(AlertRow)] == [("suppressed", "silence")]
    assert made.deliveries(DeliveryState.SENT) == [], "the record says that nobody was told"
    later = Entry("b1", "Somebody opens a plant", "", "https://w.example/b1", made.clock())
    for title in (later.title, "Acme Networks opens a plant after all"):
        feeds.put("wire", [replace(later, title=title)])
        made.poll("wire")
        made.clock.move(minutes=1)
    assert len(made.deliveries(DeliveryState.SENT)) == 1, "an edit that names it first is one"


def test_a_story_of_which_nothing_is_left_is_in_no_list(wire: System, feeds: FeedServer) -> None:
    def listed() -> tuple[int, int]:
        with wire.database.read() as session:
            return len(listings.stories(session)), dashboard.story_counts(session).get("acme", 0)

    feeds.put("wire", [OUTAGE])
    wire.poll("wire")
    assert listed() == (1, 1)
    for title, count in (("Nobody hit by outage", 0), (OUTAGE.title, 1)):
        feeds.put("wire", [replace(OUTAGE, title=title)])
        wire.clock.move(minutes=1)
        wire.poll("wire")
        assert listed() == (count, count)
        assert len(wire.rows(StoryRow)) == 1, "its page stays"


def test_a_run_does_all_else_before_it_ends_with_a_defect(
    lines: Any, feeds: FeedServer, caplog: pytest.LogCaptureFixture
) -> None:
    made: System = lines(settings(sources(feeds, "wire", "herald"), {"console": "console://"}))
    feeds.put("wire", [OUTAGE])
    steps.poll_sources(made.runtime, "wire", due_only=False)
    with made.database.write() as session:  # as if a defect had written what cannot be read
        session.execute(update(FindingRow).values(features=b"no features"))
    feeds.put("herald", [Entry("g", "Globex Corporation and a court ruling", "", "https://h.example/g", START)])
    caplog.set_level("ERROR", logger="alerts")
    with pytest.raises(ValueError, match="Expecting value"):
        made.driver.run(made.runtime, ["wire", "herald"])
    assert [row.institution for row in made.rows(AlertRow)] == ["globex"]
    assert len(made.deliveries(DeliveryState.SENT)) == 1
    assert "work.broken" in caplog.messages
    made.driver.settle(made.runtime)  # what was told once is not told for ever


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_a_run_assesses_together_what_some_seconds_of_polls_bring(
    lines: Any, feeds: FeedServer, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    made: System = lines(settings(sources(feeds, "wire", "herald"), {"console": "console://"}))
    feeds.put("wire", [OUTAGE])
    feeds.put("herald", [SECOND])
    monkeypatch.setattr(inline, "POLL_BATCH", 1)
    monkeypatch.setattr(inline, "GATHERED", seconds)
    alerts: list[int] = []
    made.driver.run(made.runtime, ["wire", "herald"], lambda _: alerts.append(len(made.rows(AlertRow))))
    assert [bool(each) for each in alerts] == [False, seconds == 0.0]
    assert made.rows(AlertRow)
    if seconds:
        assert [row.version for row in made.rows(CaseRow)] == [1]


def test_new_stories_and_alerts_are_in_the_log(lines: Any, feeds: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    made: System = lines(settings(sources(feeds, "wire", "herald"), {"console": "console://"}))
    caplog.set_level("INFO", logger="alerts")
    feeds.put("wire", [OUTAGE])
    feeds.put("herald", [SECOND])
    for source in ("wire", "herald"):
        made.poll(source)
    logged = [(each.message, getattr(each, "fields", {})) for each in caplog.records]
    (story,) = [fields for event, fields in logged if event == "story.begun"]  # the second report joins it
    assert (story["institution"], story["title"]) == ("acme", OUTAGE.title)
    alerts = [fields for event, fields in logged if event == "alert.made"]
    assert len(alerts) == len(made.rows(AlertRow))
    assert {(each["institution"], each["subscriber"], each["state"]) for each in alerts} == {("acme", "desk", "sent")}
