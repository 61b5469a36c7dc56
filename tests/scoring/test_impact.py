"""What one story does to an axis, against numbers worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.model.institution import Criticality, Institution
from alerts.model.level import Axis
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report
from alerts.model.topic import Severity, Signal, Topic
from alerts.scoring.evidence import evidence
from alerts.scoring.impact import impact, severity, term
from alerts.scoring.profile import contributions

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
TOPICS = {
    "outage": Topic("outage", Signal.CONTINUITY, ("outage",), severity=Severity(0.6, 0.1, 0.3)),
    "ruling": Topic("ruling", Signal.GOVERNANCE, ("ruling",), severity=Severity(0.1, 0.5, 0.2)),
    "war": Topic("war", Signal.CONTINUITY, ("war",), severity=Severity(1.0, 1.0, 1.0)),
}


def story(*, salience: float = 1.0, topics: tuple[tuple[str, float], ...] = (("outage", 1.0),)) -> Evidence:
    one = Report(
        item="a",
        title="t",
        url="",
        source="s",
        publisher="p",
        reliability=Reliability.A,
        direct=True,
        published=AT,
        observed=AT,
        reported=AT,
        salience=salience,
        topics=topics,
    )
    return evidence("s1", "acme", [one], [Group(("a",))])


def on(found: Evidence, axis: Axis = Axis.PRIORITY, criticality: Criticality = Criticality.MEDIUM) -> float:
    return impact(found, axis, TOPICS, Institution("acme", "Acme", criticality=criticality))


def test_an_impact_is_severity_confidence_salience_criticality() -> None:
    assert on(story()) == 0.54  # 0.6 × 0.9
    assert on(story(salience=0.56)) == 0.3024
    assert on(story(), Axis.CONTINUITY, Criticality.HIGH) == 0.324  # 0.3 × 0.9 × 1.2
    assert on(story(), Axis.POLICY, Criticality.LOW) == 0.072  # 0.1 × 0.9 × 0.8


def test_no_story_is_worth_more_than_095() -> None:
    assert on(story(topics=(("war", 1.0),)), criticality=Criticality.HIGH) == 0.95  # 1.0 × 0.9 × 1.2 = 1.08


def test_severity_is_the_largest_of_the_topics_on_the_axis() -> None:
    both = story(topics=(("outage", 1.0), ("ruling", 1.0)))
    assert [severity(both, axis, TOPICS) for axis in Axis] == [0.6, 0.5, 0.3]


def test_a_denied_topic_counts_a_quarter_and_a_weak_one_a_half() -> None:
    denied = story(topics=(("outage", 0.25), ("ruling", 1.0)))
    assert [severity(denied, axis, TOPICS) for axis in Axis] == [0.15, 0.5, 0.2]
    weak = story(topics=(("outage", 0.5),))
    assert [severity(weak, axis, TOPICS) for axis in Axis] == [0.3, 0.05, 0.15]


@pytest.mark.parametrize("topics", [(), (("a topic of another configuration", 1.0),)])
def test_without_a_topic_a_story_does_nothing(topics: tuple[tuple[str, float], ...]) -> None:
    for axis in Axis:
        assert severity(story(topics=topics), axis, TOPICS) == 0.0
        assert term(story(topics=topics), axis, TOPICS, Institution("acme", "Acme")) is None


def test_a_contribution_record_explains_its_value() -> None:
    acme = Institution("acme", "Acme", criticality=Criticality.HIGH)
    found = story(salience=0.7)
    (made,) = contributions([(found, term(found, Axis.PRIORITY, TOPICS, acme))], AT + timedelta(hours=1), 3.6e9, acme)
    assert (made.severity, made.confidence, made.salience, made.criticality) == (0.6, 0.9, 0.7, 1.2)
    assert (made.age_s, made.grade, made.topics, made.story) == (3600.0, "A", ("outage",), "s1")
