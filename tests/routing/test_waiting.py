"""What waits, how long, and what leaves together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from kit.routing import Office, build, instant, rule

from alerts.model.level import Axis, Level
from alerts.model.times import format_time
from alerts.routing.alerts import Kind, Standing
from alerts.routing.reasons import Reason
from alerts.routing.state import QUEUE_LENGTH, MemoryNotifications


def ids(desk: Office, *which: int) -> tuple[str, ...]:
    return tuple(desk.alerts[each].id for each in which)


# Quiet hours


def test_quiet_hours_end_with_one_group() -> None:
    desk = build(rule(all=True), quiet="22:00-07:00")
    desk.level("21:59", "low>high")
    desk.level("22:00", "low>high", axis=Axis.PRIORITY)
    desk.level("+1 03:00", "low>medium", institution="bolt")
    assert desk.fates == ["sent", "quiet-hours", "quiet-hours"]
    assert desk.advance("+1 06:59") == []
    (message,) = desk.advance("+1 12:00")
    assert (message.kind, message.at) == (Kind.GROUP, instant("+1 07:00"))
    assert message.alerts == ids(desk, 1, 2)
    desk.level("+2 07:00", "high>critical")
    assert desk.fates[-1] == "sent", "the end itself is not quiet"


def test_unless_passes_at_once() -> None:
    desk = build(quiet="22:00-07:00", unless="critical")
    desk.level("23:00", "low>high")
    desk.level("23:30", "high>critical")
    assert desk.fates == ["quiet-hours", "sent"]
    assert desk.advance("+1 07:00") == [], "the critical alert has said more than the one that waited"
    desk.level("+1 23:00", "critical>high")
    assert desk.fates[-1] == "quiet-hours", "a fall is as urgent as what remains"


def test_what_came_and_went_at_night_is_one_line() -> None:
    desk = build(quiet="22:00-07:00")
    desk.level("23:00", "low>high")
    desk.level("+1 02:00", "high>low")
    (message,) = desk.advance("+1 07:00")
    assert (message.alerts, message.superseded) == ((), ids(desk, 0, 1))


def test_of_several_changes_at_night_the_last_in_the_net_direction_is_told() -> None:
    desk = build(quiet="22:00-07:00")
    desk.level("22:30", "low>medium")
    desk.level("23:00", "medium>critical")
    desk.level("+1 02:00", "critical>high")
    (message,) = desk.advance("+1 07:00")
    assert (message.alerts, message.superseded) == (ids(desk, 1), ids(desk, 0, 2))
    assert message.standing == (Standing("acme", Axis.POLICY, Level.HIGH),)


def test_who_asks_for_rises_alone_still_sees_that_one_went_back() -> None:
    desk = build(rule(direction="rise"), quiet="22:00-07:00")
    desk.level("22:30", "low>high")
    desk.level("23:00", "high>medium")
    (message,) = desk.advance("+1 07:00")
    assert (message.alerts, message.standing) == (ids(desk, 0), (Standing("acme", Axis.POLICY, Level.MEDIUM),))
    desk.level("+1 22:30", "medium>high")
    desk.level("+1 23:00", "high>low")
    (message,) = desk.advance("+2 07:00")
    assert (message.alerts, message.superseded) == ((), ids(desk, 1))


def test_a_fall_of_what_was_told_by_day_waits_for_the_morning() -> None:
    desk = build(quiet="22:00-07:00")
    desk.level("20:00", "low>high")
    desk.level("23:00", "high>medium")
    desk.level("+1 02:00", "medium>low")
    (message,) = desk.advance("+1 07:00")
    assert (message.alerts, message.superseded) == (ids(desk, 2), ids(desk, 1))
    assert message.kind is Kind.GROUP


def test_quiet_hours_over_the_clock_changes() -> None:
    desk = build(quiet="22:00-07:00", timezone="Europe/Paris")
    desk.level("2026-03-28T22:00:00Z", "low>high")
    desk.level("2026-10-24T21:00:00Z", "high>critical")
    desk.advance("2026-12-01T00:00:00Z")
    assert [format_time(message.at) for message in desk.sent] == ["2026-03-29T05:00:00Z", "2026-10-25T06:00:00Z"]


# Digest


def test_a_digest_takes_what_is_below_its_level_once_a_day() -> None:
    desk = build(rule(all=True), digest="08:00", timezone="Europe/Paris")
    desk.level("06:00", "low>medium")
    desk.level("06:30", "low>high", institution="bolt")
    desk.advance("06:59")
    assert [message.kind for message in desk.messages] == [Kind.ALERT]
    (message,) = desk.advance("+3 00:00")
    assert (message.kind, message.at, message.alerts) == (Kind.DIGEST, instant("07:00"), ids(desk, 0))
    assert desk.fates == ["digest", "sent"]


def test_what_comes_at_the_instant_of_the_digest_is_in_the_next() -> None:
    desk = build(digest="08:00")
    desk.level("08:00", "low>medium")
    assert desk.advance("+1 07:59") == []
    assert [message.at for message in desk.advance("+1 08:00")] == [instant("+1 08:00")]


def test_mentions_spikes_and_grades_carry_no_level_and_wait_for_the_digest() -> None:
    desk = build(rule(on="mention spike grade"), digest="08:00")
    desk.mention("09:00", "i1")
    desk.spike("10:00")
    desk.grade("11:00")
    (message,) = desk.advance("+1 08:00")
    assert message.alerts == ids(desk, 0, 1, 2)


def test_an_alert_sent_at_once_takes_its_axis_out_of_the_digest() -> None:
    desk = build(digest="08:00")
    desk.level("10:00", "low>medium")
    desk.level("11:00", "medium>high")
    assert desk.fates == ["digest", "sent"]
    assert desk.advance("+2 00:00") == []


def test_the_digest_does_not_wait_for_quiet_hours_to_end() -> None:
    desk = build(digest="06:00", quiet="22:00-07:00")
    desk.level("23:00", "low>medium")
    desk.level("23:30", "low>high", axis=Axis.PRIORITY)
    assert desk.fates == ["digest", "quiet-hours"]
    desk.advance("+1 12:00")
    assert [(each.kind, each.at.hour) for each in desk.messages] == [(Kind.DIGEST, 6), (Kind.GROUP, 7)]


def test_a_digest_lists_so_many_and_counts_the_others() -> None:
    desk = build(rule(on="mention"), digest="08:00")
    for number in range(QUEUE_LENGTH + 7):
        desk.mention(instant("10:00") + timedelta(seconds=number), f"i{number}")
    (message,) = desk.advance("+1 08:00")
    assert (len(message.alerts), message.more) == (QUEUE_LENGTH, 7)
    assert set(desk.fates) == {"digest"}


def test_a_silence_made_meanwhile_holds_back_what_waits() -> None:
    desk = build(rule(all=True), digest="08:00")
    desk.level("10:00", "low>medium")
    desk.level("10:00", "low>medium", institution="bolt")
    desk.silence("acme", until="+1 12:00")
    held, message = desk.advance("+1 08:00")
    assert (held.alerts, held.held, held.kind) == (ids(desk, 0), Reason.SILENCE, Kind.DIGEST)
    assert held.detail == "until 2026-03-03T12:00:00Z: maintenance (by ops)"
    assert message.alerts == ids(desk, 1)
    desk.level("+2 10:00", "medium>low")
    assert desk.fates[-1] == "rise-not-told"


# Groups


def test_alerts_of_one_institution_within_a_short_wait_are_one_message() -> None:
    desk = build(rule(all=True), group="30s")
    desk.level("10:00:00", "low>high")
    desk.level("10:00:29", "low>high", institution="bolt")
    assert (desk.fates, desk.messages) == (["sent", "sent"], [])
    assert desk.router.next_due == instant("10:00:30")
    desk.level("10:00:30", "low>high", axis=Axis.PRIORITY)
    desk.advance("10:05")
    assert [(each.kind, each.at.second, len(each.alerts)) for each in desk.messages] == [
        (Kind.ALERT, 30, 1),
        (Kind.ALERT, 30, 1),
        (Kind.ALERT, 0, 1),
    ]


def test_a_group_does_not_wait_into_quiet_hours() -> None:
    desk = build(group="10m", quiet="22:00-07:00")
    desk.level("21:55", "low>high")
    (message,) = desk.advance("+1 12:00")
    assert message.at == instant("22:00")


def test_a_fall_never_overtakes_the_group_with_its_rise() -> None:
    desk = build(group="10m")
    desk.level("10:00", "low>high")
    desk.level("10:05", "high>medium")
    (message,) = desk.advance("10:10")
    assert (message.alerts, message.superseded) == (ids(desk, 0), ids(desk, 1))


# Limit


def test_above_the_limit_there_is_one_summary_instead() -> None:
    desk = build(rule(on="mention"), limit="3/1h")
    for minute in range(0, 50, 10):
        desk.mention(f"10:{minute:02}", f"i{minute}")
    assert desk.fates == ["sent", "sent", "sent", "limit", "limit"]
    (message,) = desk.advance("12:00")
    assert (message.kind, message.at) == (Kind.SUMMARY, instant("11:00"))
    assert message.alerts == ids(desk, 3, 4)


def test_a_lasting_storm_has_one_summary_in_the_limits_time() -> None:
    desk = build(rule(on="mention"), limit="2/1h")
    for minute in range(0, 240, 5):
        desk.mention(f"{10 + minute // 60}:{minute % 60:02}", f"i{minute}")
    desk.advance("+1 00:00")
    kinds = [message.kind for message in desk.messages]
    assert kinds.count(Kind.SUMMARY) == 4
    told = [alert for message in desk.messages for alert in message.alerts]
    assert sorted(told) == sorted(alert.id for alert in desk.alerts)


def test_a_summary_is_not_followed_by_another_within_the_limits_time() -> None:
    desk = build(rule(on="mention"), limit="3/1h")
    for at in ("10:00", "10:50", "10:55", "10:56", "11:01", "11:02"):
        desk.mention(at, at)
    assert desk.fates == ["sent", "sent", "sent", "limit", "sent", "limit"]
    desk.advance("13:00")
    summaries = [message.at for message in desk.messages if message.kind is Kind.SUMMARY]
    assert summaries == [instant("11:00"), instant("12:00")]


def test_the_limit_counts_for_each_channel_and_groups_once() -> None:
    desk = build(
        rule(on="mention"), rule(on="spike", to=["pager"]), channels=["mail", "pager"], limit="2/1h", group="1m"
    )
    for number in range(5):
        desk.mention("10:00", f"a{number}")
    desk.spike("10:05")
    desk.mention("10:10", "b")
    assert [(alert.channel, alert.reason) for alert in desk.alerts[-3:]] == [
        ("pager", ""),
        ("mail", ""),
        ("pager", "limit"),
    ]


def test_the_summary_does_not_ring_in_quiet_hours() -> None:
    desk = build(rule(on="mention"), limit="1/1h", quiet="22:00-07:00")
    desk.mention("21:30", "i1")
    desk.mention("21:45", "i2")
    (message,) = desk.advance("+1 12:00")
    assert (message.kind, message.at) == (Kind.SUMMARY, instant("+1 07:00"))


def test_a_rise_in_a_summary_is_told_so_its_fall_is_too() -> None:
    desk = build(limit="1/1h")
    desk.level("10:00", "low>medium", axis=Axis.PRIORITY)
    desk.level("10:10", "low>high")
    desk.level("12:00", "high>low")
    assert desk.fates == ["sent", "limit", "sent"]
    assert [message.kind for message in desk.messages] == [Kind.ALERT, Kind.SUMMARY, Kind.ALL_CLEAR]


# Reminders


def test_a_level_that_stands_is_repeated() -> None:
    desk = build(repeat="6h")
    desk.level("01:00", "low>high")
    desk.advance("13:30")
    assert [(each.kind, each.at.hour, each.reminders) for each in desk.messages[1:]] == [
        (Kind.REMINDER, 7, ids(desk, 0)),
        (Kind.REMINDER, 13, ids(desk, 0)),
    ]
    desk.level("14:00", "high>low")
    assert desk.router.next_due is None


def test_reminders_due_together_are_one_message() -> None:
    desk = build(rule(all=True), repeat="6h", group="1m")
    desk.level("01:00", "low>high")
    desk.level("01:00", "low>high", institution="bolt")
    desk.advance("08:00")
    assert [(each.kind, len(each.carries)) for each in desk.messages] == [
        (Kind.ALERT, 1),
        (Kind.ALERT, 1),
        (Kind.REMINDER, 2),
    ]


def test_a_reminder_shows_the_level_that_stands_now() -> None:
    desk = build(rule(direction="rise"), repeat="6h")
    desk.level("01:00", "low>critical")
    desk.level("02:00", "critical>medium")
    (message,) = desk.advance("07:00")
    assert message.standing == (Standing("acme", Axis.POLICY, Level.MEDIUM),)
    desk.level("08:00", "medium>low")
    assert desk.advance("+1 00:00") == []


def test_an_acknowledgement_ends_with_the_next_change() -> None:
    desk = build(repeat="6h")
    desk.level("01:00", "low>high")
    desk.ack("02:00")
    (held,) = desk.advance("07:00")
    assert (held.kind, held.held, held.detail) == (Kind.REMINDER, Reason.ACKNOWLEDGED, "by ops")
    desk.level("08:00", "high>critical")
    assert [message.held for message in desk.advance("14:00")] == [None]


def test_a_silence_holds_reminders_back_and_they_go_on_after_it() -> None:
    desk = build(repeat="6h")
    desk.level("01:00", "low>high")
    desk.silence("acme", starts="02:00", until="08:00")
    desk.advance("14:00")
    assert [message.held for message in desk.messages] == [None, Reason.SILENCE, None]


def test_a_reminder_in_quiet_hours_waits() -> None:
    desk = build(repeat="6h", quiet="22:00-07:00")
    desk.level("17:00", "low>high")
    desk.advance("+1 12:59")
    assert [(each.kind, each.at) for each in desk.messages[1:]] == [(Kind.GROUP, instant("+1 07:00"))]
    assert desk.messages[1].reminders == ids(desk, 0)
    desk.advance("+1 13:00")
    assert desk.messages[-1].kind is Kind.REMINDER


def test_a_reminder_of_a_low_level_is_a_line_of_the_digest() -> None:
    desk = build(repeat="24h", digest="08:00")
    desk.level("10:00", "low>medium")
    desk.advance("+3 12:00")
    assert [(each.kind, len(each.alerts), len(each.reminders)) for each in desk.messages] == [
        (Kind.DIGEST, 1, 0),
        (Kind.DIGEST, 0, 1),
        (Kind.DIGEST, 0, 1),
    ]


def test_a_waiting_reminder_goes_no_further_once_someone_has_acknowledged() -> None:
    desk = build(repeat="6h", quiet="22:00-07:00")
    desk.level("17:00", "low>high")
    desk.ack("23:30")
    assert [message.held for message in desk.advance("+1 08:00")] == [Reason.ACKNOWLEDGED]


def test_reminders_above_the_limit_are_held() -> None:
    desk = build(rule(), rule(on="mention"), repeat="1h", limit="1/1h")
    desk.level("10:00", "low>high")
    desk.mention("10:59", "i1")
    desk.advance("11:30")
    assert [(each.kind, each.held) for each in desk.messages] == [
        (Kind.ALERT, None),
        (Kind.REMINDER, None),
        (Kind.SUMMARY, None),
    ]


def test_reminders_of_one_instant_stand_in_the_order_of_their_institutions() -> None:
    class Backwards(MemoryNotifications):
        """As rows may come."""

        def reminders(self, at: datetime) -> Sequence[str]:
            return super().reminders(at)[::-1]

    desk = build(rule("acme", "bolt"), repeat="6h")
    desk.notifications = Backwards()
    for institution in ("acme", "bolt"):
        desk.level("10:00", "low>high", institution=institution)
    (reminder,) = desk.advance("16:00")
    assert reminder.reminders == tuple(alert.id for alert in desk.alerts)
