"""What the pages read of institutions. Nothing is kept: a profile is a few rows by index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from alerts.explain.alert import explain
from alerts.explain.why_not import why_not
from alerts.insight.profiles import profile_at
from alerts.model.institution import Institution
from alerts.model.level import Axis
from alerts.model.profile import Profile
from alerts.model.subscriber import Subscriber
from alerts.model.times import format_time
from alerts.runtime.ports import Serving
from alerts.scoring.plot import levels_svg
from alerts.scoring.score import half_life_of
from alerts.scoring.series import curve, grid
from alerts.store.queries import profiles
from alerts.store.repositories import cases

POINTS: Final = 180
"""Instants of a curve, next to those of its level changes."""

STORIES: Final = 20
"""Stories behind an alert that are explained, those that contribute most."""


class Reading:
    """What the pages read of institutions."""

    def __init__(self, runtime: Serving) -> None:
        self._runtime = runtime

    def profile(self, session: Session, institution: Institution, at: datetime | None) -> Profile:
        """The profile as of an instant, or of now, not gated."""
        moment = at or self._present(session, institution)
        return profile_at(session, self._runtime.configuration.current(), institution, moment)

    def _present(self, session: Session, institution: Institution) -> datetime:
        """Now, though the clock of the worker that assessed last may be a little ahead."""
        stored, now = cases.peek(session, institution.id), self._runtime.clock()
        return now if stored is None else max(now, stored.cursor)

    def explained(self, session: Session, alert: str) -> dict[str, Any]:
        """Why an alert fired. Raises NotFoundError where there is no such alert."""
        return explain(session, self._runtime.configuration.current(), alert, stories=STORIES)

    def why_not(self, session: Session, subscriber: Subscriber, institution: Institution) -> dict[str, Any]:
        """Why the subscriber hears, or does not hear, of the institution now."""
        active = self._runtime.configuration.current()
        return why_not(session, active, subscriber, institution, self._present(session, institution))

    def plot(self, session: Session, institution: Institution, shown: Profile, window: timedelta) -> str:
        """The levels of the last `window` up to the instant of the profile, as SVG."""
        rules = self._runtime.configuration.current().settings.levels
        start = shown.at - window
        instants = grid(start, shown.at, POINTS, shown.history)
        steps = profiles.scores(session, institution.id, start, shown.at, POINTS)
        curves = {
            axis: curve([(at, scores[axis]) for at, scores in steps], instants, half_life_of(rules, axis))
            for axis in Axis
        }
        title = f"Levels of {institution.name}, {window.days} days to {format_time(shown.at)[:10]}"
        return levels_svg(curves, shown.history, rules, title=title)
