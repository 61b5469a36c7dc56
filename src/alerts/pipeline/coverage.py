"""Whether the sources that would report on an institution are working. Silence is not an all-clear."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.model.institution import Institution
from alerts.model.profile import Coverage, CoverageState
from alerts.model.settings import Settings
from alerts.store import sources

FAILURES = 3
"""So many failed polls in a row, and a source is not working."""

STALE = timedelta(days=1)
"""So long, or four intervals if that is longer, without a successful poll, and it is not working."""

MEMORY = timedelta(days=90)
"""A source that reported on an institution within this time would report on it again."""


def coverage(session: Session, settings: Settings, institution: Institution, at: datetime) -> Coverage:
    """Covered where all of its sources work, blind where none does, else partial.

    Its sources are those that speak for it and those that reported on it lately; where there are none, all.
    """
    direct = {each.id for each in settings.sources.values() if each.is_direct_for(institution.id)}
    lately = sources.reporting_on(session, institution.id, since=at - MEMORY)
    mine = (direct | (lately & settings.sources.keys())) or set(settings.sources)
    failing: dict[str, datetime | None] = {}
    for health in sources.health(session, mine):
        stale = max(STALE, 4 * settings.sources[health.id].interval)
        silent = health.last_success_at is not None and at - health.last_success_at > stale
        if health.error_streak >= FAILURES or silent or (health.error and health.last_success_at is None):
            failing[health.id] = health.last_success_at
    if not failing:
        state = CoverageState.COVERED
    else:
        state = CoverageState.BLIND if len(failing) == len(mine) else CoverageState.PARTIAL
    known = [each for each in failing.values() if each is not None]
    return Coverage(state, len(mine), tuple(sorted(failing)), min(known, default=None))
