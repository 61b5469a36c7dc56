"""Transitions and alerts as JSON records: the one place that knows their keys."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from alerts.model.alert import Alert, Lead
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
    gravest = alert.transition
    return {
        "kind": "alert",
        "at": format_time(alert.at),
        "subscriber": alert.subscriber,
        "channel": alert.channel,
        "institution": alert.institution,
        "on": alert.on.value,
        "level": alert.level.value,
        "lead": None if alert.lead is None else lead_record(alert.lead),
        "changes": [change_record(each) for each in alert.changes],
        "transition": None if gravest is None else transition_record(gravest),
        "state": alert.state.value,
        "reason": alert.reason,
    }


def lead_record(lead: Lead) -> dict[str, Any]:
    return {"story": lead.story, "title": lead.title, "item": lead.item, "topics": list(lead.topics)}


def change_record(change: Transition) -> dict[str, Any]:
    return {
        "axis": change.axis.value,
        "from": change.from_.value,
        "to": change.to.value,
        "score": rounded(change.score),
    }


def to_line(record: Mapping[str, Any]) -> str:
    """One JSON object on one line; a lone surrogate, which UTF-8 cannot carry, stays escaped."""
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(record, ensure_ascii=True)
    return text
