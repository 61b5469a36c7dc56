"""Whether the sources that would report on an institution are working. Silence is not an all-clear."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from alerts.model.institution import Institution
from alerts.model.profile import Coverage, CoverageState
from alerts.model.settings import Settings
from alerts.store.repositories import sources
from alerts.store.repositories.sources import Vital

FAILURES = 3  # so many failed polls in a row, and a source is not working
UNREAD = timedelta(days=1)  # nor is it so long, or four intervals if that is longer, after its last successful poll
MEMORY = timedelta(days=90)  # a source that reported on an institution within this time would report on it again


def coverage(session: Session, settings: Settings, institution: Institution, at: datetime) -> Coverage:
    """Covered where all of its sources work, blind where none does, else partial.

    Its sources are those that speak for it and those that reported on it lately; where there are none, all."""
    return coverages(session, settings, {institution.id: at})[institution.id]


def coverages(session: Session, settings: Settings, asked: Mapping[str, datetime]) -> dict[str, Coverage]:
    """The `coverage` of several institutions, each at its instant: two statements for all of them."""
    mine: dict[str, set[str]] = {institution: set() for institution in asked}
    for source in settings.sources.values():
        for institution in source.speaks_for & mine.keys():
            mine[institution].add(source.id)
    for institution, source_id in sources.reporting(session, {each: at - MEMORY for each, at in asked.items()}):
        if source_id in settings.sources:
            mine[institution].add(source_id)
    everything = any(not some for some in mine.values())
    looked_at = None if everything else set().union(*mine.values())
    known = {each.id: each for each in sources.vitals(session, looked_at)}
    return {
        institution: _coverage(settings, known, some or settings.sources.keys(), asked[institution])
        for institution, some in mine.items()
    }


def _coverage(settings: Settings, known: Mapping[str, Vital], mine: Collection[str], at: datetime) -> Coverage:
    broken = [each for each in sorted(mine) if each in known and not _works(known[each], settings, at)]
    failing = {each: known[each].last_success_at for each in broken}
    state = CoverageState.PARTIAL if failing else CoverageState.COVERED
    if failing and len(failing) == len(mine):
        state = CoverageState.BLIND
    since = [each for each in failing.values() if each is not None]
    return Coverage(state, len(mine), tuple(failing), min(since, default=None))


def _works(health: Vital, settings: Settings, at: datetime) -> bool:
    unread = max(UNREAD, 4 * settings.sources[health.id].interval)
    silent = health.last_success_at is not None and at - health.last_success_at > unread
    never = bool(health.error) and health.last_success_at is None
    dead = health.stale_at is not None and health.stale_at <= at
    return not (health.error_streak >= FAILURES or silent or never or dead)


def _broken(session: Session, settings: Settings, at: datetime) -> frozenset[str]:
    known = (each for each in sources.vitals(session) if each.id in settings.sources)
    return frozenset(each.id for each in known if not _works(each, settings, at))


def blind(session: Session, settings: Settings, at: datetime) -> list[str]:
    """The institutions whose coverage is blind, in the order of the configuration: `coverage` for all at once."""
    broken = _broken(session, settings, at)
    if not broken:
        return []
    seen = sources.reported_by(session, broken, since=at - MEMORY, others=True)
    unseen = sources.reported_by(session, broken, since=at - MEMORY)
    # Broken or not: does any source speak for it?
    heard = {each for source in settings.sources.values() if source.id not in broken for each in source.speaks_for}
    unheard = {each for source in broken for each in settings.sources[source].speaks_for}
    all_broken = len(broken) == len(settings.sources)
    return [
        each
        for each in settings.institutions
        if each not in heard and each not in seen and (each in unheard or each in unseen or all_broken)
    ]


def by_source(session: Session, settings: Settings, at: datetime) -> dict[str, dict[str, list[str]]]:
    """What each configured source `covers`: the institutions that it would report on, and those of them that are
    `partial` or `blind` now. An institution for which no source in particular would report, so that all of them count,
    is in none."""
    broken = _broken(session, settings, at)
    lately = sources.reporters(session, since=at - MEMORY)
    of: dict[str, list[str]] = {
        name: [each for each in settings.institutions if each in source.speaks_for or each in lately.get(name, ())]
        for name, source in settings.sources.items()
    }
    read = {each for name, some in of.items() if name not in broken for each in some}
    unread = {each for name, some in of.items() if name in broken for each in some}
    lost, half = unread - read, unread & read
    return {
        name: {
            "covers": some,
            "partial": [*filter(half.__contains__, some)],
            "blind": [*filter(lost.__contains__, some)],
        }
        for name, some in of.items()
    }
