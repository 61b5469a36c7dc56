"""From the reports of a story to evidence about one institution."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.model.story import Evidence, Group, Report, StorySummary
from alerts.scoring import confidence as conf

RESOLVED = 0.25
"""The weight of a topic in a story once one of its reports says that it is over."""

SHOWN_REPORTS = 12
"""Source records of one story in a profile: the best of each independent publisher first."""


def evidence(story: str, institution: str, reports: Sequence[Report], groups: Sequence[Group]) -> Evidence:
    """What the story proves about the institution. `reports` must not be empty; their order does not matter.

    The time of an independent group is that of its earliest report: a copy does not make news newer. The title
    is that of the report observed first, so that it stays. A topic that a report says is over goes on with a
    quarter of its weight.
    """
    ordered = tuple(sorted(reports, key=lambda report: (report.reported, report.item)))
    times = {report.item: report.reported for report in ordered}
    value = conf.confidence(ordered, groups)
    mixed = conf.mix(ordered)
    topics: dict[str, float] = {}
    for report in ordered:
        for topic, weight in report.topics:
            topics[topic] = max(weight, topics.get(topic, 0.0))
    for topic in frozenset().union(*(report.resolved for report in ordered)):
        topics[topic] = min(topics[topic], RESOLVED)
    return Evidence(
        story=story,
        institution=institution,
        title=min(ordered, key=lambda report: (report.observed, report.reported, report.item)).title,
        reports=ordered,
        groups=tuple(groups),
        confidence=value,
        grade=conf.grade(value, mixed),
        mix=mixed,
        salience=max(report.salience for report in ordered),
        topics=tuple(sorted(topics.items())),
        newest=max(min(times[item] for item in group.items) for group in groups),
    )


def summary(found: Evidence) -> StorySummary:
    """The story without its reports, but for the ids of those that a profile shows."""
    return StorySummary(
        story=found.story,
        title=found.title,
        confidence=found.confidence,
        grade=found.grade,
        mix=found.mix,
        salience=found.salience,
        topics=found.topics,
        newest=found.newest,
        reports=len(found.reports),
        publishers=len(found.groups),
        items=tuple(report.item for report in leading_reports(found)),
    )


def leading_reports(story: Evidence) -> list[Report]:
    """At most SHOWN_REPORTS in order of their time: first the best of each independent publisher."""
    if len(story.reports) <= SHOWN_REPORTS:
        return list(story.reports)
    by_item = {report.item: report for report in story.reports}
    groups = [[by_item[item] for item in group.items] for group in story.groups]
    leaders = sorted((min(group, key=_best_first) for group in groups), key=_best_first)
    chosen = {report.item: report for report in leaders[:SHOWN_REPORTS]}
    for report in sorted(story.reports, key=_best_first):
        if len(chosen) >= SHOWN_REPORTS:
            break
        chosen.setdefault(report.item, report)
    return sorted(chosen.values(), key=lambda report: (report.reported, report.item))


def _best_first(report: Report) -> tuple[bool, str, datetime, str]:
    return not report.direct, report.reliability.value, report.reported, report.item
