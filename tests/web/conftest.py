"""Pages over a small world."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kit.browsing import Browser, opened
from kit.system import Clock, System
from starlette.testclient import TestClient

from alerts.store.database import Database


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, System]:
    """Told of by three sources: an outage of Acme, confirmed, and a mention of Globex. Made once."""
    directory = tmp_path_factory.mktemp("told")
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    town = System(database, directory / "config")
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.later(minutes=30)
    town.observe("tribune", "Acme hit by an outage of its Rocketeer service", text="Acme said it works on it.")
    town.later(minutes=5)
    town.observe("coastline", "Ministry opens pricing probe into Acme")
    town.later(minutes=5)
    town.observe("tribune", "Globex opens a plant")
    town.settle()
    database.dispose()
    return directory, town


@pytest.fixture
def town(told: tuple[Path, System], tmp_path: Path) -> Iterator[System]:
    """A copy of it for one test."""
    directory, made = told
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    yield System(database, tmp_path / "config", clock=Clock(made.now), count=made.count)
    database.dispose()


@pytest.fixture
def browser(town: System) -> Iterator[Browser]:
    """Opens the pages as somebody: a tier, a subscriber, or an operator."""
    with ExitStack() as stack:

        def enter(*who: Any, **options: Any) -> TestClient:
            return stack.enter_context(partial(opened, town)(*who, **options))

        yield enter
