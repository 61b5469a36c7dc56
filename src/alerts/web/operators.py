"""The operators' page, and what can be done from it."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.insight.health import LATE, health
from alerts.model.alert import DeliveryState
from alerts.model.counted import counted
from alerts.model.errors import AlertsError
from alerts.model.subscriber import Selection
from alerts.model.times import EPOCH, format_time, parse_duration
from alerts.pipeline import answering, operate
from alerts.pipeline.route import silenced
from alerts.rendering import escape
from alerts.runtime.runtime import Runtime
from alerts.store import system_state
from alerts.store.queries import dashboard, listings
from alerts.store.repositories import answers, generations, links, silences, sources
from alerts.web.auth import PERSON, check_form, form_of
from alerts.web.site import site_of, visit

ACTIONS: Final = ("redeliver", "redeliver-dead", "silence", "unsilence", "release", "poll", "ack", "undo")
MOST: Final = 50
AUDITED: Final = 200
RECENT: Final = timedelta(days=7)  # how old what was held back may be
BACK: Final = re.compile(r"/(operate|institutions|alerts)(/[\w~%-][\w.~%-]*)?", re.ASCII)  # pages that acts return to
STATES: Final = ("", *(state.value for state in DeliveryState))


def overview(request: Request) -> Response:
    """The state of the system. For operators alone."""
    state = request.query_params.get("state", "")
    state = state if state in STATES else ""
    with visit(request) as (site, session, visitor):
        if not visitor.operator:
            return RedirectResponse("/operate/enter", status_code=303)
        now = site.now()
        known = [each for each in sources.health(session) if each.active]
        # What is stopped, holds something back or fails comes first.
        known.sort(key=lambda each: (not each.state.stopped, not each.state.held, -each.error_streak, each.id))
        values = {
            "report": health(session, site.runtime.configuration.files, now),
            "suppressed": dashboard.suppressed(session, now - RECENT, MOST),
            "dead": listings.deliveries(session, state=[DeliveryState.DEAD.value], limit=MOST),
            "deliveries": listings.deliveries(session, state=[state] if state else (), limit=MOST),
            "silences": [each for each in silenced(session, site.settings) if each.until > now],
            "sources": known[: 4 * MOST],
            "sources_total": len(known),
            "queues": listings.overdue(session, now),
            "plan": system_state.get(session, system_state.PLAN),
            "sources_failing": sum(bool(each.error) for each in known),
        }
    values |= {
        "config_problems": site.runtime.configuration.problems,
        "settings": site.settings,
        "states": STATES,
        "state": state,
        "most": MOST,
        "late": LATE,
    }
    return site.page(request, "operate.html.j2", visitor, values)


def audit(request: Request) -> Response:
    """What people did, by time, as far as it is on record: answers, silences, configurations, links."""
    with visit(request) as (site, session, visitor):
        if not visitor.operator:
            return RedirectResponse("/operate/enter", status_code=303)
        acts: list[tuple[datetime, str, str, str]] = []
        for each in answers.find(session, limit=AUDITED):
            about = f"{each.institution}, for {each.subscriber}"
            acts.append((each.at, each.who, each.in_words(), about))
            if each.undone_at is not None:
                acts.append((each.undone_at, each.undone_by, f"took back: {each.in_words()}", about))
        for made in silences.all_silences(session):
            said = f"silence until {format_time(made.until)}: {made.reason}"
            acts.append((made.starts or made.until, made.author, said, made.select.in_words()))
        for edition in generations.recent(session, EPOCH):
            said = f"configuration {edition.number} ({edition.hash[:12]})"
            acts.append((edition.published_at, f"host {edition.host}", said, ""))
        for link in links.all_links(session):
            about = f"{link.id} {link.name}, {link.subscriber or link.tier.value}"
            acts.append((link.created_at, "", "made a link", about))
            if link.revoked_at is not None:
                acts.append((link.revoked_at, "", "revoked a link", about))
    acts.sort(key=lambda act: act[0], reverse=True)
    return site.page(request, "audit.html.j2", visitor, {"acts": acts[:AUDITED], "most": AUDITED})


async def act(request: Request) -> Response:
    """Does one thing and goes back to the page, which says what was done."""
    action = request.path_params["action"]
    if action not in ACTIONS:
        raise HTTPException(404, "There is no such action.")
    fields = await form_of(request)
    done = await run_in_threadpool(_act, request, action, fields)
    back = fields.get("back", "")
    page = back if BACK.fullmatch(back) else "/operate"
    return RedirectResponse(f"{page}?" + urlencode({"done": done}), status_code=303)


def _act(request: Request, action: str, fields: dict[str, str]) -> str:
    site = site_of(request)
    with site.runtime.database.read() as session:
        visitor = site.visitor(request, session)
    check_form(request, visitor, fields)
    try:
        # Who signed on is on record under that name; who showed a token may say one.
        by = visitor.person or escape.headline(fields.get("by", ""), PERSON)
        return _done(site.runtime, action, defaultdict(str, fields, by=by), site.now())
    except AlertsError as error:
        return f"Not done: {error}"


def _done(runtime: Runtime, action: str, given: Mapping[str, str], now: datetime) -> str:
    """Does one of ACTIONS and says so; a field that was not given is empty."""
    match action:
        case "redeliver":
            return f"Delivery {operate.redeliver(runtime, given['delivery'])} is due now."
        case "redeliver-dead":
            return f"Due now: {counted(len(operate.redeliver_dead(runtime)), 'delivery', 'deliveries')}."
        case "silence":
            try:
                until = now + parse_duration(given["for"])
            except (ValueError, OverflowError):
                return f"Not done: {given['for']!r} is no duration; write for example 4h."
            about = Selection(institutions=frozenset({given["institution"]}))
            made = operate.silence(runtime, about, until=until, reason=given["reason"], author=given["by"])
            return f"Silence {made.id} holds."
        case "unsilence":
            operate.unsilence(runtime, given["silence"])
            return "The silence has ended."
        case "release":
            try:
                held = operate.release_quarantine(runtime, given["source"])
            except operate.RefusedError:
                operate.resume(runtime, given["source"])
                return f"{given['source']} will be polled again now."
            return f"{counted(held, 'item')} of {given['source']} will be taken in at its next poll, which is due now."
        case "poll":
            operate.poll_soon(runtime, given["source"])
            return f"{given['source']} is due now."
        case "ack":
            if given["alert"]:
                done = answering.ack(runtime, given["alert"], given["by"])
            else:
                done = answering.ack_level(runtime, given["subscriber"], given["institution"], author=given["by"])
            return f"{done.subscriber} gets no reminders of {done.institution} until it changes."
        case _:  # undo
            answer = answering.take_back(runtime, given["answer"], f"operator {given['by']}".strip())
            return f"Taken back: {answer.in_words()} of {answer.subscriber}."
