"""What somebody who mistyped a name may have meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.nearest import did_you_mean

KNOWN = ["anthropic", "Deepseek", "openai"]


@pytest.mark.parametrize(
    ("word", "meant"), [("antropic", "anthropic"), ("DEEPSEEK", "Deepseek"), ("opnai", "openai"), ("zebra", "")]
)
def test_the_nearest_name_is_offered_as_it_is_written(word: str, meant: str) -> None:
    assert did_you_mean(word, KNOWN) == (f"; did you mean {meant!r}?" if meant else "")


def test_too_many_names_and_too_long_words_are_not_compared() -> None:
    assert did_you_mean("name1", [f"name{number}" for number in range(1_001)]) == ""
    assert did_you_mean("a" * 101, ["a" * 101]) == ""


@given(st.text(max_size=120), st.lists(st.text(max_size=20), max_size=20))
def test_what_is_offered_is_known(word: str, known: list[str]) -> None:
    offered = did_you_mean(word, known)
    assert not offered or any(offered == f"; did you mean {each!r}?" for each in known)
