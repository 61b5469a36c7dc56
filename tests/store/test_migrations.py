"""From every revision, with the rows that a system had then, to the newest one, and the system goes on."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from kit.feeds import Entry, FeedServer
from kit.system import Clock, System
from sqlalchemy import text
from store import revisions
from store.revisions import FOLDER
from store.test_database import in_the_models

from alerts.config.load import load_entries
from alerts.model.level import Cause, Transition
from alerts.model.records import to_line, transition_record
from alerts.replay.backtest import rehearse
from alerts.routing.state import Knowledge
from alerts.store.database import Database, revision_files
from alerts.store.repositories import items, transitions
from alerts.store.repositories.cases import BEGINNING
from alerts.store.schema import AlertRow, Base, DecisionRow, DeliveryRow, FactRow, RevisionRow, TransitionRow, WatchRow

MIGRATIONS = Path(revisions.ROOT, "src", "alerts", "store", "migrations")


REVISIONS = sorted(revision_files())


def _at(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


FORMULA = "0006"
"""Since when scores are what they are now."""


def test_every_revision_has_its_rows() -> None:
    missing = set(REVISIONS) - {file.stem for file in FOLDER.glob("*.json")}
    assert not missing, "run python tests/store/revisions.py with the schema of the revision"


@pytest.mark.servers
@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_a_revision_becomes_the_newest_and_goes_on(
    database_url: str, tmp_path: Path, revision: str
) -> None:
    database = Database(database_url)
    _at(database, revision)
    rows = json.loads((FOLDER / f"{revision}.json").read_text(encoding="utf-8"))
    revisions.fill(database, rows)
    database.upgrade()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": in_the_models})
        assert compare_metadata(context, Base.metadata) == []
        kept = {
            name: len(connection.execute(Base.metadata.tables[name].select()).all())
            for name in rows
            if name in Base.metadata.tables
        }
    watches = {(row["subscriber"], row["institution"]) for row in rows["watches"]}  # before 0012 one for each axis
    assert kept == {name: len(rows[name]) for name in kept} | {"watches": len(watches)}
    with FeedServer() as feeds:
        content = revisions.configuration(feeds.url)
        newest = max(row["observed"] for row in rows["revisions"])
        with database.read() as session:
            at = max(row.observed for row in session.query(RevisionRow))
        assert newest
        with System(database, tmp_path / "config", content, Clock(at)) as made:
            made.settle(minutes=5)
            feeds.put("wire", [Entry("z1", "Acme Networks: court ruling", "", "", made.clock.at)])
            made.run(hours=1)
            assert len(made.rows(TransitionRow)) > len(rows["transitions"])
            with database.read() as session:
                recorded = list(items.record(session))
                live = [each for each in transitions.find(session) if each.cause is not Cause.CONFIG]
            settings = load_entries(made.config).settings
            replayed = rehearse(recorded, settings, until=made.clock.at).transitions
            # What an older formula recorded stays; from then on it is what a replay says.
            since = at if revision < FORMULA else BEGINNING
            assert _lines(live, since) == _lines(replayed, since)
            assert {row.state for row in made.rows(DeliveryRow)} <= {"sent", "suppressed"}
            assert made.rows(FactRow, name="tick")
    database.dispose()


@pytest.mark.servers
def test_what_was_known_of_each_axis_is_known_in_one_row(database_url: str) -> None:
    database = Database(database_url)
    _at(database, "0011")
    rows = json.loads((FOLDER / "0011.json").read_text(encoding="utf-8"))
    revisions.fill(database, {"watches": rows["watches"]})
    database.upgrade()
    with database.read() as session:
        known = {(row.subscriber, row.institution): (row.state, row.due_at) for row in session.query(WatchRow)}
    former = {
        (each["subscriber"], each["institution"], each["axis"]): json.loads(each["state"]) for each in rows["watches"]
    }
    found = {
        (*key, axis or ""): watch
        for key, (text, _) in known.items()
        for axis, watch in Knowledge.from_json(text).watches.items()
    }
    assert {key: watch.level.value for key, watch in found.items()} == {
        key: each["level"] for key, each in former.items()
    }
    told = {
        key: {to: [list(each) for each in levels] for to, levels in watch.notified.items()}
        for key, watch in found.items()
    }
    assert told == {key: each["told"] for key, each in former.items()}
    assert any(told.values())
    topics = {key: {to: sorted(topics) for to, topics in watch.topics.items()} for key, watch in found.items()}
    assert topics == {
        key: {to: sorted(topics) for to, topics in each["topics"].items()} for key, each in former.items()
    }
    database.dispose()


@pytest.mark.servers
def test_alerts_of_one_decision_share_what_they_held_each(database_url: str) -> None:
    database = Database(database_url)
    _at(database, "0012")
    rows = json.loads((FOLDER / "0012.json").read_text(encoding="utf-8"))
    twins = [{**row, "id": f"{row['id']}-twin", "subscriber": "twin"} for row in rows["alerts"]]
    later = [{**row, "id": f"{row['id']}-later", "at": row["at"] + 1} for row in rows["alerts"]]
    former = {row["id"]: row for row in [*rows["alerts"], *twins, *later]}
    revisions.fill(database, {"transitions": rows["transitions"], "alerts": [*former.values()]})
    with database.engine.connect() as connection:
        seen = connection.execute(text("SELECT * FROM v1_alerts ORDER BY alert")).all()
    database.upgrade()
    with database.read() as session:
        found = {row.id: row for row in session.query(AlertRow)}
        decisions = session.query(DecisionRow).count()
        assert session.execute(text("SELECT * FROM v1_alerts ORDER BY alert")).all() == seen
    assert {name: row.detail for name, row in found.items()} == {
        name: json.loads(row["detail"]) for name, row in former.items()
    }
    for name in (row["id"] for row in rows["alerts"]):
        assert found[name].decision == found[f"{name}-twin"].decision != found[f"{name}-later"].decision
    assert decisions == len({row.decision for row in found.values()}) <= 2 * len(rows["alerts"])
    database.dispose()


def _lines(found: list[Transition], since: datetime) -> list[str]:
    return sorted(to_line(transition_record(each)) for each in found if each.at > since)
