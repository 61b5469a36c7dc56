"""Completion of ids that are in the database."""

from pathlib import Path
from typing import Any

import pytest

from alerts.cli import completion
from alerts.cli.main import cli

pytestmark = pytest.mark.servers


def test_recorded_ids_are_completed(call: Any, filled: Any) -> None:
    found = call(filled, "deliveries", "--json").records[0]
    delivery, alert = found["delivery"], found["alerts"][0]
    context = cli.make_context("alerts", ["--config", str(filled.config), "--state", str(filled.path), "check"])
    for complete, wanted in ((completion.deliveries, delivery), (completion.alerts, alert)):
        offered = complete(context, cli.params[0], wanted[:4])
        assert wanted in [each.value for each in offered]
        assert all(each.value.startswith(wanted[:4]) for each in offered)
    context.params["state"] = filled.path / "nothing"
    assert completion.alerts(context, cli.params[0], "") == []


def test_ids_are_completed_from_the_directory_named_before_the_command(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("institutions: [{id: zeppelin, name: Zeppelin}]\n", encoding="utf-8")
    context = cli.make_context("alerts", ["--config", str(tmp_path), "profile"], resilient_parsing=True)
    assert [each.value for each in completion.institutions(context, cli.params[0], "z")] == ["zeppelin"]
