"""The newest stories of all institutions as they stand now, read by index from the newest on."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from alerts.scoring.confidence import INTERNAL_BELOW
from alerts.store.schema import CaseRow, FindingRow, MembershipRow, StoryVersionRow, table_of
from alerts.store.upsert import SOME, rows_of

# A place in the stream: the newest report of a story, and its id. Newer ones come first, then lower ids.
Place = tuple[datetime, str]
START: Place = datetime.max.replace(tzinfo=UTC), ""

_VERSIONS = table_of(StoryVersionRow)
_V = _VERSIONS.c
_F = table_of(FindingRow).c
_M = table_of(MembershipRow).c
_STANDS = and_(_V.until.is_(None), _V.confidence >= INTERNAL_BELOW)
_ORDER = _V.newest.desc(), _V.story
_AT = bindparam("at", type_=_V.newest.type)
_PAGE = (
    select(_VERSIONS)
    .where(_STANDS, _V.newest <= _AT, or_(_V.newest < _AT, _V.story > bindparam("after")))
    .order_by(*_ORDER)
    .limit(bindparam("most"))
)
_PAGE_OF = _PAGE.where(_V.institution == bindparam("institution"))
_HEAD = select(_V.id).where(_V.institution == CaseRow.institution, _STANDS).order_by(*_ORDER).limit(1).scalar_subquery()
_HEADS = select(_VERSIONS).where(_V.id.in_(select(_HEAD).select_from(CaseRow))).order_by(*_ORDER)
_REPORTS = select(_F.item, _F.institution, _F.source, _F.publisher).where(_F.item.in_(SOME), _F.salience > 0)
_REPORTED_BY = (
    select(_M.story)
    .distinct()
    .join(table_of(FindingRow), and_(_F.institution == _M.institution, _F.item == _M.item))
    .where(_M.story.in_(SOME), _F.source == bindparam("source"))
)
_NEWEST_CHANGE = select(func.max(_V.id))


def page(session: Session, institution: str | None, before: Place, most: int) -> list[Any]:
    """The versions of stories (of one institution) that stand and come after a place, the newest first."""
    asked = {"at": before[0], "after": before[1], "most": most}
    if institution is None:
        return list(session.execute(_PAGE, asked))
    return list(session.execute(_PAGE_OF, {**asked, "institution": institution}))


def heads(session: Session) -> list[Any]:
    """The newest story of each institution, the newest first."""
    return list(session.execute(_HEADS))


def reports(session: Session, items: Collection[str]) -> list[Any]:
    """Item, institution, source and publisher of what was found in some items, the first observed first."""
    return list(rows_of(session, _REPORTS.order_by(_F.observed, _F.item), sorted(items)))


def reported_by(session: Session, stories: Iterable[str], source: str) -> frozenset[str]:
    """Those of some stories that a source reported."""
    return frozenset(row.story for row in rows_of(session, _REPORTED_BY, sorted(stories), source=source))


def newest_change(session: Session) -> int:
    """A number that grows whenever a story begins or changes."""
    return session.scalar(_NEWEST_CHANGE) or 0
