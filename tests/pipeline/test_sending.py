from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.present import present
from kit.receiver import Answer, Receiver, keys
from kit.system import START, System, settings
from sqlalchemy import update

from alerts.channels.result import SendReason, SendResult
from alerts.model.alert import DeliveryState
from alerts.pipeline import operate, steps
from alerts.pipeline.publish import publish_files
from alerts.pipeline.send import LEASE_SECONDS
from alerts.store.repositories import deliveries
from alerts.store.repositories.deliveries import Ended
from alerts.store.schema import AttemptRow, DeliveryRow, SnapshotRow

pytestmark = pytest.mark.servers

OUTAGE = Entry("a1", "Acme Networks hit by outage", "Nothing works.", "https://wire.example/a1", START)


@pytest.fixture
def hook(lines: Any, feeds: FeedServer, receiver: Receiver) -> System:
    """A line with one subscriber, whose only channel is the receiver, and one alert to send."""
    made: System = lines(settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()}))
    feeds.put("wire", [OUTAGE])
    return made


def attempts(made: System) -> list[tuple[int, str]]:
    return [(row.number, row.state) for row in made.rows(AttemptRow)]


def test_a_message_arrives_once_with_what_changed_and_why(hook: System, receiver: Receiver) -> None:
    hook.poll("wire")
    (body,) = receiver.accepted
    (delivery,) = hook.rows(DeliveryRow)
    assert body["id"] == delivery.id
    assert (body["kind"], body["subscriber"], body["channel"], body["copy"]) == ("alert", "desk", "hook", False)
    assert keys(body["alerts"]) == [("acme", "priority", "low", "medium")]
    (alert,) = body["alerts"]
    assert alert["score"] == 0.3
    (why,) = alert["contributions"]
    assert why["contribution"] == pytest.approx(
        why["severity"] * why["confidence"] * why["salience"] * why["criticality"]
    )
    assert why["title"] == OUTAGE.title
    assert attempts(hook) == [(1, "sent")]
    assert (delivery.state, delivery.reason, delivery.due_at, delivery.lease_token) == ("sent", "accepted", None, None)
    for _ in range(3):
        assert steps.send(hook.runtime, delivery.id) == []
        hook.settle(hours=1)
    assert len(receiver.received) == 1


def test_senders_at_once_send_it_once(hook: System, receiver: Receiver) -> None:
    hook.runtime.enqueue = lambda hints: None
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    steps.assess(hook.runtime, "acme")
    (delivery,) = hook.rows(DeliveryRow)
    all_at_once = threading.Barrier(4)
    ended: list[Ended] = []

    def send() -> None:
        all_at_once.wait()
        ended.extend(steps.send(hook.runtime, delivery.id))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.state for each in ended] == [DeliveryState.SENT]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("answer", [Answer(500), Answer(503), Answer(429)])
def test_a_service_in_trouble_is_asked_again_later(hook: System, receiver: Receiver, answer: Answer) -> None:
    receiver.then(answer, answer)
    hook.poll("wire")
    (delivery,) = hook.rows(DeliveryRow)
    assert delivery.state == "failed"
    assert timedelta(seconds=5) <= delivery.due_at - START <= timedelta(seconds=10)
    hook.settle(seconds=1)
    assert len(receiver.received) == 1, "not before its time"
    hook.settle(seconds=10)
    hook.settle(seconds=20)
    assert attempts(hook) == [(1, "failed"), (2, "failed"), (3, "sent")]
    assert {each.body["id"] for each in receiver.received} == {delivery.id}
    assert [each.body["copy"] for each in receiver.received] == [False] * 3, "it was refused, not cut"


def test_a_stale_hint_does_not_shorten_the_wait_that_a_service_asks_for(hook: System, receiver: Receiver) -> None:
    receiver.then(Answer(429, {"Retry-After": "600"}))
    hook.poll("wire")
    (delivery,) = hook.rows(DeliveryRow)
    assert delivery.due_at >= START + timedelta(seconds=600)
    for _ in range(3):
        hook.clock.move(seconds=100)
        assert steps.send(hook.runtime, delivery.id) == []
    assert len(receiver.received) == 1
    hook.settle(seconds=600)
    assert [each.answered for each in receiver.received] == [429, 200]


def test_no_answer_after_the_message_was_written_may_mean_a_copy_and_says_so(hook: System, receiver: Receiver) -> None:
    receiver.then(Answer(drop=True), Answer(500))
    hook.poll("wire")
    assert [row.state for row in hook.deliveries()] == ["unknown"]
    hook.settle(minutes=1)
    hook.settle(minutes=1)
    assert attempts(hook) == [(1, "unknown"), (2, "failed"), (3, "sent")]
    assert [each.body["copy"] for each in receiver.received] == [False, True, True]
    assert len({each.body["id"] for each in receiver.received}) == 1


def test_a_sender_killed_in_the_act_is_followed_by_another(hook: System, receiver: Receiver) -> None:
    hook.runtime.enqueue = lambda hints: None
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    steps.assess(hook.runtime, "acme")
    (delivery,) = hook.rows(DeliveryRow)
    with hook.database.write() as session:  # as far as it came
        assert deliveries.lease(session, [delivery.id], hook.clock.at, seconds=LEASE_SECONDS)
    hook.runtime.enqueue = hook.driver.enqueue
    hook.settle(seconds=LEASE_SECONDS - 1)
    assert receiver.received == [], "the lease still holds"
    hook.settle(seconds=1)
    assert [body["copy"] for body in receiver.accepted] == [True]
    assert attempts(hook) == [(1, "unknown"), (2, "sent")]


def test_a_result_that_comes_after_the_lease_ran_out_changes_nothing(hook: System, receiver: Receiver) -> None:
    hook.runtime.enqueue = lambda hints: None
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    steps.assess(hook.runtime, "acme")
    (row,) = hook.rows(DeliveryRow)
    with hook.database.write() as session:
        (late,) = deliveries.lease(session, [row.id], hook.clock.at, seconds=1)
    hook.settle(seconds=2)
    steps.send(hook.runtime, row.id)
    assert [row.state for row in hook.deliveries()] == ["sent"]
    with hook.database.write() as session:
        ended = Ended(late, SendResult(SendReason.UNREACHABLE), DeliveryState.FAILED, START)
        assert deliveries.finish(session, [ended], hook.clock.at) == set()
    assert [row.state for row in hook.deliveries()] == ["sent"]


@pytest.mark.parametrize(("status", "reason"), [(404, "gone"), (401, "not-authorised"), (400, "rejected")])
def test_what_trying_again_cannot_help_is_dead(hook: System, receiver: Receiver, status: int, reason: str) -> None:
    receiver.then(Answer(status))
    hook.poll("wire")
    assert [(row.state, row.reason) for row in hook.deliveries()] == [("dead", reason)]
    hook.settle(days=1)
    assert len(receiver.received) == 1


def test_a_channel_that_fails_for_a_day_is_given_up(hook: System, receiver: Receiver) -> None:
    receiver.default = Answer(500)
    hook.poll("wire")
    for _ in range(60):
        (row,) = hook.deliveries()
        if row.state == "dead":
            break
        hook.clock.at = present(row.due_at)
        hook.settle()
    assert row.state == "dead"
    assert timedelta(hours=20) < hook.clock.at - START <= timedelta(days=1)
    assert 10 < len(receiver.received) <= 40


def test_a_failing_channel_holds_up_no_other(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    with Receiver(Answer(500)) as broken:
        channels = {
            "broken": broken.channel(),
            "hook": receiver.channel(),
            "nobody": "json://127.0.0.1:9/x",
            "console": "console://",
        }
        made: System = lines(settings({"wire": f"{feeds.url}/wire"}, channels))
        feeds.put("wire", [OUTAGE])
        made.poll("wire")
        assert {row.channel: row.state for row in made.deliveries()} == {
            "broken": "failed",
            "hook": "sent",
            "nobody": "failed",
            "console": "sent",
        }
        broken.default = Answer(200)
        made.settle(minutes=1)
        assert {row.channel: row.state for row in made.deliveries()} == {
            "broken": "sent",
            "hook": "sent",
            "nobody": "failed",
            "console": "sent",
        }
    assert len(receiver.received) == 1
    assert len(broken.accepted) == 1


def test_what_waits_for_a_channel_that_is_no_longer_configured_is_dead(
    lines: Any, feeds: FeedServer, receiver: Receiver
) -> None:
    content = settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()})
    made: System = lines(content)
    receiver.then(Answer(500))
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    made.reconfigure({**content, "subscribers": []})
    publish_files(made.runtime, accept_empty=True)
    made.settle(minutes=1)
    assert [(row.state, row.reason) for row in made.deliveries()] == [("dead", "gone")]
    assert len(receiver.received) == 1


def test_who_unsubscribes_while_a_message_is_retried_does_not_get_it(hook: System, receiver: Receiver) -> None:
    receiver.default = Answer(500)
    hook.poll("wire")
    (row,) = hook.deliveries()
    assert row.state == "failed"
    operate.unsubscribe(hook.runtime, "desk", "hook")
    receiver.default = Answer()
    tried = len(receiver.received)
    hook.settle(hours=2)
    (row,) = hook.deliveries()
    assert (row.state, row.reason, row.due_at) == ("suppressed", "unsubscribed", None)
    assert len(receiver.received) == tried


def test_every_kind_of_waiting_ends_in_one_message(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    """A digest is due at a time of day; the tick sends it then, once, and nothing before."""
    content = settings({"wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()})
    content["subscribers"][0]["digest"] = {"at": "12:00", "timezone": "UTC", "below": "high"}
    made: System = lines(content)
    feeds.put("wire", [OUTAGE])
    made.poll("wire")
    made.settle(hours=2, minutes=59)
    assert receiver.received == []
    made.settle(minutes=2)
    assert [(body["kind"], body["at"]) for body in receiver.accepted] == [("digest", "2026-03-02T12:00:00Z")]
    made.settle(days=1)
    assert len(receiver.received) == 1


def test_a_message_that_cannot_be_made_is_tried_again_and_holds_up_no_other(
    hook: System, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    hook.runtime.enqueue = lambda hints: None
    steps.poll_sources(hook.runtime, "wire", due_only=False)
    steps.assess(hook.runtime, "acme")
    (delivery,) = hook.rows(DeliveryRow)
    (snapshot,) = hook.rows(SnapshotRow)
    for profile, state, reason in (
        (b"no profile", DeliveryState.FAILED, "internal"),  # as if a defect had written what cannot be read
        (snapshot.profile, DeliveryState.SENT, "accepted"),
    ):
        with hook.database.write() as session:
            session.execute(update(SnapshotRow).values(profile=profile))
        (outcome,) = steps.send(hook.runtime, delivery.id)
        assert (outcome.state, outcome.result.reason) == (state, reason)
        hook.clock.move(hours=1)
    assert attempts(hook) == [(1, "failed"), (2, "sent")]
    assert len(receiver.accepted) == 1
    assert "delivery.broken" in caplog.messages
    assert "no profile" not in hook.rows(AttemptRow)[0].line
