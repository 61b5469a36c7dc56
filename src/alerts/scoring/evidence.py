"""From the reports of a story to evidence about one institution."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.model.story import Evidence, Group, Report
from alerts.scoring import confidence as conf


def evidence(story: str, institution: str, reports: Sequence[Report], groups: Sequence[Group]) -> Evidence:
    """What the story proves about the institution. `reports` must not be empty; their order does not matter.

    The time of an independent group is that of its earliest report: a copy does not make news newer. The title
    is that of the report observed first, so that it stays.
    """
    ordered = tuple(sorted(reports, key=lambda report: (report.reported, report.item)))
    times = {report.item: report.reported for report in ordered}
    value = conf.confidence(ordered, groups)
    mixed = conf.mix(ordered)
    topics: dict[str, float] = {}
    for report in ordered:
        for topic, weight in report.topics:
            topics[topic] = max(weight, topics.get(topic, 0.0))
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
