"""The JSON interface against whatever its own description allows, made up by schemathesis."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from kit.browsing import OPERATOR, SIGNER
from kit.laws import examples
from kit.system import Clock, System

from alerts.store.database import Database
from alerts.web.api import PATHS
from alerts.web.app import create_app


@pytest.fixture(scope="session")
def described(told: tuple[Path, System], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import schemathesis  # it takes seconds, which tests that need it not do not wait for

    directory, made = told
    mine = tmp_path_factory.mktemp("described")
    shutil.copytree(directory, mine, dirs_exist_ok=True)
    database = Database(f"sqlite:///{mine / 'alerts.db'}")
    town = System(database, mine / "config", clock=Clock(made.now), count=made.count)
    app = create_app(town.runtime, SIGNER, OPERATOR, base_url="http://pages.example")
    yield schemathesis.openapi.from_asgi("/api/openapi.json", app)
    database.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("path", [path for path in PATHS if path != "/openapi.json"])
def test_whatever_is_asked_the_answer_is_as_described(described: Any, path: str) -> None:
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    @given(described[f"/api{path}"]["GET"].as_strategy())
    @settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
    def ask(case: Any) -> None:
        # A schema cannot say which words a query may be made of.
        without: list[Any] | None = [positive_data_acceptance] if path == "/search" else None
        case.call_and_validate(excluded_checks=without)
        case.call_and_validate(headers={"Authorization": f"Bearer {OPERATOR}"}, excluded_checks=without)

    ask()
