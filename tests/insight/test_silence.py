"""The report of a silence: what was read and when not, and the nearest that anything came to a rule."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import Entry, FeedServer, Page
from kit.system import CONFIG, START, System, settings

from alerts.insight.profiles import standing_at
from alerts.insight.silence import silence_report
from alerts.model.level import Axis
from alerts.model.subscriber import Selection
from alerts.pipeline import operate
from alerts.rendering.briefing import silence_text
from alerts.store.database import Database
from alerts.store.repositories import sources

WATCH = "watch: [{institutions: [globex], on: [level]}]"


def report(town: System, subscriber: str = "board", days: float = 1) -> dict[str, Any]:
    active = town.runtime.configuration.current()
    with town.runtime.database.read() as session:
        start, end = town.now - timedelta(days=days), town.now
        return silence_report(session, active, active.settings.subscribers[subscriber], start, end)


def made(database: Database, directory: Path, watch: str) -> System:
    return System(database, directory / "config", content=CONFIG.replace(WATCH, watch))


def test_the_nearest_is_what_came_nearest_and_the_evidence_named_would_have_crossed(
    database: Database, tmp_path: Path
) -> None:
    town = made(database, tmp_path, "watch: [{all: true, on: [level], at_least: medium}]")
    town.observe("coastline", "Globex faces probe of its pricing")
    town.observe("coastline", "Acme plant has an outage")
    town.later(hours=2)
    found = report(town)
    assert found["alerts"] == 0
    best, second = found["nearest"]
    assert (best["institution"], best["axis"], best["level"]) == ("acme", "priority", "medium")
    assert best["value"] < best["needed"] == 0.25
    assert second["needed"] - second["value"] >= best["needed"] - best["value"]
    assert best["crossing"]["with"] == "one more independent secondary B publisher"
    # That evidence at once, in a world of its own: the score is the one that was said.
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    other.upgrade()
    again = made(other, tmp_path / "other", WATCH)
    again.observe("coastline", "Acme plant has an outage", assessed=False)
    again.observe("tribune", "Outage at an Acme plant stops its work")
    active = again.runtime.configuration.current()
    with other.read() as session:
        standing = standing_at(session, active, active.settings.institutions["acme"], again.now)
    other.dispose()
    assert standing.axes[Axis.PRIORITY].score == pytest.approx(best["crossing"]["score"], abs=2e-3)


def test_near_is_measured_against_the_next_level_that_the_rule_asks_for(database: Database, tmp_path: Path) -> None:
    watch = "watch: [{institutions: [globex], axes: [policy], at_least: high}, {institutions: [acme], on: [mention]}]"
    town = made(database, tmp_path, watch)
    assert report(town)["nearest"] == []
    town.observe("tribune", "Globex faces probe of its pricing")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.later(hours=1)
    (near,) = report(town)["nearest"]
    assert (near["institution"], near["axis"], near["level"], near["needed"]) == ("globex", "policy", "high", 0.5)
    assert near["value"] == pytest.approx(0.5 * 0.5, abs=1e-3)
    town.later(days=3)  # nothing new: the score at the beginning of the span counts
    (faded,) = report(town)["nearest"]
    assert 0 < faded["value"] < near["value"]


def test_what_was_held_back_is_counted_by_reason_and_what_was_sent_is_no_silence(
    database: Database, tmp_path: Path
) -> None:
    town = made(database, tmp_path, WATCH)
    acme = Selection(institutions=frozenset({"acme"}))
    operate.silence(town.runtime, acme, until=town.now + timedelta(hours=1), reason="launch", author="ops")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    assert report(town, "desk")["held_back"] == {"silence": 1}
    assert "1 held back: A silence covers the institution." in silence_text(report(town, "desk"))
    town.observe("tribune", "Globex opens a plant")  # the desk hears of mentions of Globex
    heard = report(town, "desk")
    assert (heard["alerts"], report(town)["alerts"]) == (1, 0)
    assert "1 alert sent" in silence_text(heard)
    assert "no alert sent" in silence_text(report(town))


def test_a_source_that_failed_was_blind_for_that_time_and_where_nothing_ran_all_were(
    database: Database, tmp_path: Path
) -> None:
    with FeedServer() as server:
        server.put("tribune", [Entry("1", "Acme Networks opens a plant")])
        server.put("ledger", [Entry("2", "Globex Corporation opens a plant")])
        feeds = {name: f"{server.url}/{name}" for name in ("tribune", "ledger")}
        with System(database, tmp_path / "config", settings(feeds, {"console": "console://"})) as town:

            def blind() -> dict[str, float]:
                active = town.runtime.configuration.current()
                with database.read() as session:
                    desk = active.settings.subscribers["desk"]
                    found = silence_report(session, active, desk, START, START + timedelta(hours=20))
                return {each["source"]: each["hours"] for each in found["blind"]}

            town.run()
            server.put("ledger", Page(status=500))
            town.run(hours=1)
            town.run(hours=2)
            assert blind() == {"ledger": 20.0, "tribune": 17.0}  # the record ends after three hours
            server.put(
                "ledger", [Entry("2", "Globex Corporation opens a plant"), Entry("3", "Globex Corporation grows")]
            )
            town.run(hours=2)
            town.run(hours=15)
            assert blind() == {"ledger": 5.0}
            town.clock.move(days=3)  # longer than a daily run would leave
            town.run()
            with database.read() as session:
                assert [each[0] for each in sources.outages(session)] == ["", "ledger"]
            report = blind()
        assert report == {"ledger": 5.0}
