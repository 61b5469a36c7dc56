"""The structured message of a webhook."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alerts.model.profile import Profile
from alerts.model.records import contribution_record, rounded
from alerts.model.times import format_time
from alerts.rendering import escape
from alerts.rendering.profile_forms import profile_record
from alerts.rendering.tiers import DETAIL, gate, gate_transition
from alerts.rendering.view import Entry, MessageView

SCHEMA = 1
"""Goes up when a key changes its meaning or goes away; new keys may come at any time."""


def payload(view: MessageView, title: str) -> dict[str, Any]:
    """`id` is stable: a second copy of the same message has the same. Texts are as feeds gave them."""
    return {
        "schema": SCHEMA,
        "id": view.id,
        "kind": view.kind.value,
        "subscriber": view.subscriber,
        "channel": view.channel,
        "tier": view.tier.value,
        "at": format_time(view.at),
        "subject": title,
        "alerts": [_alert(entry, view) for entry in view.entries],
        "omitted": view.omitted,
        "why": view.why or None,
        "copy": view.copy,
        "profiles": [
            profile_record(_cited(gate(profile, view.tier))) for _, profile in sorted(view.profiles.items())
        ],
        "unsubscribe": escape.safe_url(view.unsubscribe or "") or None,
    }


def _alert(entry: Entry, view: MessageView) -> dict[str, Any]:
    alert = entry.alert
    change = gate_transition(alert.transition, view.tier) if alert.transition else None
    return {
        "id": alert.id,
        "at": format_time(alert.at),
        "institution": alert.institution,
        "on": alert.on.value,
        "axis": change.axis.value if change else None,
        "horizon": change.axis.horizon if change else None,
        "from": change.from_.value if change else None,
        "to": change.to.value if change else None,
        "since": format_time(change.at) if change else None,
        "score": rounded(change.score) if change and change.score is not None else None,
        "cause": change.cause.value if change else None,
        "contributions": [contribution_record(each) for each in change.contributions] if change else [],
        "now": entry.now.value if entry.now else None,
        "role": entry.role.value,
        "rule": entry.rule,
        "headline": entry.headline or None,
        "publisher": entry.publisher or None,
        "url": (escape.safe_url(entry.url) or None) if view.tier.allows(DETAIL) else None,
        "grades": list(entry.grades) if entry.grades else None,
        "seen": entry.seen,
        "usual": entry.usual,
    }


def _cited(profile: Profile) -> Profile:
    """The evidence pack without the records that no statement of the profile names: messages stay small."""
    cited = {number for point in (*profile.key_points, *profile.what_happened) for number in point.evidence}
    cited.update(number for row in profile.matrix for number in row.evidence)
    return replace(profile, evidence=tuple(each for each in profile.evidence if each.number in cited))
