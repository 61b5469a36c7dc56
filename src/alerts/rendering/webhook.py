"""The structured message of a webhook."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

from alerts.model.alert import Alert, Lead
from alerts.model.fields import Same
from alerts.model.level import Axis, Level
from alerts.model.profile import Profile
from alerts.model.records import as_record, fields_of
from alerts.model.subscriber import Tier
from alerts.rendering import escape
from alerts.rendering.profile_forms import profile_record
from alerts.rendering.tiers import DETAIL, gate, gate_transition
from alerts.rendering.view import Entry, MessageView, Role

SCHEMA = 2  # goes up when a key changes its meaning or goes away; new keys may come at any time


def payload(view: MessageView, title: str) -> dict[str, Any]:
    """`id` is stable: a second copy of the same message has the same. Texts are as feeds gave them."""
    return {
        "schema": SCHEMA,
        **fields_of(view, "id", "kind", "subscriber", "channel", "tier", "at"),
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
    alert = entry.alert
    impersonal = replace(alert, id="", subscriber="", channel="", rules=())
    shared = _shared(impersonal, entry.role, view.tier, tuple(entry.now.items()))
    answer = escape.safe_url(view.answers.get(alert.id, "")) or None
    return {**shared, **fields_of(alert, "id", "rules"), "answer": answer}


@lru_cache(maxsize=64)
def _shared(alert: Alert, role: Role, tier: Tier, levels: tuple[tuple[Axis, Level], ...]) -> dict[str, Any]:
    """The record of an alert, shared by those that are the same for each subscriber. To read, not to change."""
    lead, now = alert.lead, dict(levels)
    gravest = gate_transition(alert.transition, tier) if alert.transition else None
    moved = ("axis", "from_", "to", "score")
    return {
        **fields_of(alert, "id", "at", "institution", "on", "level"),
        "lead": None if lead is None else _lead(lead, tier),
        "also": [_lead(each, tier) for each in alert.also],
        "changes": [
            {
                "axis": change.axis.value,
                "horizon": change.axis.horizon,
                **fields_of(gate_transition(change, tier), "from_", "to", "score", "cause"),
                "now": as_record(now.get(change.axis)),
            }
            for change in alert.changes
        ],
        **(fields_of(gravest, *moved) if gravest else dict.fromkeys(name.rstrip("_") for name in moved)),
        "contributions": as_record(gravest.contributions) if gravest else [],
        "role": role.value,
        "answer": None,
        **fields_of(alert, "rules", "grades"),
        "seen": alert.spike[0] if alert.spike else None,
        "usual": alert.spike[1] if alert.spike else None,
    }


def _lead(lead: Lead, tier: Tier) -> dict[str, Any]:
    """A story; its address needs detail, as everywhere."""
    shown = ("story", "title", "item", "topics", "publisher", "publishers", "grade", "url", "axis", "from_", "to")
    url = escape.safe_url(lead.url) if tier.allows(DETAIL) else ""
    return {**fields_of(lead, *shown), "url": url or None}


def _cited(profile: Profile) -> Profile:
    """The evidence pack without the records that no statement of the profile names: messages stay small."""
    cited = {number for point in (*profile.key_points, *profile.what_happened) for number in point.evidence}
    cited.update(number for row in profile.matrix for number in row.evidence)
    return replace(profile, evidence=tuple(each for each in profile.evidence if each.number in cited))
