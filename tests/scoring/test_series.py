"""Scores over time for a picture, against the exact ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model.institution import Institution
from alerts.model.level import Axis, LevelRules
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report
from alerts.model.times import micros
from alerts.model.topic import Severity, Signal, Topic
from alerts.scoring.axis import score, term
from alerts.scoring.evidence import evidence
from alerts.scoring.series import courses, score_series

START = datetime(2026, 1, 1, tzinfo=UTC)
ACME = Institution("acme", "Acme")
RULES = LevelRules()
TOPICS = {
    "outage": Topic("outage", Signal.CONTINUITY, ("outage",), severity=Severity(0.6, 0.1, 0.5)),
    "strike": Topic("strike", Signal.CONTINUITY, ("strike",), severity=Severity(1.0, 0.3, 0.9)),
}
GRID = [START + timedelta(hours=12 * each) for each in range(120)]

reports = st.tuples(
    st.integers(0, 59 * 24),
    st.sampled_from(list(Reliability)),
    st.booleans(),
    st.sampled_from([(), (("outage", 1.0),), (("strike", 1.0),), (("outage", 0.4), ("strike", 0.2))]),
)


def report(item: str, hour: int, reliability: Reliability, direct: bool, topics: tuple[()]) -> Report:
    at = START + timedelta(hours=hour)
    return Report(item, item, "", "s", item, reliability, direct, at, at, at, 1.0, topics)


def story(name: str, members: list[Report]) -> Evidence:
    return evidence(name, "acme", members, [Group((each.item,)) for each in members])


def exact(stories: list[list[Report]], axis: Axis, at: datetime) -> float:
    known = [[each for each in members if each.observed <= at] for members in stories]
    terms = [
        found
        for number, members in enumerate(known)
        if members and (found := term(story(str(number), members), axis, TOPICS, ACME)) is not None
    ]
    return score(terms, micros(at), RULES.half_life[axis] / timedelta(microseconds=1))


@given(st.lists(st.lists(reports, min_size=1, max_size=4), max_size=12), st.sampled_from(list(Axis)))
@settings(max_examples=60, deadline=None)
def test_follows_the_exact_score(
    drawn: list[list[tuple[int, Reliability, bool, tuple[()]]]], axis: Axis
) -> None:
    stories = [
        [report(f"{number}-{place}", *each) for place, each in enumerate(members)]
        for number, members in enumerate(drawn)
    ]
    found = score_series(
        courses((story(str(number), members) for number, members in enumerate(stories)), GRID[0]),
        GRID,
        topics=TOPICS,
        institution=ACME,
        rules=RULES,
    )[axis]
    assert [at for at, _ in found] == GRID
    for at, value in found:
        assert value == pytest.approx(exact(stories, axis, at), abs=1e-4)


def test_many_stories_at_once() -> None:
    stories = [
        [report(str(each), each % 1400, Reliability.C, False, (("outage", 1.0),))] for each in range(2000)
    ]  # type: ignore[arg-type]
    found = score_series(
        courses((story(str(number), members) for number, members in enumerate(stories)), GRID[0]),
        GRID,
        topics=TOPICS,
        institution=ACME,
        rules=RULES,
    )[Axis.PRIORITY]
    for at, value in found[:: len(found) // 5]:
        assert value == pytest.approx(exact(stories, Axis.PRIORITY, at), abs=1e-4)


def test_a_picture_may_begin_long_before_anything_fading_fast() -> None:
    """2^(time / half-life) of the whole window is no floating-point number."""
    rules = LevelRules(half_life=dict.fromkeys(Axis, timedelta(minutes=1)))
    seen = [story("0", [report("0", 1400, Reliability.A, True, (("outage", 1.0),))])]  # type: ignore[arg-type]
    instants = [START, START + timedelta(hours=1400), START + timedelta(days=365)]
    found = score_series(courses(seen, START), instants, topics=TOPICS, institution=ACME, rules=rules)
    assert [value for _, value in found[Axis.PRIORITY]] == pytest.approx([0.0, 0.6 * 0.9, 0.0])
