"""The same as the pages, as JSON: gated by the same rules, described at /api/openapi.json."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alerts.insight.health import health
from alerts.insight.search import whole_number
from alerts.insight.source_history import history
from alerts.model.records import as_record, fields_of, some, to_line, transition_record
from alerts.model.tables import table
from alerts.rendering import escape
from alerts.rendering.profile_forms import profile_record
from alerts.rendering.tiers import DETAIL, gate, gate_changes
from alerts.store.queries import listings
from alerts.store.repositories import transitions
from alerts.web import institutions as listing
from alerts.web.atom import asked_rule, read_alerts, readable
from alerts.web.auth import Visitor
from alerts.web.operators import read_audit, read_configurations
from alerts.web.pages import asked_instant, read_why_not
from alerts.web.reading import Shown, read_alert, read_profile, read_search, read_story
from alerts.web.site import site_of, visit
from alerts.web.stream import read_stream

MOST: Final = 200
_LEFT_OUT: Final = {"topics", "resolved", "reported", "correction"}  # of a report: they serve the scores


def answer(record: Mapping[str, Any], *, status: int = 200) -> Response:
    return Response(to_line(record), status_code=status, media_type="application/json")


@cache
def _described() -> dict[str, Any]:
    described: dict[str, Any] = table("alerts.web", "openapi.yaml")
    described["info"]["version"] = version("institution-alerts")
    return described


def openapi(request: Request) -> Response:
    return answer({**_described(), "servers": [{"url": site_of(request).address(request)}]})


def search(request: Request) -> Response:
    with visit(request) as (site, session, visitor):
        return answer(read_search(site, session, visitor, request.query_params))


def institutions(request: Request) -> Response:
    asked = listing.Asked.of(request.query_params)
    with visit(request) as (site, session, visitor):
        found = listing.read_board(session, site.settings, asked, visitor.tier)
    for row in found["rows"]:
        row["newest_change"] = row["newest_change"] and transition_record(row["newest_change"])
    return answer({"kind": "institutions", **some(found, "found", "page", "pages"), "institutions": found["rows"]})


def stream(request: Request) -> Response:
    asked = listing.Asked.of(request.query_params)
    with visit(request) as (site, session, visitor):
        found = read_stream(session, site.settings, asked, visitor.tier)
    return answer({"kind": "stream", "stories": as_record(found["stories"]), "older": found["older"]})


def institution(request: Request) -> Response:
    with visit(request) as (site, session, visitor):
        known = site.settings.institution(request.path_params["institution"])
        at = asked_instant(request.query_params, visitor, site.now())
        found = read_profile(site, session, known, at)
    return answer(profile_record(gate(found, visitor.tier)))


def changes(request: Request) -> Response:
    limit = whole_number(request.query_params, "limit", 50, MOST)
    with visit(request) as (site, session, visitor):
        known = site.settings.institution(request.path_params["institution"])
        recorded = transitions.find(session, known.id, limit=limit)
    shown = gate_changes(reversed(recorded), visitor.tier, site.now())
    return answer({"kind": "changes", "institution": known.id, "changes": [transition_record(each) for each in shown]})


def why_not(request: Request) -> Response:
    with visit(request) as (site, session, visitor):
        known = site.settings.institution(request.path_params["institution"])
        return answer(read_why_not(site, session, known, request.path_params["subscriber"], visitor))


def stories(request: Request) -> Response:
    limit = whole_number(request.query_params, "limit", 50, MOST)
    with visit(request) as (site, session, visitor):
        known = site.settings.institution(request.path_params["institution"])
        _need_detail(visitor, "Stories")
        found = listings.stories(session, institution=known.id, limit=limit)
    return answer({"kind": "stories", "institution": known.id, "stories": found})


def story(request: Request) -> Response:
    with visit(request) as (site, session, visitor):
        _need_detail(visitor, "Stories")
        found = read_story(session, site.settings, request.path_params["story"])
    publishers = [{**each, "reports": [_report(one) for one in each["reports"]]} for each in found["publishers"]]
    withdrawn = [_report(each) for each in found["withdrawn"]]
    record = as_record({**found, "publishers": publishers, "withdrawn": withdrawn})
    return answer({"kind": "story", **{key: value for key, value in record.items() if key not in {"name", "titles"}}})


def _report(shown: Shown) -> dict[str, Any]:
    record = {key: value for key, value in as_record(shown.report).items() if key not in _LEFT_OUT}
    return {**record, "url": escape.safe_url(shown.report.url) or None, "revisions": shown.revisions}


def alert(request: Request) -> Response:
    with visit(request) as (site, session, visitor):
        _need_detail(visitor, "Alerts")
        return answer(read_alert(site, session, request.path_params["alert"], visitor))


def alerts(request: Request) -> Response:
    limit = whole_number(request.query_params, "limit", 50, MOST)
    with visit(request) as (site, session, visitor):
        known = readable(site, visitor, request.path_params["subscriber"])
        rule = asked_rule(known, request.query_params.get("rule", ""))
        rows, moved = read_alerts(session, known, rule, limit)
    records = []
    for row in rows:
        change = moved.get(row.transition or 0)
        about = fields_of(row, "id", "at", "subscriber", "channel", "institution", "on", "state", "reason")
        shown = None if change is None else transition_record(gate_changes([change], known.tier, site.now())[0])
        records.append({"kind": "alert", **about, "transition": shown})
    return answer({"kind": "alerts", "subscriber": known.id, "alerts": records})


def status(request: Request) -> Response:
    with visit(request, operators=True) as (site, session, _):
        report = health(session, site.runtime.configuration.files, site.now())
    return answer({"kind": "status", **report.record()})


def source(request: Request) -> Response:
    with visit(request, operators=True) as (site, session, _):
        return answer({"kind": "source", **as_record(history(session, request.path_params["source"], site.now()))})


def configurations(request: Request) -> Response:
    with visit(request, operators=True) as (site, session, _):
        return answer({"kind": "configurations", **as_record(read_configurations(site, session, request.query_params))})


def audit(request: Request) -> Response:
    with visit(request, operators=True) as (_, session, _):
        acts = [dict(zip(("at", "who", "what", "about"), each, strict=True)) for each in read_audit(session)]
    return answer({"kind": "audit", "acts": as_record(acts)})


def _need_detail(visitor: Visitor, what: str) -> None:
    """Raises HTTPException for those who may not see it, whether it is there or not."""
    if not visitor.tier.allows(DETAIL):
        raise HTTPException(403, f"{what} are for members of the strategic circle.")


PATHS: Final[Mapping[str, Callable[[Request], Response]]] = {
    "/openapi.json": openapi,
    "/stream": stream,
    "/search": search,
    "/institutions": institutions,
    "/institutions/{institution}": institution,
    "/institutions/{institution}/changes": changes,
    "/institutions/{institution}/stories": stories,
    "/stories/{story}": story,
    "/alerts/{alert}": alert,
    "/subscribers/{subscriber}/alerts": alerts,
    "/subscribers/{subscriber}/why-not/{institution}": why_not,
    "/status": status,
    "/sources/{source}": source,
    "/configurations": configurations,
    "/audit": audit,
}
