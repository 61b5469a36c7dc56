"""The numbers that docs/concepts.md works through by hand are those of the program."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.config.load import load
from alerts.model.item import Item
from alerts.model.level import Axis, LevelRules
from alerts.model.source import Reliability
from alerts.replay.backtest import Result, rehearse
from alerts.scoring.confidence import CAP_WITHOUT_DIRECT, weight

PAGE = (Path(__file__).parents[2] / "docs" / "concepts.md").read_text(encoding="utf-8")
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
YAML = """
sources:
  - {id: newsroom, url: https://a.example/f, publisher: Acme, reliability: A, speaks_for: [acme]}
  - {id: wire, url: https://b.example/f, publisher: Wire, reliability: B}
  - {id: herald, url: https://c.example/f, publisher: Herald, reliability: B}
  - {id: copyist, url: https://d.example/f, publisher: Copyist, reliability: B}
institutions: [{id: acme, name: Acme Networks, match: {case_sensitive: true}}]
topics:
  - {id: outage, signal: continuity, any: [outage], severity: {priority: 0.6}}
"""


def play(directory: Path, *items: tuple[str, str, str]) -> Result:
    """Items of (source, title, text), all observed at one instant."""
    (directory / "a.yaml").write_text(YAML)
    made = [
        Item(id=str(number), source=source, title=title, content=text, observed=AT, published=AT)
        for number, (source, title, text) in enumerate(items)
    ]
    return rehearse(made, load(directory, {}))


def table(row: str) -> list[float]:
    found = re.search(rf"^\| {row} \|(.+)\|$", PAGE, re.MULTILINE)
    assert found is not None
    return [float(cell) for cell in found[1].split("|")]


def test_the_weights() -> None:
    assert table("direct") == [weight(each, True) for each in Reliability]
    assert table("secondary") == [weight(each, False) for each in Reliability]
    assert f"it is capped at {CAP_WITHOUT_DIRECT:g}" in PAGE


def test_the_thresholds_and_half_lives() -> None:
    rules = LevelRules()
    said = ", ".join(f"{level.value} {value:.2f}" for level, value in rules.raise_.items())
    assert f"({said})" in " ".join(PAGE.split())
    assert f"margin ({rules.margin:g})" in PAGE
    assert [rules.half_life[axis].days for axis in Axis] == [7, 45, 180]
    assert "Half-lives are 7, 45 and 180 days." in " ".join(PAGE.split())


def test_two_publishers_in_their_own_words_and_a_copy(tmp_path: Path) -> None:
    """1 − (1 − .5)(1 − .5) = 0.75, grade B; a third site with the text of the first changes nothing."""
    text = (
        "Customers of Acme Networks in Rotterdam lost service for six hours on Monday, engineers said. " * 3
    )
    wire = ("wire", "Acme Networks hit by outage in Rotterdam", text)
    herald = ("herald", "Acme Networks outage leaves Rotterdam offline", "The city had no connection at all.")
    copy = ("copyist", "Acme Networks hit by outage in Rotterdam", text)
    for items in ((wire, herald), (wire, herald, copy)):
        case = play(tmp_path, *items).cases["acme"]
        (rise,) = [each for each in play(tmp_path, *items).transitions if each.cause.value == "evidence"]
        (contribution,) = rise.contributions
        assert contribution.confidence == pytest.approx(0.75)
        assert contribution.grade == "B"
        assert case is not None
    assert "1 − (1 − .5)(1 − .5) = 0.75" in PAGE


def test_the_newsroom_and_the_instants_of_its_falls(tmp_path: Path) -> None:
    result = play(tmp_path, ("newsroom", "Acme Networks suffers an outage", ""))
    rise, first, second = result.transitions
    assert (rise.to.value, rise.score) == ("high", pytest.approx(0.54))
    assert "c = 0.6 × 0.9 × 1.0 × 1.0 = 0.54" in PAGE
    for fall, below, to, said in ((first, 0.45, "medium", "1.84 days"), (second, 0.20, "low", "10.03 days")):
        days = 7 * math.log2(0.54 / below)
        assert fall.to.value == to
        assert abs(fall.at - AT - timedelta(days=days)) < timedelta(milliseconds=1)
        assert f"{days:.2f} days" == said
        assert said in PAGE


def test_a_second_story() -> None:
    assert f"1 − (1 − 0.54)(1 − 0.3) = {1 - (1 - 0.54) * (1 - 0.3):.3f}" in PAGE
