"""Pages over a small world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit.browsing import Browser, opened
from kit.world import World, world
from starlette.testclient import TestClient

from alerts.store.database import Database


@pytest.fixture
def town(tmp_path: Path) -> Iterator[World]:
    """Told of by three sources: an outage of Acme, confirmed, and a mention of Globex."""
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()
    town = world(database, tmp_path / "config")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.later(minutes=30)
    town.observe(
        "tribune", "Acme hit by an outage of its Rocketeer service", text="Acme said it works on it."
    )
    town.later(minutes=5)
    town.observe("coastline", "Probe into Acme begins after outage of Rocketeer")
    town.later(minutes=5)
    town.observe("tribune", "Globex opens a plant")
    town.settle()
    yield town
    database.dispose()


@pytest.fixture
def browser(town: World) -> Iterator[Browser]:
    """Opens the pages as somebody: a tier, a subscriber, or an operator."""
    with ExitStack() as stack:

        def enter(*who: Any, **options: Any) -> TestClient:
            return stack.enter_context(partial(opened, town)(*who, **options))

        yield enter
