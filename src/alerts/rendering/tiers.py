"""How much of a profile a tier may see: the one place that knows.

Applied once, before anything is rendered, so that pages, messages, JSON and the command line cannot differ."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alerts.model.level import Axis, Transition
from alerts.model.profile import MatrixRow, Profile
from alerts.model.subscriber import Tier

DETAIL = Tier.STRATEGIC_CIRCLE  # key points, evidence pack with links, surfaces, full matrix, the number behind a grade
ANALYSIS = Tier.LEADERSHIP_ALLIANCE  # contributions, relations, projected falls, history and plots
KINDS = ("institutions", "stories", "items")
NEWS = timedelta(days=7)  # so long a level change is news; what is older is history


def gate(profile: Profile, tier: Tier) -> Profile:
    """The profile with everything removed that the tier may not see. Gating twice changes nothing.

    Open sees the header, levels, grade, counts, coverage and the newest headline."""
    if not tier.allows(ANALYSIS):
        matrix = tuple(replace(row, next_fall=None) for row in profile.matrix)
        profile = replace(profile, contributions=(), relations=(), relationship_signals=(), history=(), matrix=matrix)
    if not tier.allows(DETAIL):
        nothing: dict[str, Any] = dict.fromkeys(("key_points", "what_happened", "service_surface", "evidence"), ())
        profile = replace(
            profile,
            confidence=replace(profile.confidence, number=None) if profile.confidence else None,
            coverage=replace(profile.coverage, sources=0, failing=(), since=None),
            headline=replace(profile.headline, evidence=(), story=None) if profile.headline else None,
            matrix=tuple(MatrixRow(axis=row.axis, level=row.level) for row in profile.matrix),
            brief=None,
            governance_surface=None,
            **nothing,
        )
    return profile


def gate_transition(transition: Transition, tier: Tier) -> Transition:
    """Everybody may know the level before and after; the score needs detail, its make-up analysis."""
    return replace(
        transition,
        score=transition.score if tier.allows(DETAIL) else None,
        contributions=transition.contributions if tier.allows(ANALYSIS) else (),
    )


def gate_stream_story(story: Mapping[str, Any], tier: Tier) -> Mapping[str, Any]:
    """A story of the stream as a tier may see it. Open may be given the newest story of an institution alone."""
    hidden = {"story": "", "grade": "", "topics": [], "publishers": {}, "resolved": False}
    return story if tier.allows(DETAIL) else {**story, **hidden}


def searched(tier: Tier) -> tuple[str, ...]:
    """The kinds of things that a search finds: institutions with level and newest headline; what was said in detail."""
    return KINDS if tier.allows(DETAIL) else KINDS[:1]


def gate_changes(changes: Iterable[Transition], tier: Tier, now: datetime) -> list[Transition]:
    """Level changes of institutions as a tier may see them, in the order given.

    History needs analysis. For the others there is what is news, and the newest change of each axis."""
    listed = list(changes)
    newest: dict[tuple[str, Axis], datetime] = {}
    for each in listed:
        key = (each.institution, each.axis)
        newest[key] = max(each.at, newest.get(key, each.at))
    return [
        gate_transition(each, tier)
        for each in listed
        if tier.allows(ANALYSIS) or now - each.at <= NEWS or each.at == newest[each.institution, each.axis]
    ]


def may_read_week(end: datetime, tier: Tier, now: datetime) -> bool:
    """Whether a tier may see the briefing of a week: editions before the newest are history."""
    return tier.allows(ANALYSIS) or now - end <= NEWS


def gate_briefing(record: Mapping[str, Any], tier: Tier) -> dict[str, Any]:
    """A briefing as a tier may see it: of stories, changes and falls what it sees of them elsewhere."""
    shown = {**record, "institutions": [_gate_week(each, tier) for each in record["institutions"]]}
    if not tier.allows(ANALYSIS):
        shown["silences"] = []
    if not tier.allows(DETAIL):
        shown["corrected"] = []
        if record["silence"] is not None:
            shown["silence"] = {**record["silence"], "blind": [], "nearest": []}
    return shown


def _gate_week(week: Mapping[str, Any], tier: Tier) -> dict[str, Any]:
    changes, stories = week["changes"], week["stories"]
    if not tier.allows(ANALYSIS):
        changes = [{**each, "contributions": []} for each in changes]
    if not tier.allows(DETAIL):
        changes = [{**each, "score": None} for each in changes]
        hidden = dict.fromkeys(("story", "confidence", "mix", "salience", "newest"))
        stories = [{**each, **hidden, "topics": [], "resolved": False, "sources": []} for each in stories[:1]]
    return {**week, "changes": changes, "stories": stories, "falls": week["falls"] if tier.allows(ANALYSIS) else []}


def gate_explanation(record: Mapping[str, Any], tier: Tier, *, private: bool) -> dict[str, Any]:
    """Why an alert fired, as a tier may see it: the stories need detail, the make-up of the score analysis.

    `private`: the subscriber, its deliveries, answers and routing; for that subscriber and for operators alone."""
    shown = {**record, "alert": dict(record["alert"])}
    if not private:
        shown["alert"] |= {"subscriber": None, "channel": None, "state": None, "reason": None}
        shown |= {"routing": None, "deliveries": [], "answers": []}
    if not tier.allows(ANALYSIS):
        shown["level"] = None
        if record["transition"] is not None:
            shown["transition"] = {**record["transition"], "contributions": []}
    if not tier.allows(DETAIL):
        shown["stories"] = []
        if record["transition"] is not None:
            shown["transition"] = {**shown["transition"], "score": None}
    return shown
