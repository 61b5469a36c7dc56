from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kit.settings import DESK, NOON, settings

from alerts.config.load import load_entries
from alerts.config.schema import ConfigTestForm, ExpectationForm, ItemForm
from alerts.model.level import Axis, Level
from alerts.rendering.render import Renderer
from alerts.replay.configtests import Outcome, junit, run
from alerts.runtime.configuration import Active


def expectation(**given: Any) -> ExpectationForm:
    return ExpectationForm.model_construct(**given)


def outcome(*expect: ExpectationForm, title: str = "Acme suffers an outage", source: str = "acme-news") -> Outcome:
    return played(Active(settings()), NOON + timedelta(hours=1), source, title, *expect)


def played(active: Active, at: datetime, source: str, title: str, *expect: ExpectationForm) -> Outcome:
    said = ItemForm.model_construct(title=title, source=source, observed=NOON)
    test = ConfigTestForm.model_construct(name="t", at=at, items=(said,), expect=expect)
    return run(test, active, Renderer(), lambda *steps: "tests.yaml:8" if steps else "tests.yaml:7")


def test_all_that_holds_passes() -> None:
    found = outcome(
        expectation(institution="acme", axis=Axis.PRIORITY, level=Level.HIGH),
        expectation(institution="acme", level=Level.HIGH),
        expectation(institution="acme", axis=Axis.POLICY, level=Level.LOW),
        expectation(institution="acme", mentioned=True, topic="outage"),
        expectation(institution="globex", mentioned=False, level=Level.LOW),
        expectation(topic="outage"),
        expectation(subscriber="desk", alerts=1),  # priority, and continuity by .3 × .9
        expectation(subscriber="desk", axis=Axis.PRIORITY, alerts=1, state="sent"),
        expectation(subscriber="desk", alerts=1, institution="acme", axis=Axis.PRIORITY, text="Acme Corporation"),
        expectation(subscriber="desk", not_text="Globex"),
    )
    assert found.failures == ()


def test_a_wrong_level_is_shown_beside_the_right_one_with_its_numbers() -> None:
    found = outcome(expectation(institution="acme", axis=Axis.PRIORITY, level=Level.LOW))
    (failure,) = found.failures
    assert (failure.where, failure.expected, failure.actual) == (
        "tests.yaml:8",
        "acme: priority low",
        "acme: priority high",
    )
    assert any("severity 0.6 x confidence 0.9" in line for line in failure.because)


def test_a_missing_mention_says_what_was_turned_down() -> None:
    found = outcome(expectation(institution="globex", mentioned=True))
    assert found.failures[0].actual == "globex: not mentioned"


def test_alerts_are_counted_by_event_state_and_reason() -> None:
    assert not outcome(expectation(subscriber="desk", alerts=3)).passed
    assert outcome(expectation(subscriber="desk", alerts=0, state="suppressed")).passed
    assert outcome(expectation(subscriber="desk", alerts=0, reason="silence")).passed
    assert not outcome(expectation(subscriber="desk", reason="silence")).passed
    assert not outcome(expectation(subscriber="desk", text="no such words")).passed


def test_an_event_told_by_two_channels_is_one_alert() -> None:
    two = replace(DESK, channels={"a": DESK.channels["console"], "b": DESK.channels["console"]})
    found = played(
        Active(settings(two)),
        NOON,
        "tribune",
        "Acme sued",
        expectation(subscriber="desk", alerts=1),
        expectation(subscriber="desk", channel="a", alerts=1),
    )
    assert found.passed


def test_junit_counts_and_names(tmp_path: Path) -> None:
    found = [outcome(), outcome(expectation(subscriber="desk", alerts=9))]
    suite = ElementTree.fromstring(junit(found))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "expected desk: 9 alerts" in str(failure.get("message"))


def test_junit_carries_titles_that_hold_what_xml_does_not() -> None:
    failing = expectation(institution="acme", mentioned=False)
    found = junit([outcome(failing, title="Acme\x0b suffers\x00 an\ud800 outage & <more>")])
    told = ElementTree.fromstring(found.encode()).find("testcase/failure")
    assert told is not None
    assert "tests.yaml:8" in str(told.text)


def test_the_example_configuration_passes_its_own_tests() -> None:
    loaded = load_entries(Path(__file__).parents[2] / "config")
    tests = loaded.entries.valid("tests", ConfigTestForm)
    assert len(tests) >= 15
    active = Active.of(loaded)
    for entry, test in tests:
        found = run(test, active, Renderer(), entry.where)
        assert found.passed, (found.name, found.failures)
