"""Profiles and their pictures, kept in this process for as long as they are right."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from alerts.explain.alert import explain
from alerts.explain.why_not import why_not
from alerts.insight.coverage import coverage
from alerts.insight.profiles import profile, recorded_of, standing_at, standing_now
from alerts.model.institution import Institution
from alerts.model.level import Axis, Transition
from alerts.model.profile import Profile
from alerts.model.subscriber import Subscriber
from alerts.model.times import format_time
from alerts.runtime import logs
from alerts.runtime.configuration import Active
from alerts.runtime.ports import Serving
from alerts.scoring.plot import Point, levels_svg
from alerts.scoring.series import Course, score_series
from alerts.store.queries import listings, profiles
from alerts.store.queries.profiles import Recorded
from alerts.store.repositories import cases
from alerts.store.repositories.cases import Case

PATIENCE: Final = 20.0
"""Seconds that a request waits for others that work a case through."""

FRESH: Final = timedelta(minutes=5)
"""So long a profile stands while nothing is observed: its scores fade by less than their last digit."""

POINTS: Final = 180
"""Instants of a curve, next to those of its level changes."""

STORIES: Final = 20
"""Stories behind an alert that are explained, those that add most."""

LONGEST: Final = timedelta(days=365)
"""So far back a picture may reach."""

DRAWN: Final = timedelta(days=90)
"""What a page shows unless asked for more or less."""

MANY: Final = 1000
"""Stories from which on a picture is not drawn while the reader waits, if there is one not older than AGED."""

AGED: Final = timedelta(hours=4)
"""A step of the grid of the shortest picture."""

KEPT: Final = 200_000
"""Findings, or stories of the past, that are kept at hand, some hundred bytes each."""

REREAD: Final = timedelta(hours=1)
"""So long what was pruned may still be counted on a page."""

PAST: Final = 50
"""Profiles of the past that are kept, fewer where many stories stand behind them."""

WARMED: Final = 20
"""Institutions that are read when the pages start."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Bounded(Generic[_Key, _Value]):
    """The values used last, of `size` in all by their weights. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._total = 0
        self._values: OrderedDict[_Key, tuple[_Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: _Key, value: _Value, weight: int = 1) -> None:
        with self._lock:
            _, former = self._values.pop(key, (None, 0))
            self._values[key] = value, weight
            self._total += weight - former
            while len(self._values) > 1 and self._total > self._size:
                _, (_, gone) = self._values.popitem(last=False)
                self._total -= gone


Curves = Mapping[Axis, Sequence[Point]]


@dataclass(frozen=True, slots=True)
class Picture:
    """What the curves of an institution are drawn from as of `made`, and those that were asked for, by window."""

    made: datetime
    courses: Sequence[Course]
    curves: dict[timedelta, Curves]


@dataclass(frozen=True, slots=True)
class Read:
    """A profile; `state` names what it was made of. One of the past carries its picture."""

    state: tuple[object, ...]
    profile: Profile
    picture: Picture | None = None

    def holds(self, state: tuple[object, ...], now: datetime) -> bool:
        """Whether the profile still is what it would be now, to the digits that it shows."""
        falls = [row.next_fall for row in self.profile.matrix if row.next_fall is not None]
        return self.state == state and now - self.profile.at < FRESH and all(now < fall for fall in falls)


class Reading:
    """What the pages read of institutions."""

    def __init__(self, runtime: Serving) -> None:
        self._runtime = runtime
        self._now: Bounded[str, Read] = Bounded(500)
        self._then: Bounded[tuple[object, ...], Read] = Bounded(KEPT)
        self._explained: Bounded[tuple[object, ...], dict[str, Any]] = Bounded(100)
        self._drawn: Bounded[tuple[object, ...], str] = Bounded(500)
        self._recorded: Bounded[tuple[str, str], tuple[datetime, Recorded]] = Bounded(KEPT)
        self._pictures: Bounded[tuple[str, str], Picture] = Bounded(KEPT)
        # Working out is all computing: one thread at a time does it, and those that wait find it done.
        self._working = threading.Lock()
        self._aside = ThreadPoolExecutor(1, "pictures")
        self._redrawing: set[tuple[str, str]] = set()

    def warm(self) -> None:
        """Reads the institutions with most evidence, so that nobody waits for it."""
        settings = self._runtime.configuration.current().settings
        with self._runtime.database.read() as session:
            for each in profiles.largest(session, MANY, limit=WARMED):
                if each in settings.institutions:
                    institution = settings.institutions[each]
                    self.plot(session, institution, self.now(session, institution), DRAWN)

    def now(self, session: Session, institution: Institution) -> Read:
        """The profile as of about now, with the coverage of this moment."""
        active = self._runtime.configuration.current()
        known = self._now.get(institution.id)
        stored = cases.peek(session, institution.id)
        state = _state(active, stored)
        if known is None or not known.holds(state, self._runtime.clock()):
            with self._at_work():
                known = self._now.get(institution.id)  # another thread may have been as far
                if known is None or not known.holds(state, self._runtime.clock()):
                    known = Read(state, self._worked_out(session, active, institution, stored))
                    self._now.put(institution.id, known)
                    return known
        seen = coverage(session, active.settings, institution, self._runtime.clock())
        return replace(known, profile=replace(known.profile, coverage=seen))

    def _worked_out(
        self, session: Session, active: Active, institution: Institution, stored: Case | None
    ) -> Profile:
        recorded = self._recorded_of(active, institution)
        standing = standing_now(session, active, stored, self._present(stored), recorded)
        made = profile(session, active, standing)
        recorded.evidence = standing.known()
        self._keep(active, recorded)
        return made

    def _recorded_of(self, active: Active, institution: Institution, *, aside: bool = False) -> Recorded:
        """What was read before. After a while it is read anew, without what was pruned: much of it only `aside`."""
        known = self._recorded.get((institution.id, active.settings.hash))
        if known is not None:
            began, recorded = known
            if self._runtime.clock() - began < REREAD or (len(recorded) >= MANY and not aside):
                return recorded
        return recorded_of(active, institution)

    def _keep(self, active: Active, recorded: Recorded) -> None:
        key = (recorded.institution.id, active.settings.hash)
        known = self._recorded.get(key)
        began = known[0] if known is not None and known[1] is recorded else self._runtime.clock()
        self._recorded.put(key, (began, recorded), len(recorded))

    def _present(self, stored: Case | None) -> datetime:
        """Now, though the clock of the worker that assessed last may be a little ahead."""
        now = self._runtime.clock()
        return now if stored is None else max(now, stored.cursor)

    def then(self, session: Session, institution: Institution, at: datetime) -> Read:
        """The profile as of a past instant."""
        active = self._runtime.configuration.current()
        stored = cases.peek(session, institution.id)
        # Once assessed past it, an instant of the past stays as it was.
        settled = stored is not None and at <= stored.cursor
        state = (
            active.settings.hash,
            institution.id,
            at,
            stored.configuration if stored and settled else None,
        )
        known = self._then.get(state) if settled else None
        if known is None:
            with self._at_work():
                standing = standing_at(session, active, institution, at)
                made = profile(session, active, standing)
                courses = tuple(standing.courses(at - LONGEST))
            known = Read(state, made, Picture(at, courses, {}))
            self._then.put(state, known, KEPT // PAST + len(courses))
        return known

    def explained(self, session: Session, alert: str) -> dict[str, Any]:
        """Why an alert fired. Raises NotFoundError where there is no such alert."""
        active = self._runtime.configuration.current()
        state = (active.settings.hash, alert)
        known = self._explained.get(state)
        if known is None:
            with self._at_work():
                known = explain(session, active, alert, stories=STORIES)
            self._explained.put(state, known)
        # What was then stays; what became of its messages may change.
        return {**known, "deliveries": listings.deliveries_of(session, alert)}

    def why_not(self, session: Session, subscriber: Subscriber, institution: Institution) -> dict[str, Any]:
        """Why the subscriber hears, or does not hear, of the institution now."""
        active = self._runtime.configuration.current()
        at = self._present(cases.peek(session, institution.id))
        with self._at_work():
            return why_not(session, active, subscriber, institution, at)

    # --- pictures --------------------------------------------------------------------------------------

    def plot(self, session: Session, institution: Institution, read: Read, window: timedelta) -> str:
        """The levels of the last `window` up to the instant of the profile, as SVG."""
        picture = read.picture or self._picture(session, institution, read)
        shown, settings = read.profile, self._runtime.configuration.current().settings
        state = (institution.id, *read.state, shown.at, picture.made, window)
        drawn = self._drawn.get(state)
        if drawn is None:
            curves = picture.curves.get(window)
            if curves is None:
                curves = picture.curves[window] = self._curves(institution, picture, window, shown.history)
            title = f"Levels of {institution.name}, {window.days} days to {format_time(shown.at)[:10]}"
            upto = _upto(curves, picture.made, shown, shown.at - window)
            drawn = levels_svg(upto, shown.history, settings.levels, title=title)
            self._drawn.put(state, drawn)
        return drawn

    def _picture(self, session: Session, institution: Institution, read: Read) -> Picture:
        """The curves to draw: where there are many stories, from a little while ago, and made anew meanwhile."""
        active = self._runtime.configuration.current()
        key = (institution.id, active.settings.hash)
        known = self._pictures.get(key)
        if known is not None and known.made >= read.profile.at:
            return known
        age = LONGEST if known is None else read.profile.at - known.made
        if known is None or age > AGED or read.profile.counts.stories < MANY:
            return self._pictured(session, active, institution, ())
        if age > FRESH and key not in self._redrawing:
            self._redrawing.add(key)
            self._aside.submit(self._redraw, key, institution, tuple(known.curves), read.profile.history)
        return known

    def _redraw(
        self,
        key: tuple[str, str],
        institution: Institution,
        windows: Sequence[timedelta],
        history: Sequence[Transition],
    ) -> None:
        try:
            with self._runtime.database.read() as session:
                active = self._runtime.configuration.current()
                self._pictured(session, active, institution, windows, history, aside=True)
        except Exception as error:  # noqa: BLE001 - nobody waits for it, and the next reader tries again
            logs.event("picture.failed", logging.WARNING, error=type(error).__name__)
        finally:
            self._redrawing.discard(key)

    def _pictured(
        self,
        session: Session,
        active: Active,
        institution: Institution,
        windows: Sequence[timedelta],
        history: Sequence[Transition] = (),
        *,
        aside: bool = False,
    ) -> Picture:
        with self._at_work():
            stored = cases.peek(session, institution.id)
            recorded = self._recorded_of(active, institution, aside=aside)
            standing = standing_now(session, active, stored, self._present(stored), recorded)
            self._keep(active, recorded)
        made = standing.clock
        picture = Picture(made, tuple(standing.courses(made - LONGEST)), {})
        for window in windows:
            picture.curves[window] = self._curves(institution, picture, window, history)
        self._pictures.put((institution.id, active.settings.hash), picture, len(recorded))
        return picture

    def _curves(
        self, institution: Institution, picture: Picture, window: timedelta, history: Sequence[Transition]
    ) -> Curves:
        settings = self._runtime.configuration.current().settings
        return score_series(
            picture.courses,
            _instants(picture.made - window, picture.made, history),
            topics=settings.topics,
            institution=institution,
            rules=settings.levels,
        )

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Raises HTTPException (503) where too many wait for the same."""
        if not self._working.acquire(timeout=PATIENCE):
            raise HTTPException(503, "Too many ask at once: try again.", {"Retry-After": "10"})
        try:
            yield
        finally:
            self._working.release()


def _state(active: Active, stored: Case | None) -> tuple[object, ...]:
    """Names all that a profile is made of, but for the time."""
    if stored is None:
        return (active.settings.hash,)
    return active.settings.hash, stored.configuration, stored.version


def _instants(start: datetime, end: datetime, history: Sequence[Transition]) -> list[datetime]:
    """An even grid, and the instants of level changes with those just before them."""
    step = (end - start) / POINTS
    grid = {start + step * place for place in range(POINTS)} | {end}
    for change in history:
        if start < change.at <= end:
            grid |= {change.at, change.at - timedelta.resolution}
    return sorted(grid)


def _upto(curves: Curves, made: datetime, shown: Profile, start: datetime) -> Curves:
    """Curves that were made a little while ago, from `start` to the instant of the profile.

    What has come since are the level changes, with their scores, and the scores of now.
    """
    if made >= shown.at:
        return curves
    found: dict[Axis, list[Point]] = {}
    for row in shown.matrix:
        past = curves.get(row.axis, ())
        before = [score for at, score in past if at <= start]
        found[row.axis] = [
            *([(start, before[-1])] if before else []),
            *(point for point in past if point[0] > start),
            *((each.at, each.score) for each in shown.history if each.axis is row.axis and each.at > made),
            (shown.at, row.score or 0.0),
        ]
    return found
