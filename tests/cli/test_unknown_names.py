"""A filter that can find nothing because of its spelling says so, with exit status 1."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.servers


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["stories", "--topic", "outag"], "no topic 'outag'"),
        (["stories", "--institution", "acm"], "no institution 'acm'"),
        (["institutions", "--tag", "infr"], "no tag 'infr'"),
        (["institutions", "--region", "Mars"], "no region 'Mars'"),
        (["institutions", "--category", "Bank"], "no category 'Bank'"),
        (["deliveries", "--subscriber", "des"], "no subscriber 'des'"),
        (["silence", "--tag", "infr", "--for", "1h"], "no tag 'infr'"),
        (["silence", "--region", "Mars", "--for", "1h"], "no region 'Mars'"),
        (["test", "--match", "an outage lowers"], "no test 'an outage lowers'"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else None,
)
def test_an_unknown_name_in_a_filter_is_refused(call: Any, filled: Any, arguments: list[str], said: str) -> None:
    done = call(filled, *arguments)
    assert (done.status, done.out) == (1, "")
    (line,) = done.err.splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["stories", "--topic", "outag"], "outage"),
        (["institutions", "--tag", "infr"], "infra"),
        (["silence", "--tag", "infr", "--for", "1h"], "infra"),
        (["test", "--match", "an outage lowers the priority"], "an outage lifts the priority"),
    ],
)
def test_what_may_have_been_meant_is_said(call: Any, filled: Any, arguments: list[str], meant: str) -> None:
    assert f"did you mean {meant!r}?" in call(filled, *arguments).err


def test_a_refused_silence_is_not_made(call: Any, filled: Any) -> None:
    call(filled, "silence", "--tag", "infr", "--for", "1h")
    assert call(filled, "silence", "--list").err.strip() == "no silences"


def test_replay_says_before_it_begins_that_its_picture_cannot_be_written(call: Any, filled: Any) -> None:
    done = call(filled, "replay", "--plot", str(filled.path / "away" / "levels.svg"))
    assert (done.status, done.out) == (1, ""), "nothing was replayed"
    assert "levels.svg: cannot be written" in done.err
    done = call(filled, "replay", "--plot", str(filled.path))
    assert "is a directory" in done.err
