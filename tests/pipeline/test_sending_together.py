"""Many messages at once: each channel at its pace, and none held up by another."""

from __future__ import annotations

import json
import queue
import threading
import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.rawserver import silent_server
from kit.receiver import Answer, Receiver
from kit.system import START, System, settings
from requests.adapters import HTTPAdapter
from sqlalchemy import insert, update

from alerts.channels import pacing
from alerts.channels.result import SendReason, SendResult
from alerts.channels.send import DEADLINE_S
from alerts.model.alert import DeliveryState
from alerts.model.secret import Secret
from alerts.pipeline import steps
from alerts.pipeline.send import LEASE_SECONDS
from alerts.runtime.bulkhead import MAX_IN_FLIGHT
from alerts.runtime.runtime import utc_now
from alerts.runtime.task_requests import SEND_BATCH, TaskRequests
from alerts.store.repositories import deliveries
from alerts.store.repositories.deliveries import Ended
from alerts.store.schema import AttemptRow, DeliveryRow

pytestmark = pytest.mark.servers

OUTAGE = Entry("a1", "Acme Networks hit by outage", "Nothing works.", "https://wire.example/a1", START)


def waiting(made: System, **channels: int) -> list[str]:
    """An alert on its way, and so many copies of its message for each channel; nothing is sent yet."""
    made.runtime.enqueue = lambda hints: None
    steps.poll_sources(made.runtime, "wire", due_only=False)
    steps.assess(made.runtime, "acme")
    template = made.rows(DeliveryRow)[0]
    columns = {each.name: getattr(template, each.name) for each in DeliveryRow.__table__.columns}
    rows = [
        {**columns, "id": f"{channel}-{number}", "channel": channel, "due_at": made.clock()}
        for channel, count in channels.items()
        for number in range(count)
    ]
    with made.database.write() as session:
        session.execute(insert(DeliveryRow), rows)
    return [row["id"] for row in rows]


def sent(made: System) -> list[str]:
    return [row.id for row in made.rows(DeliveryRow, state="sent")]


def at_once(made: System, ids: list[str], threads: int) -> list[threading.Thread]:
    """Senders that take the next of the ids until there is none."""
    left: queue.SimpleQueue[str] = queue.SimpleQueue()
    for each in ids:
        left.put(each)

    def work() -> None:
        while not left.empty():
            try:
                steps.send(made.runtime, left.get_nowait())
            except queue.Empty:
                return

    working = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
    for thread in working:
        thread.start()
    return working


def paced(lines: Any, feeds: FeedServer, receiver: Receiver, **rates: str) -> System:
    content = settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()})
    content["subscribers"][0]["rates"] = rates
    feeds.put("wire", [OUTAGE])
    made: System = lines(content)
    return made


def test_a_channel_takes_messages_at_its_pace_whoever_sends(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    made = paced(lines, feeds, receiver, hook="6/m")
    ids = waiting(made, hook=5)
    for thread in at_once(made, ids, 4):
        thread.join()
    assert len(receiver.received) == 1
    rows = [row for row in made.rows(DeliveryRow, channel="hook") if row.id in ids and row.state == "pending"]
    assert sorted(row.due_at - START for row in rows) == [timedelta(seconds=10 * turn) for turn in range(1, 5)]
    assert {row.attempts for row in rows} == {0}, "to wait is no attempt"
    for turn in range(2, 6):
        made.clock.move(seconds=10)
        for each in [*ids, *ids]:  # hints may come twice, and too early
            steps.send(made.runtime, each)
        assert len(receiver.received) == turn
    assert set(ids) <= set(sent(made))


def test_a_service_that_asks_for_fewer_messages_is_left_alone_by_all(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver)
    ids = waiting(made, hook=3)
    receiver.then(Answer(429, {"Retry-After": "60"}))
    for each in ids:
        steps.send(made.runtime, each)
    assert len(receiver.received) == 1
    made.clock.move(seconds=59)
    for each in ids:
        steps.send(made.runtime, each)
    assert len(receiver.received) == 1
    made.clock.move(seconds=60)
    for each in ids:
        steps.send(made.runtime, each)
    assert set(ids) <= set(sent(made))


def test_a_service_that_asks_for_a_wait_beyond_all_time_gets_no_second_copy(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver)
    (only,) = waiting(made, hook=1)
    receiver.then(Answer(429, {"Retry-After": "1" + "0" * 30}))
    assert steps.send(made.runtime, only)[0].state is DeliveryState.DEAD
    made.clock.move(minutes=59)
    steps.send(made.runtime, only)
    assert len(receiver.received) == 1


def test_turns_given_before_a_service_asked_for_a_pause_wait_for_its_end(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver, hook="6/m")
    ids = waiting(made, hook=4)
    receiver.then(Answer(200), Answer(429, {"Retry-After": "120"}))
    for each in ids:  # the first goes at once, the others have turns 10, 20 and 30 seconds from now
        steps.send(made.runtime, each)
    for _ in range(12):  # the second is told to wait
        made.clock.move(seconds=10)
        for each in ids:
            steps.send(made.runtime, each)
        assert len(receiver.received) == 2, "the pause holds for every message of the channel"
    for turn in range(1, 4):
        made.clock.move(seconds=10)
        for each in [*ids, *ids]:
            steps.send(made.runtime, each)
        assert len(receiver.received) == 2 + turn, "and what waited does not go all at once"
    assert set(ids) <= set(sent(made))
    assert [row.attempts for row in made.rows(DeliveryRow) if row.id in ids] == [1, 2, 1, 1]


def test_messages_sent_together_share_one_connection_and_each_is_leased_and_marked(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver)
    ids = waiting(made, hook=5)
    assert [each.state for each in steps.send(made.runtime, *ids)] == [DeliveryState.SENT] * 5
    assert {each.body["id"] for each in receiver.received} == set(ids)
    assert len({each.connection for each in receiver.received}) == 1
    attempts = [row for row in made.rows(AttemptRow) if row.delivery in ids]
    assert [(row.number, row.state) for row in attempts] == [(1, "sent")] * 5
    assert steps.send(made.runtime, *ids) == [], "they are done"


def test_what_is_left_when_a_service_asks_for_a_pause_is_given_back_without_an_attempt(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver)
    ids = waiting(made, hook=4)
    receiver.then(Answer(), Answer(429, {"Retry-After": "60"}))
    steps.send(made.runtime, *ids)
    assert len(receiver.received) == 2
    rows = [row for row in made.rows(DeliveryRow) if row.id in ids]
    assert sorted((row.state, row.attempts) for row in rows) == [
        ("failed", 1),
        ("pending", 0),
        ("pending", 0),
        ("sent", 1),
    ]
    assert len(made.rows(AttemptRow)) == 2
    steps.send(made.runtime, *ids)
    assert len(receiver.received) == 2, "the pause holds for them, too"
    made.clock.move(seconds=90)
    steps.send(made.runtime, *ids)
    assert set(ids) <= set(sent(made))
    assert [body["copy"] for body in receiver.accepted] == [False] * 4


def test_what_a_killed_sender_had_leased_is_sent_again_and_marked_as_copies(
    lines: Any, feeds: FeedServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = paced(lines, feeds, receiver)
    ids = waiting(made, hook=3)

    def killed(*_arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(deliveries, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            steps.send(made.runtime, *ids)
    assert len(receiver.received) == 3
    assert steps.send(made.runtime, *ids) == [], "the leases hold"
    made.clock.move(seconds=LEASE_SECONDS + 1)
    steps.send(made.runtime, *ids)
    assert [each.body["copy"] for each in receiver.received] == [False] * 3 + [True] * 3
    assert sorted(row.state for row in made.rows(AttemptRow)) == ["sent"] * 3 + ["unknown"] * 3


def test_of_results_marked_together_those_of_leases_that_ran_out_change_nothing(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver)
    ids = waiting(made, hook=4)
    with made.database.write() as session:
        first = deliveries.lease(session, ids, made.clock(), seconds=1)
    made.clock.move(seconds=2)
    taken = ids[1::2]  # by another sender, who has not ended
    with made.database.write() as session:
        assert len(deliveries.lease(session, taken, made.clock(), seconds=60)) == 2
    sent_, refused = SendResult(SendReason.ACCEPTED), SendResult(SendReason.REJECTED, "no")
    results = [(sent_, DeliveryState.SENT), (sent_, DeliveryState.SENT), (refused, DeliveryState.DEAD)]
    ended = [Ended(each, result, state, None) for each, (result, state) in zip(first, results, strict=False)]
    with made.database.write() as session:
        assert deliveries.finish(session, ended, made.clock(), first[3:]) == {ids[0], ids[2]}
    assert [row.state for row in made.rows(DeliveryRow) if row.id in ids] == ["sent", "leased", "dead", "leased"]
    attempts = {(row.delivery, row.number): (row.state, row.ended_at is None) for row in made.rows(AttemptRow)}
    assert attempts == {
        (ids[0], 1): ("sent", False),
        (ids[2], 1): ("dead", False),
        **{(each, 1): ("unknown", False) for each in taken},
        **{(each, 2): ("leased", True) for each in taken},
    }


def test_only_what_waits_is_held(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    made = paced(lines, feeds, receiver)
    free, leased, done = ids = waiting(made, hook=3)
    steps.send(made.runtime, done)
    with made.database.write() as session:
        assert deliveries.lease(session, [leased], made.clock(), seconds=60)
        until = made.clock() + timedelta(seconds=5)
        assert deliveries.hold(session, ids, made.clock(), until) == {free}
    held = {row.id: row.claimed_until for row in made.rows(DeliveryRow) if row.id in ids}
    assert held[free] == until
    assert until not in {held[leased], held[done]}


def test_a_message_that_cannot_be_made_stops_none_that_is_sent_with_it(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    made = paced(lines, feeds, receiver)
    ids = waiting(made, hook=3)
    with made.database.write() as session:
        session.execute(update(DeliveryRow).where(DeliveryRow.id == ids[1]).values(kind="of no kind"))
    outcomes = {each.leased.id: each.state for each in steps.send(made.runtime, *ids)}
    assert outcomes == {ids[0]: "sent", ids[1]: "failed", ids[2]: "sent"}


def test_of_one_task_no_service_waits_for_another(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    feeds.put("wire", [OUTAGE])
    with silent_server() as silent:
        hook = receiver.channel().replace("127.0.0.1", "localhost")
        made: System = lines(
            settings({"wire": f"{feeds.url}/wire"}, {"dead": f"json://127.0.0.1:{silent.port}/?rto=2", "hook": hook})
        )
        ids = waiting(made, dead=2, hook=2)
        began = time.monotonic()
        sending = threading.Thread(target=steps.send, args=(made.runtime, *ids))
        sending.start()
        assert receiver.wait_for(2, 30)
        assert time.monotonic() - began < 2
        assert {row.state for row in made.rows(DeliveryRow, channel="dead") if row.id in ids} == {"leased"}
        sending.join()


def test_run_once_waits_for_the_turns(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    made = paced(lines, feeds, receiver, hook="10/s")
    ids = waiting(made, hook=4)
    made.runtime.clock, made.runtime.enqueue = utc_now, made.driver.enqueue
    made.driver.settle(made.runtime)
    assert set(ids) <= set(sent(made))


def test_a_channel_that_hangs_delays_no_other(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    feeds.put("wire", [OUTAGE])
    with silent_server() as silent:
        channels = {
            "dead": f"json://127.0.0.1:{silent.port}/",
            "hook": receiver.channel().replace("127.0.0.1", "localhost"),
        }
        made: System = lines(settings({"wire": f"{feeds.url}/wire"}, channels))
        ids = waiting(made, dead=12, hook=6)
        made.runtime.clock = utc_now
        working = at_once(made, ids, threads=6)
        # Did the dead channel hold all threads, the other would wait until it is given up.
        assert receiver.wait_for(6, DEADLINE_S / 3)
        assert not [row for row in made.rows(DeliveryRow, channel="dead") if row.state == "sent"]
        held = [row for row in made.rows(DeliveryRow, channel="dead") if row.state == "leased"]
        assert 1 <= len(held) <= 4
    for thread in working:
        thread.join()


def test_a_burst_to_a_quick_service_needs_no_tick(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    """What finds no room is handed out again when a send ends, each delivery as often as it has to be."""
    feeds.put("wire", [OUTAGE])
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()}))
    ids = waiting(made, hook=40)
    made.runtime.clock = utc_now
    left: queue.SimpleQueue[str] = queue.SimpleQueue()
    for each in ids:
        left.put(each)

    def hand_out(hints: TaskRequests) -> None:
        for each in hints.send:
            left.put(each)

    def work() -> None:
        with suppress(queue.Empty):
            while True:
                steps.send(made.runtime, left.get(timeout=2))

    made.runtime.enqueue = hand_out
    working = [threading.Thread(target=work, daemon=True) for _ in range(MAX_IN_FLIGHT + 4)]
    for thread in working:
        thread.start()
    for thread in working:
        thread.join()
    assert set(ids) <= set(sent(made))
    assert [row.attempts for row in made.rows(DeliveryRow) if row.id in ids] == [1] * 40


def test_a_task_goes_on_with_what_waits_for_its_service(
    lines: Any, feeds: FeedServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds.put("wire", [OUTAGE])
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()}))
    first, *others = sorted(waiting(made, hook=20))
    asked: list[str] = []
    made.runtime.enqueue = lambda hints: asked.extend(hints.send)
    service = pacing.lane(Secret(receiver.channel()))
    with ExitStack() as full:
        for _ in range(MAX_IN_FLIGHT):
            full.enter_context(made.runtime.bulkhead.acquire(service, made.runtime.clock))
        assert steps.send(made.runtime, *others) == []
    monkeypatch.setattr("alerts.pipeline.send.TASK_SECONDS", -1)
    assert len(steps.send(made.runtime, first)) == 1
    assert asked == others[:SEND_BATCH], "its time is over, so another task is to go on"
    monkeypatch.undo()
    assert len(steps.send(made.runtime, *asked)) == 19
    assert asked == others[:SEND_BATCH], "nothing more was asked for"


def test_a_slack_bot_s_messages_about_one_institution_and_axis_make_a_thread(
    lines: Any, feeds: FeedServer, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connection(adapter: HTTPAdapter, *_: object, **__: object) -> Any:
        return adapter.poolmanager.connection_from_url(f"http://127.0.0.1:{receiver.port}")

    monkeypatch.setattr(HTTPAdapter, "get_connection_with_tls_context", connection)
    receiver.then(*(Answer(body=json.dumps({"ok": True, "ts": f"17.{number}"}).encode()) for number in (1, 2, 3)))
    channel = "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada2d/#general"
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}, {"slack": channel}))
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    made.settle(days=30)  # it falls
    ruling = Entry("a2", "Court ruling against Acme Networks", "A ruling.", "https://wire.example/a2", made.clock())
    feeds.put("wire", [OUTAGE, ruling])
    made.poll("wire")
    made.settle(minutes=1)
    threads = [each.get("thread_ts") for each in receiver.accepted]
    assert threads == [None, "17.1", None], "the fall goes under the rise, another axis begins its own"
