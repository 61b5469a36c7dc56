"""What `explain` tells of an alert is what was known when it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kit.system import System
from sqlalchemy import select

from alerts.cli.output import rendered
from alerts.explain.alert import explain
from alerts.store.database import Database
from alerts.store.schema import AlertRow, TransitionRow


def _explained(town: System) -> dict[str, Any]:
    """The first alert on priority."""
    with town.runtime.database.read() as session:
        alert = session.scalars(
            select(AlertRow.id)
            .join(TransitionRow, TransitionRow.id == AlertRow.transition)
            .where(TransitionRow.axis == "priority")
            .order_by(AlertRow.at)
        ).first()
        assert alert is not None
        return explain(session, town.runtime.configuration.current(), alert)


def test_a_later_edit_does_not_move_the_places_where_a_name_was_found(database: Database, tmp_path: Path) -> None:
    town = System(database, tmp_path)
    item = town.observe("acme-news", "Acme has an outage")
    before = _explained(town)
    town.later(hours=1)
    town.observe("acme-news", "Resolved, says the maker: Acme has an outage no more", id=item)
    (report,) = _explained(town)["stories"][0]["items"]
    named = {report["title"][each["start"] : each["end"]] for each in report["mentions"] if each["field"] == "title"}
    assert named == {"Acme"}
    town.later(hours=1)
    town.observe("acme-news", "Acme has an outage", id=item, withdrawn=True)
    assert _explained(town)["stories"] == before["stories"]


def test_reports_that_count_once_are_named_with_the_reason(database: Database, tmp_path: Path) -> None:
    town = System(database, tmp_path)
    items = {town.observe("acme-news", "Acme says fire stops foundry in Halden")}
    town.later(minutes=5)
    items.add(town.observe("acme-news", "Acme says fire stops foundry in Halden, outage until Monday"))
    explained = _explained(town)
    [link] = [link for group in explained["stories"][0]["independent"] for link in group["merged"]]
    assert {link["a"], link["b"]} == items
    assert link["reason"] == "same-publisher"
    assert "count once: same-publisher" in rendered("explain.txt.j2", explained)
