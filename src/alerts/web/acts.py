"""What operators do from the pages, to one thing or to many: GET asks and changes nothing, POST does it."""

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.model.answer import AnswerKind
from alerts.model.errors import AlertsError, NotFoundError, UsageError
from alerts.model.subscriber import Selection
from alerts.model.times import parse_duration
from alerts.pipeline import answering, operate
from alerts.rendering import escape
from alerts.runtime.runtime import Runtime
from alerts.store.schema import AlertRow, AnswerRow, DeliveryRow, SilenceRow, SourceRow
from alerts.web.answering import ACTS
from alerts.web.auth import PERSON, check_form, with_form
from alerts.web.site import site_of, visit

# By action what the page says when it is done, the fields that name what it is done to, each any number of times, and
# what does it; None where it needs more than that.
ACTIONS: Final[Mapping[str, tuple[str, tuple[str, ...], Callable[[Runtime, str, str], object] | None]]] = {
    "redeliver": ("It is sent again now", ("delivery",), operate.redeliver),
    "redeliver-dead": ("They are sent again now", (), None),
    "silence": ("The silence holds", ("institution",), None),
    "unsilence": ("The silence has ended", ("silence",), operate.unsilence),
    "release": ("It is released, and polled now", ("source",), operate.release),
    "poll": ("It is polled now", ("source",), operate.poll_soon),
    "ack": ("There are no reminders until the level changes", ("alert", "delivery", "institution"), answering.ack),
    "verdict": ("The verdict is recorded", ("alert",), None),
    "undo": ("The answer is taken back", ("answer",), answering.take_back),
}
VERDICTS: Final = {name: act for name, act in ACTS.items() if act.kind in {AnswerKind.USEFUL, AnswerKind.WRONG}}
MAX_CHOSEN: Final = 200  # things that one act may be about
_ROWS = {"alert": AlertRow, "answer": AnswerRow, "delivery": DeliveryRow, "silence": SilenceRow, "source": SourceRow}
_BACK: Final = r"/(operate|institutions|alerts|stories|me|feedback)(/[\w~%-][\w.~%-]*){0,2}"  # pages to return to


@with_form
def act(request: Request, given: QueryParams) -> Response:
    """GET says what will happen to what, and asks for the details; POST does it and goes back to the page, which
    says what was done."""
    action = request.path_params["action"]
    if action not in ACTIONS:
        raise HTTPException(404, "There is no such action.")
    if request.method != "POST":
        return _ask(request, action)
    done = _act(request, action, given)
    return RedirectResponse(f"{_back(given)}?" + urlencode({"done": done}), status_code=303)


def _back(given: QueryParams) -> str:
    page = given.get("back", "")
    return page if re.fullmatch(_BACK, page, re.ASCII) else "/operate"


def _ask(request: Request, action: str) -> Response:
    given, chosen = request.query_params, []
    with visit(request, operators=True) as (site, session, visitor):
        for field, each in _chosen(action, given):
            known = site.settings.institution(each) if field == "institution" else session.get(_ROWS[field], each)
            if known is None:
                raise NotFoundError(field, each)
            chosen.append((field, known))
        values = {"action": action, "chosen": chosen, "given": given, "back": _back(given), "verdicts": VERDICTS}
    return site.page(request, "operate_ask.html.j2", visitor, values)


def _chosen(action: str, given: QueryParams) -> list[tuple[str, str]]:
    """Fields and ids of what an act is about. Raises UsageError where nothing was chosen, or too much."""
    fields = ACTIONS[action][1]
    chosen = [(field, each) for field in fields for each in dict.fromkeys(given.getlist(field))]
    if bool(fields) != bool(chosen) or len(chosen) > MAX_CHOSEN:
        raise UsageError(f"{len(chosen)} are ticked: go back and tick what this is about, {MAX_CHOSEN} at most.")
    return chosen


def _act(request: Request, action: str, given: QueryParams) -> str:
    site = site_of(request)
    with site.runtime.database.read() as session:
        visitor = site.visitor(request, session)
    check_form(request, visitor, given)
    # Who signed on is on record under that name; who showed the token of all operators may say one.
    who = f"operator {visitor.person or escape.headline(given.get('by', ''), PERSON)}".strip()
    chosen, refused = _chosen(action, given), []
    if action in {"silence", "redeliver-dead"}:
        chosen = chosen[:1] or [("", "")]  # done once, to all of them
    for field, each in chosen:
        try:
            _do(site.runtime, action, field, each, given, who)
        except AlertsError as error:
            refused.append(f"Not done: {error}")
    done = len(chosen) - len(refused)
    said = f"{done} of {len(chosen)} done." if len(chosen) > 1 else "" if refused else f"{ACTIONS[action][0]}."
    return " ".join([said, *refused]).strip()


def _do(runtime: Runtime, action: str, field: str, each: str, given: QueryParams, who: str) -> None:
    """Does one of ACTIONS to one thing."""
    match action, field:
        case "redeliver-dead", _:
            operate.redeliver_dead(runtime, who=who)
        case "silence", _:
            try:
                until = runtime.clock() + parse_duration(given.get("for", ""))
            except (ValueError, OverflowError):
                raise UsageError(f"{given.get('for')!r} is no duration; write for example 4h.") from None
            about = Selection(institutions=frozenset(given.getlist(field)))
            operate.silence(runtime, about, until=until, reason=given.get("reason", ""), author=who)
        case "verdict", _:
            verdict = VERDICTS.get(given.get("verdict", ""))
            if verdict is None:
                raise UsageError(f"a verdict is one of {', '.join(VERDICTS)}")
            answering.give(runtime, each, verdict.kind, who=who, reason=verdict.reason)
        case "ack", "institution":
            answering.ack_level(runtime, given.get("subscriber", ""), each, who=who)
        case _:
            do = ACTIONS[action][2]
            assert do is not None  # noqa: S101 - the others are above
            do(runtime, each, who)
