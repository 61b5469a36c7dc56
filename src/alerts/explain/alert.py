"""Why an alert fired: each step from item to suppression, with its numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from alerts.model.alert import Alert
from alerts.model.level import Transition
from alerts.model.records import alert_record, answer_record, as_record, fields_of, rounded, some, transition_record
from alerts.model.story import Evidence, Mix, Report
from alerts.runtime.configuration import Active
from alerts.scoring.confidence import CAP_WITHOUT_DIRECT, weight
from alerts.store.queries import listings, profiles
from alerts.store.repositories import alerts, answers


@dataclass(frozen=True, slots=True)
class Basis:
    """A recorded alert, what its router considered, and the stories behind it, those it leads with first.

    Stories are computed again from what had been observed by then, under the configuration given."""

    alert: Alert
    considered: Mapping[str, Any] | None
    evidence: Mapping[str, Evidence]
    stories: Sequence[dict[str, Any]]

    @classmethod
    def of(cls, session: Session, active: Active, alert_id: str, stories: int | None = None) -> "Basis":
        """With at most so many stories. Raises NotFoundError where there is no such alert."""
        row = listings.alert(session, alert_id)
        (alert,) = alerts.of_rows(session, [row])
        institution = active.settings.institutions.get(alert.institution)
        leads = [each.story for each in (alert.lead, *alert.also) if each is not None and each.story]
        wanted = dict.fromkeys([*leads, *(each.story for change in alert.changes for each in change.contributions)])
        found = {}
        if institution is not None:
            sources = active.settings.sources
            found = profiles.stories(session, institution, sources, list(wanted)[:stories], alert.at)
        known = [found[each] for each in wanted if each in found]
        items = [report.item for each in known for report in each.reports]
        mentions = listings.mentions(session, alert.institution, items, alert.at)
        # Stored once for all who were told the same.
        considered = row.detail.get("considered")
        considered = considered and {**considered, "subscriber": row.subscriber}
        return cls(alert, considered, found, [story_record(each, mentions) for each in known])


def explain(session: Session, active: Active, alert_id: str, *, stories: int | None = None) -> dict[str, Any]:
    """All steps that led to an alert, as one record, with at most so many of the stories behind it.

    Raises NotFoundError where there is no such alert."""
    basis = Basis.of(session, active, alert_id, stories)
    alert, transition = basis.alert, basis.alert.transition
    record = {key: value for key, value in alert_record(alert).items() if key not in {"kind", "transition"}}
    return {
        "kind": "explanation",
        "alert": {"id": alert.id, **record, "rules": list(alert.rules)},
        "transition": None if transition is None else transition_record(transition),
        "level": None if transition is None else _level(active, transition),
        "stories": basis.stories,
        "routing": basis.considered,
        "deliveries": listings.deliveries_of(session, alert.id),
        "answers": [answer_record(each) for each in answers.find(session, alerts=[alert.id])],
    }


def level_rules(active: Active) -> dict[str, Any]:
    """The thresholds that scores cross, and how fast evidence fades."""
    rules = active.settings.levels
    return {
        "raise": {level.value: threshold for level, threshold in rules.raise_.items()},
        "margin": rules.margin,
        "half_life_s": {axis.value: span.total_seconds() for axis, span in rules.half_life.items()},
    }


def _level(active: Active, transition: Transition) -> dict[str, Any]:
    rules = level_rules(active)
    values = (f"{rounded(each.value):g}" for each in transition.contributions)
    parts = (f"{value}/{3**place}" if place else value for place, value in enumerate(values))
    return {**rules, "half_life_s": rules["half_life_s"][transition.axis.value], "sum": " + ".join(parts)}


def story_record(evidence: Evidence, mentions: Mapping[str, Sequence[Sequence[Any]]]) -> dict[str, Any]:
    """What a story proves and from which reports, with the numbers to recompute it; `mentions` are by item."""
    weights = {each.item: weight(each.reliability, each.direct) for each in evidence.reports}
    record = as_record(evidence)
    return {
        **some(record, "story", "title", "confidence"),
        "confidence_is": _confidence(evidence, weights),
        **some(record, "grade", "mix", "salience"),
        "topics": [name for name, _ in evidence.topics],
        "newest": record["newest"],
        "independent": [
            {
                **fields_of(each, "items"),
                "weight": max(map(weights.__getitem__, each.items)),
                "merged": as_record(each.links),
            }
            for each in evidence.groups
        ],
        "items": [_item(each, mentions.get(each.item, ())) for each in evidence.reports],
    }


def _confidence(evidence: Evidence, by_item: Mapping[str, float]) -> str:
    """The confidence as a sum to redo by hand."""
    weights = sorted((max(by_item[item] for item in group.items) for group in evidence.groups), reverse=True)
    capped = evidence.mix is Mix.SECONDARY and 1 - math.prod(1 - each for each in weights) > CAP_WITHOUT_DIRECT
    said = "1 - " + " * ".join(f"(1 - {each:g})" for each in weights)
    return said + (f", capped at {CAP_WITHOUT_DIRECT:g} without a direct publisher" if capped else "")


def _item(report: Report, mentions: Sequence[Sequence[Any]]) -> dict[str, Any]:
    record = as_record(report)
    of_mention = ("field", "start", "end", "text", "rule", "salience")
    return {
        **some(record, "item", "title", "url", "source", "publisher", "reliability", "direct"),
        "weight": weight(report.reliability, report.direct),
        **some(record, "published", "observed", "salience"),
        "mentions": [dict(zip(of_mention, each, strict=True)) for each in mentions],
        "topics": [{"topic": topic, "weight": factor} for topic, factor in report.topics],
        **some(record, "resolved", "correction"),
    }
