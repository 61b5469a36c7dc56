"""What the pages read of institutions. Nothing is kept: a profile is a few rows by index."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from alerts.insight.profiles import profile_at
from alerts.model.institution import Institution
from alerts.model.level import Axis
from alerts.model.profile import Profile
from alerts.model.times import format_time
from alerts.rendering.plot import levels_svg
from alerts.scoring.score import curve, grid, half_life_of
from alerts.store.queries import profiles
from alerts.store.repositories import cases
from alerts.web.site import Site

POINTS: Final = 180
"""Instants of a curve, next to those of its level changes."""


def read_profile(site: Site, session: Session, institution: Institution, at: datetime | None) -> Profile:
    """The profile as of an instant, or of now, not gated."""
    return profile_at(session, site.active, institution, at or present(site, session, institution))


def present(site: Site, session: Session, institution: Institution) -> datetime:
    """Now, though the clock of the worker that assessed last may be a little ahead."""
    stored, now = cases.peek(session, institution.id), site.now()
    return now if stored is None else max(now, stored.cursor)


def plot(site: Site, session: Session, institution: Institution, shown: Profile, window: timedelta) -> str:
    """The levels of the last `window` up to the instant of the profile, as SVG."""
    rules = site.settings.levels
    start = shown.at - window
    instants = grid(start, shown.at, POINTS, shown.history)
    steps = profiles.scores(session, institution.id, start, shown.at, POINTS)
    curves = {
        axis: curve([(at, scores[axis]) for at, scores in steps], instants, half_life_of(rules, axis)) for axis in Axis
    }
    title = f"Levels of {institution.name}, {window.days} days to {format_time(shown.at)[:10]}"
    return levels_svg(curves, shown.history, rules, title=title)
