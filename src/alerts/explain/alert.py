"""Why an alert fired: each step from item to suppression, with its numbers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from alerts.model.alert import Alert
from alerts.model.errors import NotFoundError
from alerts.model.level import Transition
from alerts.model.records import alert_record, answer_record, as_record, rounded, some, transition_record
from alerts.model.story import Evidence, Report
from alerts.runtime.configuration import Active
from alerts.scoring.confidence import CAP_WITHOUT_DIRECT, weight
from alerts.store.queries import listings, profiles
from alerts.store.repositories import alerts, answers


@dataclass(frozen=True, slots=True)
class Basis:
    """A recorded alert and the stories behind it, those that it leads with first.

    Stories are computed again from what had been observed by then, under the configuration given.
    """

    alert: Alert
    considered: Mapping[str, Any] | None
    stories: Mapping[str, Evidence]

    @classmethod
    def of(cls, session: Session, active: Active, alert_id: str, *, stories: int | None = None) -> "Basis":
        """At most `stories` of them. Raises NotFoundError where there is no such alert."""
        row = listings.alert(session, alert_id)
        if row is None:
            raise NotFoundError("alert", alert_id, "`alerts deliveries` lists the ids of messages")
        (alert,) = alerts.of_rows(session, [row])
        institution = active.settings.institutions.get(alert.institution)
        leads = [each.story for each in (alert.lead, *alert.also) if each is not None and each.story]
        behind = [each.story for change in alert.changes for each in change.contributions]
        wanted = list(dict.fromkeys([*leads, *behind]))[:stories]
        sources = active.settings.sources
        known = {} if institution is None else profiles.stories(session, institution, sources, wanted, alert.at)
        return cls(alert, row.detail.get("considered"), {each: known[each] for each in wanted if each in known})

    def mentions(self, session: Session, story: Evidence) -> Mapping[str, Sequence[Sequence[Any]]]:
        """By item of a story where it named the institution."""
        return listings.mentions(session, story.institution, [each.item for each in story.reports], self.alert.at)


def explain(session: Session, active: Active, alert_id: str, *, stories: int | None = None) -> dict[str, Any]:
    """All steps that led to an alert, as one record, with at most so many of the stories behind it.

    Raises NotFoundError where there is no such alert.
    """
    basis = Basis.of(session, active, alert_id, stories=stories)
    alert, transition = basis.alert, basis.alert.transition
    return {
        "kind": "explanation",
        "alert": {
            "id": alert.id,
            **{key: value for key, value in alert_record(alert).items() if key not in {"kind", "transition"}},
            "rules": list(alert.rules),
        },
        "transition": None if transition is None else transition_record(transition),
        "level": None if transition is None else _level(active, transition),
        "stories": [story_record(each, basis.mentions(session, each)) for each in basis.stories.values()],
        "routing": basis.considered,
        "deliveries": listings.deliveries_of(session, alert.id),
        "answers": [answer_record(each) for each in answers.find(session, alerts=[alert.id])],
    }


def _level(active: Active, transition: Transition) -> dict[str, Any]:
    """The thresholds that the score crossed."""
    rules = active.settings.levels
    return {
        "raise": {level.value: threshold for level, threshold in rules.raise_.items()},
        "margin": rules.margin,
        "half_life_s": rules.half_life[transition.axis].total_seconds(),
        "sum": " + ".join(
            f"{rounded(each.value):g}" if place == 0 else f"{rounded(each.value):g}/{3**place}"
            for place, each in enumerate(transition.contributions)
        ),
    }


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
                "items": list(each.items),
                "weight": max(weights[item] for item in each.items),
                "merged": as_record(each.links),
            }
            for each in evidence.groups
        ],
        "items": [_item(each, mentions.get(each.item, ())) for each in evidence.reports],
    }


def _confidence(evidence: Evidence, by_item: Mapping[str, float]) -> str:
    """The confidence as a sum to redo by hand."""
    weights = sorted((max(by_item[item] for item in group.items) for group in evidence.groups), reverse=True)
    said = "1 - " + " * ".join(f"(1 - {each:g})" for each in weights)
    plain = math.prod(1 - each for each in weights)
    if not any(report.direct for report in evidence.reports) and 1 - plain > CAP_WITHOUT_DIRECT:
        said = f"{said}, capped at {CAP_WITHOUT_DIRECT:g} without a direct publisher"
    return said


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
