"""Non-interference: what a tier may not see leaves no trace in anything that it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.model.level import Axis, Level
from alerts.model.profile import Brief, Coverage, MatrixRow, Profile, RelationLine, Statement, Trend
from alerts.model.records import to_line
from alerts.model.secret import Secret
from alerts.model.subscriber import Tier
from alerts.rendering.profile_forms import profile_record, profile_text
from alerts.rendering.render import Renderer
from alerts.rendering.tiers import gate, gate_transition

if TYPE_CHECKING:
    from kit.messages import Sample

SECRETS = st.text("qxz", min_size=6, max_size=12)
NUMBERS = st.floats(0, 1).map(lambda value: round(value, 4))
RENDERER = Renderer()
CHANNELS = (
    "console://",
    "slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc",
    "discord://1/t",
    "mailto://h.example?from=a@h.example",
    "jsons://h.example/",
)


def _above_strategic(profile: Profile, text: str, number: float) -> Profile:
    """The profile with every fact replaced that only the leadership alliance may see."""
    return replace(
        profile,
        contributions=tuple(
            replace(each, contributions=tuple(replace(one, title=text, value=number) for one in each.contributions))
            for each in profile.contributions
        )
        * 2,
        relations=(RelationLine(text, text, text),),
        relationship_signals=(),
        history=profile.history * 3,
        matrix=tuple(replace(row, next_fall=profile.at + timedelta(days=number)) for row in profile.matrix),
    )


def _above_open(profile: Profile, text: str, number: float) -> Profile:
    """The profile with every fact replaced that needs more than the open tier."""
    profile = _above_strategic(profile, text, number)
    statement = Statement(text, (7, 8), profile.at, text)
    assert profile.confidence is not None
    assert profile.headline is not None
    return replace(
        profile,
        confidence=replace(profile.confidence, number=number),
        coverage=Coverage(profile.coverage.state, 17, (text,), profile.at),
        headline=replace(profile.headline, evidence=(5,), story=text),
        key_points=(statement, statement),
        what_happened=(statement,),
        brief=Brief((text,)),
        service_surface=(),
        governance_surface=None,
        evidence=tuple(replace(each, title=text, publisher=text, url="https://" + text) for each in profile.evidence),
        matrix=tuple(
            MatrixRow(row.axis, row.level, number, Trend.RISING, profile.at, profile.at, (text,), (9,))
            for row in profile.matrix
        ),
    )


CHANGES: dict[Tier, Callable[[Profile, str, float], Profile]] = {
    Tier.OPEN: _above_open,
    Tier.STRATEGIC_CIRCLE: _above_strategic,
}


@pytest.mark.slow
@pytest.mark.parametrize("tier", CHANGES)
@given(text=SECRETS, number=NUMBERS)
@settings(
    max_examples=examples(25),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_a_lower_tier_gets_the_same_bytes_whatever_is_hidden(
    tier: Tier, text: str, number: float, sample: Sample
) -> None:
    real = sample.profile()
    other = CHANGES[tier](real, text, number)
    none = _emptied(other, tier)
    assert gate(real, tier) == gate(other, tier) == gate(none, tier)
    transition = sample.transition()
    changed = replace(transition, contributions=(), score=number if tier is Tier.OPEN else transition.score)
    for url in CHANNELS:
        messages = [
            RENDERER.render(
                sample.view(
                    tier=tier,
                    profiles={"acme": profile},
                    entries=(sample.entry(alert=sample.alert(transition=change)),),
                ),
                Secret(url),
            )
            for profile, change in ((real, transition), (other, changed), (none, changed))
        ]
        assert messages[0] == messages[1] == messages[2]
        assert text not in repr(messages[0])
    for of in (profile_text, lambda each: to_line(profile_record(each))):
        assert of(gate(real, tier)) == of(gate(other, tier))
        assert text not in of(gate(other, tier))


def _emptied(profile: Profile, tier: Tier) -> Profile:
    """The profile as if the hidden facts did not exist."""
    gone = {"contributions": (), "relations": (), "relationship_signals": (), "history": ()}
    rows = tuple(replace(row, next_fall=None) for row in profile.matrix)
    if tier is Tier.OPEN:
        gone |= {"key_points": (), "what_happened": (), "service_surface": (), "evidence": ()}
        rows = tuple(MatrixRow(row.axis, row.level) for row in profile.matrix)
    return replace(profile, **gone, matrix=rows)  # type: ignore[arg-type]


def test_every_field_of_a_profile_belongs_to_a_tier(sample: Sample) -> None:
    """A field added to the profile must be placed: shown to all, or gated."""
    full = sample.profile()
    hidden = {
        tier: {
            each.name for each in fields(Profile) if getattr(gate(full, tier), each.name) != getattr(full, each.name)
        }
        for tier in Tier
    }
    analysis = {"contributions", "relations", "relationship_signals", "history", "matrix"}
    detail = {
        "confidence", "coverage", "headline", "key_points", "what_happened", "brief", "service_surface",
        "governance_surface", "evidence",
    }  # fmt: skip
    shown = {
        "at", "institution", "name", "category", "region", "primary_domain", "signal_focus", "topic", "impact",
        "counts",
    }  # fmt: skip
    assert hidden == {Tier.LEADERSHIP_ALLIANCE: set(), Tier.STRATEGIC_CIRCLE: analysis, Tier.OPEN: analysis | detail}
    assert {each.name for each in fields(Profile)} == analysis | detail | shown


def test_what_the_open_tier_sees(sample: Sample) -> None:
    seen = gate(sample.profile(), Tier.OPEN)
    assert seen.headline is not None
    assert seen.headline.text
    assert seen.confidence is not None
    assert (seen.confidence.grade, seen.confidence.number) == ("B", None)
    assert [row.level for row in seen.matrix] == [Level.LOW, Level.HIGH, Level.LOW]
    assert {row.score for row in seen.matrix} == {None}
    assert seen.counts.stories == 2


def test_what_the_strategic_circle_sees_beyond(sample: Sample) -> None:
    full = sample.profile()
    seen = gate(full, Tier.STRATEGIC_CIRCLE)
    assert seen.key_points == full.key_points
    assert seen.evidence == full.evidence
    assert {row.axis: row for row in seen.matrix}[Axis.POLICY].score == 0.62
    assert {row.axis: row for row in seen.matrix}[Axis.POLICY].next_fall is None


def test_the_leadership_alliance_sees_all(sample: Sample) -> None:
    assert gate(sample.profile(), Tier.LEADERSHIP_ALLIANCE) == sample.profile()


@pytest.mark.parametrize("tier", Tier)
def test_gating_twice_changes_nothing(tier: Tier, sample: Sample) -> None:
    once = gate(sample.profile(), tier)
    assert gate(once, tier) == once
    for other in Tier:
        assert gate(gate(sample.profile(), other), tier) == gate(once, other)


def test_a_transition_shows_its_score_and_its_make_up_by_tier(sample: Sample) -> None:
    shown = {tier: gate_transition(sample.transition(), tier) for tier in Tier}
    assert [each.score for each in shown.values()] == [None, 0.62, 0.62]
    assert [len(each.contributions) for each in shown.values()] == [0, 0, 1]
    assert {each.to for each in shown.values()} == {Level.HIGH}
