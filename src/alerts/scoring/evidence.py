"""From the reports of a story to evidence about one institution."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from alerts.model.fields import record_of
from alerts.model.story import Evidence, Group, Report, StorySummary
from alerts.model.topic import Topic
from alerts.scoring import confidence as conf

RESOLVED = 0.25  # the weight of a topic that is over
# Papers go on reporting an outage for hours after its end; a later report means that it is back.
REOPENED = timedelta(hours=6)
_BY_TIME, _AS_OBSERVED = attrgetter("reported", "item"), attrgetter("observed", "reported", "item")
SHOWN_REPORTS = 12  # source records of one story in a profile: the best of each independent publisher first


def evidence(story: str, institution: str, reports: Sequence[Report], groups: Sequence[Group]) -> Evidence:
    """What the story proves about the institution. `reports` must not be empty; their order does not matter.

    The time of an independent group is that of its earliest report: a copy does not make news newer. The title
    is that of the report observed first, so that it stays, unless a correction replaced it. A correction restates the
    story: where there are other reports, it counts neither as a confirmation nor as news."""
    ordered = tuple(sorted(reports, key=_BY_TIME))
    corrections = {report.item for report in ordered if report.correction}
    confirming = [group for group in groups if not corrections.issuperset(group.items)] or groups
    times = {report.item: report.reported for report in ordered}
    value = conf.confidence(ordered, confirming)
    mixed = conf.mix(ordered)
    topics, resolved = _topics(ordered)
    return Evidence(
        story=story,
        institution=institution,
        title=_headline(ordered),
        reports=ordered,
        groups=tuple(groups),
        confidence=value,
        grade=conf.grade(value, mixed),
        mix=mixed,
        salience=max(report.salience for report in ordered),
        topics=topics,
        newest=max(min(times[item] for item in group.items) for group in confirming),
        resolved=resolved,
    )


def _headline(reports: Sequence[Report]) -> str:
    """The newest correction, else the report that was observed first."""
    corrections = [report for report in reports if report.correction]
    return (max(corrections, key=_AS_OBSERVED) if corrections else min(reports, key=_AS_OBSERVED)).title


def _topics(reports: Sequence[Report]) -> tuple[tuple[tuple[str, float], ...], tuple[str, ...]]:
    """The topics of a story with their weights, and those of them that are over.

    A topic has the largest weight that a report gives it. Where one says that it is over, it has at most `RESOLVED`,
    unless another that is younger by more than `REOPENED` says that it is not."""
    weights: dict[str, float] = {}
    ended = {topic: report.reported for report in reports for topic in report.resolved}
    over = set(ended)
    for report in reports:
        for topic, weight in report.topics:
            weights[topic] = max(weight, weights.get(topic, 0.0))
            if topic in ended and topic not in report.resolved and report.reported > ended[topic] + REOPENED:
                over.discard(topic)
    over.intersection_update(weights)
    weights |= {topic: min(weights[topic], RESOLVED) for topic in over}
    return tuple(sorted(weights.items())), tuple(sorted(over))


def summary(found: Evidence) -> StorySummary:
    """The story without its reports, but for the ids of those that a profile shows."""
    items = tuple(report.item for report in leading_reports(found))
    return record_of(StorySummary, found, reports=len(found.reports), publishers=len(found.groups), items=items)


def lead_fields(story: Evidence, report: Report, topics: Mapping[str, Topic]) -> dict[str, Any]:
    """What a `Lead` says of a story by one of its reports."""
    names = tuple(name for name, _ in story.topics)
    return {
        "story": story.story,
        "title": report.title,
        "item": report.item,
        "url": report.url,
        "publisher": report.publisher,
        "topics": names,
        "signals": frozenset(topics[each].signal for each in names if each in topics),
        "sources": frozenset(each.source for each in story.reports),
        "publishers": len(story.groups),
        "grade": story.grade,
        "confidence": story.confidence,
    }


def leading_reports(story: Evidence) -> list[Report]:
    """At most SHOWN_REPORTS in order of their time: first the best of each independent publisher."""
    if len(story.reports) <= SHOWN_REPORTS:
        return list(story.reports)
    by_item = {report.item: report for report in story.reports}
    groups = [[by_item[item] for item in group.items] for group in story.groups]
    leaders = sorted((min(group, key=_best_first) for group in groups), key=_best_first)
    ranked = {report.item: report for report in (*leaders, *sorted(story.reports, key=_best_first))}
    return sorted(islice(ranked.values(), SHOWN_REPORTS), key=_BY_TIME)


def _best_first(report: Report) -> tuple[bool, str, datetime, str]:
    return not report.direct, report.reliability.value, report.reported, report.item
