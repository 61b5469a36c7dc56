"""Balances the books after a load: nothing lost, nothing twice, nothing left undone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select

from alerts.feeds.identity import digest
from alerts.model.alert import DeliveryState
from alerts.store.database import Database
from alerts.store.schema import AttemptRow, CaseRow, DeliveryRow, FindingRow, ItemRow, RevisionRow, SourceRow

SETTLED = {DeliveryState.SENT.value, DeliveryState.SUPPRESSED.value}


@dataclass(frozen=True)
class Books:
    """What was counted, and a line for each thing that is not as it must be."""

    items: int
    findings: int
    deliveries: int
    messages: int
    problems: list[str]


def expected(sources: int, entries: Mapping[int, int]) -> set[str]:
    """The ids of all items of a world whose sources showed so many entries in each version."""
    return {
        digest(f"source-{source}", f"id:{source}-{version}-{number}")
        for source in range(sources)
        for version, count in entries.items()
        for number in range(count)
    }


def balance(database: Database, messages: Iterable[str], wanted: set[str]) -> Books:
    """Compares the database and the receiver with what the feeds showed."""
    with database.read() as session:
        stored = set(session.scalars(select(ItemRow.id)))
        revisions: Counter[str] = Counter(session.scalars(select(RevisionRow.item)))
        findings = session.scalar(select(func.count()).select_from(FindingRow)) or 0
        unassessed = (
            session.scalar(
                select(func.count())
                .select_from(FindingRow)
                .outerjoin(CaseRow, CaseRow.institution == FindingRow.institution)
                .where(or_(CaseRow.institution.is_(None), FindingRow.observed > CaseRow.cursor))
            )
            or 0
        )
        states = dict(session.execute(select(DeliveryRow.id, DeliveryRow.state)).all())
        failing = session.scalar(select(func.count()).where(SourceRow.error.is_not(None))) or 0
    arrived = Counter(messages)
    sent = {key for key, state in states.items() if state == DeliveryState.SENT.value}
    found = {
        "items are missing": wanted - stored,
        "items are there that no feed showed": stored - wanted,
        "items are stored more than once": (key for key, count in revisions.items() if count != 1),
        "deliveries are neither sent nor suppressed": (k for k, state in states.items() if state not in SETTLED),
        "messages were sent that did not arrive": sent - set(arrived),
        "messages arrived more than once": (key for key, count in arrived.items() if count > 1),
        "messages arrived that were not marked as sent": set(arrived) - sent,
    }
    problems = [line for what, which in found.items() if (line := _line(what, which))]
    if unassessed:
        problems.append(f"{unassessed:,} findings are not assessed")
    if failing:
        problems.append(f"{failing:,} sources have an error")
    return Books(len(stored), findings, len(sent), sum(arrived.values()), problems)


def _line(what: str, which: Iterable[str]) -> str:
    keys = sorted(which)
    return f"{len(keys):,} {what}, for example {keys[0]}" if keys else ""


def waits(database: Database, since: datetime) -> list[float]:
    """Seconds from the writing of each delivery to its first attempt, of those written after an instant."""
    with database.read() as session:
        rows = session.execute(
            select(DeliveryRow.created_at, AttemptRow.started_at)
            .join(AttemptRow, AttemptRow.delivery == DeliveryRow.id)
            .where(AttemptRow.number == 1, DeliveryRow.created_at >= since)
        )
        return [(started - created).total_seconds() for created, started in rows]
