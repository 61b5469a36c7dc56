"""How much an item is about what it mentions: the table of the design, and its order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching.matcher import HEAD_OF_CONTENT, mention_salience
from alerts.model.mention import Rule

FIELDS = ("title", "summary", "content")


@pytest.mark.parametrize(
    ("field", "start", "rule", "salience"),
    [
        ("title", 0, Rule.NAME, 1.0),
        ("title", 80, Rule.ALIAS, 1.0),
        ("summary", 900, Rule.NAME, 0.7),
        ("content", HEAD_OF_CONTENT - 1, Rule.NAME, 0.7),
        ("content", HEAD_OF_CONTENT, Rule.NAME, 0.4),
        ("title", 0, Rule.PRODUCT, 0.8),
        ("summary", 0, Rule.DOMAIN, 0.56),
        ("content", 5_000, Rule.PRODUCT, 0.32),
        ("source", 0, Rule.PUBLISHER, 0.8),
    ],
)
def test_field_times_rule(field: str, start: int, rule: Rule, salience: float) -> None:
    assert mention_salience(field, start, rule) == salience


@pytest.mark.parametrize(("field", "voice", "both"), [("title", 0.3, 0.15), ("summary", 0.21, 0.105)])
def test_a_voice_counts_less_and_an_ambiguous_name_a_half(field: str, voice: float, both: float) -> None:
    assert mention_salience(field, 0, Rule.NAME, ambiguous=True) == mention_salience(field, 0, Rule.NAME) / 2
    assert mention_salience(field, 0, Rule.NAME, voice=True) == voice
    assert mention_salience(field, 0, Rule.NAME, voice=True, ambiguous=True) == both


@given(st.sampled_from(FIELDS), st.integers(0, 10_000), st.sampled_from(Rule), st.booleans(), st.booleans())
def test_it_is_a_share_and_falls_towards_the_end(
    field: str, start: int, rule: Rule, voice: bool, ambiguous: bool
) -> None:
    found = mention_salience(field, start, rule, voice=voice, ambiguous=ambiguous)
    assert 0 < found <= 1
    assert mention_salience(field, start + 1, rule, voice=voice, ambiguous=ambiguous) <= found
    assert mention_salience("title", start, rule, voice=voice, ambiguous=ambiguous) >= found
