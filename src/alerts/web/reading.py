"""Profiles and their pictures, kept in this process for as long as they are right."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from alerts.model.institution import Institution
from alerts.model.level import Transition
from alerts.model.profile import Profile
from alerts.model.times import format_time
from alerts.pipeline.configuration import Active
from alerts.pipeline.coverage import coverage
from alerts.pipeline.explain import explain
from alerts.pipeline.profiles import profile, standing_at
from alerts.pipeline.runtime import Runtime
from alerts.scoring.plot import levels_svg
from alerts.scoring.series import Course, score_series
from alerts.store import cases, lists
from alerts.store.cases import Case

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

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Bounded(Generic[_Key, _Value]):
    """The values used last, of `size` in all by their weights. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
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
            self._values[key] = value, weight
            self._values.move_to_end(key)
            while len(self._values) > 1 and sum(each for _, each in self._values.values()) > self._size:
                self._values.popitem(last=False)

    def drop(self, key: _Key) -> None:
        with self._lock:
            self._values.pop(key, None)


@dataclass(frozen=True, slots=True)
class Read:
    """A profile with the growth of its stories, which its curves are drawn from. `state` names what it was made of."""

    state: tuple[object, ...]
    profile: Profile
    courses: tuple[Course, ...]

    def holds(self, state: tuple[object, ...], now: datetime) -> bool:
        """Whether the profile still is what it would be now, to the digits that it shows."""
        falls = [row.next_fall for row in self.profile.matrix if row.next_fall is not None]
        return self.state == state and now - self.profile.at < FRESH and all(now < fall for fall in falls)


class Reading:
    """What the pages read of institutions."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._now: Bounded[str, Read] = Bounded(200)
        self._then: Bounded[tuple[object, ...], Read] = Bounded(50)
        self._explained: Bounded[tuple[object, ...], dict[str, Any]] = Bounded(100)
        self._drawn: Bounded[tuple[object, ...], str] = Bounded(200)
        # Working out is all computing: one thread at a time does it, and those that wait find it done.
        self._working = threading.Lock()

    def now(self, session: Session, institution: Institution) -> Read:
        """The profile as of about now, with the coverage of this moment."""
        active = self._runtime.configuration.current()
        known = self._now.get(institution.id)
        state = _state(active, cases.peek(session, institution.id))
        if known is None or not known.holds(state, self._runtime.clock()):
            with self._at_work():
                known = self._now.get(institution.id)  # another thread may have been as far
                if known is None or not known.holds(state, self._runtime.clock()):
                    known = _read(session, active, institution, self._runtime.clock(), state)
                    self._now.put(institution.id, known)
        seen = coverage(session, active.settings, institution, self._runtime.clock())
        return replace(known, profile=replace(known.profile, coverage=seen))

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
                known = _read(session, active, institution, at, state)
            self._then.put(state, known)
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
        return {**known, "deliveries": lists.deliveries_of(session, alert)}

    def plot(self, institution: Institution, read: Read, window: timedelta) -> str:
        """The levels of the last `window` up to the instant of the profile, as SVG."""
        state = (institution.id, *read.state, read.profile.at, window)
        drawn = self._drawn.get(state)
        if drawn is None:
            settings = self._runtime.configuration.current().settings
            end = read.profile.at
            curves = score_series(
                read.courses,
                _instants(end - window, end, read.profile.history),
                topics=settings.topics,
                institution=institution,
                rules=settings.levels,
            )
            title = f"Levels of {institution.name}, {window.days} days to {format_time(end)[:10]}"
            drawn = levels_svg(curves, read.profile.history, settings.levels, title=title)
            self._drawn.put(state, drawn)
        return drawn

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Raises HTTPException (503) where too many wait for the same."""
        if not self._working.acquire(timeout=PATIENCE):
            raise HTTPException(503, "Too many ask at once: try again.", {"Retry-After": "10"})
        try:
            yield
        finally:
            self._working.release()


def _read(
    session: Session, active: Active, institution: Institution, at: datetime, state: tuple[object, ...]
) -> Read:
    standing = standing_at(session, active, institution, at)
    made = profile(session, active, standing)
    return Read(state, made, tuple(standing.courses(at - LONGEST)))


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
