from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

from kit.settings import DESK, NOON, item, settings

from alerts.model.level import Axis, Level
from alerts.model.settings import ConfigTest, Expectation
from alerts.rendering.render import Renderer
from alerts.replay.configtests import Outcome, junit, run
from alerts.runtime.configuration import Active


def outcome(*expect: Expectation, title: str = "Acme suffers an outage", source: str = "acme-news") -> Outcome:
    test = ConfigTest("t", NOON + timedelta(hours=1), (item(source, title),), expect, "tests.yaml:7")
    return run(test, Active(settings()), Renderer())


def test_all_that_holds_passes() -> None:
    found = outcome(
        Expectation(institution="acme", axis=Axis.PRIORITY, level=Level.HIGH),
        Expectation(institution="acme", level=Level.HIGH),
        Expectation(institution="acme", axis=Axis.POLICY, level=Level.LOW),
        Expectation(institution="acme", mentioned=True, topic="outage"),
        Expectation(institution="globex", mentioned=False, level=Level.LOW),
        Expectation(topic="outage"),
        Expectation(subscriber="desk", alerts=1),  # priority, and continuity by .3 × .9
        Expectation(subscriber="desk", axis=Axis.PRIORITY, alerts=1, state="sent"),
        Expectation(subscriber="desk", alerts=1, institution="acme", axis=Axis.PRIORITY, text="Acme Corporation"),
        Expectation(subscriber="desk", not_text="Globex"),
    )
    assert found.failures == ()


def test_a_wrong_level_is_shown_beside_the_right_one_with_its_numbers() -> None:
    found = outcome(Expectation(institution="acme", axis=Axis.PRIORITY, level=Level.LOW, where="tests.yaml:9"))
    (failure,) = found.failures
    assert (failure.where, failure.expected, failure.actual) == (
        "tests.yaml:9",
        "acme: priority low",
        "acme: priority high",
    )
    assert any("severity 0.6 x confidence 0.9" in line for line in failure.because)


def test_a_missing_mention_says_what_was_turned_down() -> None:
    found = outcome(Expectation(institution="globex", mentioned=True))
    assert found.failures[0].actual == "globex: not mentioned"


def test_alerts_are_counted_by_event_state_and_reason() -> None:
    assert not outcome(Expectation(subscriber="desk", alerts=3)).passed
    assert outcome(Expectation(subscriber="desk", alerts=0, state="suppressed")).passed
    assert outcome(Expectation(subscriber="desk", alerts=0, reason="silence")).passed
    assert not outcome(Expectation(subscriber="desk", reason="silence")).passed
    assert not outcome(Expectation(subscriber="desk", text="no such words")).passed


def test_an_event_told_by_two_channels_is_one_alert() -> None:
    two = replace(DESK, channels={"a": DESK.channels["console"], "b": DESK.channels["console"]})
    test = ConfigTest(
        "t", NOON, (item("tribune", "Acme sued"),), (Expectation(subscriber="desk", alerts=1),
                                                  Expectation(subscriber="desk", channel="a", alerts=1)), ""
    )  # fmt: skip
    assert run(test, Active(settings(two)), Renderer()).passed


def test_junit_counts_and_names(tmp_path: Path) -> None:
    found = [outcome(), outcome(Expectation(subscriber="desk", alerts=9, where="tests.yaml:3"))]
    suite = ElementTree.fromstring(junit(found))
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "expected desk: 9 alerts" in str(failure.get("message"))


def test_junit_carries_titles_that_hold_what_xml_does_not() -> None:
    failing = Expectation(institution="acme", mentioned=False, where="tests.yaml:3")
    found = junit([outcome(failing, title="Acme\x0b suffers\x00 an\ud800 outage & <more>")])
    told = ElementTree.fromstring(found.encode()).find("testcase/failure")
    assert told is not None
    assert "tests.yaml:3" in str(told.text)


def test_the_example_configuration_passes_its_own_tests() -> None:
    from alerts.config.load import load

    active = Active(load(Path(__file__).parents[2] / "config"))
    assert len(active.settings.tests) >= 15
    for test in active.settings.tests:
        found = run(test, active, Renderer())
        assert found.passed, (found.name, found.failures)
