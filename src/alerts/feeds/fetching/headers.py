"""What HTTP response headers say to a reader. Pure."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

_LINK = re.compile(r"<([^<>]*)>([^,<]*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)
_DIRECTIVE = re.compile(r"([a-z-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s,;]*)))?", re.IGNORECASE)


def parse_date(text: str) -> datetime | None:
    """An HTTP date in UTC, or None where it is none."""
    try:
        value = parsedate_to_datetime(text.strip())
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _seconds(text: str) -> timedelta | None:
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit()):
        return None
    return timedelta(seconds=min(int(digits[:12]), 10**10))


def server_time(date: str, age: str) -> datetime | None:
    """What the server's clock showed: `Date`, and how long a cache has kept the answer since; None without `Date`."""
    sent = parse_date(date)
    with suppress(OverflowError):
        return None if sent is None else sent + (_seconds(age) or timedelta(0))
    return None


def retry_after(text: str, *, date: str, now: datetime) -> timedelta | None:
    """How long `Retry-After` asks to wait: seconds, or a date against the server's own clock (`Date`)."""
    wait = _seconds(text)
    return _time_to(text, date, now) if wait is None else wait


def fresh_for(*, cache_control: str, expires: str, age: str, date: str, now: datetime) -> timedelta | None:
    """How long a response says that it stays fresh (RFC 9111, 4.2): `max-age` less `Age`, else `Expires`."""
    directives = {match[1].lower(): (match[2] or match[3] or "") for match in _DIRECTIVE.finditer(cache_control)}
    if "no-cache" in directives or "no-store" in directives:
        return None
    if "max-age" in directives:
        fresh = _seconds(directives["max-age"])
        return None if fresh is None else max(fresh - (_seconds(age) or timedelta(0)), timedelta(0))
    return _time_to(expires, date, now)


def _time_to(until: str, date: str, now: datetime) -> timedelta | None:
    """The time to an HTTP date by the server's own clock, which `date` shows; None where it is no date."""
    end = parse_date(until)
    return None if end is None else max(end - (parse_date(date) or now), timedelta(0))


def links(values: Iterable[str], base: str) -> dict[str, tuple[str, ...]]:
    """Relation to targets of `Link` headers (RFC 8288), absolute."""
    found: dict[str, tuple[str, ...]] = {}
    for value in values:
        for match in _LINK.finditer(value):
            rel = _REL.search(match[2])
            with suppress(ValueError):
                target = urljoin(base, match[1].strip())
                for name in (rel[1] or rel[2] or "").lower().split() if rel else ():
                    found[name] = (*found.get(name, ()), target)
    return found
