"""A secret shows nothing of itself wherever it is printed."""

from __future__ import annotations

import json
import logging

import pytest

from alerts.model.secret import Secret

TEXT = "json://user:hunter2@hook.example/path"


@pytest.mark.parametrize("shown", [str, repr, "{}".format, "{!r:>20}".format, lambda secret: f"{[secret]} {secret}"])
def test_it_is_never_shown(shown: object) -> None:
    assert callable(shown)
    text = shown(Secret(TEXT))
    assert "***" in text
    assert "hunter2" not in text


def test_it_is_no_text_that_a_library_could_write_out() -> None:
    with pytest.raises(TypeError):
        json.dumps({"url": Secret(TEXT)})
    with pytest.raises(TypeError):
        "".join([Secret(TEXT)])  # type: ignore[list-item]


def test_it_is_not_shown_by_a_log(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("of this test").warning("sending to %s and %r", Secret(TEXT), {"url": Secret(TEXT)})
    assert "***" in caplog.text
    assert "hunter2" not in caplog.text


def test_only_reveal_gives_it() -> None:
    assert Secret(TEXT).reveal() == TEXT


def test_secrets_of_one_text_are_equal_and_equal_no_text() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert len({Secret(TEXT), Secret(TEXT), Secret("other")}) == 2
    assert Secret(TEXT) != TEXT
