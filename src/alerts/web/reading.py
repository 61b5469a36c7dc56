"""What the pages and the JSON interface read of institutions, stories and alerts: a few rows by index, not kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from markupsafe import Markup
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from alerts.cases.observation import dated_as
from alerts.explain.alert import explain
from alerts.insight.profiles import profile_at
from alerts.insight.search import search
from alerts.model.counted import counted
from alerts.model.errors import NotFoundError
from alerts.model.fields import grouped
from alerts.model.institution import Institution
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.profile import Profile
from alerts.model.settings import Settings
from alerts.model.story import Report
from alerts.model.times import format_time
from alerts.rendering.plot import WIDTH, levels_svg
from alerts.rendering.tiers import gate_explanation, searched
from alerts.scoring.confidence import weight
from alerts.scoring.score import combined, curve, grid, half_life_of, level_from
from alerts.store.queries import dashboard, listings, profiles, stream
from alerts.store.repositories import cases
from alerts.store.schema import AlertRow, FindingRow, StoryRow
from alerts.stories.features import Features
from alerts.stories.independence import independent
from alerts.web.auth import Visitor
from alerts.web.site import Site

SHOWN: Final = 20  # contributions, and stories that are explained, on the page of an alert: those that contribute most
MOST: Final = 100  # reports of a story on its page, and events of its making
POINTS: Final = 180  # instants of a curve of full width, next to those of its level changes
WINDOWS: Final = {f"{days}d": timedelta(days=days) for days in (1, 7, 30, 90)} | {"1y": timedelta(days=365)}
_STORY = ("institution", "title", "confidence", "grade", "mix", "first", "newest", "merged_into")
NARROW: Final = 430  # the width of a picture on a phone, or beside another


def read_profile(site: Site, session: Session, institution: Institution, at: datetime | None) -> Profile:
    """The profile as of an instant, or of now, not gated."""
    return profile_at(session, site.active, institution, at or present(site, session, institution))


def present(site: Site, session: Session, institution: Institution) -> datetime:
    """Now, though the clock of the worker that assessed last may be a little ahead."""
    stored, now = cases.peek(session, institution.id), site.now()
    return now if stored is None else max(now, stored.cursor)


def fitting(shown: Iterable[Profile]) -> str:
    """The shortest window that holds every level change of some profiles, and a tenth of it before the first."""
    ages = [profile.at - change.at for profile in shown for change in profile.history]
    return next((name for name, window in WINDOWS.items() if max(ages, default=window) * 1.1 <= window), "1y")


def plots(site: Site, session: Session, shown: Profile, window: timedelta, widths: Sequence[int]) -> list[Markup]:
    """The levels of the last `window` up to the instant of the profile, as SVG of each width."""
    rules = site.settings.levels
    start = shown.at - window
    points = POINTS * max(widths) // WIDTH
    instants = grid(start, shown.at, points, shown.history)
    steps = profiles.scores(session, shown.institution, start, shown.at, points)
    curves = {
        axis: curve([(at, scores[axis]) for at, scores in steps], instants, half_life_of(rules, axis)) for axis in Axis
    }
    title = f"Levels of {shown.name}, {counted(window.days, 'day')} to {format_time(shown.at)[:10]}"
    # Made by us, with every text in it escaped.
    return [Markup(levels_svg(curves, shown.history, rules, title=title, width=each)) for each in widths]  # noqa: S704


def stories_of(session: Session, shown: Profile) -> list[dict[str, Any]]:
    """The stories behind a profile, as far as a gated one has them, the newest first: each with its statement,
    source records, the axes whose score it moves, and the other institutions that its reports name."""
    reports = stream.reports(session, {each.item for each in shown.evidence})
    named = grouped((each.item, each.institution) for each in reports)
    governance = shown.governance_surface.signals if shown.governance_surface else ()
    lines = (*shown.service_surface, *governance, *shown.relationship_signals)
    said = {each.story: each for each in (*(line.statement for line in lines), *shown.key_points)}
    found = []
    for story, group in groupby(shown.evidence, key=attrgetter("story")):
        records = list(group)
        others = sorted({name for each in records for name in named.get(each.item, ())} - {shown.institution})
        axes = [row.axis for row in shown.matrix if story in row.stories]
        found.append({"story": story, "said": said.get(story), "records": records, "axes": axes, "about": others})
    return found


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
    `titles` are by item. Raises NotFoundError where there is no such story."""
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
        **{name: getattr(row, name) for name in _STORY},
        "topics": [topic for topic, _ in row.topics],
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


def without_each(transition: Mapping[str, Any] | None, rules: LevelRules) -> list[tuple[float, Level]]:
    """For each of the contributions in a record of a level change the score and the level that had been without it."""
    if transition is None:
        return []
    amounts = [each["contribution"] for each in transition["contributions"]]
    scores = [combined(amounts[:place] + amounts[place + 1 :]) for place in range(min(len(amounts), SHOWN))]
    return [(score, level_from(Level(transition["from"]), score, rules)) for score in scores]


def read_search(site: Site, session: Session, visitor: Visitor, given: Mapping[str, str]) -> dict[str, Any]:
    """What a visitor searched for. Raises HTTPException where the tier may not see the kind that was requested."""
    record = search(session, site.settings, given, visitor.tier, site.now())
    if given.get("kind", "") not in {"", *searched(visitor.tier)}:
        raise HTTPException(403, "Items and stories are for members of the strategic circle.")
    return record


def read_alert(site: Site, session: Session, alert_id: str, visitor: Visitor) -> dict[str, Any]:
    """Why an alert fired, as far as the visitor may see it. Raises NotFoundError where there is no such alert."""
    row = session.get(AlertRow, alert_id)  # on the web no guessing by the beginning of an id
    if row is None:
        raise NotFoundError("alert", alert_id)
    found = explain(session, site.active, alert_id, stories=SHOWN)
    return gate_explanation(found, visitor.tier, private=visitor.may_read(row.subscriber))
