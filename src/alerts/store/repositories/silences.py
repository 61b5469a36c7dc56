"""Silences made by command."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from alerts.model.subscriber import Selection, Silence
from alerts.store.schema import SilenceRow


def all_silences(session: Session) -> list[Silence]:
    """Every stored silence, ended ones too, by id."""
    return [
        Silence(
            select=Selection(
                institutions=frozenset(row.select.get("institutions", ())),
                tags=frozenset(row.select.get("tags", ())),
                regions=frozenset(row.select.get("regions", ())),
                categories=frozenset(row.select.get("categories", ())),
                all=bool(row.select.get("all", False)),
            ),
            starts=row.starts,
            until=row.until,
            reason=row.reason,
            author=row.author,
            id=row.id,
        )
        for row in session.scalars(select(SilenceRow).order_by(SilenceRow.id))
    ]


def add(session: Session, silence: Silence) -> None:
    """Stores a silence; one of the same id is replaced. `starts` must be set."""
    chosen = silence.select
    session.merge(
        SilenceRow(
            id=silence.id,
            select={
                "institutions": sorted(chosen.institutions),
                "tags": sorted(chosen.tags),
                "regions": sorted(chosen.regions),
                "categories": sorted(chosen.categories),
                "all": chosen.all,
            },
            starts=silence.starts or silence.until,
            until=silence.until,
            reason=silence.reason,
            author=silence.author,
        )
    )


def remove(session: Session, silence: str) -> bool:
    """Whether there was such a silence."""
    found = session.execute(delete(SilenceRow).where(SilenceRow.id == silence).returning(SilenceRow.id))
    return found.scalar_one_or_none() is not None
