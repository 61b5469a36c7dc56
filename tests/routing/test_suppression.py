"""Why something was not sent: each reason, when it holds and when it does not."""

from __future__ import annotations

from kit.routing import build, instant, rule

from alerts.model.level import Axis, Cause
from alerts.routing.alerts import Kind
from alerts.routing.reasons import Reason


def test_a_silence_holds_back_from_its_start_until_its_end() -> None:
    desk = build(rule(all=True))
    desk.silence("acme", starts="10:00", until="12:00")
    desk.level("09:59", "low>medium")
    desk.level("10:00", "medium>high")
    desk.level("11:00", "low>high", institution="bolt")
    desk.level("12:00", "high>critical")
    assert desk.fates == ["sent", "silence", "sent", "sent"]


def test_a_fall_goes_to_those_who_got_the_rise() -> None:
    desk = build()
    desk.silence("acme", until="11:00")
    desk.level("10:00", "low>high")
    desk.level("12:00", "high>medium")
    desk.level("13:00", "medium>low")
    assert desk.fates == ["silence", "rise-not-told", "rise-not-told"]
    desk.level("14:00", "low>high")
    desk.level("15:00", "high>low")
    assert desk.fates[3:] == ["sent", "sent"]


def test_a_fall_to_a_level_that_the_channel_never_left_is_no_news() -> None:
    desk = build()
    desk.level("09:00", "low>medium")
    desk.silence("acme", until="11:00")
    desk.level("10:00", "medium>high")
    desk.level("12:00", "high>medium")
    assert desk.fates == ["sent", "silence", "rise-not-told"]
    desk.level("13:00", "medium>low")
    assert desk.fates[-1] == "sent"
    assert desk.sent[-1].kind is Kind.ALL_CLEAR


def test_the_end_is_told_even_where_a_silence_hid_the_way_down() -> None:
    desk = build(rule(at_least="high"))
    desk.level("09:00", "low>high")
    desk.silence("acme", until="11:00")
    desk.level("10:00", "high>medium")
    desk.level("12:00", "medium>low")
    assert desk.fates == ["sent", "silence", "sent"]


def test_a_first_fall_after_subscribing_is_not_told() -> None:
    desk = build()
    desk.level("10:00", "critical>high")
    assert desk.fates == ["rise-not-told"]


def test_a_fall_may_have_another_channel_than_the_rise() -> None:
    desk = build(rule(direction="rise", to=["pager"]), rule(direction="fall", to=["mail"]), channels=["mail", "pager"])
    desk.level("10:00", "low>high")
    desk.level("11:00", "high>low")
    assert [(alert.channel, alert.state) for alert in desk.alerts] == [("pager", "sent"), ("mail", "sent")]


def test_a_rule_for_falls_alone_follows_only_rises_it_would_have_told() -> None:
    desk = build(rule(direction="fall"))
    desk.silence("acme", until="11:00")
    desk.level("10:00", "low>high")
    desk.level("12:00", "high>low")
    assert desk.fates == ["rise-not-told"]


def test_a_story_for_monitoring_is_never_sent() -> None:
    desk = build(rule(on="level mention"))
    desk.level("10:00", "low>high", confidence=0.0999)
    desk.mention("11:00", "i1", confidence=0.05)
    assert desk.fates == ["below-grade", "below-grade"]


def test_a_lone_source_of_the_lowest_weight_is_just_enough() -> None:
    desk = build()
    desk.level("10:00", "low>high", confidence=0.10)
    assert desk.fates == ["sent"]


def test_a_rise_by_configuration_is_not_told_but_a_fall_is() -> None:
    desk = build()
    desk.level("10:00", "low>medium", cause=Cause.CONFIG)
    desk.level("11:00", "medium>high")
    desk.level("12:00", "high>low", cause=Cause.CONFIG)
    assert desk.fates == ["config-change", "sent", "sent"]


def test_a_critical_rise_holds_back_lesser_ones_of_its_story() -> None:
    desk = build()
    desk.level("10:00", "low>critical", axis=Axis.PRIORITY, story="s1")
    desk.level("10:01", "low>high", axis=Axis.POLICY, story="s1")
    desk.level("10:05", "low>high", axis=Axis.CONTINUITY, story="s2")
    assert desk.fates == ["sent", "inhibited", "sent"]
    desk.level("11:00", "high>critical", axis=Axis.POLICY, story="s1")
    assert desk.fates[-1] == "sent", "what is critical itself is never held back by another"


def test_inhibition_ends_with_the_critical_level() -> None:
    desk = build()
    desk.level("10:00", "low>critical", axis=Axis.PRIORITY)
    desk.level("11:00", "critical>high", axis=Axis.PRIORITY)
    desk.level("12:00", "low>medium", axis=Axis.POLICY)
    assert desk.fates == ["sent", "sent", "sent"]


def test_a_critical_rise_that_was_not_told_holds_nothing_back() -> None:
    desk = build(rule(axes=[Axis.POLICY]))
    desk.level("10:00", "low>critical", axis=Axis.PRIORITY)
    desk.level("10:00", "low>high", axis=Axis.POLICY)
    assert desk.fates == ["sent"]


def test_a_second_mention_in_one_story_is_no_news() -> None:
    desk = build(rule(all=True, on="mention"))
    desk.mention("10:00", "i1", story="s1")
    desk.mention("10:05", "i2", story="s1")
    desk.mention("10:06", "i2", story="s1", institution="bolt")
    desk.mention("10:10", "i3", story="s2")
    assert desk.fates == ["sent", "same-story", "sent", "sent"]


def test_a_mention_that_was_silenced_leaves_the_story_open() -> None:
    desk = build(rule(on="mention"))
    desk.silence("acme", until="11:00")
    desk.mention("10:00", "i1", story="s1")
    desk.mention("12:00", "i2", story="s1")
    assert desk.fates == ["silence", "sent"]


def test_an_unsubscribed_channel_gets_nothing_more() -> None:
    desk = build(channels=["mail", "pager"], digest="08:00")
    desk.level("09:00", "low>medium")
    desk.router.unsubscribe("mail", instant("10:00"))
    desk.level("11:00", "medium>high")
    assert desk.fates == ["digest", "digest", "unsubscribed", "sent"]
    desk.advance("2026-03-03T08:00:00Z")
    assert [(each.channel, each.kind, each.held) for each in desk.messages] == [
        ("pager", Kind.ALERT, None),
        ("mail", Kind.DIGEST, Reason.UNSUBSCRIBED),
    ]
    desk.router.resubscribe("mail")
    desk.level("2026-03-03T09:00:00Z", "high>critical")
    assert desk.fates[-2:] == ["sent", "sent"]


def test_what_waits_for_a_channel_that_is_gone_is_held() -> None:
    desk = build(channels=["mail"], group="1m")
    desk.level("10:00", "low>high")
    desk.subscriber = build(channels=["pager"]).subscriber
    (message,) = desk.advance("10:01")
    assert message.held is Reason.CHANNEL_GONE


def test_the_first_reason_in_a_fixed_order_is_the_one_on_record() -> None:
    desk = build(quiet="00:00-23:59", digest="08:00", below="critical", limit="1/1h")
    desk.silence("acme", until="11:00")
    desk.level("10:00", "low>high", confidence=0.01)
    desk.level("10:01", "high>critical")
    assert desk.fates == ["below-grade", "silence"]
