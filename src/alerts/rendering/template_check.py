"""Trying an operator's templates before a message needs them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.model.alert import Alert, Lead
from alerts.model.institution import Criticality
from alerts.model.level import Axis, Cause, Contribution, Level, Transition
from alerts.model.profile import (
    AxisContributions,
    Confidence,
    Counts,
    Coverage,
    CoverageState,
    GovernanceSurface,
    MatrixRow,
    Profile,
    SignalLine,
    SourceRecord,
    Statement,
    Trend,
)
from alerts.model.source import Reliability
from alerts.model.story import Mix
from alerts.model.subscriber import On, Subscriber
from alerts.model.topic import Signal
from alerts.rendering.render import Renderer
from alerts.rendering.view import Entry, MessageView
from alerts.routing.alerts import Kind

_AT = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)


def problems(templates: Path, subscribers: Iterable[Subscriber]) -> tuple[str, ...]:
    """One line for each template that cannot be used or that no channel uses; templates are tried on an example."""
    renderer = Renderer(templates)
    found: list[str] = []
    used: set[Path] = set()
    for subscriber in subscribers:
        for channel, url in subscriber.channels.items():
            stems = (f"{subscriber.id}/{channel}", channel)
            mine = {templates / f"{stem}{part}.j2" for stem in stems for part in ("", ".txt", ".html")}
            used |= mine
            if not any(file.is_file() for file in mine):
                continue
            for view in (example(subscriber, channel), example(subscriber, channel, kind=Kind.TEST)):
                found += [problem for problem in (renderer.render(view, url).problem,) if problem]
    files = templates.rglob("*.j2") if templates.is_dir() else ()
    idle = (
        file
        for file in sorted(files)
        if file not in used and not file.relative_to(templates).name.startswith("_")
    )
    found += [f"{file}: no channel has this name; a part of other templates begins with _" for file in idle]
    return tuple(dict.fromkeys(found))


def example(subscriber: Subscriber, channel: str, *, kind: Kind = Kind.ALERT) -> MessageView:
    """A message about an invented institution, with everything that a message can hold."""
    contribution = Contribution("story", "A headline", ("topic",), 0.5, 0.9, "A", 1.0, 1.0, 60.0, 0.45)
    transition = Transition(
        _AT, "example", Axis.POLICY, Level.LOW, Level.HIGH, 0.55, Cause.EVIDENCE, (contribution,)
    )
    lead = Lead(
        "story",
        "A headline",
        "item",
        "https://news.example/1",
        "A publisher",
        ("topic",),
        publishers=2,
        grade="A",
        confidence=0.9,
        axis=Axis.POLICY,
        from_=Level.LOW,
        to=Level.HIGH,
    )
    alert = Alert(
        "example",
        _AT,
        subscriber.id,
        channel,
        "example",
        On.STORY,
        Level.HIGH,
        lead,
        (transition,),
        rules=("rule 1: story, level of all institutions, at least medium",),
    )
    statement = Statement("A headline", (1,), _AT, "story")
    line = SignalLine("topic", Signal.GOVERNANCE, statement)
    profile = Profile(
        at=_AT,
        institution="example",
        name="Example Institution",
        category="Example",
        region="Nowhere",
        primary_domain="Examples",
        signal_focus=Signal.GOVERNANCE,
        topic="topic",
        impact=Level.HIGH,
        confidence=Confidence("A", Mix.DIRECT, 0.9),
        coverage=Coverage(CoverageState.COVERED, 1),
        counts=Counts(1, 1, 1, 1),
        matrix=tuple(
            MatrixRow(axis, Level.HIGH, 0.55, Trend.RISING, _AT, _AT + timedelta(days=9), ("story",), (1,))
            for axis in Axis
        ),
        headline=statement,
        key_points=(statement,),
        what_happened=(statement,),
        governance_surface=GovernanceSurface(Criticality.MEDIUM, Axis.POLICY.horizon, (line,)),
        evidence=(
            SourceRecord(
                number=1,
                story="story",
                item="item",
                source="source",
                publisher="A publisher",
                reliability=Reliability.A,
                direct=True,
                title="A headline",
                url="https://news.example/1",
                published=_AT,
                observed=_AT,
            ),
        ),
        contributions=(AxisContributions(Axis.POLICY, (contribution,)),),
        history=(transition,),
    )
    is_test = kind is Kind.TEST
    return MessageView(
        id="example",
        kind=kind,
        subscriber=subscriber.id,
        channel=channel,
        tier=subscriber.tier,
        at=_AT,
        entries=() if is_test else (Entry(alert),),
        profiles={} if is_test else {"example": profile},
        unsubscribe="https://alerts.example/unsubscribe/example",
        base_url="https://alerts.example",
    )
