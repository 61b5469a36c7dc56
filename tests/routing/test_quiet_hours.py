"""Wall-clock times as instants, on the days when the clocks change too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.subscriber import Digest, QuietHours, WeeklyBriefing
from alerts.model.times import format_time, parse_time
from alerts.routing.quiet_hours import instant, last_briefing, next_digest, next_quiet, quiet_until

ZONES = ["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca"]
clock_times = st.times().map(lambda each: each.replace(second=0, microsecond=0))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("day", "clock", "zone", "expected"),
    [
        ((2026, 3, 2), "08:00", "Europe/Paris", "2026-03-02T07:00:00Z"),
        ((2026, 7, 2), "08:00", "Europe/Paris", "2026-07-02T06:00:00Z"),
        ((2026, 3, 29), "02:30", "Europe/Paris", "2026-03-29T01:00:00Z"),  # skipped: the clocks change
        ((2026, 10, 25), "02:30", "Europe/Paris", "2026-10-25T00:30:00Z"),  # twice: the first
        ((2026, 10, 4), "02:15", "Australia/Lord_Howe", "2026-10-03T15:30:00Z"),  # a change of half an hour
    ],
)
def test_instants(day: str, clock: str, zone: str, expected: str) -> None:
    assert format_time(instant(date(*day), time.fromisoformat(clock), zone)) == expected


@pytest.mark.parametrize(
    ("hours", "at", "end"),
    [
        (("22:00", "07:00"), "2026-03-02T20:59:59Z", None),
        (("22:00", "07:00"), "2026-03-02T21:00:00Z", "2026-03-03T06:00:00Z"),
        (("22:00", "07:00"), "2026-03-03T05:59:59Z", "2026-03-03T06:00:00Z"),
        (("22:00", "07:00"), "2026-03-03T06:00:00Z", None),
        (("22:00", "07:00"), "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),  # a short night
        (("22:00", "07:00"), "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"),  # a long one
        (("01:00", "02:30"), "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"),  # ends where no clock shows its end
        (("01:00", "02:30"), "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"),  # until the second half past two
        (("02:30", "04:00"), "2026-10-25T00:30:00Z", "2026-10-25T03:00:00Z"),  # from the first
        (("12:00", "13:00"), "2026-03-02T11:30:00Z", "2026-03-02T12:00:00Z"),
        (("12:00", "12:00"), "2026-03-02T11:00:00Z", None),
    ],
)
def test_quiet_hours_in_paris(hours: str, at: str, end: str) -> None:
    start, stop = (time.fromisoformat(each) for each in hours)
    found = quiet_until(QuietHours(start, stop, "Europe/Paris"), parse_time(at))
    assert (None if found is None else format_time(found)) == end


def test_the_digest_keeps_its_wall_clock_time_over_the_year() -> None:
    digest = Digest(time(8), "Europe/Paris")
    at, seen = datetime(2026, 1, 1, tzinfo=UTC), []
    for _ in range(365):
        at = next_digest(digest, at)
        seen.append(at.astimezone(ZoneInfo("Europe/Paris")))
    assert {each.time() for each in seen} == {time(8)}
    assert len({each.date() for each in seen}) == 365


def test_a_digest_at_a_time_that_comes_twice_goes_once() -> None:
    digest = Digest(time(2, 30), "Europe/Paris")
    at, seen = parse_time("2026-10-23T12:00:00Z"), []
    for _ in range(3):
        at = next_digest(digest, at)
        seen.append(format_time(at))
    assert seen == ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]


@given(at=instants, start=clock_times, stop=clock_times, zone=st.sampled_from(ZONES))
def test_no_instant_at_which_the_clock_shows_quiet_is_loud(at: datetime, start: time, stop: time, zone: str) -> None:
    hours = QuietHours(start, stop, zone)
    shown = at.astimezone(ZoneInfo(zone)).time()
    quiet = start <= shown < stop if start <= stop else (shown >= start or shown < stop)
    end = quiet_until(hours, at)
    if quiet:
        assert end is not None
    if end is not None:
        assert at < end <= at + timedelta(hours=26)
        assert quiet_until(hours, end - timedelta(microseconds=1)) == end
        assert quiet_until(hours, end) is None


@given(at=instants, start=clock_times, stop=clock_times, zone=st.sampled_from(ZONES))
def test_the_next_quiet_hours_start_after_now(at: datetime, start: time, stop: time, zone: str) -> None:
    hours = QuietHours(start, stop, zone)
    begins = next_quiet(hours, at)
    assert at < begins <= at + timedelta(hours=26)
    shown = begins.astimezone(ZoneInfo(zone)).time()
    assert shown == start or begins == instant(begins.astimezone(ZoneInfo(zone)).date(), start, zone)


@given(at=instants, clock=clock_times, zone=st.sampled_from(ZONES))
def test_the_next_digest_is_within_a_long_day(at: datetime, clock: time, zone: str) -> None:
    due = next_digest(Digest(clock, zone), at)
    assert at < due <= at + timedelta(hours=25)


@given(instants, clock_times, st.integers(0, 6), st.sampled_from(ZONES))
def test_the_last_briefing_is_on_its_day_and_within_a_long_week(at: datetime, clock: time, day: int, zone: str) -> None:
    due = last_briefing(WeeklyBriefing((day, clock), zone), at)
    assert timedelta(0) <= at - due <= timedelta(days=7, hours=1)
    local = due.astimezone(ZoneInfo(zone))
    assert local.weekday() == day
    assert last_briefing(WeeklyBriefing((day, clock), zone), due) == due
