"""Numbers of things."""

from __future__ import annotations

import pytest

from alerts.model.counted import counted, counted_of


@pytest.mark.parametrize(("count", "said"), [(0, "0 stories"), (1, "1 story"), (2, "2 stories")])
def test_one_is_not_many(count: int, said: str) -> None:
    assert counted(count, "story", "stories") == said


def test_most_nouns_take_an_s() -> None:
    assert [counted(count, "source") for count in (1, 2)] == ["1 source", "2 sources"]


@pytest.mark.parametrize(
    ("count", "plural", "said"),
    [(1, "stories", "1 story"), (2, "stories", "2 stories"), (1, "polls", "1 poll"), (0, "polls", "0 polls")],
)
def test_a_plural_is_a_singular_for_one(count: int, plural: str, said: str) -> None:
    assert counted_of(count, plural) == said
