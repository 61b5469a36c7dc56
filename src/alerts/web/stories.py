"""What the pages and the JSON interface show of a story and of an alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from alerts.cases.observation import dated_as
from alerts.explain.alert import explain
from alerts.model.errors import NotFoundError
from alerts.model.fields import grouped
from alerts.model.level import Level, LevelRules
from alerts.model.settings import Settings
from alerts.model.story import Report
from alerts.rendering.tiers import gate_explanation
from alerts.scoring.confidence import weight
from alerts.scoring.score import combined, level_from
from alerts.store.queries import dashboard, listings
from alerts.store.repositories import cases
from alerts.store.schema import FindingRow, StoryRow
from alerts.stories.features import Features
from alerts.stories.independence import independent
from alerts.web.auth import Visitor
from alerts.web.site import Site

SHOWN: Final = 20  # contributions, and stories that are explained, on the page of an alert: those that contribute most
MOST: Final = 100  # reports of a story on its page, and events of its making


@dataclass(frozen=True, slots=True)
class Shown:
    """A report with its weight and how many revisions it had."""

    report: Report
    weight: float
    revisions: int
    rules: tuple[str, ...]


def read_story(session: Session, settings: Settings, story_id: str) -> dict[str, Any]:
    """A story with its reports by publisher, those of the best weight first.

    `merged` are the links by which further reports count with a publisher, `withdrawn` are reports that count no more,
    `events` how the story grew, `omitted` is how many more reports there are; `name` is that of the institution,
    `titles` are by item. Raises NotFoundError where there is no such story.
    """
    row = session.get(StoryRow, story_id)
    if row is None:
        raise NotFoundError("story", story_id)
    findings, items = listings.members(session, row.institution, story_id, MOST)
    revisions = grouped((each.item, each) for each in findings)
    shown = {item: _shown(settings, found) for item, found in revisions.items()}
    counting = {item: each for item, each in shown.items() if each.report.salience > 0}
    groups = independent([Features.load(revisions[item][-1].features) for item in counting])
    publishers = [
        {
            "weight": max(counting[item].weight for item in group.items),
            "reports": [counting[item] for item in group.items],
            "merged": group.links,
        }
        for group in groups
    ]
    known = settings.institutions.get(row.institution)
    events = dashboard.story_events(session, story_id, limit=MOST)
    return {
        "story": row.id,
        **{name: getattr(row, name) for name in ("institution", "title", "confidence", "grade", "mix")},
        "topics": [topic for topic, _ in row.topics],
        **{name: getattr(row, name) for name in ("first", "newest", "merged_into")},
        "publishers": sorted(publishers, key=lambda each: -each["weight"]),
        "withdrawn": [each for item, each in shown.items() if item not in counting],
        "events": [{"at": each.at, "kind": each.kind, "other": each.other, **each.why} for each in events],
        "omitted": items - len(revisions),
        "name": known.name if known is not None else row.institution,
        "titles": {item: found[-1].title for item, found in revisions.items()},
    }


def _shown(settings: Settings, found: Sequence[FindingRow]) -> Shown:
    """An item as it reads now; when it was observed is when it first counted."""
    first, last = next((each for each in found if each.salience > 0), found[0]), found[-1]
    seen = dated_as(cases.report_of(last, settings.sources), cases.report_of(first, settings.sources))
    rules = tuple(sorted({str(mention[4]) for mention in last.mentions}))
    return Shown(seen, weight(seen.reliability, seen.direct), len(found), rules)


class Without(NamedTuple):
    """What the score and the level would have been without one of the stories."""

    score: float
    level: Level


def without_each(transition: Mapping[str, Any] | None, rules: LevelRules) -> list[Without]:
    """For each of the contributions in a record of a level change what had been without it."""
    if transition is None:
        return []
    amounts = [each["contribution"] for each in transition["contributions"]]
    scores = [combined(amounts[:place] + amounts[place + 1 :]) for place in range(min(len(amounts), SHOWN))]
    from_ = Level(transition["from"])
    return [Without(score, level_from(from_, score, rules)) for score in scores]


def read_alert(site: Site, session: Session, alert_id: str, visitor: Visitor) -> dict[str, Any]:
    """Why an alert fired, as far as the visitor may see it. Raises NotFoundError where there is no such alert."""
    row = listings.alert(session, alert_id)
    if row is None or row.id != alert_id:  # on the web no guessing by the beginning of an id
        raise NotFoundError("alert", alert_id)
    found = explain(session, site.active, alert_id, stories=SHOWN)
    return gate_explanation(found, visitor.tier, private=visitor.may_read(row.subscriber))
