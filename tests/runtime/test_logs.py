"""What a log line carries: events, errors, places of failures; nothing that steers a terminal."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from alerts.model.errors import StoreError, UsageError
from alerts.runtime import logs


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Logs in a format and gives what was written."""
    root = logging.getLogger()
    before = root.handlers[:]

    def write(form: str, event: str, **options: object) -> str:
        monkeypatch.setenv("ALERTS_LOG_FORMAT", form)
        logs.configure("INFO")
        capsys.readouterr()
        logs.event(event, logging.ERROR, **options)  # type: ignore[arg-type]
        return capsys.readouterr().err

    yield write
    root.handlers[:] = before


def fail() -> None:
    raise KeyError("a value that may be secret")


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_unexpected_failure_carries_its_places(say: object, form: str) -> None:
    try:
        try:
            fail()
        except KeyError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError:
        line = say(form, "work.broken", caught=True)  # type: ignore[operator]
    assert "RuntimeError: it failed" in line
    if form == "json":
        line = json.loads(line)["traceback"]
    assert "in fail" in line
    assert "test_logs.py" in line
    assert "KeyError" in line, "what was behind it, too"
    assert "a value that may be secret" not in line.partition("in fail")[2].replace(
        'raise KeyError("a value that may be secret")', ""
    )


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_failure_that_a_person_can_cause_is_one_line(say: object, form: str) -> None:
    try:
        go_away()
    except StoreError:
        line = say(form, "work.broken", caught=True)  # type: ignore[operator]
    assert "the database does not answer" in line
    assert len(line.splitlines()) == 1
    assert "test_logs.py" not in line


def test_text_steers_no_terminal(say: object) -> None:
    line = say("text", "source.noted", note="\x1b]0;owned\x07\x1b[2J red \u202e desrever \r\n2026 error forged")  # type: ignore[operator]
    assert all(char.isprintable() for char in line.rstrip("\n"))
    assert len(line.splitlines()) == 1, "and forges no line"
    assert "\\x1b]0;owned" in line, "it is written out"


def go_away() -> None:
    raise StoreError("the database does not answer")


def refuse() -> None:
    raise UsageError("\x1b[31mred\nforged")


def test_what_raises_text_with_control_characters_steers_none_either(say: object) -> None:
    try:
        refuse()
    except UsageError:
        line = say("text", "work.broken", caught=True)  # type: ignore[operator]
    assert all(char.isprintable() for char in line.rstrip("\n"))


@pytest.mark.parametrize(
    ("terminal", "given", "shown"), [(True, "", True), (True, "WARNING", False), (False, "", False)]
)
def test_news_is_shown_on_a_terminal(
    terminal: bool, given: str, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(logs.LEVEL, raising=False)
    if given:
        monkeypatch.setenv(logs.LEVEL, given)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    root = logging.getLogger()
    before = root.handlers[:]
    try:
        logs.configure()
        assert logs.shows_news() == shown
        logs.event("source.polled", source="a")
        logs.event("story.begun", institution="acme", title="Outage\x1b[2J")
    finally:
        root.handlers[:] = before
    said = capsys.readouterr().err
    assert "source.polled" not in said
    assert ("story.begun institution=acme title=Outage\\x1b[2J" in said) == shown
