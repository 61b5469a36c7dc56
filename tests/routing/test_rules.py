"""Which rules match what, and that one event never becomes two alerts on a channel."""

from __future__ import annotations

from typing import Any

import pytest
from kit.present import present
from kit.routing import INSTITUTIONS, build, instant, level_event, rule

from alerts.model.alert import AlertState
from alerts.model.level import Axis
from alerts.model.subscriber import Subscriber
from alerts.routing.alerts import alert_id, alert_ref
from alerts.routing.rules import Audience


@pytest.mark.parametrize(
    ("select", "reached"),
    [
        ({"institutions": frozenset({"acme"})}, True),
        ({"institutions": frozenset({"bolt"})}, False),
        ({"tags": frozenset({"ai", "bank"})}, True),
        ({"tags": frozenset({"bank"})}, False),
        ({"regions": frozenset({"Europe"})}, True),
        ({"regions": frozenset({"Asia"})}, False),
        ({"categories": frozenset({"AI lab"})}, True),
        ({"categories": frozenset({"Cloud"})}, False),
        ({"all": True}, True),
    ],
)
def test_a_rule_selects_by_any_of_its_lists(select: dict[str, Any], reached: bool) -> None:
    desk = build(rule(**select))
    assert bool(desk.level("10:00", "low>medium").alerts) is reached
    audience = Audience([desk.subscriber, Subscriber(id="nobody")])
    found = audience.of(INSTITUTIONS["acme"])
    assert found == ((desk.subscriber,) if reached else ())


def test_the_audience_keeps_the_order_given() -> None:
    subscribers = [build(rule(all=True)).subscriber, build(rule("acme")).subscriber]
    named = [Subscriber(id=name, watch=each.watch) for name, each in zip("zb", subscribers, strict=True)]
    assert [each.id for each in Audience(named).of(INSTITUTIONS["acme"])] == ["z", "b"]


@pytest.mark.parametrize(
    ("at_least", "direction", "told"),
    [
        ("medium", "rise", ["low>medium", "medium>critical"]),
        ("medium", "both", ["low>medium", "medium>critical", "critical>high", "high>low"]),
        ("high", "rise", ["medium>critical"]),
        ("high", "both", ["medium>critical", "critical>high", "high>low"]),
        ("critical", "both", ["medium>critical", "critical>high"]),
        ("medium", "fall", ["critical>high", "high>low"]),
        ("low", "rise", ["low>medium", "medium>critical"]),
    ],
)
def test_thresholds_and_directions(at_least: str, direction: str, told: list[str]) -> None:
    desk = build(rule(at_least=at_least, direction=direction))
    for hour, change in enumerate(["low>medium", "medium>critical", "critical>high", "high>low"]):
        desk.level(f"1{hour}:00", change)
    changes = [f"{present(alert.transition).from_}>{present(alert.transition).to}" for alert in desk.alerts]
    assert changes == told
    assert all(alert.state is AlertState.SENT for alert in desk.alerts)


def test_axes() -> None:
    desk = build(rule(axes=[Axis.POLICY]))
    desk.level("10:00", "low>high", axis=Axis.PRIORITY)
    desk.level("10:01", "low>high", axis=Axis.POLICY)
    assert [present(alert.transition).axis for alert in desk.alerts] == [Axis.POLICY]


def test_any_number_of_matching_rules_makes_one_alert_a_channel() -> None:
    desk = build(
        rule(), rule(all=True, to=["pager"]), rule(tags=frozenset({"ai"}), to=["mail"]), channels=["mail", "pager"]
    )
    outcome = desk.level("10:00", "low>high")
    assert [alert.channel for alert in outcome.alerts] == ["mail", "pager"]
    assert [message.channel for message in outcome.messages] == ["mail", "pager"]


def test_a_rule_sends_to_its_channels_alone() -> None:
    desk = build(rule(to=["mail"]), rule(at_least="critical", to=["pager"]), channels=["mail", "pager"])
    desk.level("10:00", "low>high")
    desk.level("11:00", "high>critical")
    assert [alert.channel for alert in desk.alerts] == ["mail", "mail", "pager"]


@pytest.mark.parametrize("kind", ["mention", "spike", "grade"])
def test_other_events_go_by_institution_alone(kind: str) -> None:
    desk = build(rule(on=kind, at_least="critical", direction="fall", axes=[Axis.POLICY]))
    other = build(rule(on="level"))
    for office in (desk, other):
        office.mention("10:00", "i1")
        office.spike("11:00")
        office.grade("12:00")
    assert [alert.on for alert in desk.alerts] == [kind]
    assert desk.alerts[0].transition is None
    assert other.alerts == []


def test_an_alert_has_the_id_of_its_event_subscriber_and_channel() -> None:
    desk = build(channels=["mail", "pager"])
    event = level_event("10:00", "low>high")
    outcome = desk.hear(event)
    assert [alert.id for alert in outcome.alerts] == [
        alert_id(alert_ref(event.institution, event.at, each), "desk") for each in ("mail", "pager")
    ]
    assert len({alert.id for alert in outcome.alerts}) == 2
    assert (
        alert_id(alert_ref(event.institution, event.at, "mail"), "desk") == "a08056d9f480c85327c4"
    )  # a change would make another alert of the same


def test_a_level_change_handled_twice_is_handled_once() -> None:
    desk = build()
    desk.level("10:00", "low>high")
    again = desk.level("10:00", "low>high")
    assert (again.alerts, again.messages) == ((), ())
    assert desk.router.explain(level_event("10:00", "low>high"), instant("12:00")).channels


def test_an_institution_that_is_gone_from_the_configuration_is_no_error() -> None:
    outcome = build(rule(all=True)).level("10:00", "low>high", institution="gone")
    assert outcome.alerts == ()
    assert present(outcome.explanation).note == "gone is not configured"


def test_the_explanation_names_every_rule_and_every_check() -> None:
    desk = build(rule("bolt"), rule(at_least="critical"), rule(direction="fall"), rule())
    explanation = present(desk.level("10:00", "low>high").explanation)
    stopped = [each.steps[-1].name if not each.matched else "matched" for each in explanation.rules]
    assert stopped == ["institution", "at_least", "direction", "matched"]
    (verdict,) = explanation.channels
    assert [step.passed for step in verdict.steps] == [True] * len(verdict.steps)
    desk.silence("acme", "23:00")
    explanation = present(desk.level("11:00", "high>critical").explanation)
    last = explanation.channels[0].steps[-1]
    assert (last.name, last.passed) == ("silence", False)
    assert last.detail == "until 2026-03-02T23:00:00Z: maintenance (by ops)"


def test_explaining_changes_nothing() -> None:
    desk = build(limit="1/1h", digest="08:00", below="medium")
    before = desk.state.to_json()
    event = level_event("10:00", "low>high")
    explained = desk.router.explain(event, event.at)
    assert desk.state.to_json() == before
    assert desk.hear(event).explanation == explained
