"""The numbers that docs/concepts.md works through by hand are those of the program."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.config.load import load_entries
from alerts.model.item import Item
from alerts.model.level import Axis, LevelRules
from alerts.model.source import Reliability
from alerts.replay.backtest import Result, rehearse
from alerts.scoring.confidence import CAP_WITHOUT_DIRECT, weight
from alerts.scoring.score import PLACES

PAGE = (Path(__file__).parents[2] / "docs" / "concepts.md").read_text(encoding="utf-8")
FLAT = " ".join(PAGE.replace("\n> ", " ").split())
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
YAML = """
sources:
  - {id: newsroom, url: https://a.example/f, publisher: Acme, reliability: A, speaks_for: [acme]}
  - {id: wire, url: https://b.example/f, publisher: Wire, reliability: B}
  - {id: herald, url: https://c.example/f, publisher: Herald, reliability: B}
  - {id: agency, url: https://e.example/f, publisher: Agency, reliability: A}
  - {id: copyist, url: https://d.example/f, publisher: Copyist, reliability: B}
institutions: [{id: acme, name: Acme Networks, match: {case_sensitive: true}}]
topics:
  - {id: outage, signal: continuity, any: [outage], severity: {priority: 0.6}}
  - {id: strike, signal: continuity, any: [strike], severity: {priority: 0.5}}
  - {id: ruling, signal: governance, any: [ruling], severity: {priority: 0.2}}
  - {id: fee, signal: governance, any: [fee], severity: {priority: 0.16667}}
"""


def play(directory: Path, *items: tuple[str, str, str]) -> Result:
    """Items of (source, title, text), all observed at one instant."""
    (directory / "a.yaml").write_text(YAML)
    made = [
        Item(id=str(number), source=source, title=title, content=text, observed=AT, published=AT)
        for number, (source, title, text) in enumerate(items)
    ]
    return rehearse(made, load_entries(directory).settings)


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
    assert f"({said})" in FLAT
    assert f"margin ({rules.margin:g})" in PAGE
    assert [rules.half_life[axis].days for axis in Axis] == [7, 45, 180]
    assert "Half-lives are 7, 45 and 180 days." in FLAT


def test_two_publishers_in_their_own_words_and_a_copy(tmp_path: Path) -> None:
    """1 − (1 − .5)(1 − .5) = 0.75, grade B; a third site with the text of the first changes nothing."""
    text = "Customers of Acme Networks in Rotterdam lost service for six hours on Monday, engineers said. " * 3
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
    rise, *falls = play(tmp_path, ("newsroom", "Acme Networks suffers an outage", "")).transitions
    (one,) = rise.contributions
    said = f"I = {one.severity:g} × {one.confidence:g} × {one.salience:.1f} × {one.criticality:.1f} = {one.value:g}"
    assert f"{said}, so the story is {rise.to} and so is the priority of Acme." in FLAT
    days = [(each.at - AT) / timedelta(days=1) for each in falls]
    first, second, third = falls
    assert [each.to.value for each in falls] == ["high", "medium", "low"]
    assert (
        f"priority falls to {first.to} when {one.value:g} × 2^(−t/7) < {first.score:g}, that is after "
        f"7 × log₂({one.value:g} / {first.score:g}) = {days[0]:.2f} days, to {second.to} below {second.score:g}, after "
        f"{days[1]:.2f} days, and to {third.to} below {third.score:.2f}, after {days[2]:.2f} days." in FLAT
    )


OUTAGE = ("newsroom", "Acme Networks suffers an outage", "")
STRIKE = ("agency", "Workers of Acme Networks vote for a strike in Lyon", "")
RULING = ("agency", "Judge in Oslo issues ruling on Acme Networks patents", "")


def test_further_stories_add_a_third_and_a_ninth(tmp_path: Path) -> None:
    (two,) = [each for each in play(tmp_path, OUTAGE, STRIKE).transitions if each.rises]
    (three,) = [each for each in play(tmp_path, OUTAGE, STRIKE, RULING).transitions if each.rises]
    first, second, third = (each.value for each in three.contributions)
    assert f"I = {second:g}, at the same instant: {first:g} + {second:g}/3 = {two.score:g}." in FLAT
    assert f"A third, {third:g}: {two.score:g} + {third:g}/9 = {three.score:.3f}." in FLAT


def test_ten_small_stories(tmp_path: Path) -> None:
    words = "amber birch cedar dogwood elder fir gorse hazel ivy juniper".split()  # noqa: SIM905
    items = [("agency", f"Acme Networks {word} {word[::-1]} {word.upper()}x fee", "") for word in words]
    (rise,) = [each for each in play(tmp_path, *items).transitions if each.rises]
    assert [f"{each.value:.2f}" for each in rise.contributions] == ["0.10"] * 10
    assert f"0.10 + 0.10/3 + 0.10/9 + … = {rise.score:.2f}, {rise.to}." in FLAT


def test_a_story_without_a_topic_moves_nothing(tmp_path: Path) -> None:
    result = play(tmp_path, ("newsroom", "Acme Networks opens a museum", ""))
    assert len(result.cases["acme"].evidence()) == 1
    assert [result.cases["acme"].score(axis, AT) for axis in Axis] == [0.0, 0.0, 0.0]
    assert result.transitions == []


def test_a_denied_topic_counts_a_quarter(tmp_path: Path) -> None:
    case = play(tmp_path, ("newsroom", "No outage at Acme Networks", "")).cases["acme"]
    assert case.score(Axis.PRIORITY, AT) == 0.135  # 0.6 / 4 × 0.9
    assert '("no outage"), or that is resolved ("service restored"), counts a quarter' in FLAT


def test_how_many_stories_a_score_counts() -> None:
    rest = sum(3.0**-place for place in range(PLACES, 100))
    assert f"A score counts the {PLACES} largest contributions" in FLAT
    bound = re.search(r"worth less than (0\.\d+) of the first", FLAT)
    assert bound is not None
    assert rest < float(bound[1]) < 2 * rest
