"""`alerts check` on names and topics that the recorded history never matched."""

from __future__ import annotations

from pathlib import Path

from alerts.config.lint import doubtful_patterns, idle
from alerts.config.load import load_entries
from alerts.model.item import Item
from alerts.model.times import EPOCH

YAML = """
institutions:
  - {id: acme, name: Acme, aliases: [Acme Works, Acmeco], products: [Anvil]}
  - {id: globex, name: Globex}
topics:
  - {id: outage, signal: continuity, any: [outage], severity: {priority: 0.5}}
  - {id: strike, signal: continuity, any: [strike], severity: {priority: 0.5}}
"""


def test_each_name_and_topic_that_never_matched_is_said_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    loaded = load_entries(tmp_path)
    seen = {"acme": frozenset({"acme", "acme works", "anvil"})}
    found = sorted(idle(loaded, seen, frozenset({"outage"}), 12_000))
    assert [(each.line, each.message, each.warning) for each in found] == [
        (3, "acme: 'Acmeco' never matched in 12,000 recorded items", True),
        (4, "globex: the institution was never matched in 12,000 recorded items", True),
        (7, "the topic strike never matched in 12,000 recorded items", True),
    ]
    assert found[0].column == YAML.splitlines()[2].index("Acmeco") + 1


def test_nothing_is_said_where_all_of_it_matched(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("institutions: [{id: acme, name: Acme}]\n")
    assert list(idle(load_entries(tmp_path), {"acme": frozenset({"acme"})}, frozenset(), 5_000)) == []


def test_patterns_that_match_nothing_or_everything_are_said_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        """topic_packs: [core]
topics:
  - id: outage
    extends: true
    patterns:
      en: ["the ~3 news", "never seen", "fine"]
    except: ["not seen"]
"""
    )
    loaded = load_entries(tmp_path)
    titles = ["Here is the latest good news"] * 900 + ["All is fine"] * 100
    found = sorted(doubtful_patterns(loaded, [Item(str(n), title, EPOCH) for n, title in enumerate(titles)]))
    assert [(each.line, each.column, each.message) for each in found] == [
        (6, 12, "outage: 'the ~3 news' matches 900 of 1,000 recorded items: it tells nothing"),
        (6, 27, "outage: 'never seen' matches none of 1,000 recorded items"),
    ]
