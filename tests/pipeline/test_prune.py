"""Retention: what is old goes, what an open level rests on stays, and nothing is told twice afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.receiver import Receiver
from kit.system import START, Clock, System, case_at, settings, write
from sqlalchemy import delete, func, select, update

from alerts.cli.main import status_of
from alerts.explain.alert import explain
from alerts.insight.profiles import profile_at
from alerts.model.errors import UsageError
from alerts.model.level import Axis, Level
from alerts.model.records import to_line
from alerts.pipeline import steps
from alerts.pipeline.prune import prune
from alerts.replay.backtest import rehearse
from alerts.store.repositories import items
from alerts.store.schema import (
    AlertRow,
    AttemptRow,
    Base,
    CarriedRow,
    CaseRow,
    DecisionRow,
    DeliveryRow,
    FindingRow,
    ItemRow,
    MembershipRow,
    RevisionRow,
    SourceRow,
    StoryEventRow,
    StoryRow,
    TransitionRow,
    table_of,
)
from alerts.store.upsert import insert_all

pytestmark = pytest.mark.servers

KEEP = timedelta(days=400)
OPEN = Entry("a1", "Acme Networks hit by outage", "It lasts.", "https://wire.example/a1", START)
OVER = Entry("g1", "Globex Corporation loses in court ruling", "A fine.", "https://wire.example/g1", START)
DULL = Entry("g2", "Globex Corporation opens an office", "In Lyon.", "https://wire.example/g2", START)
EDIT = Entry("g2", "Globex Corporation opens an office", "In Lyons.", "https://wire.example/g2", START)


def content(feeds: FeedServer, receiver: Receiver) -> dict[str, Any]:
    found = settings({"acme-news": f"{feeds.url}/acme-news", "wire": f"{feeds.url}/wire"}, {"hook": receiver.channel()})
    found["topics"][0]["severity"] = {"priority": 0.6, "policy": 0.0, "continuity": 0.9}
    found["levels"]["half_life"] = {"continuity": "390d", "policy": "2d"}
    found["subscribers"][0]["watch"][0]["on"] = ["level", "mention"]
    return found


@pytest.fixture
def aged(lines: Any, feeds: FeedServer, receiver: Receiver) -> System:
    """410 days of history: a level of Acme is still up, all that happened to Globex is over, one thing is new."""
    line: System = lines(content(feeds, receiver), Clock())
    feeds.put("acme-news", [OPEN])
    feeds.put("wire", [OVER, DULL])
    line.run()
    feeds.put("wire", [OVER, EDIT])
    line.run(days=1)
    line.settle(days=2)
    for _ in range(16):
        line.settle(days=25)
    line.clock.at = START + timedelta(days=410)
    fresh = Entry("g3", "Globex Corporation moves", "Away.", "https://wire.example/g3", line.clock.at)
    feeds.put("wire", [fresh, OVER, EDIT])
    line.run()
    line.settle(minutes=1)
    receiver.received.clear()
    assert _levels(line)["acme"]["continuity"] == "medium"
    assert set(_levels(line)["globex"].values()) == {"low"}
    return line


def _levels(line: System) -> dict[str, dict[str, str]]:
    with line.database.read() as session:
        active = line.runtime.configuration.current()
        found = {}
        for institution in active.settings.institutions.values():
            case = case_at(session, active, institution, line.clock.at)
            found[institution.id] = {axis.value: case.axes[axis].level.value for axis in Axis}
        return found


def _table(line: System) -> dict[str, int]:
    with line.database.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }


def _of(line: System, table: type[Base], institution: str) -> int:
    return len(line.rows(table, institution=institution))


def test_a_dry_run_says_what_would_go_and_removes_nothing(aged: System) -> None:
    before = _table(aged)
    said = prune(aged.runtime, KEEP, dry_run=True)
    assert _table(aged) == before
    done = prune(aged.runtime, KEEP)
    assert done == said
    after = _table(aged)
    assert {name: before[name] - after[name] for name in before if before[name] != after[name]} == {
        "memberships": 2,
        "facts": 1,  # an outage of a source that is over
        "story_events": 3,  # the edit, too
        "story_versions": 2,
        "story_rises": 2,
        "decisions": done.counts["alerts"],  # one subscriber shares none
        "attempts": done.counts["deliveries"],
        "carried": before["carried"] - after["carried"],
        **{name: count for name, count in done.counts.items() if count},
    }
    assert prune(aged.runtime, KEEP).counts == dict.fromkeys(done.counts, 0)


def test_what_is_over_goes_and_what_is_recent_stays(aged: System) -> None:
    prune(aged.runtime, KEEP)
    assert [row.title for row in aged.rows(StoryRow, institution="globex")] == ["Globex Corporation moves"]
    assert _of(aged, FindingRow, "globex") == 1
    assert _of(aged, TransitionRow, "globex") == 0
    assert {row.title for row in aged.rows(RevisionRow)} == {OPEN.title, "Globex Corporation moves"}
    (alert,) = aged.rows(AlertRow, institution="globex")
    assert alert.on == "mention"
    told = {row.delivery for row in aged.rows(CarriedRow)}
    assert {row.id for row in aged.rows(DeliveryRow)} == told
    assert {row.delivery for row in aged.rows(AttemptRow)} == told


def test_no_level_moves_and_what_it_rests_on_can_still_be_explained(aged: System) -> None:
    active = aged.runtime.configuration.current()
    acme = active.settings.institutions["acme"]

    def state() -> tuple[Any, ...]:
        with aged.database.read() as session:
            case = case_at(session, active, acme, aged.clock.at)
            seen = profile_at(session, active, acme, aged.clock.at).matrix
            return case.contributions(Axis.CONTINUITY, aged.clock.at), seen, case.falls()

    (opening,) = [row for row in aged.rows(TransitionRow, axis="continuity") if row.from_level == "low"]
    (alert,) = aged.rows(AlertRow, transition=opening.id)
    before = state()
    with aged.database.read() as session:
        explained = explain(session, active, alert.id)
    transitions = len(aged.rows(TransitionRow))
    prune(aged.runtime, KEEP)
    assert state() == before
    with aged.database.read() as session:
        assert to_line(explain(session, active, alert.id)) == to_line(explained)
    kept = len(aged.rows(TransitionRow))
    assert kept < transitions
    aged.settle(minutes=5)  # everything that was touched is assessed again
    assert all(row.due_at is None or row.due_at > aged.clock.at for row in aged.rows(CaseRow))
    assert len(aged.rows(TransitionRow)) == kept
    # And the record still tells how the level came about.
    with aged.database.read() as session:
        again = rehearse(items.record(session), active.settings, until=aged.clock.at).transitions
    assert {(each.axis, each.to) for each in again if each.institution == "acme" and each.rises} >= {
        (Axis.CONTINUITY, Level.CRITICAL)
    }


def test_the_fall_of_the_level_is_still_told(aged: System, receiver: Receiver) -> None:
    prune(aged.runtime, KEEP)
    for _ in range(30):
        aged.settle(days=30)
    assert [(each["institution"], each["axis"], each["to"]) for each in receiver.alerts()] == [
        ("acme", "continuity", "low")
    ]


def test_a_feed_that_still_shows_old_entries_tells_nothing_twice(
    aged: System, feeds: FeedServer, receiver: Receiver
) -> None:
    prune(aged.runtime, KEEP)
    newer = Entry("g4", "Globex Corporation moves back", "Home.", "https://wire.example/g4", aged.clock.at)
    feeds.put("wire", [newer, OVER, EDIT])
    aged.clock.move(hours=1)
    assert aged.poll("wire").new == 1
    # An edit of an old entry is an edit, though its text is gone.
    again = Entry("g2", DULL.title, "In Lille.", "https://wire.example/g2", START)
    feeds.put("wire", [newer, OVER, again])
    aged.clock.move(hours=1)
    outcome = aged.poll("wire")
    assert (outcome.new, outcome.revised) == (0, 1)


def test_items_of_a_source_that_is_gone_go_with_it(aged: System) -> None:
    with aged.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "wire").values(active=False))
    prune(aged.runtime, KEEP)
    assert {row.title for row in aged.rows(ItemRow)} == {OPEN.title, "Globex Corporation moves"}


def test_items_that_only_their_rows_remember_stay(aged: System) -> None:
    """A JSON feed is not known by its bytes: its rows are all that tells old entries from new ones."""
    with aged.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "wire").values(state={}))
    before = len(aged.rows(ItemRow))
    assert prune(aged.runtime, KEEP).counts["items"] == 0
    assert len(aged.rows(ItemRow)) == before


def test_an_old_delivery_that_is_not_finished_stays_and_can_be_sent(aged: System, receiver: Receiver) -> None:
    rise = next(row for row in aged.rows(TransitionRow, institution="globex") if row.from_level == "low")
    (alert,) = aged.rows(AlertRow, transition=rise.id)
    (carried,) = aged.rows(CarriedRow, alert=alert.id)
    twin = {column: getattr(alert, column) for column in table_of(AlertRow).c.keys()} | {"id": "twin"}  # noqa: SIM118
    with aged.database.write() as session:
        insert_all(session, AlertRow, [twin])
        session.execute(
            update(DeliveryRow)
            .where(DeliveryRow.id == carried.delivery)
            .values(state="failed", due_at=aged.clock.at, sent_at=None)
        )
    prune(aged.runtime, KEEP)
    assert [row.id for row in aged.rows(AlertRow, decision=alert.decision)] == [alert.id], "its twin is gone"
    assert steps.send(aged.runtime, carried.delivery)[0].state == "sent"
    (body,) = receiver.accepted
    assert [each["id"] for each in body["alerts"]] == [alert.id]
    assert body["alerts"][0]["level"] == alert.detail["level"]
    assert body["profiles"][0]["institution"] == "globex"
    # Now it is finished, and goes.
    prune(aged.runtime, KEEP)
    assert aged.rows(AlertRow, id=alert.id) == []
    assert aged.rows(DeliveryRow, id=carried.delivery) == []
    assert {row.id for row in aged.rows(DecisionRow)} == {row.decision for row in aged.rows(AlertRow)}


def test_what_is_no_longer_tracked_goes_altogether(aged: System, feeds: FeedServer, receiver: Receiver) -> None:
    smaller = content(feeds, receiver)
    smaller["institutions"] = smaller["institutions"][1:]
    smaller["sources"][0]["speaks_for"] = []
    aged.reconfigure(smaller)
    aged.settle(minutes=1)
    prune(aged.runtime, KEEP)
    for table in (FindingRow, StoryRow, MembershipRow, StoryEventRow):
        assert _of(aged, table, "acme") == 0
    assert all(row.at >= aged.clock.at - KEEP for row in aged.rows(TransitionRow, institution="acme"))


def test_evidence_that_still_counts_cannot_be_removed(aged: System) -> None:
    with pytest.raises(UsageError, match="longest half-life, 390d"):
        prune(aged.runtime, timedelta(days=300))


def test_too_short_for_corrections_is_refused(lines: Any) -> None:
    line = lines({**settings({}), "levels": {"half_life": {"policy": "7d", "continuity": "7d"}}})
    with pytest.raises(UsageError, match="90d, within which an alert may have to be taken back"):
        prune(line.runtime, timedelta(days=30))


def test_an_alert_that_waits_for_a_digest_stays(lines: Any, feeds: FeedServer, receiver: Receiver) -> None:
    more = content(feeds, receiver)
    more["subscribers"][0]["digest"] = {"at": "08:00", "below": "critical"}
    line = lines(more, Clock())
    feeds.put("wire", [OVER])
    feeds.put("acme-news", [])
    line.clock.at = START
    line.driver.run(line.runtime, ["wire"])
    line.clock.at = START + timedelta(days=410)  # the system was off
    waiting = {row.id for row in line.rows(AlertRow)}
    assert waiting
    assert receiver.received == []
    prune(line.runtime, KEEP)
    assert {row.id for row in line.rows(AlertRow)} == waiting


def test_nothing_recorded_is_nothing_to_remove(lines: Any) -> None:
    line = lines(settings({}))
    assert not any(prune(line.runtime, KEEP).counts.values())
    with line.database.write() as session:
        session.execute(delete(SourceRow))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write(tmp_path / "config", settings({}))
    before = ["--config", str(config), "--state", str(tmp_path / "state"), "db", "prune"]
    assert status_of(before) == 0
    assert capsys.readouterr().out.endswith(": nothing removed\n")
    assert status_of([*before, "--keep", "500d", "--dry-run", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["dry_run"] is True
    assert set(record["removed"].values()) == {0}
    for keep, says in (("soon", "'soon' is no duration"), ("10d", "longest half-life, 180d")):
        assert status_of([*before, "--keep", keep]) == 2
        said = capsys.readouterr().err
        assert says in said
        assert said.count("\n") == 1
