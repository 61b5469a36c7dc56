"""From what the desk hands on to what a message is made of."""

from __future__ import annotations

from datetime import time
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from alerts.model.institution import Institution
from alerts.model.level import Axis, Level
from alerts.model.secret import Secret
from alerts.model.subscriber import Digest, Direction, On, QuietHours, Selection, Subscriber, Tier, WatchRule
from alerts.rendering.view import Role, compose, rule_in_words, timezone_of
from alerts.routing.alerts import Kind

if TYPE_CHECKING:
    from kit.messages import Sample

ACME = Institution("acme", "Acme", tags=frozenset({"ai"}), region="Europe", category="AI lab")
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
        overtaken=[third],
        standing=[("acme", Axis.POLICY, Level.CRITICAL)],
        omitted=4,
        why="withdrawn",
        copy=True,
    )
    assert [(entry.alert.id, entry.role) for entry in view.entries] == [
        ("a1", Role.TOLD),
        ("a2", Role.REMINDER),
        ("a3", Role.OVERTAKEN),
    ]
    assert {entry.now for entry in view.entries} == {Level.CRITICAL}
    assert (view.subscriber, view.tier, view.omitted, view.why, view.copy) == (
        "desk",
        Tier.STRATEGIC_CIRCLE,
        4,
        "withdrawn",
        True,
    )


def test_details_of_an_alert_are_told(sample: Sample) -> None:
    mention, spike, grade = (sample.alert(i, on) for i, on in enumerate((On.MENTION, On.SPIKE, On.GRADE)))
    view = compose(
        _subscriber(),
        id="m1",
        kind=Kind.GROUP,
        channel="chan",
        at=sample.at,
        alerts=[mention, spike, grade],
        details={
            mention.id: {"title": "T", "url": "https://e.example/", "publisher": "P", "story": "s"},
            spike.id: {"seen": 9, "usual": 1.5, "threshold": 6},
            grade.id: {"from": "C", "to": "B", "story": "s"},
        },
    )
    told = {entry.alert.on: entry for entry in view.entries}
    assert (told[On.MENTION].headline, told[On.MENTION].url, told[On.MENTION].publisher) == (
        "T",
        "https://e.example/",
        "P",
    )
    assert (told[On.SPIKE].seen, told[On.SPIKE].usual) == (9, 1.5)
    assert told[On.GRADE].grades == ("C", "B")


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (WatchRule(Selection(all=True)), "rule 1: level of all institutions, at least medium, rising"),
        (
            WatchRule(
                Selection(institutions=frozenset({"acme", "zeta"}), tags=frozenset({"ai"})),
                axes=frozenset({Axis.POLICY, Axis.PRIORITY}),
                at_least=Level.HIGH,
                direction=Direction.BOTH,
            ),
            "rule 1: level of acme, zeta, tag ai on priority, policy, at least high, rising or falling",
        ),
        (
            WatchRule(Selection(regions=frozenset({"Europe"}))),
            "rule 1: level of region Europe, at least medium, rising",
        ),
        (WatchRule(Selection(all=True), direction=Direction.FALL), ""),
        (WatchRule(Selection(all=True), at_least=Level.CRITICAL), ""),
        (WatchRule(Selection(all=True), axes=frozenset({Axis.PRIORITY})), ""),
        (WatchRule(Selection(all=True), on=frozenset({On.MENTION})), ""),
        (WatchRule(Selection(all=True), to=("mail",)), ""),
        (WatchRule(Selection(institutions=frozenset({"other"}))), ""),
    ],
)
def test_why_you_get_this(rule: WatchRule, words: str, sample: Sample) -> None:
    assert rule_in_words(_subscriber(rule), ACME, sample.alert()) == words


def test_a_fall_is_explained_by_a_rule_that_asks_for_rises(sample: Sample) -> None:
    fall = sample.alert(transition=sample.transition(from_=Level.HIGH, to=Level.LOW))
    both = WatchRule(Selection(all=True), direction=Direction.BOTH)
    assert rule_in_words(_subscriber(WatchRule(Selection(all=True)), both), ACME, fall).startswith("rule 2:")


def test_a_mention_is_explained_in_short(sample: Sample) -> None:
    rule = WatchRule(Selection(tags=frozenset({"ai"})), on=frozenset({On.MENTION, On.LEVEL}))
    assert rule_in_words(_subscriber(rule), ACME, sample.alert(1, On.MENTION)) == "rule 1: mention of tag ai"


def test_times_are_those_of_the_subscriber() -> None:
    quiet = QuietHours(time(22), time(7), "Europe/Paris")
    digest = Digest(time(8), "Asia/Tokyo")
    assert timezone_of(Subscriber("a")) == "UTC"
    assert timezone_of(Subscriber("a", digest=digest)) == "Asia/Tokyo"
    assert timezone_of(Subscriber("a", digest=digest, quiet_hours=quiet)) == "Europe/Paris"
