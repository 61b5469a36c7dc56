"""What a feed says to its readers beside its entries: when to come back, what it withdraws. Pure."""

from __future__ import annotations

import html
import re
from typing import Any

_HOUR = re.compile(rb"<hour\b[^<>]*>\s*([0-9]{1,2})\s*</hour\s*>", re.IGNORECASE)
_DAY = re.compile(rb"<day\b[^<>]*>\s*([A-Za-z]{3,9})\s*</day\s*>", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TOMBSTONES = b"http://purl.org/atompub/tombstones/1.0"
_TOMBSTONE_PREFIX = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,40})\s*=\s*[\"']" + re.escape(_TOMBSTONES))
_REF = re.compile(r"\sref\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}


def skips(body: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Hours (0 to 23, GMT) and weekdays (Monday is 0) in which an RSS feed asks not to be polled."""
    named = {int(hour) for hour in _HOUR.findall(_inside(body, b"skipHours"))}
    hours = {hour % 24 for hour in named if hour <= 24}
    names = {day[:3].decode("ascii").lower() for day in _DAY.findall(_inside(body, b"skipDays"))}
    days = {index for index, name in enumerate(_DAYS) if name in names}
    return tuple(sorted(hours)), tuple(sorted(days))


def _inside(body: bytes, element: bytes) -> bytes:
    """What the first such element holds, as far as 4,096 bytes."""
    start = body.find(b"<" + element)
    if start < 0:
        return b""
    content = body[start : start + 4096]
    return content[: max(content.find(b"</" + element), 0)]


def minutes(value: Any) -> int:
    """RSS `<ttl>`, in minutes, as seconds; 0 where it is absent or no number."""
    text = str(value or "").strip()
    return int(text) * 60 if text.isascii() and text.isdigit() and len(text) < 8 else 0


def update_period(period: Any, frequency: Any) -> int:
    """Seconds between two updates by the RSS syndication module; 0 where it is not given."""
    base = _PERIODS.get(str(period or "").strip().lower(), 0)
    times = str(frequency or "1").strip()
    return base // max(int(times), 1) if base and times.isascii() and times.isdigit() and len(times) < 6 else 0


def tombstones(body: bytes) -> list[str]:
    """Ids of entries that an Atom feed withdraws (`at:deleted-entry`, RFC 6721)."""
    found: list[str] = []
    prefixes = dict.fromkeys(match[1] for match in _TOMBSTONE_PREFIX.finditer(body))
    for prefix in list(prefixes)[:4]:
        for match in re.finditer(rb"<" + re.escape(prefix) + rb":deleted-entry(\s[^<>]*)>", body):
            ref = _REF.search(match[1].decode("utf-8", "replace"))
            if ref is not None:
                found.append(html.unescape(ref[1] if ref[1] is not None else ref[2]).strip())
    return list(dict.fromkeys(ref for ref in found if ref))
