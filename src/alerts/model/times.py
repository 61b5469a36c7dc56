"""Instants and durations as text and as numbers. All instants are UTC; nothing here reads a clock."""

import contextlib
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from alerts.model.errors import UsageError

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # instants are stored as microseconds since then
LAST_INSTANT: Final = datetime.max.replace(tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)  # the least that two instants differ by
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(w|d|h|ms|m|s))", re.ASCII)
_UNIT = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def micros(at: datetime) -> int:
    """Microseconds since EPOCH: exact, so that instants compare and bisect without rounding."""
    return (at - EPOCH) // MICROSECOND


def instant(value: int) -> datetime:
    """The inverse of `micros`."""
    return EPOCH + timedelta(microseconds=value)


def parse_time(text: str) -> datetime:
    """An RFC 3339 instant as an aware UTC datetime. A time without an offset is taken as UTC.

    Raises ValueError where the text is no such instant."""
    value = datetime.fromisoformat(text.strip().upper())  # RFC 3339 allows a small t and z
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # in the first or the last hours that there are
        raise ValueError(f"{text!r} is no instant that can be written in UTC") from None


def format_time(value: datetime) -> str:
    """RFC 3339 in UTC with `Z`; microseconds only where there are any, so equal instants print equally."""
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat().removesuffix("+00:00") + "Z"


def parse_duration(text: str) -> timedelta:
    """`90s`, `15m`, `1h30m`, `7d`, `2w`. Raises ValueError for anything else, negative or empty included."""
    compact = text.strip().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f"{text!r} is no duration; write for example 30s, 15m, 1h30m, 7d")
    try:
        return timedelta(seconds=sum(float(number) * _UNIT[unit] for number, unit in parts))
    except OverflowError:
        raise ValueError(f"{text!r} is too long a duration") from None


def point_in_time(text: str | None, now: datetime) -> datetime | None:
    """An RFC 3339 instant or day, or a duration before now (`2d`); None where nothing is given.

    Raises UsageError for anything else."""
    if not text:
        return None
    with contextlib.suppress(ValueError, OverflowError):
        return now - parse_duration(text)
    for written in (text, text.replace(" ", "+")):  # a `+` in an address that was not encoded
        with contextlib.suppress(ValueError):
            return parse_time(written)
    raise UsageError(f"{text[:60]!r} is no time; write for example 2026-02-24T09:00:00Z, or 2d for two days ago")


def past_instant(text: str | None, now: datetime) -> datetime:
    """As `point_in_time`, or now where none is given. Raises UsageError, too, for times of which nothing is known."""
    at = point_in_time(text, now) or now
    if at > now:
        raise UsageError(f"{text} is in the future; projected falls are in the profile of today")
    if at < EPOCH:
        raise UsageError(f"{text} is before 1970, when nothing was recorded")
    return at


def format_duration(value: timedelta) -> str:
    """The shortest of `7d`, `1d4h`, `15m`, `30s`: at most two units, rounded down to seconds."""
    left = int(value.total_seconds())
    parts = []
    for unit, seconds in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def spread(seed: str) -> float:
    """A number from 0 to 1 that looks random and is always the same: what began together does not end together."""
    digest = hashlib.blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
