"""What a source brought, and whether it is first or redundant, on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from kit.system import START, System
from sqlalchemy import insert, update

from alerts.feeds.parsing import known_entries
from alerts.feeds.state import FeedState
from alerts.insight.source_history import history
from alerts.model.errors import NotFoundError
from alerts.store.database import Database
from alerts.store.repositories import sources
from alerts.store.schema import ItemRow, MembershipRow, SourceRow

# By source the minutes after START at which it reported each story.
REPORTED = {"acme-news": {"x": 0, "y": 10}, "tribune": {"x": 5, "y": 4, "z": 30}, "coastline": {"x": 65}}


@pytest.fixture
def town(database: Database, tmp_path: Path) -> System:
    """Three stories, and every source knows its items from its last poll."""
    made = System(database, tmp_path / "config")
    number = 0
    for source, stories in REPORTED.items():
        seen = ""
        for story, minutes in stories.items():
            number += 1
            item, at = f"{number:020x}", START + timedelta(minutes=minutes)
            made.observe(source, f"Acme: {story}", id=item, assessed=False)
            row = {
                "id": item,
                "source": source,
                "revision": 0,
                "first_observed": at,
                "last_changed": at,
                "title": story,
            }
            row |= dict.fromkeys(("link_key", "title_key", "link", "fingerprint", "text_print"), "")
            with database.write() as session:
                session.execute(insert(ItemRow).values(**row, withdrawn=False))
                session.execute(insert(MembershipRow).values(institution="acme", item=item, story=story))
            seen = known_entries.remember(seen, [(f"{number:012x}", item)])
        state = FeedState(seen=seen, polls=len(stories)).to_json()
        with database.write() as session:
            session.execute(update(SourceRow).where(SourceRow.id == source).values(state=state))
    return made


def test_who_is_first_and_who_is_redundant(town: System) -> None:
    with town.database.read() as session:
        tribune, coastline = (history(session, each, town.now) for each in ("tribune", "coastline"))
    assert tribune["stories"] == {"alone": 1, "first": 1, "later": 1}
    assert tribune["peers"] == [
        {"source": "acme-news", "shared": 2, "before": 1, "lead_s": 360.0},
        {"source": "coastline", "shared": 1, "before": 1, "lead_s": 3600.0},
    ]
    assert [each["title"] for each in tribune["items"]] == ["z", "x", "y"], "the newest first"
    assert (tribune["polls"], tribune["active"], tribune["stale"]) == (3, True, False)
    assert coastline["stories"] == {"alone": 0, "first": 0, "later": 1}, "redundant"


def test_its_outages_and_those_of_all_sources_are_told(town: System) -> None:
    with town.database.write() as session:
        for hours, source in enumerate(("tribune", "", "coastline")):
            since = START + timedelta(hours=hours)
            sources.add_outage(session, source, since, since + timedelta(minutes=30))
    with town.database.read() as session:
        found = history(session, "tribune", town.now)["outages"]
        with pytest.raises(NotFoundError):
            history(session, "nobody", town.now)
    assert [each["since"] - START for each in found] == [timedelta(hours=1), timedelta(0)]
    assert {each["until"] - each["since"] for each in found} == {timedelta(minutes=30)}
