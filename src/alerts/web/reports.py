"""The pages of the weekly briefing, of what readers said of alerts, and of a subscriber about itself."""

from collections import Counter
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.access.links import Pages
from alerts.insight.briefing import briefing
from alerts.insight.feedback import feedback as verdicts
from alerts.model.records import answer_record
from alerts.model.week import Week
from alerts.rendering.briefing import briefing_body
from alerts.rendering.tiers import ANALYSIS, gate_briefing, may_read_week
from alerts.routing.rules import channels_of, name_of
from alerts.store.queries import dashboard
from alerts.store.queries.reports import recorded_since
from alerts.store.repositories import answers, subscriber_state
from alerts.web.site import site_of, visit

_RECENT: Final = timedelta(days=7)
_LOOK_BACK: Final = timedelta(days=365)
_MOST: Final = 50  # groups of each kind that are shown
_OLDER: Final = "Editions before the newest one"


def newest(request: Request) -> Response:
    """Goes to the last whole week."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/briefing/{Week.of(site_of(request).now()).moved(-1)}{query}", status_code=303)


def edition(request: Request) -> Response:
    """One week of what the link's subscriber watches, or the one whom an operator names, else of all institutions."""
    with visit(request) as (site, session, visitor):
        week, now = Week.parse(request.path_params["week"]), site.now()
        if not may_read_week(week.end, visitor.tier, now):
            return site.page(request, "locked.html.j2", visitor, {"what": _OLDER, "tier": ANALYSIS}, status=403)
        name = request.query_params.get("subscriber", "") if visitor.operator else visitor.subscriber
        who = site.settings.subscriber(name) if name else None
        active = site.runtime.configuration.current()
        shown = gate_briefing(briefing(session, active, week, who), visitor.tier)
        ahead, behind = (week.moved(step) for step in (1, -1))
        known = behind.end > recorded_since(session)
        values = {
            "week": week,
            "body": Markup(briefing_body(shown)),  # noqa: S704 - made by us, with every text in it escaped
            "subscriber": name,
            "query": "?" + urlencode({"subscriber": name}) if name and visitor.operator else "",
            "behind": behind if known and may_read_week(behind.end, visitor.tier, now) else None,
            "ahead": ahead if ahead.start <= now else None,
        }
    return site.page(request, "briefing.html.j2", visitor, values)


def feedback(request: Request) -> Response:
    """Whether alerts were right: a subscriber's own, and for operators those of all or of the one they name."""
    with visit(request) as (site, session, visitor):
        name = request.query_params.get("subscriber", "") if visitor.operator else visitor.subscriber
        if not visitor.operator and not name:
            raise HTTPException(403, "This is for operators, and for subscribers about themselves.")
        if name:
            site.settings.subscriber(name)
        rows = verdicts(session, site.settings, name or None, site.now() - _LOOK_BACK)
        given = answers.find(session, subscriber=name or None, limit=4 * _MOST)
        said = [answer_record(each) for each in given if each.verdict]
    values = {"rows": rows, "answers": said, "subscriber": name, "most": _MOST, "days": _LOOK_BACK.days}
    return site.page(request, "feedback.html.j2", visitor, values)


def mine(request: Request) -> Response:
    """What a subscriber gets and why, and what was held back: by its link, or by its name for an operator."""
    with visit(request) as (site, session, visitor):
        asked = request.query_params.get("subscriber") or min(site.settings.subscribers, default="")
        name = asked if visitor.operator else visitor.subscriber
        if not name:
            raise HTTPException(403, "This is for subscribers: open the link that you were given.")
        who, now, links = site.settings.subscriber(name), site.now(), Pages("", site.authenticator.signer)
        alerts = dashboard.alerts(session, subscriber=who.id, since=now - _RECENT, limit=10 * _MOST)
        chosen = [each for each in answers.preferences(session, who.id) if each.holds(now)]
        given = answers.find(session, subscriber=who.id, limit=_MOST)
        values = {
            "who": who,
            "rules": [(name_of(place, each), each, channels_of(each, who)) for place, each in enumerate(who.watch)],
            "unsubscribed": subscriber_state.peek(session, who.id).muted,
            "alerts": alerts,
            "reasons": Counter(row.reason for row in alerts if row.reason).most_common(),
            "institutions": site.settings.institutions,
            # With the link of a message, by which each can be taken back.
            "chosen": [(each, links.answer(each.alert, each.channel, now)) for each in chosen],
            "answers": [answer_record(each) for each in given],
            "most": _MOST,
        }
    return site.page(request, "me.html.j2", visitor, values)
