"""Corrections: exactly to those who got the alert, once."""

from __future__ import annotations

from kit.routing import build, instant, rule

from alerts.model.level import Axis
from alerts.routing.alerts import Kind
from alerts.routing.reasons import Reason


def test_a_correction_goes_where_the_alert_went_once() -> None:
    desk = build(rule(), channels=["mail", "pager"])
    mail, pager = desk.level("10:00", "low>high").alerts
    messages = desk.correct("11:00", mail, pager).messages
    assert [(each.channel, each.kind, each.alerts) for each in messages] == [
        ("mail", Kind.CORRECTION, (mail.id,)),
        ("pager", Kind.CORRECTION, (pager.id,)),
    ]
    assert desk.correct("12:00", mail, pager, item="i2").messages == ()


def test_who_was_not_told_gets_no_correction() -> None:
    desk = build()
    desk.silence("acme", until="11:00")
    (alert,) = desk.level("10:00", "low>high").alerts
    assert desk.correct("12:00", alert).messages == ()


def test_another_subscribers_alerts_are_left_to_them() -> None:
    desk, other = build(), build()
    other.subscriber = type(other.subscriber)("other", channels=other.subscriber.channels, watch=other.subscriber.watch)
    (alert,) = other.level("10:00", "low>high").alerts
    assert desk.correct("12:00", alert).messages == ()


def test_the_fall_that_a_correction_explains_is_not_told_again() -> None:
    desk = build(repeat="1h")
    (alert,) = desk.level("10:00", "low>high").alerts
    desk.correct("10:30", alert)
    desk.level("10:30", "high>low")
    assert desk.fates == ["sent", "corrected"]
    assert desk.router.next_due is None


def test_what_was_rightly_told_before_stands_after_a_correction() -> None:
    desk = build()
    desk.level("09:00", "low>medium")
    (alert,) = desk.level("10:00", "medium>critical").alerts
    desk.correct("11:00", alert)
    desk.level("11:00", "critical>medium")
    desk.level("12:00", "medium>low")
    assert desk.fates == ["sent", "sent", "corrected", "sent"]


def test_two_alerts_taken_back_together_are_one_message() -> None:
    desk = build()
    (first,) = desk.level("09:00", "low>medium").alerts
    (second,) = desk.level("10:00", "medium>high").alerts
    (message,) = desk.correct("11:00", first, second).messages
    assert message.alerts == (first.id, second.id)
    desk.level("11:00", "high>low")
    assert desk.fates[-1] == "corrected"


def test_an_alert_that_still_waits_is_dropped_instead() -> None:
    desk = build(rule(), rule(on="mention"), digest="08:00")
    (alert,) = desk.level("10:00", "low>medium").alerts
    (dropped,) = desk.correct("11:00", alert).messages
    assert (dropped.alerts, dropped.held) == ((alert.id,), Reason.CORRECTED)
    assert desk.advance("+2 00:00") == []


def test_a_dropped_group_gives_its_place_in_the_limit_back() -> None:
    desk = build(group="5m", limit="1/1h")
    (alert,) = desk.level("10:00", "low>medium").alerts
    desk.correct("10:01", alert)
    desk.level("10:02", "low>high", axis=Axis.PRIORITY)
    assert desk.fates == ["sent", "sent"]


def test_what_a_digest_told_is_corrected_too() -> None:
    desk = build(digest="08:00")
    (alert,) = desk.level("10:00", "low>medium").alerts
    desk.advance("+1 09:00")
    (message,) = desk.correct("+1 10:00", alert).messages
    assert (message.kind, message.held) == (Kind.CORRECTION, None)


def test_a_correction_waits_for_the_end_of_quiet_hours_and_passes_silences() -> None:
    desk = build(quiet="22:00-07:00", unless="critical")
    (alert,) = desk.level("20:00", "low>high").alerts
    desk.silence("acme", until="+2 00:00")
    assert desk.correct("23:00", alert).messages == ()
    assert desk.correct("23:30", alert, item="i2").messages == (), "one is enough"
    (message,) = desk.advance("+1 07:00")
    assert (message.kind, message.alerts, message.held) == (Kind.CORRECTION, (alert.id,), None)


def test_who_was_woken_is_told_at_once_that_it_was_wrong() -> None:
    desk = build(quiet="22:00-07:00", unless="critical")
    (alert,) = desk.level("23:00", "low>critical").alerts
    (message,) = desk.correct("23:30", alert).messages
    assert message.kind is Kind.CORRECTION


def test_a_correction_passes_the_limit() -> None:
    desk = build(limit="1/1h")
    (alert,) = desk.level("10:00", "low>high").alerts
    (message,) = desk.correct("10:01", alert).messages
    assert message.held is None


def test_a_correction_to_an_unsubscribed_channel_is_held() -> None:
    desk = build()
    (alert,) = desk.level("10:00", "low>high").alerts
    desk.router.unsubscribe("mail", instant("10:30"))
    (message,) = desk.correct("11:00", alert).messages
    assert message.held is Reason.UNSUBSCRIBED
