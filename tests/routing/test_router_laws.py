"""What holds for every subscriber and every course of events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples
from kit.present import present
from kit.routing import Office, build, instant, rule

from alerts.model.alert import Alert, AlertState
from alerts.model.level import Axis, Level
from alerts.routing.alerts import Kind, Message
from alerts.routing.quiet_hours import quiet_until

Settings = dict[str, Any]
WAITING = {"digest", "quiet-hours", "limit"}


@dataclass(frozen=True)
class Step:
    """Something that happens `after` minutes after the step before; with `looks` calls to advance in between."""

    after: int
    what: str
    institution: str
    axis: Axis
    to: Level
    story: str
    looks: tuple[float, ...]


Course = list[Step]
steps = st.lists(
    st.builds(
        Step,
        after=st.one_of(st.integers(0, 5), st.sampled_from([30, 60, 240, 480, 720, 1440])),
        what=st.sampled_from(["level"] * 8 + ["mention", "mention", "spike", "ack", "silence", "correct"]),
        institution=st.sampled_from(["acme", "bolt"]),
        axis=st.sampled_from(Axis),
        to=st.sampled_from(Level),
        story=st.sampled_from(["s1", "s2"]),
        looks=st.lists(st.floats(0, 1), max_size=3).map(lambda each: tuple(sorted(each))),
    ),
    min_size=1,
    max_size=40,
)
offices = st.fixed_dictionaries(
    {
        "rules": st.lists(
            st.fixed_dictionaries(
                {
                    "all": st.just(True),
                    "on": st.sampled_from(["level", "level mention", "level mention spike"]),
                    "at_least": st.sampled_from(["medium", "high"]),
                    "direction": st.sampled_from(["rise", "both", "both"]),
                    "to": st.sampled_from([(), ("mail",)]),
                }
            ),
            min_size=1,
            max_size=3,
        ),
        "channels": st.sampled_from([("mail",), ("mail", "pager")]),
        "quiet": st.sampled_from(["", "22:00-07:00", "01:00-02:30"]),
        "unless": st.sampled_from(["", "critical"]),
        "digest": st.sampled_from(["", "08:00", "02:30"]),
        "timezone": st.sampled_from(["UTC", "Europe/Paris"]),
        "repeat": st.sampled_from(["", "6h", "24h"]),
        "limit": st.sampled_from(["", "1/1h", "3/2h"]),
        "group": st.sampled_from(["0s", "2m", "45m"]),
    }
)
# The nights on which the clocks of Paris change, and one on which they do not.
starts = st.sampled_from(["2026-03-28T18:00:00Z", "2026-10-24T18:00:00Z", "2026-06-01T18:00:00Z"])


def play(office: Settings, start: str, course: Course, *, look: bool = False, stored: bool = False) -> Office:
    """The office after the course of events and a week of quiet; `look`: with calls to advance between events."""
    rules = [rule(**each) for each in office["rules"]]
    desk = build(*rules, stored=stored, **{k: v for k, v in office.items() if k != "rules"})
    at = instant(start)
    levels: dict[tuple[str, Axis], Level] = {}
    for number, step in enumerate(course):
        before, at = at, at + timedelta(minutes=step.after, seconds=1)
        for part in step.looks if look else ():
            desk.advance(before + part * (at - before))
        match step.what:
            case "level":
                key = (step.institution, step.axis)
                old = levels.get(key, Level.LOW)
                if old is not step.to:
                    change = f"{old}>{step.to}"
                    desk.level(at, change, institution=step.institution, axis=step.axis, story=step.story)
                    levels[key] = step.to
            case "mention":
                desk.mention(at, f"i{number}", step.institution, story=step.story)
            case "spike":
                desk.spike(at, step.institution)
            case "ack":
                desk.ack(at, step.institution)
            case "silence":
                begins, ends = at.isoformat(), (at + timedelta(hours=3)).isoformat()
                desk.silence(step.institution, until=ends, starts=begins)
            case "correct":
                wrong = [each for each in desk.alerts if each.transition and each.transition.rises]
                desk.correct(at, *wrong[-2:], item=f"i{number}")
    end = at + timedelta(days=7)
    for hours in range(0, 7 * 24, 5) if look else ():
        desk.advance(at + timedelta(hours=hours))
    desk.advance(end)
    return desk


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(150), deadline=None)
def test_it_makes_no_difference_how_often_advance_is_called(office: Settings, start: str, course: Course) -> None:
    seldom, often = (play(office, start, course, look=look) for look in (False, True))
    assert often.alerts == seldom.alerts
    assert often.messages == seldom.messages


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(150), deadline=None)
def test_storing_the_state_between_two_events_changes_nothing(office: Settings, start: str, course: Course) -> None:
    kept, stored = (play(office, start, course, stored=stored) for stored in (False, True))
    assert stored.alerts == kept.alerts
    assert stored.messages == kept.messages
    assert stored.state.to_json() == kept.state.to_json()


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(200), deadline=None)
def test_nothing_is_sent_twice_and_nothing_that_was_to_be_sent_is_lost(
    office: Settings, start: str, course: Course
) -> None:
    desk = play(office, start, course)
    assert len({alert.id for alert in desk.alerts}) == len(desk.alerts)
    assert len({message.id for message in desk.messages}) == len(desk.messages)
    news = [each for each in desk.sent if each.kind is not Kind.CORRECTION]
    told = Counter(alert for message in news for alert in (*message.alerts, *message.superseded))
    assert set(told.values()) <= {1}
    held = {alert for message in desk.messages if message.held for alert in message.alerts}
    for alert in desk.alerts:
        waited = alert.state is AlertState.SENT or alert.reason in WAITING
        if not waited:
            assert alert.id not in told
        elif alert.id not in told and alert.id not in held:
            assert any(_speaks_of(message, alert, desk) for message in news), alert


def _speaks_of(message: Message, alert: Alert, desk: Office) -> bool:
    """A later message on the same axis, with the level as it was then."""
    by_id = {each.id: each for each in desk.alerts}
    if message.channel != alert.channel or message.at < alert.at or alert.transition is None:
        return False
    others = [by_id[each] for each in message.carries]
    return any(
        each.institution == alert.institution
        and each.transition is not None
        and each.transition.axis is alert.transition.axis
        for each in others
    )


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(200), deadline=None)
def test_a_fall_is_told_only_where_a_rise_was(office: Settings, start: str, course: Course) -> None:
    desk = play(office, start, course)
    risen: set[tuple[str, str, Axis]] = set()
    for alert in desk.alerts:
        change = alert.transition
        if change is None or not (alert.state is AlertState.SENT or alert.reason in WAITING):
            continue
        key = (alert.channel, alert.institution, change.axis)
        if change.rises:
            risen.add(key)
        else:
            assert key in risen


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(200), deadline=None)
def test_corrections_go_once_to_those_who_were_told(office: Settings, start: str, course: Course) -> None:
    desk = play(office, start, course)
    told: set[str] = set()
    corrected: list[str] = []
    for message in desk.sent:
        if message.kind is Kind.CORRECTION:
            assert told.issuperset(message.alerts)
            corrected += message.alerts
        else:
            told.update(message.carries)
    assert len(set(corrected)) == len(corrected)


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(200), deadline=None)
def test_the_limit_holds_in_every_window(office: Settings, start: str, course: Course) -> None:
    office = office | {"quiet": "", "limit": office["limit"] or "2/1h"}
    desk = play(office, start, course)
    limit = present(desk.subscriber.limit)
    for channel in desk.subscriber.channels:
        mine = [message for message in desk.sent if message.channel == channel]
        counted = [each.at for each in mine if each.kind in {Kind.ALERT, Kind.ALL_CLEAR, Kind.GROUP, Kind.REMINDER}]
        for first, last in zip(counted, counted[limit.count :], strict=False):
            assert last - first >= limit.per
        summaries = [each.at for each in mine if each.kind is Kind.SUMMARY]
        assert all(after - before >= limit.per for before, after in pairwise(summaries))


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(200), deadline=None)
def test_quiet_hours_are_quiet(office: Settings, start: str, course: Course) -> None:
    office = office | {"quiet": office["quiet"] or "22:00-07:00", "unless": ""}
    desk = play(office, start, course)
    hours = present(desk.subscriber.quiet_hours)
    for message in desk.sent:
        if message.kind is not Kind.DIGEST and quiet_until(hours, message.at) is not None:
            # A group that was open when they began goes out at that instant.
            before = message.at - timedelta(microseconds=1)
            assert quiet_until(hours, before) is None
            assert office["group"] != "0s"


@given(office=offices, start=starts, course=steps)
@settings(max_examples=examples(100), deadline=None)
def test_messages_and_alerts_come_in_order_of_time(office: Settings, start: str, course: Course) -> None:
    desk = play(office, start, course)
    assert all(first.at <= second.at for first, second in pairwise(desk.messages))
    assert all(first.at <= second.at for first, second in pairwise(desk.alerts))
    assert desk.router.next_due is None or desk.subscriber.repeat is not None
