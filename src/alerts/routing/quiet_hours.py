"""Local wall-clock times as instants: quiet hours and digest times, on the days when clocks change too.

A wall-clock time that the spring change skips stands for the instant of the change. One that the autumn
change repeats stands for its first occurrence, except the end of quiet hours, which is the last: no alert
rings while the clock shows a quiet time."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.model.subscriber import Digest, QuietHours, WeeklyBriefing

_SECOND = timedelta(seconds=1)


def instant(day: date, clock: time, timezone: str, *, last: bool = False) -> datetime:
    """The UTC instant at which the wall clock of `timezone` shows `clock` on `day`."""
    zone = ZoneInfo(timezone)
    local = datetime.combine(day, clock)
    early, late = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return late if last else early
    return _change(late, early, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The instant in (before, after] at which the zone's offset changes; offsets change on whole seconds."""
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    old = before.astimezone(zone).utcoffset()
    seconds = range((after - before) // _SECOND)
    changed = bisect_left(seconds, True, key=lambda each: (before + each * _SECOND).astimezone(zone).utcoffset() != old)
    return before + changed * _SECOND


def quiet_until(hours: QuietHours, at: datetime) -> datetime | None:
    """The end of the quiet hours that `at` lies in; None outside them. The end itself lies outside."""
    ends = [end for start, end in _stretches(hours, _today(at, hours.timezone)) if start <= at < end]
    return max(ends, default=None)


def next_quiet(hours: QuietHours, at: datetime) -> datetime:
    """The first start of quiet hours after `at`."""
    return min(start for start, _ in _stretches(hours, _today(at, hours.timezone)) if start > at)


def next_digest(digest: Digest, at: datetime) -> datetime:
    """The first instant after `at` at which the wall clock shows the digest's time."""
    return min(each for each in _digests(digest, _today(at, digest.timezone)) if each > at)


def last_briefing(weekly: WeeklyBriefing, at: datetime) -> datetime:
    """The last instant not after `at` at which the wall clock shows the briefing's time on its day of the week."""
    (weekday, clock), today = weekly.weekly, _today(at, weekly.timezone)
    days = (today + timedelta(days=weekday - today.weekday() + 7 * week) for week in (0, -1, -2))
    return max(each for day in days if (each := instant(day, clock, weekly.timezone)) <= at)


def _today(at: datetime, timezone: str) -> date:
    return at.astimezone(ZoneInfo(timezone)).date()


@lru_cache(maxsize=1024)
def _stretches(hours: QuietHours, today: date) -> tuple[tuple[datetime, datetime], ...]:
    """Start and end of the quiet hours of the days around `today`. Equal times from and to mean none."""
    overnight = timedelta(days=1 if hours.to < hours.from_ else 0)
    return tuple(
        (
            instant(day, hours.from_, hours.timezone),
            instant(day + overnight, hours.to, hours.timezone, last=hours.to != hours.from_),
        )
        for day in (today + timedelta(days=offset) for offset in range(-2, 3))
    )


@lru_cache(maxsize=1024)
def _digests(digest: Digest, today: date) -> tuple[datetime, ...]:
    """The digest's instants on the days around `today`."""
    return tuple(instant(today + timedelta(days=offset), digest.at, digest.timezone) for offset in range(-1, 3))
