"""What was considered for an event and a subscriber, as a record."""

from __future__ import annotations

from typing import Any

from alerts.model.records import as_record
from alerts.routing.alerts import Explanation


def explanation_record(explanation: Explanation) -> dict[str, Any]:
    """Each rule and each check up to the one that decided; rules are counted from 1."""
    rules = [
        as_record(each) | {"rule": each.rule + 1, "matched": each.matched, "follows": bool(each.follows)}
        for each in explanation.rules
    ]
    channels = [as_record(each) | {"reason": each.reason or ""} for each in explanation.channels]
    record = {"kind": "explanation", **as_record(explanation), "rules": rules, "channels": channels}
    for each in (*rules, *channels):
        del each["parts"]
    return record
