"""Proposals from verdicts: what they are made of, when there are none, and that they hold in a replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from kit.settings import DESK, item, settings

from alerts.insight.feedback import interval
from alerts.model.item import Item
from alerts.model.level import Level
from alerts.model.subscriber import Exclusion, On, Selection, Subscriber, WatchRule
from alerts.replay.backtest import rehearse
from alerts.replay.tune import least_judged, narrowed, story_of, tune

ALL = replace(DESK, watch=(WatchRule(Selection(all=True), on=frozenset({On.STORY}), name="all of them"),))
PLACES = [
    "Rotterdam",
    "Hamburg",
    "Lisbon",
    "Trieste",
    "Antwerp",
    "Genoa",
    "Gdansk",
    "Bergen",
    "Malaga",
    "Porto",
    "Bilbao",
    "Nantes",
    "Turku",
    "Riga",
]


def history(outages: int, lawsuits: int) -> list[Item]:
    """So many stories on each topic, weeks apart, from a paper that lifts an axis to medium alone."""
    kinds = ["outage"] * outages + ["lawsuit"] * lawsuits
    return [
        item(
            "tribune",
            f"Globex Corporation {kind} {PLACES[place % 14]} {PLACES[place // 14]} {place}",
            hours=place * 200,
        )
        for place, kind in enumerate(kinds)
    ]


def judged(
    items: Sequence[Item], subscriber: Subscriber = ALL
) -> tuple[dict[tuple[str, str], str], list[dict[str, Any]]]:
    """Outages are right and lawsuits are noise, with the groups that `feedback` gives of them."""
    found = rehearse(items, settings(ALL)).alerts
    verdicts = {
        story_of(each): "right" if each.lead is not None and "outage" in each.lead.topics else "noise" for each in found
    }
    rows = []
    for topic, verdict in (("outage", "right"), ("lawsuit", "noise")):
        mine = [each for each in verdicts.values() if each == verdict]
        rows.append(
            {"by": "topic", "name": topic, "judged": len(mine), "right": len(mine) if verdict == "right" else 0}
        )
    return verdicts, rows


@pytest.mark.parametrize(("wrong", "needed"), [(0.5, 5), (0.25, 11), (0.1, 29), (0.01, 299)])
def test_so_many_verdicts_are_needed(wrong: float, needed: int) -> None:
    """With one fewer, all right, the one-sided bound of the share of wrong ones is still above it."""
    assert least_judged(wrong) == needed
    assert interval(0, needed, 0.9)[1] <= wrong < interval(0, needed - 1, 0.9)[1]


def test_it_abstains_while_verdicts_are_few_and_says_how_many_it_takes() -> None:
    items = history(5, 2)
    verdicts, rows = judged(items)
    found = tune(items, settings(ALL), ALL, verdicts, rows, 0.1)
    assert found["needed"] == 29
    assert "of fewer than 29 verdicts" in found["abstains"]
    assert found["rules"] == []


def test_a_topic_whose_alerts_are_wrong_is_left_out_and_nothing_that_was_right_is_lost() -> None:
    items = history(24, 8)
    verdicts, rows = judged(items)
    assert len(verdicts) == 32
    # What the rule leaves out already stays left out.
    only = replace(ALL.watch[0], except_=Exclusion(select=Selection(tags=frozenset({"x"})), sources=frozenset({"s"})))
    found = tune(items, settings(ALL), replace(ALL, watch=(only,)), verdicts, rows, 0.1)
    assert found["rules"][0]["not"] == {"tags": ["x"], "topics": ["lawsuit"], "sources": ["s"]}
    found = tune(items, settings(ALL), ALL, verdicts, rows, 0.1)
    assert found["abstains"] == ""
    assert (found["now"]["right"], found["now"]["wrong"]) == (24, 8)
    assert (found["then"]["right"], found["then"]["wrong"]) == (24, 0)
    assert found["rules"] == [{"name": "all of them", "not": {"topics": ["lawsuit"]}}]
    assert found["lost"] == []
    # What it says comes out of a replay of the changed rule.
    rule = replace(ALL.watch[0], except_=Exclusion(topics=frozenset({"lawsuit"})))
    again = rehearse(items, settings(replace(ALL, watch=(rule,)))).alerts
    assert len({(each.institution, each.at) for each in again}) == found["then"]["sent"]


def test_where_wrong_alerts_have_weak_evidence_the_grade_rises_and_the_right_ones_that_are_lost_are_named() -> None:
    items = history(24, 0)
    strong = [
        item("acme-news", f"Acme Corporation outage {PLACES[place]} {PLACES[place]} {place}", hours=5000 + place * 200)
        for place in range(12)
    ]
    verdicts, _ = judged([*items, *strong])
    verdicts = {key: "right" if key[0] == "acme" else "noise" for key in verdicts}
    kept = next(iter(each for each in verdicts if each[0] == "globex"))
    verdicts[kept] = "right"
    found = tune([*items, *strong], settings(ALL), ALL, verdicts, [], 0.1)
    assert found["rules"] == [{"name": "all of them", "min_grade": "C"}]
    assert (found["then"]["right"], found["then"]["wrong"]) == (12, 0)
    assert [each["institution"] for each in found["lost"]] == ["globex"]


def test_nothing_is_changed_where_the_alerts_are_right_enough() -> None:
    items = history(30, 0)
    verdicts, rows = judged(items)
    found = tune(items, settings(ALL), ALL, verdicts, rows, 0.1)
    assert (found["abstains"], found["rules"]) == ("", [])


def test_it_says_so_where_nothing_helps() -> None:
    items = history(0, 30)
    verdicts, rows = judged(items)
    found = tune(items, settings(ALL), ALL, verdicts, [], 0.1)
    assert "no change that was tried" in found["abstains"]
    assert rows[1]["judged"] == 30


def test_a_topic_that_a_rule_names_is_taken_out_and_the_last_one_excluded() -> None:
    rule = WatchRule(Selection(all=True), topics=frozenset({"outage", "lawsuit"}))
    then = narrowed(rule, Level.HIGH, "C", {"lawsuit", "fine"}, {"rumours"})
    assert (then.topics, then.at_least, then.min_grade) == (frozenset({"outage"}), Level.HIGH, "C")
    assert (then.except_.topics, then.except_.sources) == (frozenset({"fine"}), frozenset({"rumours"}))
    last = narrowed(replace(rule, topics=frozenset({"lawsuit"})), Level.LOW, "F", {"lawsuit"}, set())
    assert (last.topics, last.except_.topics) == (frozenset({"lawsuit"}), frozenset({"lawsuit"}))
