"""What operators do from the pages, to one thing or to many: GET asks and changes nothing, POST does it."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.model.answer import AnswerKind
from alerts.model.counted import counted
from alerts.model.errors import AlertsError, NotFoundError, UsageError
from alerts.model.settings import Settings
from alerts.model.subscriber import Selection
from alerts.model.times import parse_duration
from alerts.pipeline import answering, operate
from alerts.runtime.runtime import Runtime
from alerts.store import schema
from alerts.store.repositories import overrides
from alerts.web import answering as answer_pages
from alerts.web.auth import Visitor, check_form, form_of
from alerts.web.site import site_of, visit_as_operator

# By action the fields that name what it is done to; each may be given many times.
ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "redeliver": ("delivery",),
    "redeliver-dead": (),
    "silence": ("institution",),
    "unsilence": ("silence",),
    "release": ("source",),
    "poll": ("source",),
    "ack": ("alert", "delivery", "institution"),
    "verdict": ("alert",),
    "undo": ("answer",),
}
VERDICTS: Final = {
    name: act for name, act in answer_pages.ACTS.items() if act.kind in {AnswerKind.USEFUL, AnswerKind.WRONG}
}
MAX_CHOSEN: Final = 200  # things that one act may be about
_TABLES: Final[Mapping[str, type[schema.Base]]] = {
    "alert": schema.AlertRow,
    "answer": schema.AnswerRow,
    "delivery": schema.DeliveryRow,
    "silence": schema.SilenceRow,
    "source": schema.SourceRow,
}
# Pages that acts return to.
_BACK: Final = r"/(operate|institutions|alerts|stories|me|feedback)(/[\w~%-][\w.~%-]*){0,2}"


def actor(visitor: Visitor, by: str) -> str:
    """What the record calls an operator: `by` is what they say of themselves, since they share one token."""
    return f"operator {by}".strip() if visitor.operator else ""


async def act(request: Request) -> Response:
    """GET says what will happen to what, and asks for the details; POST does it and goes back to the page, which
    says what was done."""
    action = request.path_params["action"]
    if action not in ACTIONS:
        raise HTTPException(404, "There is no such action.")
    if request.method != "POST":
        return await run_in_threadpool(_ask, request, action)
    given = await form_of(request)
    done = await run_in_threadpool(_act, request, action, given)
    return RedirectResponse(f"{_back(given)}?" + urlencode({"done": done}), status_code=303)


def _back(given: QueryParams) -> str:
    page = given.get("back", "")
    return page if re.fullmatch(_BACK, page, re.ASCII) else "/operate"


def _ask(request: Request, action: str) -> Response:
    given = request.query_params
    with visit_as_operator(request) as (site, session, visitor):
        values = {
            "action": action,
            "chosen": [(field, _known(session, site.settings, field, each)) for field, each in _chosen(action, given)],
            "dead": len(overrides.dead_letters(session)) if action == "redeliver-dead" else 0,
            "given": given,
            "back": _back(given),
            "verdicts": VERDICTS,
            "subscribers": sorted(site.settings.subscribers),
        }
    return site.page(request, "operate_ask.html.j2", visitor, values)


def _chosen(action: str, given: QueryParams) -> list[tuple[str, str]]:
    """Fields and ids of what an act is about. Raises UsageError where nothing was chosen, or too much."""
    chosen = [(field, each) for field in ACTIONS[action] for each in dict.fromkeys(given.getlist(field))]
    if ACTIONS[action] and not chosen:
        raise UsageError("Nothing is ticked: go back and tick what this is about.")
    if len(chosen) > MAX_CHOSEN:
        raise UsageError(f"{len(chosen)} are ticked: at most {MAX_CHOSEN} at once.")
    return chosen


def _known(session: Session, settings: Settings, field: str, key: str) -> Any:
    """What is known of something that an act is about. Raises NotFoundError where there is no such thing."""
    found = settings.institution(key) if field == "institution" else session.get(_TABLES[field], key)
    if found is None:
        raise NotFoundError(field, key)
    return found


def _act(request: Request, action: str, given: QueryParams) -> str:
    site = site_of(request)
    with site.runtime.database.read() as session:
        visitor = site.visitor(request, session)
    check_form(request, visitor, given)
    who, chosen = actor(visitor, given.get("by", "").strip()), _chosen(action, given)
    if action in {"silence", "redeliver-dead"}:
        chosen = chosen[:1] or [("", "")]  # one act for all of them
    said, refused = [], []
    for field, each in chosen:
        try:
            said.append(_done(site.runtime, action, field, each, given, who))
        except AlertsError as error:
            refused.append(f"Not done: {error}")
    return " ".join([f"{len(said)} of {len(chosen)} done.", *refused] if len(chosen) > 1 else [*said, *refused])


def _done(runtime: Runtime, action: str, field: str, each: str, given: QueryParams, who: str) -> str:
    """Does one of ACTIONS to one thing and says so."""
    match action, field:
        case "redeliver", _:
            return f"Delivery {operate.redeliver(runtime, each, who)} is due now."
        case "redeliver-dead", _:
            return f"Due now: {counted(len(operate.redeliver_dead(runtime, who=who)), 'delivery', 'deliveries')}."
        case "silence", _:
            about, lasting = Selection(institutions=frozenset(given.getlist(field))), given.get("for", "")
            try:
                until = runtime.clock() + parse_duration(lasting)
            except (ValueError, OverflowError):
                raise UsageError(f"{lasting!r} is no duration; write for example 4h.") from None
            made = operate.silence(runtime, about, until=until, reason=given.get("reason", ""), author=who)
            return f"Silence {made.id} holds."
        case "unsilence", _:
            operate.unsilence(runtime, each, who)
            return "The silence has ended."
        case "release", _:
            held = operate.release(runtime, each, who)
            taken = f"{counted(held, 'item')} of {each} will be taken in at its next poll, which is due now."
            return taken if held else f"{each} will be polled again now."
        case "poll", _:
            operate.poll_soon(runtime, each, who)
            return f"{each} is due now."
        case "verdict", _:
            if given.get("verdict") not in VERDICTS:
                raise UsageError(f"a verdict is one of {', '.join(VERDICTS)}")
            verdict = VERDICTS[given["verdict"]]
            answer = answering.give(runtime, each, verdict.kind, who=who, reason=verdict.reason)
            return f"Recorded: {answer.in_words()}."
        case "ack", "institution":
            done = answering.ack_level(runtime, given.get("subscriber", ""), each, who=who)
        case "ack", _:
            done = answering.ack(runtime, each, who)[-1]
        case _:  # undo
            answer = answering.take_back(runtime, each, who)
            return f"Taken back: {answer.in_words()} of {answer.subscriber}."
    return f"{done.subscriber} gets no reminders of {done.institution} until it changes."
