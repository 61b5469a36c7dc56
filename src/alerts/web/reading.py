"""What the pages read of institutions. Nothing is kept: a profile is a few rows by index."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from markupsafe import Markup
from sqlalchemy.orm import Session

from alerts.insight.profiles import profile_at
from alerts.model.counted import counted
from alerts.model.institution import Institution
from alerts.model.level import Axis
from alerts.model.profile import Profile
from alerts.model.times import format_time
from alerts.rendering.plot import levels_svg
from alerts.scoring.score import curve, grid, half_life_of
from alerts.store.queries import profiles
from alerts.store.queries.stream import reports
from alerts.store.repositories import cases
from alerts.web.site import Site

POINTS: Final = 180  # instants of a curve, next to those of its level changes


def read_profile(site: Site, session: Session, institution: Institution, at: datetime | None) -> Profile:
    """The profile as of an instant, or of now, not gated."""
    return profile_at(session, site.active, institution, at or present(site, session, institution))


def present(site: Site, session: Session, institution: Institution) -> datetime:
    """Now, though the clock of the worker that assessed last may be a little ahead."""
    stored, now = cases.peek(session, institution.id), site.now()
    return now if stored is None else max(now, stored.cursor)


WINDOWS: Final = {f"{days}d": timedelta(days=days) for days in (1, 7, 30, 90)} | {"1y": timedelta(days=365)}
NARROW: Final = 430  # the width of a picture on a phone, or beside another


def fitting(shown: Iterable[Profile]) -> str:
    """The shortest window that holds every level change of some profiles, and a tenth of it before the first."""
    ages = [profile.at - change.at for profile in shown for change in profile.history]
    return next((name for name, window in WINDOWS.items() if max(ages, default=window) * 1.1 <= window), "1y")


def plots(site: Site, session: Session, shown: Profile, window: timedelta, widths: Iterable[int]) -> list[Markup]:
    """The levels of the last `window` up to the instant of the profile, as SVG of each width."""
    rules = site.settings.levels
    start = shown.at - window
    instants = grid(start, shown.at, POINTS, shown.history)
    steps = profiles.scores(session, shown.institution, start, shown.at, POINTS)
    curves = {
        axis: curve([(at, scores[axis]) for at, scores in steps], instants, half_life_of(rules, axis)) for axis in Axis
    }
    title = f"Levels of {shown.name}, {counted(window.days, 'day')} to {format_time(shown.at)[:10]}"
    # Made by us, with every text in it escaped.
    return [Markup(levels_svg(curves, shown.history, rules, title=title, width=each)) for each in widths]  # noqa: S704


def stories_of(session: Session, shown: Profile) -> list[dict[str, Any]]:
    """The stories behind a profile, as far as a gated one has them, the newest first: each with its statement,
    source records, the axes whose score it moves, and the other institutions that its reports name."""
    about = [(report.item, report.institution) for report in reports(session, {each.item for each in shown.evidence})]
    governance = shown.governance_surface.signals if shown.governance_surface else ()
    lines = (*shown.service_surface, *governance, *shown.relationship_signals)
    said = {each.story: each for each in (*(line.statement for line in lines), *shown.key_points)}
    found = []
    for story, group in groupby(shown.evidence, key=attrgetter("story")):
        records = list(group)
        items = {each.item for each in records}
        others = sorted({key for item, key in about if item in items and key != shown.institution})
        axes = [row.axis for row in shown.matrix if story in row.stories]
        found.append({"story": story, "said": said.get(story), "records": records, "axes": axes, "about": others})
    return found
