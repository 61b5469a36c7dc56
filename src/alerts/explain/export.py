"""An alert as one JSON file from which anybody can recompute it: source records, configuration, formula, verifier."""

import hashlib
from collections.abc import Collection, Mapping
from importlib.resources import files
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.explain.alert import Basis, level_rules
from alerts.explain.verifier import checksum
from alerts.model.alert import Alert, DeliveryState, Lead
from alerts.model.institution import Institution
from alerts.model.level import Axis
from alerts.model.records import alert_record, as_record, rounded, some, transition_record
from alerts.model.story import Evidence
from alerts.model.times import format_time
from alerts.pipeline.send import Recorded, view_of
from alerts.rendering.render import Renderer
from alerts.runtime.configuration import Active
from alerts.scoring.impact import impact
from alerts.store.queries import listings
from alerts.store.repositories import deliveries, items

FORMAT: Final = 1  # of the file; it changes where a key does
CHECKED: Final = ("alert", "configuration", "formula", "transitions", "rises", "stories", "message")
_WENT_OUT: Final = {DeliveryState.SENT.value, DeliveryState.UNKNOWN.value}


def export(session: Session, active: Active, alert_id: str, renderer: Renderer) -> dict[str, Any]:
    """The file of an alert. It holds no secret, no address of a channel and no link by which its reader answers.

    Raises NotFoundError where there is no such alert, or its institution is no longer configured."""
    basis = Basis.of(session, active, alert_id)
    alert, institution = basis.alert, active.settings.institution(basis.alert.institution)
    reports = [each for story in basis.stories for each in story["items"]]
    texts = items.texts(session, [each["item"] for each in reports], alert.at)
    for each in reports:  # the texts are their publishers'; a hash shows whether a copy is what was read
        recorded = zip(("title", "summary", "content"), texts.get(each["item"], ()), strict=False)
        each["sha256"] = {field: hashlib.sha256(text.encode()).hexdigest() for field, text in recorded}
    leads = [each for each in (alert.lead, *alert.also) if each is not None and each.story in basis.evidence]
    first = next(iter(listings.deliveries_of(session, alert.id)), None)  # later ones only remind of it
    topics = {name for each in basis.stories for name in each["topics"]}
    found: dict[str, Any] = {
        "kind": "alert-export",
        "format": FORMAT,
        "alert": {"id": alert.id, **alert_record(alert), "rules": list(alert.rules)},
        "configuration": _configuration(active, institution, topics),
        "transitions": [transition_record(each) for each in alert.changes],
        "rises": [_rise(active, alert, each, basis.evidence[each.story]) for each in leads if each.axis is not None],
        "stories": basis.stories,
        "message": None if first is None else _message(session, active, renderer, first),
    }
    found["formula"] = _shipped("formula.txt").format_map(found["configuration"]).splitlines()
    found["checksums"] = {part: checksum(found[part]) for part in CHECKED}
    return {**found, "verifier": _shipped("verifier.py")}


def _shipped(name: str) -> str:
    return (files("alerts.explain") / name).read_text(encoding="utf-8")


def _configuration(active: Active, institution: Institution, topics: Collection[str]) -> dict[str, Any]:
    """What of the configuration decides the alert's numbers, and by what the institution is found in a text."""
    named: dict[str, Any] = some(as_record(institution), "id", "name", "aliases", "products", "domains", "match")
    named["match"]["derive"] = sorted(institution.match.derive)
    known = (active.settings.topics[name] for name in sorted(topics) if name in active.settings.topics)
    return {
        "institution": named,
        "criticality": {"level": institution.criticality.value, "factor": institution.criticality.factor},
        "levels": level_rules(active),
        "topics": {
            each.id: {"signal": each.signal.value, "severity": {axis.value: each.severity.on(axis) for axis in Axis}}
            for each in known
        },
    }


def _rise(active: Active, alert: Alert, lead: Lead, story: Evidence) -> dict[str, Any]:
    """A story whose own level rose, with its impact as its score."""
    assert lead.axis is not None  # noqa: S101 - asked for before
    value = impact(story, lead.axis, active.settings.topics, active.settings.institutions[alert.institution])
    rise = {"at": format_time(alert.at), **some(as_record(lead), "story", "axis", "from", "to")}
    return {**rise, "score": rounded(value), "contributions": []}


def _message(session: Session, active: Active, renderer: Renderer, delivery: Mapping[str, Any]) -> dict[str, Any]:
    """A message that carried the alert, as it went out but for the links by which its reader answers."""
    recorded = some(delivery, "delivery", "channel", "kind", "at", "state", "sent_at", "alerts")
    found = {**recorded, "title": "", "text": ""}
    subscriber = active.settings.subscribers.get(delivery["subscriber"])
    url = None if subscriber is None else subscriber.channels.get(delivery["channel"])
    if subscriber is not None and url is not None and delivery["state"] in _WENT_OUT:
        sent = deliveries.recorded(session, delivery["delivery"])
        shown = renderer.render(view_of(subscriber, sent, Recorded.of(session, [sent]), None), url)
        found |= {"title": shown.title, "text": shown.body}
    return found
