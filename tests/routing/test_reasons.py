"""The set of reasons is closed, used, and documented whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.routing.alerts import Kind
from alerts.routing.reasons import Reason
from alerts.routing.suppression import Candidate

DOCS = Path(__file__).parents[2] / "docs" / "routing.md"
AFTER_ROUTING = {Reason.ACKNOWLEDGED, Reason.CHANNEL_GONE}


def table(first: str) -> list[list[str]]:
    """The cells of the table in the documentation whose first column is headed so."""
    lines = iter(DOCS.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(f"| {first} |"):
            break
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows[1:]


def test_every_reason_is_documented_with_its_meaning() -> None:
    assert [(row[0], row[1]) for row in table("reason")] == [(each.value, each.meaning) for each in Reason]


def test_every_kind_of_message_is_documented() -> None:
    assert {row[0] for row in table("kind")} == {each.value for each in Kind}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_meaning_of_one_sentence(reason: Reason) -> None:
    assert reason.meaning.endswith(".")
    assert "\n" not in reason.meaning


def test_every_reason_has_its_place() -> None:
    checked = [reason for reason, _, _ in Candidate.CHECKS]
    assert len(set(checked)) == len(checked)
    assert set(checked) | AFTER_ROUTING == set(Reason)
