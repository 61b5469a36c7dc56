"""The stream and the lists beside it, read from either database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit.system import System

from alerts.model.subscriber import Tier
from alerts.store.database import Database
from alerts.store.queries import dashboard, stream
from alerts.web.institutions import Asked
from alerts.web.stream import read_stream

pytestmark = pytest.mark.servers


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[System]:
    database = Database(database_url)
    database.upgrade()
    town = System(database, tmp_path / "config")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.later(minutes=5)
    town.observe("tribune", "Acme and Globex hit by an outage")
    town.later(minutes=5)
    town.observe("coastline", "Initech opens a plant")
    town.settle()
    yield town
    database.dispose()


def test_the_stream_reads_the_same_from_both(town: System) -> None:
    settings = town.runtime.configuration.current().settings
    with town.runtime.database.read() as session:

        def titles(tier: Tier = Tier.STRATEGIC_CIRCLE, **asked: str) -> list[str]:
            return [each["title"] for each in read_stream(session, settings, Asked.of(asked), tier)["stories"]]

        assert titles()[0] == "Initech opens a plant"
        assert titles(institution="globex") == ["Acme and Globex hit by an outage"]
        assert titles(source="coastline") == ["Initech opens a plant"]
        assert "Initech opens a plant" not in titles(topic="outage", level="medium")
        assert titles(Tier.OPEN, tag="quiet") == ["Initech opens a plant"]
        assert stream.heads(session)[0].institution == "initech"
        assert len(stream.heads(session)) == 3
        assert stream.newest_change(session) > 0


def test_the_newest_changes_and_counts_of_institutions(town: System) -> None:
    with town.runtime.database.read() as session:
        changed = dashboard.changed_at(session)
        newest = dashboard.changes(session, changed)
        moves = dashboard.moves_since(session, town.now - timedelta(days=1))
        assert changed.keys() == newest.keys() == {move[0] for move in moves}
        for key, (at, axis) in changed.items():
            assert (newest[key].at, newest[key].axis) == (at, axis)
            assert at == max(move[4] for move in moves if move[0] == key)
        assert [move[4] for move in moves] == sorted((move[4] for move in moves), reverse=True)
        assert dashboard.moves_since(session, town.now - timedelta(days=1), ["acme"]) == [
            move for move in moves if move[0] == "acme"
        ]
        assert dashboard.moves_since(session, town.now + timedelta(days=1)) == []
        assert dashboard.changes(session, {}) == {}
        assert dashboard.story_counts(session)["initech"] == 1
        assert dashboard.story_counts(session, ["acme"]).keys() == {"acme"}
