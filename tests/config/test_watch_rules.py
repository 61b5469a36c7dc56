"""What a watch rule may say, and where `check` finds that it contradicts itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent, indent

import pytest

from alerts.config.load import load_entries
from alerts.model.errors import ConfigError
from alerts.model.level import Level
from alerts.model.subscriber import Direction, On, WatchRule
from alerts.model.topic import Signal

BASE = """
sources: [{id: rumours, url: "https://rumours.example/feed", publisher: Rumours}]
institutions: [{id: acme, name: Acme Networks, tags: [infra]}, {id: globex, name: Globex}]
topics:
  - {id: outage, signal: continuity, any: [outage*]}
  - {id: fine, signal: governance, any: [fined]}
"""


def written(tmp_path: Path, rule: str, more: str = "") -> Path:
    body = indent(dedent(rule).strip(), "        ").strip()
    text = f"{BASE}{more}\nsubscribers:\n  - id: desk\n    channels: {{out: console://}}\n    watch:\n      - {body}\n"
    (tmp_path / "alerts.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def the_rule(tmp_path: Path, rule: str) -> WatchRule:
    (found,) = load_entries(written(tmp_path, rule)).settings.subscribers["desk"].watch
    return found


def test_what_a_rule_says_when_it_says_nothing(tmp_path: Path) -> None:
    rule = the_rule(tmp_path, "all: true")
    assert rule.on == {On.STORY, On.LEVEL}
    assert (rule.at_least, rule.direction, rule.min_grade) == (Level.MEDIUM, Direction.RISE, "D")
    assert rule.again == timedelta(days=7)
    assert (rule.topics, rule.signals, rule.except_.in_words()) == (frozenset(), frozenset(), "")
    settings = load_entries(tmp_path).settings
    assert settings.subscribers["desk"].group == timedelta(minutes=1)
    assert settings.fresh == timedelta(hours=48)


def test_a_rule_with_everything(tmp_path: Path) -> None:
    rule = the_rule(
        tmp_path,
        """
        name: fines of the infrastructure
        tags: [infra]
        on: [story]
        topics: [fine]
        signals: [governance]
        min_grade: B
        not: {topics: [outage], sources: [rumours], institutions: [globex]}
        again: 0s
        """,
    )
    assert (rule.name, rule.topics, rule.signals) == (
        "fines of the infrastructure",
        frozenset({"fine"}),
        frozenset({Signal.GOVERNANCE}),
    )
    assert rule.again == timedelta(0)
    assert rule.in_words() == (
        "story of tag infra, at least medium, topic fine, signal governance, grade B or better, "
        "not globex, topic outage, source rumours"
    )


def test_fresh_is_one_value(tmp_path: Path) -> None:
    assert load_entries(written(tmp_path, "all: true", "fresh: 6h")).settings.fresh == timedelta(hours=6)
    with pytest.raises(ConfigError) as caught:
        load_entries(written(tmp_path, "all: true", "fresh: soon"))
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (7, 8)
    assert "fresh:" in problem.message


@pytest.mark.parametrize(
    ("rule", "line", "column", "said"),
    [
        ("all: true\non: [story]\ndirection: fall", 14, 20, "only a level falls"),
        ("all: true\ntopics: [fien]", 13, 18, "no topic has the id 'fien'; did you mean 'fine'?"),
        ("all: true\ntopics: [fine]\nsignals: [continuity]", 13, 18, "is of governance"),
        ("all: true\ntopics: [fine]\nnot: {topics: [fine]}", 14, 24, "which the rule asks for"),
        ("institutions: [acme]\nnot: {institutions: [acme]}", 13, 30, "which the rule asks for"),
        ("all: true\nnot: {}", 13, 14, "leaves nothing out"),
        ("all: true\nnot: {all: true}", 13, 20, "every institution"),
        ("all: true\nnot: {sources: [nope]}", 13, 25, "no source has the id"),
        ("all: true\nmin_grade: E", 13, 20, "write A, B, C, D"),
    ],
)
def test_contradictions_have_a_place(tmp_path: Path, rule: str, line: int, column: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_entries(written(tmp_path, rule))
    (problem,) = caught.value.problems
    assert said in problem.message
    assert (problem.line, problem.column) == (line, column)


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    rule = "all: true\nname: x\n"
    path = written(tmp_path, rule) / "alerts.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "      - {all: true, name: x}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r":14:27: name: rule 1 has the name 'x' already"):
        load_entries(tmp_path)
