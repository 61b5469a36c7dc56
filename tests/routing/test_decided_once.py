"""Subscribers in the same situation share a decision; nobody gets what is another's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from kit.routing import Office, build, instant, rule, story_event

from alerts.model.alert import Alert
from alerts.model.answer import Answer, AnswerKind
from alerts.model.level import Axis, Level
from alerts.routing.alerts import Kind, alert_id, alert_ref
from alerts.routing.reasons import Reason
from alerts.routing.state import Knowledge, RouterState

ASKS = (rule(on="story level"),)
RISE = story_event("10:00", "s1", "low>high")
FALL = story_event("12:00", "s2", "high>critical", to="critical")


def office(name: str, **settings: Any) -> Office:
    """An office whose rules are the very same object, as the configuration makes equal ones."""
    made = build(*ASKS, **settings)
    made.subscriber = replace(made.subscriber, id=name, watch=ASKS)
    return made


def test_who_asks_for_the_same_and_knows_the_same_shares_the_decision() -> None:
    first, second = office("first"), office("second")
    for event in (RISE, FALL):
        one, other = first.hear(event), second.hear(event)
        assert other.explanation is one.explanation
        assert [replace(each, id="", subscriber="") for each in one.alerts] == [
            replace(each, id="", subscriber="") for each in other.alerts
        ]
    for each in (first, second):
        name = each.subscriber.id
        assert [alert.id for alert in each.alerts] == [
            alert_id(alert_ref("acme", event.at, "mail"), name) for event in (RISE, FALL)
        ]
        assert [message.alerts for message in each.sent] == [(alert.id,) for alert in each.alerts]
        assert (
            {message.subscriber for message in each.messages} == {alert.subscriber for alert in each.alerts} == {name}
        )


def test_who_knows_something_else_is_decided_for_alone() -> None:
    first, late = office("first"), office("late")
    first.hear(RISE)
    one, other = first.hear(FALL), late.hear(FALL)
    assert other.explanation is not one.explanation
    assert first.notifications.knowledge("acme").of().stories == {"mail": ("s1", "s2")}
    assert late.notifications.knowledge("acme").of().stories == {"mail": ("s2",)}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"digest": "08:00", "below": "critical"}, "digest"),
        ({"quiet": "09:00-18:00"}, "quiet-hours"),
        ({"limit": "0/1h"}, "limit"),
    ],
)
def test_what_holds_one_back_holds_back_nobody_else(settings: dict[str, str], reason: str) -> None:
    free, held = office("free"), office("held", **settings)
    for each in (free, held):
        each.hear(RISE)
    assert (free.fates, held.fates) == (["sent"], [reason])


def test_an_unsubscribed_or_muted_channel_is_one_subscribers_own() -> None:
    free, gone, muted = office("free"), office("gone"), office("muted")
    gone.router.unsubscribe("mail", instant("09:00"))
    mute = Answer("x", "", "muted", "mail", AnswerKind.MUTE, "acme", instant("09:00"), days=7)
    muted.answers.append(mute)
    for each in (free, gone, muted):
        each.hear(RISE)
    assert (free.fates, gone.fates, muted.fates) == (["sent"], ["unsubscribed"], ["muted"])


def test_equal_texts_are_read_to_the_same_object() -> None:
    first, second = office("first"), office("second")
    for each in (first, second):
        each.hear(RISE)
    texts = [Knowledge(dict(each.notifications.knowledge("acme").watches)).to_json() for each in (first, second)]
    assert texts[0] == texts[1]
    assert Knowledge.from_json(texts[0]) is Knowledge.from_json(texts[1])


FORMER = "d51622ad7af767058828"
AT = "2026-03-02T10:00:00Z"
NOTHING: dict[str, Any] = {
    "ack": None,
    "corrected": [],
    "remind": {},
    "seen": AT,
    "stories": {},
    "topics": {},
    "told": {},
}
POLICY = {"level": "high", "remind": {"mail": "2026-03-02T11:00:00Z"}, "told": {"mail": [["high", FORMER, "s1"]]}}
WHOLE = {"level": "low", "stories": {"mail": ["s1"]}, "topics": {"mail": {"outage": [AT, "high", "s1", FORMER]}}}
BEFORE_0012 = json.dumps({"policy": {**NOTHING, **POLICY}, "": {**NOTHING, **WHOLE}})


def test_an_alert_that_was_remembered_by_its_id_is_still_known() -> None:
    desk = office("desk", repeat="6h")
    desk.notifications.keep("acme", Knowledge.from_json(BEFORE_0012))
    assert desk.router.raised("acme") == {Axis.POLICY: FORMER}
    (reminder,) = desk.advance("11:00")
    assert (reminder.kind, reminder.reminders) == (Kind.REMINDER, (FORMER,))
    alert = replace(_alert(), id=FORMER)
    desk.correct("11:30", alert)
    whole, policy = (desk.notifications.knowledge("acme").of(axis) for axis in (None, Axis.POLICY))
    assert (policy.believed("mail"), policy.corrected) == (Level.LOW, ("mail",))
    assert (whole.stories, whole.topics) == ({}, {})


def test_what_waits_under_its_id_is_the_same_alert() -> None:
    desk = office("desk", group="5m")
    alert = desk.hear(RISE).alerts[0]
    state, name = desk.state.to_json(), alert_ref("acme", RISE.at, "mail")
    assert state.count(name) == 1
    desk.state = RouterState.from_json(state.replace(name, alert.id))  # as it was written before schema 0013
    desk.silence("acme", until="11:00")
    (held,) = desk.advance("10:05")
    assert (held.alerts, held.held) == ((alert.id,), Reason.SILENCE)
    desk.level("12:00", "high>low")
    assert desk.fates[1:] == ["rise-not-told"], "what was held back was told to nobody"


def _alert() -> Alert:
    """What an office was told of the rise."""
    return office("desk").hear(RISE).alerts[0]
