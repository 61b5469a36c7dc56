"""Alerts on stories: one for an assessment and a channel, what rules ask of a story, and repeats of a topic."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from kit.present import present
from kit.routing import build, instant, leave_out, rule, story_event

from alerts.model.level import Axis, Level
from alerts.model.subscriber import On, WatchRule
from alerts.model.topic import Signal
from alerts.routing.alerts import Kind


def stories(**more: Any) -> WatchRule:
    return rule(on="story level", direction="rise", more=more or None)


def test_an_assessment_is_one_alert_with_all_that_moved() -> None:
    desk = build(stories())
    (alert,) = desk.story("10:00", "s1", "priority low>medium", "policy low>high").alerts
    assert (alert.on, alert.level, present(alert.lead).story) == (On.STORY, Level.HIGH, "s1")
    assert [(change.axis, change.to) for change in alert.changes] == [("priority", "medium"), ("policy", "high")]
    assert present(alert.transition).axis is Axis.POLICY
    assert len(desk.messages) == 1


def test_a_rule_for_an_axis_asks_for_the_rise_of_the_story_there() -> None:
    desk = build(
        rule(on="story", axes=[Axis.POLICY]),
        rule(on="story", at_least="high", to=["pager"]),
        channels=["mail", "pager"],
    )
    event = story_event("10:00", "s1", axis=Axis.PRIORITY, to="high")
    (rise,) = event.rises
    other = replace(rise, axis=Axis.POLICY, to=Level.MEDIUM)
    both = replace(event, rises=(replace(rise, others=(other,)),))
    mail, pager = desk.hear(both).alerts
    assert (mail.level, present(mail.lead).axis, mail.also) == (Level.MEDIUM, Axis.POLICY, ())
    assert (pager.level, present(pager.lead).axis, pager.also) == (Level.HIGH, Axis.PRIORITY, ())
    assert len(desk.messages) == 2


def test_a_story_alerts_where_no_level_of_the_institution_changes() -> None:
    desk = build(stories())
    (alert,) = desk.story("10:00", "s1", to="medium").alerts
    assert (alert.on, alert.changes, alert.transition, alert.level) == (On.STORY, (), None, Level.MEDIUM)


def test_a_level_that_rises_by_what_was_known_leads_with_the_largest_contribution() -> None:
    desk = build(stories())
    (alert,) = desk.level("10:00", "low>high", story="s9").alerts
    assert (alert.on, present(alert.lead).story) == (On.LEVEL, "s9")


@pytest.mark.parametrize(
    ("asked", "about", "alerted"),
    [
        ({"topics": frozenset({"fine"})}, {"topics": ["fine", "outage"]}, True),
        ({"topics": frozenset({"fine"})}, {"topics": ["outage"]}, False),
        ({"signals": frozenset({Signal.GOVERNANCE})}, {"signals": ["governance"]}, True),
        ({"signals": frozenset({Signal.CONTINUITY})}, {"signals": ["governance"]}, False),
        ({"min_grade": "B"}, {"grade": "B"}, True),
        ({"min_grade": "B"}, {"grade": "C"}, False),
    ],
)
def test_what_a_rule_asks_of_the_story(asked: dict[str, Any], about: dict[str, Any], alerted: bool) -> None:
    desk = build(stories(**asked))
    assert bool(desk.story("10:00", "s1", **about).alerts) is alerted


@pytest.mark.parametrize(
    ("left_out", "alerted"),
    [
        ({"topics": ["export-controls"]}, False),
        ({"topics": ["outage"]}, True),
        ({"signals": [Signal.GOVERNANCE]}, False),
        ({"sources": ["rumours", "news"]}, False),
        ({"sources": ["rumours"]}, True),
        ({"institutions": ["acme"]}, False),
        ({"tags": ["ai"]}, False),
        ({"tags": ["cloud"]}, True),
    ],
)
def test_what_a_rule_leaves_out(left_out: dict[str, Any], alerted: bool) -> None:
    desk = build(stories(except_=leave_out(**left_out)))
    assert bool(desk.story("10:00", "s1").alerts) is alerted


def test_a_story_with_a_better_source_is_not_left_out() -> None:
    desk = build(stories(except_=leave_out(sources=["rumours"])))
    assert desk.story("10:00", "s1", sources=["rumours", "news"]).alerts


def test_another_story_of_a_topic_alerts_only_at_a_higher_level() -> None:
    desk = build(stories())
    desk.story("10:00", "s1", to="medium")
    desk.story("+1 10:00", "s2", to="medium")
    desk.story("+2 10:00", "s3", to="high")
    desk.story("+3 10:00", "s4", to="high", topics=["outage"])
    assert desk.fates == ["sent", "same-topic", "sent", "sent"]


def test_a_topic_is_open_again_after_a_while() -> None:
    desk = build(stories(again=timedelta(days=1)))
    desk.story("10:00", "s1", to="high")
    desk.story("+1 09:59", "s2", to="high")
    desk.story("+1 10:00", "s3", to="high")
    assert desk.fates == ["sent", "same-topic", "sent"]


def test_every_story_alerts_where_again_is_nought() -> None:
    desk = build(stories(again=timedelta(0)))
    desk.story("10:00", "s1")
    desk.story("10:01", "s2")
    assert desk.fates == ["sent", "sent"]


def test_a_new_topic_beside_an_old_one_is_news() -> None:
    desk = build(stories())
    desk.story("10:00", "s1", topics=["fine"])
    desk.story("11:00", "s2", topics=["fine", "breach"])
    assert desk.fates == ["sent", "sent"]


def test_the_same_topic_of_another_institution_is_news() -> None:
    desk = build(rule(on="story", all=True))
    desk.story("10:00", "s1")
    desk.story("10:00", "s2", institution="bolt")
    assert desk.fates == ["sent", "sent"]


def test_a_story_that_grows_alerts_again_at_its_higher_level() -> None:
    desk = build(stories())
    desk.story("10:00", "s1", to="medium")
    desk.story("11:00", "s1", before="medium", to="critical")
    assert desk.fates == ["sent", "sent"]


def test_a_level_that_such_a_story_lifts_no_higher_is_held_back_with_it() -> None:
    desk = build(stories())
    desk.story("10:00", "s1", "low>medium", to="medium")
    desk.level("+2 10:00", "medium>low")
    desk.story("+3 10:00", "s2", "low>medium", to="medium")
    desk.story("+4 10:00", "s3", "medium>high", to="medium")
    assert desk.fates == ["sent", "same-topic", "sent"]
    assert desk.alerts[-1].on is On.LEVEL, "the level is higher, though the story is not"


def test_what_is_not_fresh_is_backfill_and_its_topic_stays_open() -> None:
    desk = build(stories())
    desk.story("10:00", "s1", "low>high", fresh=False)
    desk.story("11:00", "s2")
    assert desk.fates == ["backfill", "sent"]


def test_a_topic_whose_alert_was_taken_back_is_open() -> None:
    desk = build(stories())
    (alert,) = desk.story("10:00", "s1").alerts
    (message,) = desk.correct("11:00", alert).messages
    assert message.kind is Kind.CORRECTION
    desk.story("12:00", "s2")
    assert desk.fates == ["sent", "sent"]


def test_a_mention_in_a_story_that_alerted_is_no_news() -> None:
    desk = build(rule(on="story mention"))
    desk.story("10:00", "s1")
    desk.mention("10:05", "i2", story="s1")
    assert desk.fates == ["sent", "same-story"]


def test_a_fall_goes_to_those_who_got_the_rise_whatever_the_story_was_about() -> None:
    desk = build(rule(on="story level", direction="both", more={"topics": frozenset({"export-controls"})}))
    desk.story("10:00", "s1", "low>high")
    desk.level("+9 10:00", "high>low", topics=["something-else"])
    assert desk.fates == ["sent", "sent"]
    assert desk.sent[-1].kind is Kind.ALL_CLEAR


def test_a_story_for_monitoring_is_never_sent() -> None:
    desk = build(stories())
    desk.story("10:00", "s1", confidence=0.05)
    assert desk.fates == ["below-grade"]


def test_the_rules_that_asked_are_on_the_alert() -> None:
    desk = build(stories(name="my rule"), rule("bolt"), stories())
    (alert,) = desk.story("10:00", "s1").alerts
    assert alert.rules == ("my rule", "rule 3: story, level of acme, at least medium")


# Groups


def test_a_group_is_one_message_for_each_institution() -> None:
    desk = build(rule(on="story", all=True), group="1m")
    desk.story("10:00:00", "s1", to="medium")
    desk.story("10:00:01", "s2", institution="bolt")
    desk.story("10:00:30", "s1", before="medium", to="high", item="another paper")
    desk.advance("10:10")
    assert [(each.kind, len(each.alerts), len(each.superseded)) for each in desk.messages] == [
        (Kind.ALERT, 1, 1),
        (Kind.ALERT, 1, 0),
    ]


def test_what_one_item_says_of_two_institutions_is_one_message() -> None:
    desk = build(rule(on="story", all=True), group="1m")
    desk.story("10:00", "s1", item="merger")
    desk.story("10:00", "s2", item="merger", institution="bolt")
    (message,) = desk.advance("10:10")
    assert (message.kind, len(message.alerts)) == (Kind.GROUP, 2)


def test_each_message_of_a_group_has_its_place_in_the_limit() -> None:
    desk = build(rule(on="story", all=True), group="1m", limit="1/1h")
    desk.story("10:00:00", "s1", to="medium")
    desk.story("10:00:10", "s2", institution="bolt")
    desk.story("10:00:20", "s1", before="medium", to="high")
    assert desk.fates == ["sent", "limit", "sent"]


def test_a_run_that_ends_does_not_wait_for_company() -> None:
    desk = build(rule(on="story"), group="1m", limit="1/1h")
    desk.story("10:00:00", "s1")
    messages = desk.router.release_groups(instant("10:00:20"), timedelta(minutes=1))
    assert [message.at for message in messages] == [instant("10:00:20")]
    assert desk.router.next_due is None
    long = build(rule(on="story"), group="10m")
    long.story("10:00:00", "s1")
    assert long.router.release_groups(instant("10:00:20"), timedelta(minutes=1)) == []
