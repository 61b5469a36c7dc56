"""Transitions and alerts as JSON records: the one place that knows their keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alerts.model.alert import Alert
from alerts.model.level import Contribution, Transition
from alerts.model.times import format_time


def rounded(value: float) -> float:
    """A number as records show it: six decimals, enough to recompute a score by hand."""
    return round(value, 6) + 0.0


def contribution_record(contribution: Contribution) -> dict[str, Any]:
    return {
        "story": contribution.story,
        "title": contribution.title,
        "topics": list(contribution.topics),
        "severity": rounded(contribution.severity),
        "confidence": rounded(contribution.confidence),
        "grade": contribution.grade,
        "salience": rounded(contribution.salience),
        "criticality": rounded(contribution.criticality),
        "age_s": rounded(contribution.age_s),
        "contribution": rounded(contribution.value),
    }


def transition_record(transition: Transition) -> dict[str, Any]:
    return {
        "kind": "transition",
        "at": format_time(transition.at),
        "institution": transition.institution,
        "axis": transition.axis.value,
        "from": transition.from_.value,
        "to": transition.to.value,
        "score": rounded(transition.score),
        "cause": transition.cause.value,
        "contributions": [contribution_record(each) for each in transition.contributions],
    }


def alert_record(alert: Alert) -> dict[str, Any]:
    transition = None if alert.transition is None else transition_record(alert.transition)
    return {
        "kind": "alert",
        "at": format_time(alert.at),
        "subscriber": alert.subscriber,
        "channel": alert.channel,
        "institution": alert.institution,
        "on": alert.on.value,
        "transition": transition,
        "state": alert.state.value,
        "reason": alert.reason,
    }


def to_line(record: Mapping[str, Any]) -> str:
    """One JSON object on one line; a lone surrogate, which UTF-8 cannot carry, stays escaped."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record, ensure_ascii=True)
    return text
