"""From what a router hands on to what a message is made of."""

from __future__ import annotations

from datetime import time
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from alerts.model.level import Axis, Level
from alerts.model.secret import Secret
from alerts.model.subscriber import Digest, Direction, On, QuietHours, Selection, Subscriber, Tier, WatchRule
from alerts.rendering.view import Role, compose
from alerts.routing.alerts import Kind
from alerts.routing.rules import name_of

if TYPE_CHECKING:
    from kit.messages import Sample

CHANNELS = MappingProxyType({"chan": Secret("console://"), "mail": Secret("mailto://x")})


def _subscriber(*rules: WatchRule) -> Subscriber:
    return Subscriber("desk", Tier.STRATEGIC_CIRCLE, CHANNELS, rules)


def test_alerts_keep_their_order_and_their_part(sample: Sample) -> None:
    first, second, third = (sample.alert(number) for number in (1, 2, 3))
    view = compose(
        _subscriber(),
        id="m1",
        kind=Kind.GROUP,
        channel="chan",
        at=sample.at,
        alerts=[first],
        reminders=[second],
        superseded=[third],
        standing=[("acme", Axis.POLICY, Level.CRITICAL)],
        omitted=4,
        why="withdrawn",
        copy=True,
    )
    assert [(entry.alert.id, entry.role) for entry in view.entries] == [
        ("a1", Role.NEW),
        ("a2", Role.REMINDER),
        ("a3", Role.SUPERSEDED),
    ]
    assert [entry.now for entry in view.entries] == [{Axis.POLICY: Level.CRITICAL}] * 3
    assert (view.subscriber, view.tier, view.omitted, view.why, view.copy) == (
        "desk",
        Tier.STRATEGIC_CIRCLE,
        4,
        "withdrawn",
        True,
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (WatchRule(Selection(all=True)), "rule 1: story, level of all institutions, at least medium"),
        (WatchRule(Selection(all=True), name="my rule"), "my rule"),
        (
            WatchRule(
                Selection(institutions=frozenset({"acme", "zeta"}), tags=frozenset({"ai"})),
                axes=frozenset({Axis.POLICY, Axis.PRIORITY}),
                at_least=Level.HIGH,
                direction=Direction.BOTH,
            ),
            "rule 1: story, level of acme, zeta, tag ai, on priority, policy, at least high, rising or falling",
        ),
        (WatchRule(Selection(tags=frozenset({"ai"})), on=frozenset({On.MENTION})), "rule 1: mention of tag ai"),
    ],
)
def test_why_you_get_this(rule: WatchRule, words: str) -> None:
    assert name_of(0, rule) == words


def test_times_are_those_of_the_subscriber() -> None:
    quiet = QuietHours(time(22), time(7), "Europe/Paris")
    digest = Digest(time(8), "Asia/Tokyo")
    assert Subscriber("a").timezone == "UTC"
    assert Subscriber("a", digest=digest).timezone == "Asia/Tokyo"
    assert Subscriber("a", digest=digest, quiet_hours=quiet).timezone == "Europe/Paris"
