"""What readers answer to alerts, and what operators acknowledge: recorded once, applied, taken back.

The subscriber is locked meanwhile, and no answer is earlier than what was decided before it: whatever a router decides
later, live or in a replay of the record, it decides with the same answers in force."""

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from alerts.model.alert import Alert
from alerts.model.answer import PREFERENCES, Answer, AnswerKind, WrongReason
from alerts.model.errors import NotFoundError
from alerts.model.level import Axis
from alerts.model.records import fields_of
from alerts.pipeline.operate import RefusedError, opened_router
from alerts.routing.router import SubscriberRouter
from alerts.runtime import logs
from alerts.runtime.runtime import Runtime
from alerts.store.queries import listings
from alerts.store.repositories import alerts, answers

# A subscriber, an institution, and the axes of whose levels it is not reminded until they change.
Acked = tuple[str, str, tuple[Axis, ...]]


def give(
    runtime: Runtime,
    alert_id: str,
    kind: AnswerKind,
    *,
    who: str,
    channel: str = "",
    reason: WrongReason | None = None,
    days: int | None = None,
) -> Answer:
    """Records a reader's answer to an alert; one that says what a standing one says is that one.

    `channel` is the one whose reader answers, that of the alert where it is empty. Raises NotFoundError where there is
    no such alert, or its subscriber is no longer configured."""
    with runtime.database.read() as session:
        alert = _alert(session, alert_id)
        now = runtime.clock()
        asked = Answer(
            "", alert.id, alert.subscriber, channel or alert.channel, kind, alert.institution, now, reason, days, who
        )
        for each in _about_the_same(session, asked):
            if each.says_the_same(asked):
                return each
    with opened_router(runtime, alert.subscriber) as (session, router, now):
        made = _record(session, router, asked, now)
        if made.kind is AnswerKind.ACKNOWLEDGE:
            axes = [change.axis for change in alert.changes]
            router.ack(alert.institution, axes, made.at, made.who, assessed=alert.at)
    return made


def take_back(runtime: Runtime, answer_id: str, who: str, *, subscriber: str = "") -> Answer:
    """Undoes an answer, of that subscriber where one is named; one that was undone before stays as it is.

    Raises NotFoundError where there is none."""
    with runtime.database.read() as session:
        found = answers.get(session, answer_id)
    if found is None or subscriber not in {"", found.subscriber}:
        raise NotFoundError("answer", answer_id, "`alerts preferences SUBSCRIBER` lists the preferences in force")
    if found.undone_at is not None:
        return found
    with opened_router(runtime, found.subscriber) as (session, router, now):
        at = _not_before(router, now)
        if answers.undo(session, found.id, at, who):
            logs.event("answer.undone", answer=found.id, kind=found.kind.value, who=who)
        if found.kind is AnswerKind.ACKNOWLEDGE:
            router.take_back_ack(found.institution, found.at)
    return replace(found, undone_at=at, undone_by=who)


def ack(runtime: Runtime, key: str, who: str = "") -> list[Acked]:
    """An operator has seen an alert, or all alerts of a delivery; a beginning of its id is enough."""
    with runtime.database.read() as session:
        seen = [_alert(session, each) for each in listings.alerts_named(session, key)]
    for alert in seen:
        give(runtime, alert.id, AnswerKind.ACKNOWLEDGE, who=who)
    return [(each.subscriber, each.institution, tuple(change.axis for change in each.changes)) for each in seen]


def ack_level(runtime: Runtime, subscriber: str, institution: str, *axes: Axis | None, who: str = "") -> Acked:
    """The same for the levels of some axes, or for all of an institution."""
    runtime.configuration.current().settings.institution(institution)
    asked = tuple(axis for axis in axes if axis is not None) or tuple(Axis)
    with opened_router(runtime, subscriber) as (session, router, now):
        raised = {axis: alert for axis, alert in router.raised(institution).items() if axis in asked}
        if not raised:
            where = institution if len(asked) > 1 else f"{institution} on {asked[0]}"
            raise RefusedError(f"{subscriber} knows of no level above low for {where}: nothing to acknowledge")
        alert = max(raised.values())
        made = Answer("", alert, subscriber, "", AnswerKind.ACKNOWLEDGE, institution, now, who=who)
        made = _record(session, router, made, now)
        router.ack(institution, raised, made.at, made.who)
    return subscriber, institution, tuple(raised)


def _alert(session: Session, alert_id: str) -> Alert:
    (found,) = alerts.of_rows(session, [listings.alert(session, alert_id)])
    return found


def _about_the_same(session: Session, asked: Answer) -> Iterable[Answer]:
    """The standing answers that a new one would repeat or replace."""
    kinds = PREFERENCES if asked.kind in PREFERENCES else frozenset(AnswerKind) - PREFERENCES
    known = answers.standing(session, asked.subscriber, kinds, "" if kinds is PREFERENCES else asked.alert)
    return [each for each in known if each.subject == asked.subject and (each.until is None or asked.at < each.until)]


def _record(session: Session, router: SubscriberRouter, asked: Answer, now: datetime) -> Answer:
    """Stores an answer, in the place of those about the same, unless one of them says what it says."""
    made = replace(asked, id=secrets.token_hex(8), at=_not_before(router, now))
    former = _about_the_same(session, made)
    for each in former:
        if each.says_the_same(made):
            return each
    for each in former:
        answers.undo(session, each.id, made.at, f"replaced by {made.id}")
    answers.add(session, [made])
    logs.event("answer.given", answer=made.id, **fields_of(made, "alert", "subscriber", "channel", "kind", "who"))
    return made


def _not_before(router: SubscriberRouter, now: datetime) -> datetime:
    """Now, or the instant of the last decision where the clock of the worker that made it is a little ahead."""
    return max(now, router.state.clock or now)
