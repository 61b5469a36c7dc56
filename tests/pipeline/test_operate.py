"""What operators change by hand, on both databases."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from kit.system import System
from sqlalchemy import select, update

from alerts.feeds.state import FeedState
from alerts.model.errors import NotFoundError
from alerts.model.level import Axis
from alerts.model.secret import Secret
from alerts.model.subscriber import Selection
from alerts.pipeline import answering, operate, steps
from alerts.pipeline.operate import RefusedError
from alerts.rendering.render import Renderer
from alerts.routing.reasons import Reason
from alerts.store.database import Database
from alerts.store.schema import AlertRow, DeliveryRow, SourceRow


@pytest.fixture
def town(database: Database, tmp_path: Path) -> System:
    return System(database, tmp_path / "config")


def alerts(town: System, subscriber: str = "desk") -> list[AlertRow]:
    with town.runtime.database.read() as session:
        query = select(AlertRow).where(AlertRow.subscriber == subscriber).order_by(AlertRow.at, AlertRow.id)
        return list(session.scalars(query))


def ids(town: System, state: str) -> list[str]:
    return [row.id for row in town.deliveries(state)]


def mark(town: System, delivery: str, state: str) -> None:
    with town.runtime.database.write() as session:
        session.execute(
            update(DeliveryRow).where(DeliveryRow.id == delivery).values(state=state, due_at=None, reason="x")
        )


# --- deliveries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["dead", "failed", "unknown"])
def test_what_did_not_arrive_is_sent_again(town: System, state: str) -> None:
    town.observe("tribune", "Acme hit by outage")
    [delivery] = ids(town, "pending")
    mark(town, delivery, state)
    assert operate.redeliver(town.runtime, delivery[:8]) == delivery
    assert list(town.requests[-1].send) == [delivery]
    town.settle()
    assert ids(town, "sent") == [delivery]
    assert town.out.getvalue().count("Acme") >= 1


@pytest.mark.parametrize(
    ("state", "why"), [("sent", "tell it twice"), ("suppressed", "not lost"), ("leased", "on its way")]
)
def test_what_arrived_or_is_on_its_way_is_not(town: System, state: str, why: str) -> None:
    town.observe("tribune", "Acme hit by outage")
    [delivery] = ids(town, "pending")
    mark(town, delivery, state)
    with pytest.raises(RefusedError, match=why):
        operate.redeliver(town.runtime, delivery)
    assert ids(town, state) == [delivery]


def test_an_unknown_or_ambiguous_delivery_is_not_found(town: System) -> None:
    town.observe("tribune", "Acme hit by outage")
    for prefix in ("", "nothing", "%"):
        with pytest.raises(NotFoundError):
            operate.redeliver(town.runtime, prefix)


def test_all_dead_letters_of_one_subscriber(town: System) -> None:
    town.observe("tribune", "Globex hit by outage")
    waiting = ids(town, "pending")
    assert len(waiting) >= 2
    for delivery in waiting:
        mark(town, delivery, "dead")
    found = operate.redeliver_dead(town.runtime, "board")
    assert 0 < len(found) < len(waiting)
    assert set(operate.redeliver_dead(town.runtime)) == set(waiting) - set(found)
    assert operate.redeliver_dead(town.runtime) == []


# --- silences ------------------------------------------------------------------------------------------------


def test_a_silence_holds_alerts_back_until_it_ends(town: System) -> None:
    made = operate.silence(
        town.runtime,
        Selection(institutions=frozenset({"acme"})),
        until=town.now + timedelta(hours=4),
        reason="planned",
        author="ops",
    )
    town.observe("tribune", "Acme hit by outage")
    assert {(each.state, each.reason) for each in alerts(town)} == {("suppressed", Reason.SILENCE.value)}
    operate.unsilence(town.runtime, made.id)
    town.observe("coastline", "Globex hit by an outage of its plant")
    assert "sent" in {each.state for each in alerts(town)}
    with pytest.raises(NotFoundError):
        operate.unsilence(town.runtime, made.id)


def test_a_silence_needs_known_institutions_and_a_time_to_come(town: System) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        operate.silence(
            town.runtime, Selection(institutions=frozenset({"nobody"})), until=town.now + timedelta(hours=1), reason=""
        )
    with pytest.raises(RefusedError, match="over already"):
        operate.silence(town.runtime, Selection(all=True), until=town.now, reason="")


# --- desks ---------------------------------------------------------------------------------------------------


def reminders(town: System) -> list[tuple[str, str]]:
    with town.runtime.database.read() as session:
        query = select(DeliveryRow.state, DeliveryRow.reason).where(DeliveryRow.kind == "reminder")
        return [(state, reason) for state, reason in session.execute(query)]


def test_an_acknowledged_level_is_not_reminded_of(town: System) -> None:
    town.observe("acme-news", "Acme reports an outage")
    [first, *_] = alerts(town)
    [acked] = answering.ack(town.runtime, first.id[:10], "night shift")
    assert acked[:2] == ("desk", "acme")
    answering.ack_level(town.runtime, "desk", "acme", who="operator night shift")
    town.later(hours=25)
    steps.advance_desk(town.runtime, "desk")
    assert reminders(town) == [("suppressed", Reason.ACKNOWLEDGED.value)]


def test_without_it_there_is_a_reminder(town: System) -> None:
    town.observe("acme-news", "Acme reports an outage")
    town.later(hours=25)
    steps.advance_desk(town.runtime, "desk")
    assert reminders(town) == [("pending", "")]


def test_nothing_to_acknowledge(town: System) -> None:
    with pytest.raises(RefusedError, match="no level above low"):
        answering.ack_level(town.runtime, "desk", "acme", Axis.POLICY)
    with pytest.raises(NotFoundError):
        answering.ack_level(town.runtime, "nobody", "acme")
    with pytest.raises(NotFoundError):
        answering.ack_level(town.runtime, "desk", "nobody")
    with pytest.raises(NotFoundError):
        answering.ack(town.runtime, "nothing")
    town.observe("tribune", "Globex opens a plant")
    mention = next(each for each in alerts(town) if each.on == "mention")
    assert answering.ack(town.runtime, mention.id)[0][2] == (), "seen, and nobody is reminded of it"


def test_what_was_due_before_is_not_lost(town: System) -> None:
    town.observe("acme-news", "Acme reports an outage")
    town.later(hours=25)
    town.requests.clear()
    answering.ack_level(town.runtime, "desk", "acme")
    assert reminders(town) == [("pending", "")], "it fell due an hour ago"
    assert steps.tick(town.runtime).send, "the next tick hands it out"


def test_an_unsubscribed_channel_gets_nothing_until_it_is_back(town: System) -> None:
    assert operate.unsubscribe(town.runtime, "desk", "console") == ("console",)
    town.observe("tribune", "Acme hit by outage")
    assert {(each.state, each.reason) for each in alerts(town)} == {("suppressed", "unsubscribed")}
    assert operate.unsubscribe(town.runtime, "desk", undo=True) == ("console", "pager")
    town.observe("coastline", "Globex hit by an outage of its plant")
    assert "sent" in {each.state for each in alerts(town)}
    with pytest.raises(NotFoundError, match="desk has console, pager"):
        operate.unsubscribe(town.runtime, "desk", "fax")
    with pytest.raises(NotFoundError):
        operate.unsubscribe(town.runtime, "nobody")


# --- sources -------------------------------------------------------------------------------------------------


def remember(town: System, state: FeedState) -> None:
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(state=state.to_json()))


def test_a_quarantined_source_is_believed(town: System) -> None:
    remember(town, FeedState(held=7, held_since=town.now, held_polls=1))
    assert operate.release(town.runtime, "tribune") == 7
    with town.runtime.database.read() as session:
        row = session.get_one(SourceRow, "tribune")
        state = FeedState.from_json(row.state)
    assert row.next_poll_at == town.now
    assert state.held_polls >= 3
    assert state.held_since is not None
    assert town.now - state.held_since >= timedelta(hours=12)
    with pytest.raises(RefusedError, match="holds nothing"):
        operate.release(town.runtime, "coastline")


def test_a_stopped_source_is_polled_again(town: System) -> None:
    remember(town, FeedState(stopped="gone", gone=4, failures=9))
    operate.release(town.runtime, "tribune")
    with town.runtime.database.read() as session:
        state = FeedState.from_json(session.get_one(SourceRow, "tribune").state)
    assert (state.stopped, state.gone, state.failures) == ("", 0, 0)
    with pytest.raises(RefusedError, match="not stopped"):
        operate.release(town.runtime, "tribune")


def test_a_source_in_a_poller_s_hands_is_left_alone(town: System) -> None:
    remember(town, FeedState(held=7, held_since=town.now, held_polls=1))
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).values(lease_until=town.now + timedelta(minutes=1)))
    with pytest.raises(RefusedError, match="being polled"):
        operate.release(town.runtime, "tribune")
    with pytest.raises(NotFoundError):
        operate.release(town.runtime, "nothing")


# --- a test of the channels ----------------------------------------------------------------------------------


def test_a_test_message_says_for_each_channel_what_came_of_it(town: System, tmp_path: Path) -> None:
    known = town.runtime.configuration.current().settings.subscribers["desk"]
    known = replace(known, channels={**known.channels, "broken": Secret("json://127.0.0.1:1/secret-path")})
    out = io.StringIO()
    results = dict(operate.send_test(known, Renderer(tmp_path / "none"), town.now, stream=out))
    assert [results[name].state.value for name in ("console", "pager", "broken")] == ["sent", "sent", "failed"]
    assert "secret-path" not in results["broken"].line
    assert out.getvalue()
