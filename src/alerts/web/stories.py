"""What the pages and the JSON interface show of a story and of an alert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from alerts.cases.observation import dated_as
from alerts.explain.alert import explain
from alerts.model.errors import NotFoundError
from alerts.model.fields import record_of
from alerts.model.level import Level, LevelRules
from alerts.model.settings import Settings
from alerts.model.story import Group, Report
from alerts.rendering.tiers import gate_explanation
from alerts.scoring.confidence import weight
from alerts.scoring.score import combined, level_from
from alerts.store.queries import dashboard, listings
from alerts.store.repositories import cases
from alerts.store.schema import FindingRow
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


@dataclass(frozen=True, slots=True)
class Publisher:
    """An independent publisher: its reports, and the links by which further ones count with them."""

    reports: tuple[Shown, ...]
    group: Group
    weight: float


@dataclass(frozen=True, slots=True)
class Event:
    """How the story grew: an item joined, or another story was found to be the same."""

    at: datetime
    kind: str
    other: str
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class StoryPage:
    """`gone` are reports that count no more; `left_out` so many more there are."""

    id: str
    institution: str
    name: str
    title: str
    confidence: float
    grade: str
    mix: str
    first: datetime
    newest: datetime
    topics: tuple[str, ...]
    publishers: tuple[Publisher, ...]
    gone: tuple[Shown, ...]
    titles: dict[str, str]
    events: tuple[Event, ...]
    left_out: int
    merged_into: str | None


def read_story(session: Session, settings: Settings, story_id: str) -> StoryPage:
    """Raises NotFoundError where there is no such story."""
    row = dashboard.story(session, story_id)
    if row is None:
        raise NotFoundError("story", story_id)
    revisions: dict[str, list[FindingRow]] = {}
    findings, items = listings.members(session, row.institution, story_id, MOST)
    for finding in findings:
        revisions.setdefault(finding.item, []).append(finding)
    shown = {item: _shown(settings, found) for item, found in revisions.items()}
    counting = {item: each for item, each in shown.items() if each.report.salience > 0}
    groups = independent([Features.load(revisions[item][-1].features) for item in counting])
    publishers = [
        Publisher(
            reports=tuple(counting[item] for item in group.items),
            group=group,
            weight=max(counting[item].weight for item in group.items),
        )
        for group in groups
    ]
    known = settings.institutions.get(row.institution)
    events = dashboard.story_events(session, story_id, limit=MOST)
    return record_of(
        StoryPage,
        row,
        name=known.name if known is not None else row.institution,
        topics=tuple(topic for topic, _ in row.topics),
        publishers=tuple(sorted(publishers, key=lambda each: -each.weight)),
        gone=tuple(each for item, each in shown.items() if item not in counting),
        titles={item: found[-1].title for item, found in revisions.items()},
        events=tuple(record_of(Event, each, score=each.why["score"], why=each.why["why"]) for each in events),
        left_out=items - len(revisions),
    )


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
