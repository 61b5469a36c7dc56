"""Profiles and their pictures, kept in this process for as long as they are right."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException

from alerts.model.institution import Institution
from alerts.model.level import Axis
from alerts.model.profile import Profile
from alerts.model.story import Evidence
from alerts.pipeline.configuration import Active
from alerts.pipeline.coverage import coverage
from alerts.pipeline.profiles import case_at, profile
from alerts.pipeline.runtime import Runtime
from alerts.scoring.series import score_series
from alerts.store import cases

FRESH: Final = timedelta(minutes=5)
"""So long a profile stands while nothing is observed: its scores fade by less than their last digit."""

POINTS: Final = 180
"""Instants of a curve, next to those of its level changes."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Bounded(Generic[_Key, _Value]):
    """The values used last. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._size:
                self._values.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Read:
    """A profile with the evidence that its curves are drawn from."""

    version: int
    key: str
    profile: Profile
    evidence: tuple[Evidence, ...]

    def holds(self, version: int, key: str, now: datetime) -> bool:
        """Whether the profile still is what it would be now, to the digits that it shows."""
        falls = [row.next_fall for row in self.profile.matrix if row.next_fall is not None]
        return (
            (self.version, self.key) == (version, key)
            and now - self.profile.at < FRESH
            and all(now < fall for fall in falls)
        )


class Reading:
    """What the pages read of institutions."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._now: Bounded[str, Read] = Bounded(200)
        self._then: Bounded[tuple[str, datetime, str], Read] = Bounded(50)
        # Working a case through again takes long for a large one: one at a time, so that pages stay quick.
        self._working = threading.Semaphore(1)

    def now(self, session: Session, institution: Institution) -> Read:
        """The profile as of about now, with the coverage of this moment."""
        active = self._runtime.configuration.current()
        now = self._runtime.clock()
        stored = cases.peek(session, institution.id)
        version, key = stored.version if stored is not None else 0, _key(active, institution)
        known = self._now.get(institution.id)
        if known is None or not known.holds(version, key, now):
            known = _read(session, active, institution, now, version, key)
            self._now.put(institution.id, known)
        seen = coverage(session, active.settings, institution, now)
        return replace(known, profile=replace(known.profile, coverage=seen))

    def then(self, session: Session, institution: Institution, at: datetime) -> Read:
        """The profile as of a past instant. Raises HTTPException (503) where too many ask for that at once."""
        active = self._runtime.configuration.current()
        key = _key(active, institution)
        known = self._then.get((institution.id, at, key))
        if known is None:
            if not self._working.acquire(timeout=20):
                raise HTTPException(
                    503, "Too many ask for the past at once: try again.", {"Retry-After": "10"}
                )
            try:
                known = _read(session, active, institution, at, -1, key)
            finally:
                self._working.release()
            self._then.put((institution.id, at, key), known)
        return known

    def curves(
        self, institution: Institution, read: Read, since: datetime
    ) -> dict[Axis, Sequence[tuple[datetime, float]]]:
        """The scores of each axis from `since` to the instant of the profile."""
        settings = self._runtime.configuration.current().settings
        end = read.profile.at
        step = (end - since) / POINTS
        grid = {since + step * place for place in range(POINTS)} | {end}
        moment = timedelta(microseconds=1)
        for change in read.profile.history:
            if since < change.at <= end:
                grid |= {change.at, change.at - moment}
        instants = sorted(grid)
        return {
            axis: score_series(
                read.evidence,
                axis,
                instants,
                topics=settings.topics,
                institution=institution,
                rules=settings.levels,
            )
            for axis in Axis
        }


def _key(active: Active, institution: Institution) -> str:
    return f"{active.settings.hash}/{institution.id}"


def _read(
    session: Session, active: Active, institution: Institution, at: datetime, version: int, key: str
) -> Read:
    case = case_at(session, active, institution, at)
    return Read(version, key, profile(session, active, case, at), case.evidence())
