"""The profile as a record and as text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from alerts.model.profile import Confidence, Coverage, CoverageState
from alerts.model.records import to_line
from alerts.model.story import Mix
from alerts.model.subscriber import Tier
from alerts.rendering.profile_forms import confidence_text, coverage_text, profile_record, profile_text
from alerts.rendering.tiers import gate

if TYPE_CHECKING:
    from kit.messages import Sample


def test_the_record_has_the_same_keys_at_every_tier(sample: Sample) -> None:
    def keys(value: object) -> object:
        return {name: keys(each) for name, each in value.items()} if isinstance(value, dict) else None

    records = [profile_record(gate(sample.profile(), tier)) for tier in Tier]
    assert [set(record) for record in records] == [set(records[0])] * 3
    assert [len(record["matrix"]) for record in records] == [3, 3, 3]
    assert json.loads(to_line(records[-1])) == records[-1]


def test_the_record_says_what_the_profile_says(sample: Sample) -> None:
    record = profile_record(sample.profile())
    assert (record["kind"], record["institution"], record["name"]) == ("profile", "acme", "Acme & Sons")
    assert (record["signal_focus"], record["topic"], record["impact"]) == ("governance", "export-controls", "high")
    assert record["confidence"] == {"number": 0.78, "grade": "B", "mix": "mixed"}
    assert record["coverage"]["state"] == "partial"
    assert record["matrix"][1] == {
        "axis": "policy",
        "horizon": "Quarter",
        "level": "high",
        "score": 0.62,
        "trend": "rising",
        "since": "2026-02-24T09:00:00Z",
        "next_fall": "2026-03-05T09:00:00Z",
        "stories": ["s1"],
        "evidence": [1, 2],
    }
    assert record["key_points"][0]["evidence"] == [1, 2]
    assert record["evidence"][1]["direct"] is True
    assert record["history"][0]["kind"] == "transition"
    assert record["contributions"][0]["axis"] == "policy"
    assert record["relations"] == [{"kind": "investor", "to": "bigco", "name": "Big Co"}]


def test_a_link_that_is_no_web_link_is_left_out(sample: Sample) -> None:
    profile = sample.profile(url="javascript:alert(1)")
    assert profile_record(profile)["evidence"][0]["url"] is None
    assert "javascript" not in profile_text(profile)


def test_the_text_has_every_section(sample: Sample) -> None:
    text = profile_text(sample.profile())
    for part in (
        "Acme & Sons (acme) at 2026-02-24T09:00:00Z",
        "AI lab", "Europe", "Security", "governance", "export-controls",
        "grade B (0.78), direct and secondary sources",
        "partial, 1 of 3 sources failing: wire",
        "2 stories, 3 reports, 2 publishers (1 direct)",
        "Decision trigger matrix", "Key points", "What happened", "Entity brief", "Service and control surface",
        "Governance and policy surface", "operational criticality high, time horizon Quarter", "Relations",
        "Contributions to policy", "History", "Evidence",
        "[2] Acme (A, direct) 2026-02-24T09:00:00Z: Chip maker told to stop exports",
        "falls 2026-03-05T09:00:00Z if nothing happens",
    ):  # fmt: skip
        assert part in text


def test_the_text_of_the_open_tier_is_the_header(sample: Sample) -> None:
    text = profile_text(gate(sample.profile(), Tier.OPEN))
    assert re.findall(r"^\S.*$", text, re.MULTILINE) == [
        "Acme & Sons (acme) at 2026-02-24T09:00:00Z",
        "Decision trigger matrix",
    ]
    assert "Chip maker told to stop exports" in text
    assert "0.62" not in text


def test_nothing_in_the_text_can_steer_a_terminal(sample: Sample) -> None:
    hostile = "a\x1b[2J\x07\x9b31m\r\nb\u202e" + "x" * 100_000
    profile = replace(sample.profile(hostile), category=hostile[:20], name=hostile[:20])
    text = profile_text(profile)
    assert not re.search("[^\n\x20-\x7e\xa0-\uffff]", text)
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 500


@pytest.mark.parametrize(
    ("coverage", "text"),
    [
        (Coverage(CoverageState.COVERED, 4), "covered"),
        (Coverage(CoverageState.PARTIAL, 4, ("a", "b")), "partial, 2 of 4 sources failing: a, b"),
        (Coverage(CoverageState.BLIND), "blind; silence is not an all-clear"),
    ],
)
def test_coverage_in_words(coverage: Coverage, text: str) -> None:
    assert coverage_text(coverage) == text


def test_confidence_in_words() -> None:
    assert confidence_text(None) == "no evidence"
    assert confidence_text(Confidence(0.9512, "A", Mix.DIRECT)) == "grade A (0.95), direct sources"
    assert confidence_text(Confidence(None, "D", Mix.SECONDARY)) == "grade D, secondary sources"
