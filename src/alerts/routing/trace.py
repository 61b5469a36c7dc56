"""What was considered for an event and a subscriber, as a record."""

from __future__ import annotations

from typing import Any

from alerts.model.records import as_record
from alerts.routing.alerts import Explanation


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """Each rule and each check up to the one that decided; rules are counted from 1."""
    return {
        "kind": "explanation",
        "event": explanation.event,
        "subscriber": explanation.subscriber,
        "note": explanation.note,
        "rules": [
            {
                "rule": rule.rule + 1,
                "name": rule.name,
                "channel": rule.channel,
                "about": rule.about,
                "matched": rule.matched,
                "follows": bool(rule.follows),
                "steps": as_record(rule.steps),
            }
            for rule in explanation.rules
        ],
        "channels": [
            {
                "channel": channel.channel,
                "state": channel.state.value,
                "reason": "" if channel.reason is None else channel.reason.value,
                "detail": channel.detail,
                "steps": as_record(channel.steps),
            }
            for channel in explanation.channels
        ],
    }
