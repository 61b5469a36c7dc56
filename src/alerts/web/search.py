"""The page of the search, and what it and the JSON interface may show of it."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.insight.search import search
from alerts.rendering.tiers import searched
from alerts.web.auth import Visitor
from alerts.web.site import Site, visit

FIELDS: Final = ("q", "kind", "institution", "source", "topic", "signal", "since", "until")


def page(request: Request) -> Response:
    """The form, and what was found."""
    given = request.query_params
    with visit(request) as (site, session, visitor):
        values = {
            "fields": {name: given.get(name, "").strip() for name in FIELDS},
            "kinds": searched(visitor.tier),
            "names": {each.id: each.name for each in site.settings.institutions.values()},
            "found": found(site, session, visitor, given) if given.get("q") else None,
        }
    return site.page(request, "search.html.j2", visitor, values)


def found(site: Site, session: Session, visitor: Visitor, given: Mapping[str, str]) -> dict[str, Any]:
    """What a visitor searched for. Raises HTTPException where the tier may not see the kind that was requested."""
    record = search(session, site.settings, given, visitor.tier, site.now())
    if given.get("kind", "") not in {"", *searched(visitor.tier)}:
        raise HTTPException(403, "Items and stories are for members of the strategic circle.")
    return record
