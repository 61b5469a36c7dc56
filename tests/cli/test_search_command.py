"""`alerts search`."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.servers

Call = Any
State = Any


def test_it_finds_what_was_said_and_about_whom(call: Call, filled: State) -> None:
    done = call(filled, "search", "rotterdam harbour", "--json")
    assert done.status == 0
    (story,) = done.records
    assert (story["kind"], story["institutions"]) == ("story", ["acme"])
    assert len(call(filled, "search", "rotterdam", "--kind", "items", "--json").records) == 2
    (globex,) = call(filled, "search", "globex", "--kind", "institutions", "--json").records
    assert (globex["kind"], globex["institution"]) == ("institution", "globex")
    shown = call(filled, "search", "court ruling")
    assert "Court ruling on Globex Corporation" in shown.out
    assert "https://wire.example/w2" in shown.out
    assert call(filled, "search", "zebra").out == "nothing found\n"


def test_a_tier_sees_what_its_pages_show(call: Call, filled: State) -> None:
    done = call(filled, "search", "rotterdam harbour", "--tier", "open")
    assert (done.status, done.out) == (0, "nothing found\n")
    (globex,) = call(filled, "search", "globex", "--tier", "open", "--json").records
    assert globex["kind"] == "institution"
    assert call(filled, "search", "rotterdam harbour", "--tier", "strategic-circle", "--json").records
    done = call(filled, "search", "rotterdam", "--kind", "items", "--tier", "open")
    assert (done.status, done.out) == (2, "")
    assert "--tier open sees institutions alone" in done.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["-- -x"], "names nothing to look for"),
        (["x" * 300], "at most 200"),
        (["acme", "--source", "wyre"], "did you mean 'wire'"),
        (["acme", "--topic", "none"], "there is no topic"),
        (["acme", "--since", "soon"], "is no time"),
    ],
)
def test_what_cannot_be_understood_is_refused(call: Call, filled: State, arguments: list[str], line: str) -> None:
    done = call(filled, "search", *" ".join(arguments).split(" "))
    assert (done.status, done.out) == (2, "")
    assert line in done.err
