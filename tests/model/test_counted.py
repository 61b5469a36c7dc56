"""Numbers of things."""

from __future__ import annotations

import pytest

from alerts.model.counted import counted


@pytest.mark.parametrize(("count", "said"), [(0, "0 stories"), (1, "1 story"), (2, "2 stories")])
def test_one_is_not_many(count: int, said: str) -> None:
    assert counted(count, "story", "stories") == said


def test_most_nouns_take_an_s() -> None:
    assert [counted(count, "source") for count in (1, 2)] == ["1 source", "2 sources"]
