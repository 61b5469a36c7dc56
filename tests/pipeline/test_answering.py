"""Answers, escalation and fallback through the whole pipeline, on both databases, to a real receiver."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.receiver import Answer as Reply
from kit.receiver import Receiver
from kit.system import START, System, settings
from sqlalchemy import select, update

from alerts.access.links import Pages, answered
from alerts.access.signing import Signer
from alerts.config.load import load_entries
from alerts.explain.alert import explain
from alerts.explain.why_not import why_not
from alerts.model.answer import AnswerKind, WrongReason
from alerts.model.errors import NotFoundError
from alerts.model.records import alert_record, to_line
from alerts.pipeline import answering, steps
from alerts.replay.backtest import rehearse
from alerts.store.repositories import alerts, answers, items
from alerts.store.schema import AlertRow, CarriedRow, DeliveryRow

pytestmark = pytest.mark.servers


def entry(name: str, title: str, at: Any = START) -> Entry:
    return Entry(name, title, "", f"https://wire.example/{name}", at)


OUTAGE = entry("a1", "Acme Networks hit by outage")


@pytest.fixture
def desk(lines: Any, feeds: FeedServer, receiver: Receiver) -> System:
    """One subscriber with a chat, a phone and a mail; alerts go on to the phone."""
    channels = {name: receiver.channel(name) for name in ("chat", "mail", "phone")}
    content = settings({"wire": f"{feeds.url}/wire"}, channels)
    [subscriber] = content["subscribers"]
    subscriber |= {"fallback": {"chat": "mail", "mail": "phone"}}
    subscriber["watch"][0] |= {"to": ["chat"], "escalate": {"after": "30m", "to": ["phone"]}}
    made: System = lines(content)
    feeds.put("wire", [OUTAGE])
    return made


def paths(receiver: Receiver) -> list[str]:
    return [each.path.strip("/") for each in receiver.received]


def ids(made: System) -> list[str]:
    return [row.id for row in sorted(made.rows(AlertRow), key=lambda row: row.at)]


def test_nobody_acknowledges_and_it_goes_on_once(desk: System, receiver: Receiver) -> None:
    desk.poll("wire")
    assert paths(receiver) == ["chat"]
    desk.settle(minutes=29)
    assert paths(receiver) == ["chat"]
    # As if the worker had been killed at any step: what is in the database is all that is left.
    steps.advance_desk(desk.runtime, "desk")
    desk.clock.move(minutes=2)
    steps.advance_desk(desk.runtime, "desk")
    steps.advance_desk(desk.runtime, "desk")
    desk.settle(hours=5)
    assert paths(receiver) == ["chat", "phone"]
    last = receiver.received[-1].body
    assert last["kind"] == "escalation"
    assert last["subject"].startswith("Not acknowledged: Acme")
    with desk.database.read() as session:
        record = explain(session, desk.runtime.configuration.current(), ids(desk)[0])
    assert [(each["kind"], each["channel"], each["state"]) for each in record["deliveries"]] == [
        ("alert", "chat", "sent"),
        ("escalation", "phone", "sent"),
    ]


def test_an_acknowledgement_by_link_or_by_command_is_one_record_and_stops_it(desk: System, receiver: Receiver) -> None:
    desk.poll("wire")
    [alert] = ids(desk)
    made = answering.give(desk.runtime, alert, AnswerKind.ACKNOWLEDGE, who="a reader of chat")
    answering.ack(desk.runtime, alert[:8], "operator night shift")
    answering.ack_level(desk.runtime, "desk", "acme", who="operator night shift")
    with desk.database.read() as session:
        [given] = answers.find(session)
    assert (given.id, given.alert, given.kind, given.who) == (
        made.id,
        alert,
        AnswerKind.ACKNOWLEDGE,
        "a reader of chat",
    )
    desk.settle(hours=1)
    assert paths(receiver) == ["chat"]
    held = desk.rows(DeliveryRow, kind="escalation")
    assert [(row.channel, row.state, row.reason) for row in held] == [("phone", "suppressed", "acknowledged")]


def test_the_operators_own_acknowledgement_is_recorded_alike(desk: System) -> None:
    desk.poll("wire")
    answering.ack_level(desk.runtime, "desk", "acme", who="operator night shift")
    with desk.database.read() as session:
        [given] = answers.find(session)
    assert (given.alert, given.kind, given.who) == (ids(desk)[0], AnswerKind.ACKNOWLEDGE, "operator night shift")


def test_what_a_channel_refuses_goes_to_its_fallback_once(desk: System, receiver: Receiver) -> None:
    receiver.then(Reply(403), Reply(410))
    desk.poll("wire")
    assert paths(receiver) == ["chat", "mail", "phone"]
    assert [each.body.get("instead_of") for each in receiver.received] == [None, "chat", "mail"]
    states = [(row.channel, row.state) for row in sorted(desk.rows(DeliveryRow), key=lambda row: row.created_at)]
    assert sorted(states) == [("chat", "dead"), ("mail", "dead"), ("phone", "sent")]
    [alert] = ids(desk)
    assert len(desk.rows(CarriedRow, alert=alert)) == 3
    for row in desk.rows(DeliveryRow):
        steps.send(desk.runtime, row.id)
    desk.settle(minutes=20)
    assert len(receiver.received) == 3


def test_a_fallback_carries_what_a_message_of_before_version_0_2_had_superseded(
    desk: System, receiver: Receiver
) -> None:
    receiver.then(Reply(503), Reply(403))
    desk.poll("wire")
    [row] = desk.deliveries("failed")
    former = {"alerts": [], "reminders": [], "overtaken": ids(desk), "standing": [], "more": 0, "detail": ""}
    with desk.database.write() as session:
        session.execute(update(DeliveryRow).where(DeliveryRow.id == row.id).values(message=former))
    desk.settle(minutes=20)
    assert {each.channel for each in desk.rows(DeliveryRow)} == {"chat", "mail"}
    assert len(desk.rows(CarriedRow, alert=ids(desk)[0])) == 2


def test_a_correction_goes_where_the_alert_arrived(desk: System, feeds: FeedServer, receiver: Receiver) -> None:
    receiver.then(Reply(403))
    desk.poll("wire")
    assert paths(receiver) == ["chat", "mail"]
    receiver.received.clear()
    feeds.put("wire", [entry("a1", "Correction: no trouble at Acme Networks")])
    desk.clock.move(minutes=5)
    desk.poll("wire")
    assert [each.body["kind"] for each in receiver.received] == ["correction"]
    assert paths(receiver) == ["mail"]


def test_a_replay_with_the_recorded_answers_gives_the_live_alerts(desk: System, feeds: FeedServer) -> None:
    """Byte for byte: muted and below-preference ones among them."""
    desk.run()
    first = ids(desk)[0]
    answering.give(desk.runtime, first, AnswerKind.MUTE, who="x", days=1)
    answering.give(desk.runtime, first, AnswerKind.ONLY_CRITICAL, who="x")
    titles = ["Acme Networks: court ruling", "Globex Corporation: outage", "Globex Corporation: court ruling"]
    entries = [OUTAGE]
    for number, title in enumerate(titles):
        entries.append(entry(f"b{number}", title, desk.clock.move(hours=2)))
        feeds.put("wire", list(entries))
        desk.run()
        if number == 1:
            for each in (AnswerKind.DAILY, AnswerKind.USEFUL):
                answering.give(desk.runtime, first, each, who="x")
    desk.settle(days=3)
    with desk.database.read() as session:
        recorded = list(items.record(session))
        chosen = {"desk": answers.preferences(session, "desk")}
        rows = session.scalars(select(AlertRow).order_by(AlertRow.at)).all()
        live = alerts.of_rows(session, rows)
    assert {each.reason for each in live} >= {"muted", "below-preference", "digest"}
    replayed = rehearse(recorded, load_entries(desk.config).settings, until=desk.clock.at, preferences=chosen).alerts
    assert sorted(to_line(alert_record(each)) for each in replayed) == sorted(
        to_line(alert_record(each)) for each in live
    )


def test_why_not_names_the_preference(desk: System) -> None:
    desk.poll("wire")
    answering.give(desk.runtime, ids(desk)[0], AnswerKind.MUTE, who="a reader of chat", days=7)
    active = desk.runtime.configuration.current()
    subscriber, institution = active.settings.subscriber("desk"), active.settings.institution("acme")
    with desk.database.read() as session:
        record = why_not(session, active, subscriber, institution, desk.clock.move(minutes=5))
        other = why_not(session, active, subscriber, active.settings.institution("globex"), desk.clock.at)
    [mute] = record["preferences"]
    assert (mute["said"], mute["channel"], mute["who"]) == ("mute acme for 7 days", "chat", "a reader of chat")
    assert other["preferences"] == []
    routing = next(each["routing"] for each in record["axes"] if each["routing"])
    assert {each["reason"] for each in routing["channels"]} == {"muted"}


def test_the_last_answer_about_the_same_counts(desk: System) -> None:
    desk.poll("wire")
    [alert] = ids(desk)
    for kind, more in (
        (AnswerKind.USEFUL, {}),
        (AnswerKind.WRONG, {"reason": WrongReason.OLD}),
        (AnswerKind.WRONG, {"reason": WrongReason.DUPLICATE}),
        (AnswerKind.ONLY_CRITICAL, {}),
        (AnswerKind.DAILY, {}),
        (AnswerKind.MUTE, {"days": 7}),
        (AnswerKind.MUTE, {"days": 30}),
    ):
        desk.clock.move(minutes=1)
        for _ in range(2):
            answering.give(desk.runtime, alert, kind, who="x", **more)
    with desk.database.read() as session:
        given = answers.find(session)
    assert len(given) == 7
    assert {(each.kind, each.reason, each.days) for each in given if each.undone_at is None} == {
        (AnswerKind.WRONG, WrongReason.DUPLICATE, None),
        (AnswerKind.DAILY, None, None),
        (AnswerKind.MUTE, None, 30),
    }


def test_what_is_not_there_cannot_be_answered_or_undone(desk: System) -> None:
    desk.poll("wire")
    with pytest.raises(NotFoundError):
        answering.give(desk.runtime, "nothing", AnswerKind.USEFUL, who="x")
    with pytest.raises(NotFoundError):
        answering.take_back(desk.runtime, "nothing", "x")
    made = answering.give(desk.runtime, ids(desk)[0], AnswerKind.USEFUL, who="x")
    with pytest.raises(NotFoundError):
        answering.take_back(desk.runtime, made.id, "x", subscriber="other")
    once = answering.take_back(desk.runtime, made.id, "x")
    desk.clock.move(minutes=1)
    assert answering.take_back(desk.runtime, made.id, "y").undone_at == once.undone_at


def test_the_message_carries_links_that_open_to_whoever_reads_its_channel(desk: System, receiver: Receiver) -> None:
    desk.runtime.pages = Pages("https://alerts.example.org", Signer(b"a key of this test alone"))
    desk.poll("wire")
    [alert] = receiver.received[0].body["alerts"]
    link = alert["answer"]
    assert link.startswith("https://alerts.example.org/answer/")
    about = answered(desk.runtime.pages.signer, link.rpartition("/")[2])
    assert about is not None
    assert about[:2] == (alert["id"], "chat")
    assert about[2] - desk.clock.at <= timedelta(days=30)
    foreign = Pages("", Signer(b"another key of this test")).answer("a", "b", START)
    assert answered(desk.runtime.pages.signer, foreign.rpartition("/")[2]) is None
