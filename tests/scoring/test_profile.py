"""The builder of the profile: every statement stands on numbered records, and order never matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model.institution import Criticality, Institution, Relation
from alerts.model.level import Axis, Cause, Level, LevelRules, Transition
from alerts.model.profile import Counts, Coverage, CoverageState, Profile, Trend
from alerts.model.settings import Settings
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Mix, Report
from alerts.model.times import micros
from alerts.model.topic import Severity, Signal, Topic
from alerts.scoring import score as scores
from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.scoring.evidence import SHOWN_REPORTS, evidence, summary
from alerts.scoring.impact import term
from alerts.scoring.profile import HAPPENED, KEY_POINTS, NEWEST, AxisView, Standing, build
from alerts.scoring.score import PLACES, Ranking, contributed

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)
ACME = Institution("acme", "Acme", aliases=("ACME",), relations=(Relation("investor", "bigco"),))
TOPICS = {
    each.id: each
    for each in (
        Topic("export", Signal.GOVERNANCE, ("x",), severity=Severity(0.25, 0.45, 0.15)),
        Topic("outage", Signal.CONTINUITY, ("x",), severity=Severity(0.60, 0.10, 0.20)),
        Topic("merger", Signal.RELATIONSHIP, ("x",), severity=Severity(0.05, 0.10, 0.30)),
    )
}
RULES = LevelRules()


def _report(number: int, hours: float = 1, *, direct: bool = False, title: str = "", topic: str = "") -> Report:
    at = AT - timedelta(hours=hours)
    return Report(
        item=f"i{number}",
        title=title or f"Headline {number}",
        url=f"https://e.example/{number}",
        source=f"source{number}",
        publisher=f"Publisher {number}",
        reliability=Reliability.A if direct else Reliability.B,
        direct=direct,
        published=at,
        observed=at,
        reported=at,
        salience=1.0,
        topics=((topic, 1.0),) if topic else (),
    )


def _story(name: str, *reports: Report) -> Evidence:
    return evidence(name, "acme", reports, [Group((each.item,)) for each in reports])


def _counts(stories: Sequence[Evidence]) -> Counts:
    shown = [story for story in stories if story.confidence >= INTERNAL_BELOW]
    reports = [report for story in shown for report in story.reports]
    return Counts(
        stories=len(shown),
        reports=len(reports),
        publishers=len({report.publisher for report in reports}),
        direct=len({report.publisher for report in reports if report.direct}),
    )


def _ranking(stories: Sequence[Evidence], axis: Axis) -> Ranking:
    ranking = Ranking(scores.half_life_of(RULES, axis))
    for story in stories:
        ranking.put(story.story, term(story, axis, TOPICS, ACME))
    return ranking


def _amounts(stories: Sequence[Evidence]) -> dict[Axis, dict[str, float]]:
    """What each story contributes to each axis at AT."""
    return {
        axis: {story: contributed(each, micros(AT), ranking.half_life) for story, each in ranking.leading(1000)}
        for axis in Axis
        for ranking in [_ranking(stories, axis)]
    }


def _build(
    stories: Sequence[Evidence],
    views: dict[Axis, AxisView] | None = None,
    *,
    history: Sequence[Transition] = (),
    tracked: Sequence[Institution] = (),
) -> Profile:
    known = {each.story: each for each in stories}
    axes = {
        axis: replace(
            (views or {}).get(axis, AxisView(Level.LOW, 0.0)),
            leading=tuple(summary(known[story]) for story, _ in _ranking(stories, axis).leading()),
        )
        for axis in Axis
    }
    newest = sorted(stories, key=lambda each: (-each.newest.timestamp(), each.story))[:NEWEST]
    standing = Standing(
        institution=ACME,
        at=AT,
        axes=axes,
        newest=tuple(summary(each) for each in newest),
        reports={report.item: report for story in stories for report in story.reports},
        counts=_counts(stories),
    )
    settings = Settings(topics=TOPICS, levels=RULES, institutions={each.id: each for each in tracked})
    return build(standing, settings, history=history, coverage=Coverage(CoverageState.COVERED, 2))


OUTAGE = _story("s1", _report(1, 3, topic="outage"), _report(2, 1, direct=True, topic="outage"))
EXPORT = _story("s2", _report(3, 30, topic="export"))
OLD = _story("s3", _report(4, 900))
STORIES_ = (OUTAGE, EXPORT, OLD)


def test_without_evidence_nothing_is_stated() -> None:
    profile = _build([])
    assert profile.confidence is None
    assert profile.headline is None
    assert (profile.key_points, profile.what_happened, profile.evidence, profile.service_surface) == ((), (), (), ())
    assert profile.governance_surface is None
    assert (profile.signal_focus, profile.topic, profile.impact) == (None, None, Level.LOW)
    assert [row.axis for row in profile.matrix] == list(Axis)
    assert [row.horizon for row in profile.matrix] == ["Now", "Quarter", "Year"]


def test_every_statement_has_evidence_and_says_what_a_source_says() -> None:
    profile = _build(STORIES_)
    said = {report.title for story in STORIES_ for report in story.reports}
    numbers = {record.number for record in profile.evidence}
    lines = [*profile.service_surface, *profile.relationship_signals]
    assert profile.governance_surface is not None
    lines += profile.governance_surface.signals
    statements = [*profile.key_points, *profile.what_happened, *(line.statement for line in lines)]
    assert statements
    for each in statements:
        assert each.text in said
        assert each.evidence
        assert set(each.evidence) <= numbers
    assert [record.number for record in profile.evidence] == list(range(1, len(profile.evidence) + 1))


def test_key_points_are_the_newest_stories() -> None:
    profile = _build(STORIES_)
    assert [point.story for point in profile.key_points] == ["s1", "s2", "s3"]
    assert profile.headline == profile.key_points[0]
    assert [point.evidence for point in profile.key_points] == [(1, 2), (3,), (4,)]


def test_focus_topic_and_surfaces_follow_the_contributions() -> None:
    profile = _build(STORIES_)
    assert (profile.signal_focus, profile.topic) == (Signal.CONTINUITY, "outage")
    assert [line.topic for line in profile.service_surface] == ["outage"]
    assert profile.governance_surface is not None
    assert [line.topic for line in profile.governance_surface.signals] == ["export"]
    assert (profile.governance_surface.criticality, profile.governance_surface.horizon) == (
        Criticality.MEDIUM,
        "Quarter",
    )
    assert _build([EXPORT]).signal_focus is Signal.GOVERNANCE


def test_confidence_is_the_mean_weighted_by_contribution() -> None:
    both = _build([OUTAGE, EXPORT])
    weights = {story.story: sum(_amounts([story])[axis][story.story] for axis in Axis) for story in (OUTAGE, EXPORT)}
    expected = sum(story.confidence * weights[story.story] for story in (OUTAGE, EXPORT)) / sum(weights.values())
    assert both.confidence is not None
    assert both.confidence.number == pytest.approx(expected)
    assert both.confidence.mix is Mix.MIXED
    alone = _build([EXPORT]).confidence
    assert alone is not None
    assert (alone.number, alone.mix, alone.grade) == (EXPORT.confidence, Mix.SECONDARY, EXPORT.grade)


def test_the_matrix_shows_the_states() -> None:
    since, fall = AT - timedelta(days=1), AT + timedelta(days=5)
    states = {
        Axis.PRIORITY: AxisView(Level.HIGH, 0.6, since, fall, previous=0.4),
        Axis.POLICY: AxisView(Level.LOW, 0.2, None, fall, previous=0.3),
        Axis.CONTINUITY: AxisView(Level.LOW, 0.1, None, None, previous=0.1),
    }
    profile = _build(STORIES_, states)
    row = {row.axis: row for row in profile.matrix}[Axis.PRIORITY]
    assert (row.level, row.score, row.since, row.next_fall) == (Level.HIGH, 0.6, since, fall)
    assert row.stories[0] == "s1"
    assert row.evidence[:2] == (1, 2)
    assert [each.trend for each in profile.matrix] == [Trend.RISING, Trend.FALLING, Trend.STEADY]
    assert {row.axis: row for row in profile.matrix}[Axis.POLICY].next_fall is None
    assert profile.impact is Level.HIGH


def test_what_happened_is_told_by_the_headlines_of_the_leading_story() -> None:
    story = _story(
        "s1",
        _report(11, 5, title="First word", topic="outage"),
        _report(12, 4, title="FIRST WORD", topic="outage"),
        _report(13, 3, title="It goes on", topic="outage"),
    )
    told = _build([story, EXPORT]).what_happened
    assert [(each.text, each.evidence) for each in told] == [("First word", (1, 2)), ("It goes on", (3,))]
    assert [each.at for each in told] == sorted(each.at for each in told)


def test_a_story_kept_for_internal_monitoring_is_nowhere() -> None:
    hidden = replace(OUTAGE, confidence=0.05)
    profile = _build([hidden, EXPORT])
    assert profile == _build([EXPORT])


def test_relations_and_history_are_passed_on() -> None:
    late, early = (Transition(AT - timedelta(days=d), "acme", Axis.POLICY, Level.LOW, Level.HIGH, 0.6, Cause.EVIDENCE)
                   for d in (1, 2))  # fmt: skip
    profile = _build(STORIES_, history=(late, early), tracked=[Institution("bigco", "Big Co")])
    assert profile.history == (early, late)
    assert [(each.kind, each.to, each.name) for each in profile.relations] == [("investor", "bigco", "Big Co")]
    assert _build([]).relations[0].name == "bigco"


def test_a_profile_stays_of_bounded_size_and_keeps_what_contributes_most() -> None:
    many = [
        _story(f"s{number}", *(_report(number * 100 + each, 2000 + number) for each in range(40)))
        for number in range(100)
    ]
    heavy = _story("heavy", _report(9_999_999, 3000, direct=True, topic="merger"))
    light = [_story(f"t{number}", _report(10_000_000 + number, 3000, topic="merger")) for number in range(30)]
    profile = _build([*many, *light, heavy])
    assert {len(each.contributions) for each in profile.contributions} == {PLACES}
    assert len({record.story for record in profile.evidence}) == NEWEST + PLACES
    assert "heavy" in {record.story for record in profile.evidence}
    assert len(profile.evidence) <= (NEWEST + PLACES) * SHOWN_REPORTS
    assert (len(profile.key_points), len(profile.what_happened) <= HAPPENED) == (KEY_POINTS, True)
    assert profile.counts.stories == 131
    assert profile.counts.reports == 100 * 40 + 31


def test_the_best_of_each_publisher_stands_for_a_long_story() -> None:
    copies = [_report(number, 10 + number) for number in range(60)]
    direct = _report(99, 200, direct=True)
    story = evidence(
        "s1", "acme", [*copies, direct], [Group(tuple(each.item for each in copies)), Group((direct.item,))]
    )
    records = _build([story]).evidence
    assert len(records) == SHOWN_REPORTS
    assert direct.item in {record.item for record in records}


@given(order=st.permutations(STORIES_))
@settings(deadline=None)
def test_the_order_of_the_evidence_does_not_matter(order: list[Evidence]) -> None:
    assert _build(order) == _build(STORIES_)
