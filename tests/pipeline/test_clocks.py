"""Clocks that differ, are ahead, or are set back; two beats at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.receiver import Answer, Receiver
from kit.system import START, System, settings
from sqlalchemy import event, text

from alerts.pipeline import steps
from alerts.runtime.bulkhead import Bulkhead
from alerts.runtime.runtime import Runtime, utc_now
from alerts.runtime.task_requests import ENQUEUE_GRACE
from alerts.store.clock import SharedClock
from alerts.store.database import Database
from alerts.store.schema import AttemptRow, DeliveryRow, SourceRow
from worker.beat import MonotonicScheduler

pytestmark = pytest.mark.servers

GAP = timedelta(seconds=1)


@pytest.fixture
def hook(lines: Any, feeds: FeedServer, receiver: Receiver) -> System:
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()}))
    feeds.put("wire", [Entry("a1", "Acme Networks hit by outage", "", "https://wire.example/a1", START)])
    return made


def off_by(seconds: float) -> Callable[[], datetime]:
    return lambda: utc_now() + timedelta(seconds=seconds)


def test_workers_whose_clocks_differ_by_hours_have_the_database_s_time(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("all processes on one SQLite file share one machine and its clock")
    clocks = [SharedClock(database, off_by(seconds)) for seconds in (-7200, 0, 90_000)]
    for _ in range(2):
        told = [clock() for clock in clocks]
        assert all(each.tzinfo is UTC for each in told)
        assert max(told) - min(told) < timedelta(seconds=30), "hours apart without it"
        with database.read() as session:
            assert abs(session.execute(text("SELECT clock_timestamp()")).scalar_one() - told[0]) < timedelta(seconds=30)


def test_while_the_server_is_away_time_goes_on_from_its_last_answer(database_url: str) -> None:
    database = Database(database_url)
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    known, never = SharedClock(database, off_by(90_000)), SharedClock(database, off_by(90_000))
    first = known()
    database.dispose()
    away = Database("postgresql://alerts@127.0.0.1:1/nothing")
    for clock in (known, never):
        clock._database, clock._asked = away, float("-inf")
    assert timedelta(0) <= known() - first < timedelta(hours=1)
    assert never() - utc_now() > timedelta(hours=24), "nothing is known yet, so it is this machine's"


def test_an_answer_that_is_seen_late_moves_no_clock(database_url: str) -> None:
    """A busy process sees some after 0.8 seconds: going by one of these alone it would be behind by half of that."""
    database, other = Database(database_url), Database(database_url)
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    delays = iter([0.0, 0.0, 0.8, 0.0, 0.8, 0.8])
    event.listen(database.engine, "after_cursor_execute", lambda *_: time.sleep(next(delays, 0.0)))
    clock = SharedClock(database, off_by(0))
    for _ in range(6):
        clock._asked = float("-inf")
        clock()
        with other.read() as session:
            before = clock()
            answer = session.execute(text("SELECT clock_timestamp()")).scalar_one()
            after = clock()
        assert before - GAP / 4 < answer < after + GAP / 4
    database.dispose()
    other.dispose()


def test_a_server_whose_clock_is_set_is_believed(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server")
    clock = SharedClock(database, off_by(0))
    now = clock()
    least, greatest, learned = clock._known or pytest.fail("nothing is known")
    for seconds in (-90, 90):
        clock._known = least + seconds * GAP, greatest + seconds * GAP, learned
        clock._asked = float("-inf")
        assert abs(clock() - now) < timedelta(seconds=60)


def test_a_sender_with_a_clock_ahead_does_not_send_what_another_is_sending(
    database: Database, hook: System, receiver: Receiver
) -> None:
    hook.runtime.enqueue = lambda hints: None
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    steps.assess(hook.runtime, "acme")
    (delivery,) = hook.rows(DeliveryRow)
    own = off_by(0) if database.is_sqlite else off_by(3600)
    one, other = (
        Runtime(database, hook.runtime.configuration, lambda _: None, clock=SharedClock(database, clock))
        for clock in (off_by(0), own)
    )
    receiver.then(Answer(delay=2))
    sending = threading.Thread(target=steps.send, args=(one, delivery.id))
    sending.start()
    assert receiver.wait_for(1, 30)
    steps.tick(other)
    assert steps.send(other, delivery.id) == []
    sending.join()
    assert len(receiver.received) == 1
    assert [row.state for row in hook.rows(AttemptRow)] == ["sent"]


def test_a_sender_that_comes_back_after_its_lease_leaves_the_attempt_unknown(hook: System, receiver: Receiver) -> None:
    """Stopped with its request on the way, overtaken by another, then let go: the copy is on record."""
    hook.runtime.enqueue = lambda hints: None
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    steps.assess(hook.runtime, "acme")
    (delivery,) = hook.rows(DeliveryRow)
    receiver.then(Answer(delay=2))
    stopped = threading.Thread(target=steps.send, args=(hook.runtime, delivery.id))
    stopped.start()
    assert receiver.wait_for(1, 30)
    hook.clock.move(minutes=5)
    another = replace(hook.runtime, bulkhead=Bulkhead())  # another process, which has not seen the service hang
    assert steps.send(another, delivery.id)[0].state == "sent"
    stopped.join()
    assert [each.body["copy"] for each in receiver.received] == [False, True]
    assert [row.state for row in hook.rows(AttemptRow)] == ["unknown", "sent"]
    assert [row.state for row in hook.rows(DeliveryRow)] == ["sent"]


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=3)])
def test_a_clock_that_was_ahead_and_is_set_back_stops_nothing(
    hook: System, feeds: FeedServer, receiver: Receiver, ahead: timedelta
) -> None:
    hook.run()
    hook.clock.at += ahead
    hook.run()  # all that is written now is written for the future
    steps.tick(hook.runtime)
    hook.driver.settle(hook.runtime)
    assert hook.rows(SourceRow)[0].next_poll_at > START + ahead
    hook.clock.at -= ahead
    hook.clock.move(minutes=2)
    feeds.put("wire", [Entry("b1", "Globex Corporation hit by outage", "", "", hook.clock.at)])
    assert list(steps.tick(hook.runtime).poll) == ["wire"]
    steps.poll_sources(hook.runtime, "wire")
    hook.driver.settle(hook.runtime)
    assert {alert["institution"] for alert in receiver.alerts()} == {"acme", "globex"}
    hook.settle(minutes=1)
    assert hook.rows(SourceRow)[0].next_poll_at < hook.clock.at + timedelta(days=1)


def test_what_was_handed_out_by_a_clock_ahead_and_lost_is_handed_out_again(hook: System, receiver: Receiver) -> None:
    hook.runtime.enqueue = lambda hints: None
    hook.clock.at += timedelta(hours=10)
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    hook.clock.move(minutes=1)  # longer than beat leaves it to the poll
    assert list(steps.tick(hook.runtime).assess) == ["acme"]  # and the broker loses it
    hook.clock.at -= timedelta(hours=10)
    assert list(steps.tick(hook.runtime).assess) == ["acme"]
    steps.assess(hook.runtime, "acme")
    (delivery,) = hook.rows(DeliveryRow)
    hook.clock.at += ENQUEUE_GRACE
    assert list(steps.tick(hook.runtime).send) == [delivery.id]
    assert steps.send(hook.runtime, delivery.id)[0].state == "sent"


def test_two_beats_claim_each_row_once_and_the_second_tick_of_an_instant_does_nothing(hook: System) -> None:
    hook.clock.move(hours=1)
    assert list(steps.tick(hook.runtime, gap=GAP).poll) == ["wire"]
    assert not steps.tick(hook.runtime, gap=GAP)
    hook.clock.move(seconds=31)  # the claim has run out, so has the gate
    at_once = threading.Barrier(4)
    claimed: list[str] = []

    def beat() -> None:
        at_once.wait()
        claimed.extend(steps.tick(hook.runtime, gap=GAP).poll)

    beats = [threading.Thread(target=beat) for _ in range(4)]
    for each in beats:
        each.start()
    for each in beats:
        each.join()
    assert claimed == ["wire"]


def test_beat_sends_at_once_and_then_by_a_clock_that_nobody_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    from worker.app import app

    sent: list[str] = []
    monkeypatch.setattr(MonotonicScheduler, "apply_entry", lambda self, entry, producer: sent.append(entry.name))
    monkeypatch.setattr(MonotonicScheduler, "producer", None)
    scheduler = MonotonicScheduler(app, max_interval=0.1)
    now = 100.0
    monkeypatch.setattr("worker.beat.time", SimpleNamespace(monotonic=lambda: now))
    assert scheduler.tick() == 0.1
    assert sorted(sent) == ["selfcheck", "tick"]
    for now in (100.5, 101.1, 101.2, 102.3, 161.0):  # noqa: B007 - the clock reads it
        scheduler.tick()
    assert sent[2:4] == ["tick", "tick"]
    assert sorted(sent[4:]) == ["selfcheck", "tick"]
