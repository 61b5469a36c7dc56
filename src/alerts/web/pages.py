"""The pages that readers see: institutions, a profile, a search, a story, an alert."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.explain.why_not import why_not as explain_silence
from alerts.model.institution import Institution
from alerts.model.records import answer_record
from alerts.model.times import past_instant
from alerts.rendering.plot import WIDTH
from alerts.rendering.tiers import ANALYSIS, DETAIL, gate, searched
from alerts.store.queries import dashboard
from alerts.store.repositories import answers
from alerts.web import institutions as listing
from alerts.web import reading
from alerts.web.auth import Visitor
from alerts.web.reading import NARROW, WINDOWS, read_alert, read_profile, read_search, read_story
from alerts.web.site import Site, visit

SEARCHED_BY: Final = ("q", "kind", "institution", "source", "topic", "signal", "since", "until")


def institutions(request: Request) -> Response:
    """All institutions."""
    asked = listing.Asked.of(request.query_params)
    with visit(request) as (site, session, visitor):
        board = listing.read_board(session, site.settings, asked, visitor.tier)
    values = {"board": board, "asked": asked, "choices": site.settings.carried()}
    return site.page(request, "institutions.html.j2", visitor, values)


def profile(request: Request) -> Response:
    """One institution, now or as of `?at=`, and beside another one where `?compare=` names it."""
    query = request.query_params
    with visit(request) as (site, session, visitor):
        institution = site.settings.institution(request.path_params["institution"])
        at = asked_instant(query, visitor, site.now())
        keys = dict.fromkeys((institution.id, query.get("compare") or institution.id))
        sides = [read_profile(site, session, site.settings.institution(key), at) for key in keys]
        window = query.get("window", "")
        window = window if window in WINDOWS else reading.fitting(sides)
        widths = (NARROW,) if len(sides) > 1 else (WIDTH, NARROW)
        drawn = sides if visitor.tier.allows(ANALYSIS) else []
        shown, *compared = [gate(each, visitor.tier) for each in sides]
        given = answers.find(session, institution=institution.id, limit=50)
        values = {
            "profile": shown,
            "sides": [shown, *compared],
            "stories": reading.stories_of(session, shown),
            "institution": institution,
            "institutions": site.settings.institutions,
            "alike": [each for each in site.settings.institutions.values() if each.category == institution.category],
            "past": at,
            "window": window,
            "windows": list(WINDOWS),
            "plots": [reading.plots(site, session, each, WINDOWS[window], widths) for each in drawn],
            "alerts": dashboard.alerts(session, institution=institution.id, limit=20) if visitor.form else [],
            "answers": [answer_record(each) for each in given if visitor.may_read(each.subscriber)],
        }
    return site.page(request, "profile.html.j2", visitor, values)


def asked_instant(query: Mapping[str, str], visitor: Visitor, now: datetime) -> datetime | None:
    """The past instant that was asked for: RFC 3339, or a duration before now (`2d`); None for the present.

    Raises UsageError as `past_instant` does, HTTPException where the tier may not see the past."""
    text = query.get("at", "").strip()
    if text and not visitor.tier.allows(ANALYSIS):
        raise HTTPException(403, "Profiles of the past are for members of the leadership alliance.")
    return past_instant(text, now) if text else None


def search(request: Request) -> Response:
    """The form of the search, and what was found."""
    given = request.query_params
    with visit(request) as (site, session, visitor):
        values = {
            "fields": {name: given.get(name, "").strip() for name in SEARCHED_BY},
            "kinds": searched(visitor.tier),
            "names": {each.id: each.name for each in site.settings.institutions.values()},
            "found": read_search(site, session, visitor, given) if given.get("q") else None,
        }
    return site.page(request, "search.html.j2", visitor, values)


def story(request: Request) -> Response:
    """What happened, who reported it, and what counts once."""
    with visit(request) as (site, session, visitor):
        if not visitor.tier.allows(DETAIL):  # whether the story exists is no business of theirs either
            return site.page(request, "locked.html.j2", visitor, {"what": "Stories", "tier": DETAIL}, status=403)
        found = read_story(session, site.settings, request.path_params["story"])
        if found["merged_into"]:
            return RedirectResponse(f"/stories/{found['merged_into']}", status_code=303)
        about = dashboard.alerts(session, institution=found["institution"], since=found["first"], limit=200)
        brought = [each for each in about if visitor.form and each.detail.get("story") == found["story"]]
    return site.page(request, "story.html.j2", visitor, {"story": found, "alerts": brought})


def alert(request: Request) -> Response:
    """Why an alert fired."""
    with visit(request) as (site, session, visitor):
        if not visitor.tier.allows(DETAIL):
            return site.page(request, "locked.html.j2", visitor, {"what": "Alerts", "tier": DETAIL}, status=403)
        record = read_alert(site, session, request.path_params["alert"], visitor)
    institution = site.settings.institutions.get(record["alert"]["institution"])
    without = reading.without_each(record["transition"], site.settings.levels)
    values = {"record": record, "institution": institution, "without": without}
    return site.page(request, "alert.html.j2", visitor, values)


def why_not(request: Request) -> Response:
    """Why a subscriber hears, or does not hear, of an institution, and what would make the difference."""
    with visit(request) as (site, session, visitor):
        institution = site.settings.institution(request.path_params["institution"])
        subscriber = request.query_params.get("subscriber", visitor.subscriber)
        record = None
        if subscriber or not visitor.operator:  # an operator chooses on the page
            record = read_why_not(site, session, institution, subscriber, visitor)
    values = {"institution": institution, "subscriber": subscriber or "a subscriber", "record": record}
    return site.page(request, "why_not.html.j2", visitor, values)


def read_why_not(
    site: Site, session: Session, institution: Institution, subscriber: str, visitor: Visitor
) -> dict[str, Any]:
    """Raises HTTPException unless an operator asks, or the subscriber, whose tier sees how a score is made up."""
    if not (visitor.may_read(subscriber) and visitor.tier.allows(ANALYSIS)):
        raise HTTPException(403, "This is for operators, and for the leadership alliance about itself.")
    known = site.settings.subscriber(subscriber)
    return explain_silence(session, site.active, known, institution, reading.present(site, session, institution))
