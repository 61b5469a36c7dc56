"""The profile of an institution, read from what is recorded, or made from a case file."""

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from alerts.cases.case_file import DAY, AxisState, CaseFile
from alerts.insight.coverage import coverage as coverage_of
from alerts.insight.coverage import coverages
from alerts.model.institution import Institution
from alerts.model.level import Axis, LevelRules
from alerts.model.profile import Profile
from alerts.model.times import micros
from alerts.runtime.configuration import Active
from alerts.scoring import score as scores
from alerts.scoring.profile import NEWEST, AxisView, Standing, build
from alerts.scoring.score import PLACES, Score
from alerts.store.queries import profiles
from alerts.store.repositories import cases, transitions

_adapter: Final = cache(partial(TypeAdapter, Profile))  # made on first use, for it takes a while
HISTORY = 100  # so many of the newest level changes does a profile show


def profile_at(session: Session, active: Active, institution: Institution, at: datetime) -> Profile:
    """The profile as of a past or present instant, from what had been observed by then."""
    return build(
        standing_at(session, active, institution, at),
        active.settings,
        history=transitions.find(session, institution.id, upto=at, limit=HISTORY),
        coverage=coverage_of(session, active.settings, institution, at),
    )


def standing_at(session: Session, active: Active, institution: Institution, at: datetime) -> Standing:
    """How the institution stood at an instant, read from what is recorded as it was last assessed.

    Each axis takes the rows of the stories that its score counted then, found by index."""
    rules, sources = active.settings.levels, active.settings.sources
    totals = profiles.totals(session, institution.id, at)
    before = profiles.totals(session, institution.id, at - DAY)
    states = _states(session, institution, totals, at, rules)
    axes = {}
    for axis, state in states.items():
        half_life = scores.half_life_of(rules, axis)
        axes[axis] = AxisView(
            level=state.level,
            score=totals.scores[axis].at(micros(at), half_life),
            since=state.since,
            next_fall=_next_fall(totals.scores[axis], state, rules, half_life, at),
            previous=before.scores[axis].at(micros(at - DAY), half_life),
            leading=tuple(profiles.leading(session, institution.id, axis, at, half_life)),
            others=max(0, totals.ranked[axis] - PLACES),
        )
    newest = tuple(profiles.newest(session, institution.id, at, NEWEST))
    shown = [*newest, *(each for view in axes.values() for each in view.leading)]
    items = {item for story in shown for item in story.items}
    return Standing(
        institution=institution,
        at=at,
        axes=axes,
        newest=newest,
        reports=profiles.reports(session, institution.id, sources, items, at),
        counts=totals.counts,
    )


def _states(
    session: Session, institution: Institution, totals: profiles.Totals, at: datetime, rules: LevelRules
) -> dict[Axis, AxisState]:
    """The levels: those recorded by then, or the present ones less what fell since they were last assessed."""
    stored = cases.peek(session, institution.id)
    if stored is None or stored.cursor > at:
        return profiles.levels(session, institution.id, at)
    found = {}
    for axis in Axis:
        state = stored.axes.get(axis, AxisState())
        half_life, score = scores.half_life_of(rules, axis), totals.scores[axis]
        after = stored.cursor
        while (fall := scores.fall_instant(score, state.level, rules, half_life, after)) and fall <= at:
            level = scores.level_after(state.level, score, micros(fall), rules, half_life)
            state, after = AxisState(level, fall), fall
        found[axis] = state
    return found


def _next_fall(score: Score, state: AxisState, rules: LevelRules, half_life: float, at: datetime) -> datetime | None:
    """When the level falls if nothing happens; None where other rules, those of then, held it up."""
    fall = scores.fall_at(score, state.level, rules, half_life)
    falls = fall is not None and fall > micros(at)
    return scores.fall_instant(score, state.level, rules, half_life, at) if falls else None


def snapshots(
    session: Session, active: Active, wanted: Sequence[tuple[CaseFile, datetime]]
) -> Iterator[tuple[CaseFile, datetime, bytes]]:
    """The profile of each case file at an instant, or at its clock if that is later, as bytes that `restored` reads.

    The level changes until then must be stored. All of them share a few statements."""
    if not wanted:  # most assessments alert nobody
        return
    clocks = {case.institution.id: max(at, case.clock or at) for case, at in wanted}
    history = transitions.newest(session, clocks, limit=HISTORY)
    covered = coverages(session, active.settings, clocks)
    before = profiles.scores_at(session, {key: at - DAY for key, at in clocks.items()})
    for case, at in wanted:
        key = case.institution.id
        standing = case.standing(clocks[key], before.get(key, profiles.NOTHING.scores))
        made = build(standing, active.settings, history=history[key], coverage=covered[key])
        yield case, at, zlib.compress(_adapter().dump_json(made))


@lru_cache(maxsize=32)
def restored(data: bytes) -> Profile:
    """The profile of a snapshot; those of former versions are not compressed.

    The messages of one assessment show the same one, so it is read once for all of them."""
    return _adapter().validate_json(data if data.startswith(b"{") else zlib.decompress(data))
