"""The structured message of a webhook."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from alerts.model.alert import Lead
from alerts.model.fields import Same
from alerts.model.profile import Profile
from alerts.model.records import as_record, contribution_record
from alerts.model.subscriber import Tier
from alerts.model.times import format_time
from alerts.rendering import escape
from alerts.rendering.profile_forms import profile_record
from alerts.rendering.tiers import DETAIL, gate, gate_transition
from alerts.rendering.view import Entry, MessageView

SCHEMA = 2
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
        "instead_of": view.instead_of or None,
        "profiles": [_profile(Same(profile), view.tier) for _, profile in sorted(view.profiles.items())],
        "unsubscribe": escape.safe_url(view.unsubscribe or "") or None,
    }


@lru_cache(maxsize=64)
def _profile(profile: Same[Profile], tier: Tier) -> dict[str, Any]:
    """The record of a profile, shared by the messages that show it to one tier. To read, not to change."""
    return profile_record(_cited(gate(profile.value, tier)))


def _alert(entry: Entry, view: MessageView) -> dict[str, Any]:
    alert, lead = entry.alert, entry.alert.lead
    changes = [gate_transition(change, view.tier) for change in alert.changes]
    gravest = gate_transition(alert.transition, view.tier) if alert.transition else None
    return {
        "id": alert.id,
        "at": format_time(alert.at),
        "institution": alert.institution,
        "on": alert.on.value,
        "level": alert.level.value,
        "lead": None if lead is None else _lead(lead, view),
        "also": [_lead(each, view) for each in alert.also],
        "changes": [
            {
                "axis": change.axis.value,
                "horizon": change.axis.horizon,
                "from": change.from_.value,
                "to": change.to.value,
                "score": as_record(change.score),
                "cause": change.cause.value,
                "now": entry.now[change.axis].value if change.axis in entry.now else None,
            }
            for change in changes
        ],
        "axis": gravest.axis.value if gravest else None,
        "from": gravest.from_.value if gravest else None,
        "to": gravest.to.value if gravest else None,
        "score": as_record(gravest.score) if gravest else None,
        "contributions": [contribution_record(each) for each in gravest.contributions] if gravest else [],
        "role": entry.role.value,
        "answer": escape.safe_url(view.answers.get(alert.id, "")) or None,
        "rules": list(alert.rules),
        "grades": list(alert.grades) if alert.grades else None,
        "seen": alert.spike[0] if alert.spike else None,
        "usual": alert.spike[1] if alert.spike else None,
    }


def _lead(lead: Lead, view: MessageView) -> dict[str, Any]:
    """A story; its address needs detail, as everywhere."""
    return {
        "story": lead.story,
        "title": lead.title,
        "item": lead.item,
        "topics": list(lead.topics),
        "publisher": lead.publisher,
        "publishers": lead.publishers,
        "grade": lead.grade,
        "url": (escape.safe_url(lead.url) or None) if view.tier.allows(DETAIL) else None,
        "axis": lead.axis.value if lead.axis else None,
        "from": lead.from_.value if lead.from_ else None,
        "to": lead.to.value if lead.to else None,
    }


def _cited(profile: Profile) -> Profile:
    """The evidence pack without the records that no statement of the profile names: messages stay small."""
    cited = {number for point in (*profile.key_points, *profile.what_happened) for number in point.evidence}
    cited.update(number for row in profile.matrix for number in row.evidence)
    return replace(profile, evidence=tuple(each for each in profile.evidence if each.number in cited))
