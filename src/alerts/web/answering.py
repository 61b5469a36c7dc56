"""What the links of a message do: answer its alert, or end its channel. A page says what happens, a form does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.access.links import ANSWERABLE, Pages, answered
from alerts.access.signing import Purpose
from alerts.model.alert import Alert
from alerts.model.answer import MUTE_DAYS, PREFERENCES, Answer, AnswerKind, WrongReason
from alerts.model.errors import NotFoundError
from alerts.model.subscriber import Subscriber
from alerts.pipeline import answering, operate
from alerts.rendering import escape
from alerts.routing.alerts import Kind
from alerts.routing.preferences import daily
from alerts.routing.reasons import Reason
from alerts.store.repositories import alerts, answers
from alerts.store.repositories.subscriber_state import SqlNotifications
from alerts.store.schema import AlertRow
from alerts.web.auth import Visitor, with_form
from alerts.web.site import Site, site_of


@dataclass(frozen=True, slots=True)
class Act:
    """One answer that the page offers, by the last part of its address."""

    kind: AnswerKind
    reason: WrongReason | None = None
    days: int | None = None


ACTS: Final[Mapping[str, Act]] = {
    "acknowledge": Act(AnswerKind.ACKNOWLEDGE),
    "useful": Act(AnswerKind.USEFUL),
    **{f"wrong-{each}": Act(AnswerKind.WRONG, reason=each) for each in WrongReason},
    **{f"mute-{days}": Act(AnswerKind.MUTE, days=days) for days in MUTE_DAYS},
    "only-critical": Act(AnswerKind.ONLY_CRITICAL),
    "daily": Act(AnswerKind.DAILY),
}
# Pages that offer some of the answers.
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "": tuple(ACTS),
    "wrong": tuple(name for name, act in ACTS.items() if act.kind is AnswerKind.WRONG),
    "fewer": tuple(name for name, act in ACTS.items() if act.kind in PREFERENCES),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link is about: an alert on record, whose subscriber is configured."""

    alert: Alert
    channel: str
    subscriber: Subscriber
    who: str  # what is known of who answers: whoever reads the channel has the link
    taken_back: bool


def answer(request: Request) -> Response:
    """GET says what will happen and changes nothing, for mail scanners follow links; POST does it. The token alone
    decides: no cookie is needed."""
    site = site_of(request)
    name = request.path_params.get("act", "")
    act = ACTS.get(name)
    if act is None and (name not in PARTS or request.method == "POST"):
        raise HTTPException(404, "There is no such answer.")
    with site.runtime.database.read() as session:
        asked = _asked(site, session, request)
    if act is None:
        return _page(request, site, asked, PARTS[name])
    if request.method != "POST":
        return _page(request, site, asked, (name,))
    runtime, alert, channel = site.runtime, asked.alert.id, asked.channel
    given = answering.give(runtime, alert, act.kind, who=asked.who, channel=channel, reason=act.reason, days=act.days)
    return _page(request, site, asked, (), done=given)


@with_form
def undo(request: Request, fields: QueryParams) -> Response:
    """Takes an answer of the alert, or a preference of the channel, back."""
    site = site_of(request)
    with site.runtime.database.read() as session:
        asked = _asked(site, session, request)
        found = answers.get(session, fields.get("answer", ""))
    about = found is not None and (found.alert == asked.alert.id or found.channel == asked.channel)
    if found is None or not about or found.subscriber != asked.subscriber.id:
        raise HTTPException(404, "There is no such answer to this alert.")
    return _page(request, site, asked, (), done=answering.take_back(site.runtime, found.id, asked.who))


def _asked(site: Site, session: Session, request: Request) -> Asked:
    """Raises HTTPException: 403 for a link that is forged or cut, 410 for one of which nothing is left to answer."""
    about = answered(site.authenticator.signer, request.path_params["token"])
    now = site.now()
    if about is None:
        site.authenticator.attempts.check(request, now)
        site.authenticator.attempts.was_wrong(request, now)
        raise HTTPException(403, "This link is not complete: follow it from the message again.")
    alert_id, channel, expires_at = about
    if now >= expires_at:
        raise HTTPException(410, f"This link has expired: a message can be answered for {ANSWERABLE.days} days.")
    row = session.get(AlertRow, alert_id)
    if row is None:
        raise HTTPException(410, "This alert is no longer on record, so it can no longer be answered.")
    subscriber = site.settings.subscribers.get(row.subscriber)
    if subscriber is None:
        raise HTTPException(410, f"{row.subscriber} is no longer configured: it gets no messages any more.")
    (alert,) = alerts.of_rows(session, [row])
    who = _who(site.visitor(request, session), row.subscriber, channel)
    carried = SqlNotifications(session, row.subscriber).carried(alert)
    corrected = alert.reason == Reason.CORRECTED or any(each.kind is Kind.CORRECTION for each in carried)
    return Asked(alert, channel, subscriber, who, taken_back=corrected)


def _who(visitor: Visitor, subscriber: str, channel: str) -> str:
    if visitor.operator:
        return f"operator {visitor.person}".strip()
    if visitor.person:
        return visitor.person
    return f"member {subscriber}" if visitor.subscriber == subscriber else f"a reader of {channel}"


def _page(
    request: Request, site: Site, asked: Asked, offered: tuple[str, ...], *, done: Answer | None = None
) -> Response:
    """Shows nothing but what the message said in every tier, and what was answered."""
    now = site.now()
    with site.runtime.database.read() as session:
        given = answers.standing(session, asked.subscriber.id, list(AnswerKind), asked.alert.id)
        chosen = answers.standing(session, asked.subscriber.id, PREFERENCES)
    here, alert = asked.channel, asked.alert
    chosen = [each for each in chosen if each.channel == here and (each.until is None or now < each.until)]
    names = {each.id: each.name for each in site.settings.institutions.values()}
    values = {
        "name": names.get(alert.institution, alert.institution),
        "names": names,
        "headline": escape.headline(alert.lead.title) if alert.lead is not None else alert.in_words(),
        "alert": alert,
        "channel": here,
        "subscriber": asked.subscriber.id,
        "taken_back": asked.taken_back,
        "home": f"/answer/{request.path_params['token']}",
        "offered": {each: ACTS[each] for each in offered},
        "digest": daily(asked.subscriber),
        "ends": {days: now + timedelta(days=days) for days in MUTE_DAYS},
        "done": done,
        "standing": {each.id: each for each in (*given, *chosen)}.values(),
        "unsubscribe": Pages("", site.authenticator.signer).unsubscribe(asked.subscriber.id, here),
    }
    return site.page(request, "answer.html.j2", Visitor(), values)


@with_form
def unsubscribe(request: Request, fields: QueryParams) -> Response:
    """GET asks, for mail scanners follow links; POST does it, and to `/undo` takes it back. The token alone decides: no
    cookie is needed."""
    site = site_of(request)
    found = site.authenticator.signer.read(Purpose.UNSUBSCRIBE, request.path_params["token"])
    if found is None:
        raise HTTPException(403, "This link is not complete: follow it from the message again.")
    subscriber, channel = found
    state = "asked" if request.method != "POST" else "back" if request.url.path.endswith("/undo") else "gone"
    if state != "asked":
        try:
            who = f"a reader of {channel}"
            operate.unsubscribe(site.runtime, subscriber, channel, who, undo=state == "back")
        except NotFoundError:  # nothing is sent to it, which is what somebody who unsubscribes asks for
            if state == "back":
                message = "This channel is no longer configured: nothing will be sent to it."
                raise HTTPException(404, message) from None
    if "List-Unsubscribe" in fields:  # the mail program asks, not a person
        return PlainTextResponse("unsubscribed\n")
    values = {"subscriber": subscriber, "channel": channel, "state": state}
    return site.page(request, "unsubscribe.html.j2", Visitor(), values)
