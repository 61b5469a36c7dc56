"""RSS, RDF and Atom by way of feedparser."""

import codecs
import contextlib
import html
import io
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

import feedparser

from alerts.feeds import links
from alerts.feeds.feed import MAX_ENTRIES, MAX_LINE, Entry, ErrorKind, ParsedFeed, RawFeed, one_line
from alerts.feeds.parsing.text import bounded, looks_like_markup, note_of_rest, to_line, to_text

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32le"),  # before UTF-16, whose mark begins the same
    (codecs.BOM_UTF32_BE, "utf-32be"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)
_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]{0,400}(?:\[.{0,20000}?\]\s*)?>", re.IGNORECASE | re.DOTALL)
_REFERENCE = re.compile(rb"&#(?:x[0-9a-f]{6,}|[0-9]{7,});", re.IGNORECASE)
_HOUR = re.compile(rb"<hour\b[^<>]*>\s*([0-9]{1,2})\s*</hour\s*>", re.IGNORECASE)
_DAY = re.compile(rb"<day\b[^<>]*>\s*([A-Za-z]{3,9})\s*</day\s*>", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TOMBSTONES = b"http://purl.org/atompub/tombstones/1.0"
_TOMBSTONE_PREFIX = re.compile(rb"xmlns:([A-Za-z_][\w.-]{0,40})\s*=\s*[\"']" + re.escape(_TOMBSTONES))
_REF = re.compile(r"\sref\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*")
_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}


# A value without feedparser's stand-ins from one name to another.
_own: Callable[[dict[str, Any], str], Any] = dict.get


def read(body: bytes, content_type: str, *, base_url: str) -> ParsedFeed:
    """Read an XML feed by feedparser, well-formed or not. The caller bounds what that may cost."""
    media_type = _media_type(body, content_type)
    try:
        result = _feedparser(body, media_type)
    except Exception as first:  # noqa: BLE001 - feedparser lets many kinds escape (its issue 599)
        try:
            # What it trips over is entities of the document type and references beyond Unicode.
            result = _feedparser(_REFERENCE.sub(b"", _DOCTYPE.sub(b"", body, count=1)), media_type)
        except Exception:  # noqa: BLE001
            return ParsedFeed(
                error=ErrorKind.NOT_A_FEED, detail=f"is too malformed to be read ({type(first).__name__})"
            )
    version = str(result.get("version") or "")
    if not result.entries and not version:
        return ParsedFeed(error=ErrorKind.NOT_A_FEED, detail=_what_instead(body))
    malformed = one_line(result.get("bozo_exception")) if result.bozo else ""
    return cleaned(RawFeed(version, result.feed, result.entries, malformed), body, base_url)


def _feedparser(body: bytes, media_type: str) -> Any:
    # It gets no address of the feed: it would make relative ids absolute, and they would change
    # whenever the feed's address does.
    return feedparser.parse(
        io.BytesIO(body),
        response_headers={"content-type": media_type},
        resolve_relative_uris=False,  # only links in texts, which become plain text
        sanitize_html=False,  # likewise
    )


def _media_type(body: bytes, content_type: str) -> str:
    """The type under which feedparser finds the right encoding.

    By the letter of RFC 3023 a `text/xml` feed without charset is ASCII; servers mean nothing by it. And what
    decodes as UTF-8 is UTF-8, whatever a header says: no other text does by chance."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return f"application/xml; charset={encoding}"
    charset = _CHARSET.search(content_type)
    if b"\x00" not in body[:64] and not body.isascii():
        with contextlib.suppress(UnicodeDecodeError):
            body.decode("utf-8")
            return "application/xml; charset=utf-8"
    return f"application/xml; charset={charset[1]}" if charset else "application/xml"


def cleaned(raw: RawFeed, body: bytes, base_url: str, hashes: Iterable[str] = ()) -> ParsedFeed:
    """The feed as it is kept: bounded, in plain text, with absolute links; its entries with their hashes, where these
    are known."""
    head = raw.head
    notes = [*([f"malformed: {raw.malformed}"] if raw.malformed else []), *note_of_rest(raw.entries)]
    rss = not raw.version.startswith("atom")
    hashed = zip(raw.entries[:MAX_ENTRIES], chain(hashes, repeat("")), strict=False)
    entries = [_entry(entry, entry_hash, base_url, rss, notes) for entry, entry_hash in hashed]
    entries += [Entry(guid=ref, withdrawn=True) for ref in _tombstones(body)[:MAX_ENTRIES]]
    feed_links = [link for link in head.get("links", ()) if isinstance(link, dict)]
    skip_hours, skip_days = _skips(body)
    return ParsedFeed(
        entries=tuple(entries),
        format=raw.version or "rss",
        title=_line(head, "title", rss),
        link=links.absolute(str(head.get("link") or ""), base_url),
        language=_language(head),
        hubs=tuple(dict.fromkeys(_rel(feed_links, "hub", base_url))),
        self_link=next(iter(_rel(feed_links, "self", base_url)), ""),
        updated=_instant(head, "updated_parsed") or _instant(head, "published_parsed"),
        ttl=_minutes(head.get("ttl")),
        update_period=_update_period(head.get("sy_updateperiod"), head.get("sy_updatefrequency")),
        skip_hours=skip_hours,
        skip_days=skip_days,
        well_formed=not raw.malformed,
        notes=tuple(notes),
    )


def _entry(entry: dict[str, Any], entry_hash: str, base: str, rss: bool, notes: list[str]) -> Entry:
    link = links.absolute(_link(entry), base)
    source = _own(entry, "source") or {}
    content = _content(entry)
    # feedparser gives the content as summary where there is none: only a summary of its own has a detail.
    detail = _own(entry, "summary_detail")
    summary = str(_own(entry, "summary") or "") if detail else ""
    # RSS descriptions are HTML, by its specification.
    summary = to_text(summary, markup=rss or _is_markup(summary, detail, rss))
    body = "\n\n".join(part for part in content if part != summary)
    summary, body = bounded(summary, body, notes)
    return Entry(
        guid=str(_own(entry, "id") or "").strip()[:MAX_LINE],
        link=link,
        title=_line(entry, "title", rss),
        summary=summary,
        content=body,
        author=_name(_own(entry, "author")),
        origin=_name(source.get("title") if isinstance(source, dict) else source),
        published=_instant(entry, "published_parsed") or _instant(entry, "created_parsed"),
        updated=_instant(entry, "updated_parsed"),
        language=_language(entry),
        entry_hash=entry_hash,
    )


def _link(entry: dict[str, Any]) -> str:
    """Where the entry leads, as the feed gives it. (FeedBurner keeps the publisher's own link apart.)"""
    link = str(_own(entry, "feedburner_origlink") or _own(entry, "link") or "")
    if link and _own(entry, "guidislink") and link == _own(entry, "id") and "://" not in link:
        return ""  # an id that claims to be a permanent link and is none
    if not link:
        for other in _own(entry, "links") or ():
            if isinstance(other, dict) and other.get("rel", "alternate") in {"alternate", "related", "via"}:
                return str(other.get("href") or "")
    return link


def _rel(found: list[dict[str, Any]], rel: str, base: str) -> list[str]:
    targets = (links.absolute(str(link.get("href") or ""), base) for link in found if link.get("rel") == rel)
    return [target for target in targets if target]


def _is_markup(value: str, detail: Any, rss: bool) -> bool:
    kind = str(detail.get("type") or "") if isinstance(detail, dict) else ""
    if kind in {"text/html", "application/xhtml+xml"}:
        return True
    # RSS does not say what a text is, and what it holds is seldom plain. Atom's `text` means what it says.
    return rss and looks_like_markup(value)


def _line(entry: dict[str, Any], name: str, rss: bool) -> str:
    value = str(_own(entry, name) or "")[: 8 * MAX_LINE]
    markup = _is_markup(value, _own(entry, name + "_detail"), rss)
    return to_line(value, markup=markup)[:MAX_LINE]


def _name(value: Any) -> str:
    text = str(value or "")[:MAX_LINE]
    return to_line(text, markup=looks_like_markup(text)) if text else ""


def _content(entry: dict[str, Any]) -> list[str]:
    parts = []
    for part in _own(entry, "content") or ():
        if isinstance(part, dict) and str(part.get("type") or "text/").startswith(("text/", "application/xhtml")):
            value = str(part.get("value") or "")
            parts.append(to_text(value, markup=part.get("type") != "text/plain" or looks_like_markup(value)))
    return [part for part in dict.fromkeys(parts) if part]


def _language(part: dict[str, Any]) -> str:
    for each in (part, _own(part, "title_detail"), _own(part, "summary_detail")):
        language = str(_own(each, "language") or "").strip() if isinstance(each, dict) else ""
        if language:
            return language if _LANGUAGE.fullmatch(language) else ""
    return ""


def _instant(part: dict[str, Any], name: str) -> datetime | None:
    """A date that feedparser understood, in UTC; None for what no clock has shown since there are feeds."""
    value = _own(part, name)
    if not value:
        return None
    try:
        year, month, day, hour, minute, second = value[:6]
        instant = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return instant if instant.year > 1970 else None


def _what_instead(body: bytes) -> str:
    start = body[:2048].lstrip().lower()
    if not start:
        return "is empty"
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start:
        return "is a web page, not a feed; look for the feed's own address"
    if not start.startswith(b"<"):
        return "is no feed: neither XML nor JSON"
    return "is XML, but neither RSS nor Atom"


# What a feed says to its readers beside its entries: when to come back, what it withdraws


def _skips(body: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
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


def _minutes(value: Any) -> int:
    """RSS `<ttl>`, in minutes, as seconds; 0 where it is absent or no number."""
    text = str(value or "").strip()
    return int(text) * 60 if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _update_period(period: Any, frequency: Any) -> int:
    """Seconds between two updates by the RSS syndication module; 0 where it is not given."""
    base = _PERIODS.get(str(period or "").strip().lower(), 0)
    times = str(frequency or "1").strip()
    return base // max(int(times), 1) if base and times.isascii() and times.isdigit() and len(times) < 6 else 0


def _tombstones(body: bytes) -> list[str]:
    """Ids of entries that an Atom feed withdraws (`at:deleted-entry`, RFC 6721)."""
    found: list[str] = []
    prefixes = dict.fromkeys(match[1] for match in _TOMBSTONE_PREFIX.finditer(body))
    for prefix in list(prefixes)[:4]:
        for match in re.finditer(rb"<" + re.escape(prefix) + rb":deleted-entry(\s[^<>]*)>", body):
            ref = _REF.search(match[1].decode("utf-8", "replace"))
            if ref is not None:
                found.append(html.unescape(ref[1] if ref[1] is not None else ref[2]).strip())
    return list(dict.fromkeys(ref for ref in found if ref))
