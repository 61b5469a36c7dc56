"""The line, the feeds it reads and the receiver it sends to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from kit.feeds import FeedServer
from kit.receiver import Receiver
from kit.system import Clock, System

from alerts.store.database import Database


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def lines(database: Database, tmp_path: Path) -> Iterator[Any]:
    """Makes lines on one database of either kind: `lines(settings, clock)`."""
    with ExitStack() as stack:
        count = 0

        def make(content: dict[str, Any], clock: Clock | None = None) -> System:
            nonlocal count
            count += 1
            return stack.enter_context(System(database, tmp_path / f"config-{count}", content, clock))

        yield make
