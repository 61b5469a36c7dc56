"""Well-formed RSS 2.0 and Atom 1.0 of the common kinds, read by lxml into what feedparser makes of them.

feedparser is the reference, and slow. Everything in a feed has to be known here: a feed with one element, attribute or
encoding that is not is left to feedparser, as a whole.
`tests/feeds/test_lxmlfeed.py` holds the two equal.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from lxml import etree

from alerts.feeds.parsing.rawfeed import RawFeed

_ATOM: Final = "http://www.w3.org/2005/Atom"
_MEDIA: Final = ("http://search.yahoo.com/mrss/", "http://search.yahoo.com/mrss")
_CONTENT: Final = "http://purl.org/rss/1.0/modules/content/"
_DC: Final = "http://purl.org/dc/elements/1.1/"
_SY: Final = "http://purl.org/rss/1.0/modules/syndication/"
_ITUNES: Final = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_FEEDBURNER: Final = "http://rssnamespace.org/feedburner/ext/1.0"
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

_RSS_VERSIONS: Final = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094", "2.0": "rss20"}

_HEADER = re.compile(rb"\s*(?:<\?xml[^<>?]*\?>)?", re.DOTALL)
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([^\"']*)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BARE_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")

# What says nothing that an item or the schedule keeps, and has no effect upon what does. By namespace and local name;
# `*` is every element of a namespace.
_IGNORED_IN_ENTRY: Final = frozenset(
    {"category", "comments", "enclosure", f"{{{_ATOM}}}category", f"{{{_ATOM}}}contributor", f"{{{_ATOM}}}rights"}
    | {f"{{{_DC}}}{name}" for name in ("subject", "publisher", "rights", "format", "identifier", "type")}
    | {
        f"{{{media}}}{name}"
        for media in _MEDIA
        for name in ("content", "thumbnail", "credit", "keywords", "category", "rating", "restriction", "copyright")
    }
    | {
        f"{{{_ITUNES}}}{name}"
        for name in ("image", "explicit", "duration", "episode", "season", "episodeType", "block")
    }
    | {
        "{http://purl.org/rss/1.0/modules/slash/}*",
        "{http://wellformedweb.org/CommentAPI/}*",
        "{http://purl.org/syndication/thread/1.0}*",
        "{http://www.georss.org/georss}point",
        "{com-wordpress:feed-additions:1}*",
    }
)
_IGNORED_IN_FEED: Final = frozenset(
    {"description", "copyright", "generator", "docs", "cloud", "managingEditor", "webMaster", "rating", "category"}
    | {f"{{{_ATOM}}}{name}" for name in ("subtitle", "icon", "logo", "generator", "rights", "category", "author")}
    | {f"{{{_DC}}}{name}" for name in ("creator", "publisher", "rights", "subject")}
    | {f"{{{_ITUNES}}}*", "{http://rssnamespace.org/feedburner/ext/1.0}info", "{com-wordpress:feed-additions:1}*"}
)
_IMAGE_PARTS: Final = frozenset({"title", "link", "url", "width", "height", "description"})
_PERSON_PARTS: Final = frozenset({f"{{{_ATOM}}}{name}" for name in ("name", "email", "uri")})
_DATES: Final = {
    "pubDate": "published_parsed",
    "lastBuildDate": "updated_parsed",
    f"{{{_DC}}}date": "updated_parsed",
    f"{{{_ATOM}}}published": "published_parsed",
    f"{{{_ATOM}}}updated": "updated_parsed",
}


_HEAD_VALUES: Final = {
    "language": "language",
    "ttl": "ttl",
    f"{{{_SY}}}updatePeriod": "sy_updateperiod",
    f"{{{_SY}}}updateFrequency": "sy_updatefrequency",
}
_ONCE_IN_FEED: Final = frozenset(
    {"title", f"{{{_ATOM}}}title", "pubDate", "lastBuildDate", f"{{{_ATOM}}}updated", "skipHours", "skipDays"}
    | _HEAD_VALUES.keys()
)


class _OddError(Exception):
    """Something in the feed that is not known here."""


def read(body: bytes, content_type: str) -> RawFeed | None:
    """Read a feed; None where feedparser has to."""
    if not _is_utf8(body, content_type):
        return None
    # Limits on depth and size stay on: what exceeds them is odd.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, strip_cdata=False
    )
    try:
        root = etree.fromstring(body, parser)
        return _feed(root)
    except (etree.LxmlError, ValueError, _OddError):
        return None


def _is_utf8(body: bytes, content_type: str) -> bool:
    """Whether the body is UTF-8 by every sign there is, and has no document type and no processing instruction."""
    header = _HEADER.match(body)
    end = header.end() if header else 0
    declared = _ENCODING.search(body, 0, end)
    charset = _CHARSET.search(content_type)
    if declared is not None and declared[1].lower() != b"utf-8":
        return False
    if charset is not None and charset[1].lower() != "utf-8":
        return False
    if not body.startswith(b"<") or body.find(b"<?", end) >= 0 or body.find(b"<!DOCTYPE") >= 0:
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _feed(root: etree._Element) -> RawFeed:
    _expect(root.getprevious() is None and root.getnext() is None)
    language = root.get(_XML_LANG, "").replace("_", "-") or None
    if root.tag == "rss":
        version = _RSS_VERSIONS.get(root.get("version", ""))
        _expect(version is not None and set(root.attrib) <= {"version", _XML_LANG} and len(root) == 1)
        top = root[0]
        _expect(top.tag == "channel" and not top.attrib)
    else:
        version, top = "atom10", root
        _expect(root.tag == f"{{{_ATOM}}}feed" and root.prefix is None and set(root.attrib) <= {_XML_LANG})
    _expect(
        all(
            uri.startswith(("http://", "https://")) or uri == "com-wordpress:feed-additions:1"
            for uri in root.nsmap.values()
        )
    )
    assert version is not None  # noqa: S101 - `_expect` has seen to it
    head: dict[str, Any] = {} if language is None else {"language": language}
    entries: list[dict[str, Any]] = []
    entry_tag = "item" if top is not root else f"{{{_ATOM}}}entry"
    seen: set[str] = set()
    for element in top:
        tag = _tag(element)
        if tag == entry_tag:
            entries.append(_entry(element, version, language))
        elif tag in _ONCE_IN_FEED:
            _expect(tag not in seen)
            seen.add(tag)
            _head_part(head, element, version, language)
        elif tag == f"{{{_ATOM}}}id":
            _expect(tag not in seen)
            seen.add(tag)
            _id(head, element, version, language)
        elif tag in {"link", f"{{{_ATOM}}}link"}:
            _link(head, element)
        elif tag == "image":
            _expect(all(part.tag in _IMAGE_PARTS and not len(part) and not part.attrib for part in element))
        else:
            _ignore(element, _IGNORED_IN_FEED)
    return RawFeed(version, head, entries)


def _head_part(head: dict[str, Any], element: etree._Element, version: str, language: str | None) -> None:
    tag = _tag(element)
    if tag in {"skipHours", "skipDays"}:  # read from the bytes
        _expect(all(part.tag in {"hour", "day"} and not len(part) for part in element))
    elif tag in {"title", f"{{{_ATOM}}}title"}:
        _text(head, "title", element, version, language, default="text/plain")
    elif tag in _DATES:
        head[_DATES[tag]] = _date(_plain(element))
    else:
        head[_HEAD_VALUES[tag]] = _value(_plain(element))


def _entry(item: etree._Element, version: str, language: str | None) -> dict[str, Any]:
    _expect(not item.attrib)
    entry: dict[str, Any] = {}
    seen: set[str] = set()
    for element in item:
        tag = _tag(element)
        reader = _ENTRY_READERS.get(tag)
        if reader is not None:
            name = _ALIASES.get(tag, tag)
            _expect(name not in seen)
            seen.add(name)
            reader(entry, element, version, language)
        elif tag in {"link", f"{{{_ATOM}}}link"}:
            _link(entry, element)
        else:
            _ignore(element, _IGNORED_IN_ENTRY)
    return entry


def _tag(element: etree._Element) -> str:
    tag = element.tag
    if not isinstance(tag, str):  # an entity or an instruction
        raise _OddError
    return tag


def _expect(holds: bool) -> None:
    if not holds:
        raise _OddError


def _ignore(element: etree._Element, ignored: frozenset[str]) -> None:
    """Raises `_OddError` where the element, or one in it, may matter."""
    tag = _tag(element)
    _expect(tag in ignored or f"{tag.rpartition('}')[0]}}}*" in ignored)
    for attribute in element.attrib:
        _expect(attribute not in _SCOPED)
    for part in element:
        if part.tag not in _PERSON_PARTS:
            _ignore(part, ignored)


_SCOPED: Final = frozenset({_XML_LANG, "lang", "base", "{http://www.w3.org/XML/1998/namespace}base"})


def _plain(element: etree._Element) -> str:
    """The text of an element that has nothing else."""
    _expect(not len(element) and not element.attrib)
    return (element.text or "").strip()


def _value(text: str) -> str:
    """The text after what feedparser mends: UTF-8 read as Latin-1, and the control characters of Windows-1252."""
    if text.isascii():
        return text
    with suppress(UnicodeEncodeError, UnicodeDecodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_cp1252)


def _address(text: str) -> str:
    _expect(":///" not in text)
    return text


def _text(
    target: dict[str, Any], key: str, element: etree._Element, version: str, language: str | None, *, default: str
) -> str:
    """A text that says what it is, or from which that is guessed."""
    atom = version == "atom10"
    _expect(not len(element) and set(element.attrib) <= ({"type"} if atom else set()))
    kind = _TYPES.get(element.get("type", default).lower())
    _expect(kind is not None)
    value = (element.text or "").strip()
    if not atom and kind == "text/plain" and _FeedParserMixin.looks_like_html(value):
        kind = "text/html"
    value = _value(value)
    detail = {"type": kind, "language": language, "value": value}
    if key == "content":
        target.setdefault("content", []).append(detail)
    else:
        target[key] = value
        target[f"{key}_detail"] = detail
    return value


_TYPES: Final = {
    "text": "text/plain",
    "plain": "text/plain",
    "text/plain": "text/plain",
    "html": "text/html",
    "text/html": "text/html",
}


def _link(target: dict[str, Any], element: etree._Element) -> None:
    _expect(not len(element) and set(element.attrib) <= _LINK_ATTRIBUTES)
    attributes = dict(element.attrib)
    relation = attributes.get("rel", "alternate").lower()
    kind = attributes.get("type", "application/atom+xml" if relation == "self" else "text/html").lower()
    found = {"rel": relation, "type": kind}
    target.setdefault("links", []).append(found)
    if attributes.get("href"):
        found["href"] = _address(attributes["href"])
        if relation == "alternate" and kind in {"text/html", "html", "application/xhtml+xml", "xhtml"}:
            target["link"] = found["href"]
        return
    _expect(not attributes)
    address = _value(_address((element.text or "").strip()))
    _expect("&amp;" not in address)
    address = _BARE_REFERENCE.sub(r"&\g<1>", address)
    target["link"] = address
    if address:
        found["href"] = address


_LINK_ATTRIBUTES: Final = frozenset({"rel", "href", "type", "title", "hreflang", "length"})


def _title(entry: dict[str, Any], element: etree._Element, version: str, language: str | None) -> None:
    _text(entry, "title", element, version, language, default="text/plain")


def _summary(entry: dict[str, Any], element: etree._Element, version: str, language: str | None) -> None:
    default = "text/plain" if version == "atom10" else "text/html"
    _text(entry, "summary", element, version, language, default=default)


def _content(entry: dict[str, Any], element: etree._Element, version: str, language: str | None) -> None:
    default = "text/plain" if version == "atom10" else "text/html"
    value = _text(entry, "content", element, version, language, default=default)
    entry.setdefault("summary", value)


def _id(entry: dict[str, Any], element: etree._Element, _version: str, _language: str | None) -> None:
    _expect(not len(element) and set(element.attrib) <= {"isPermaLink"})
    is_link = element.get("isPermaLink", "true") == "true"
    value = (element.text or "").strip()
    entry["id"] = _value(_address(value) if is_link else value)
    entry.setdefault("guidislink", is_link and "link" not in entry)
    if is_link:
        entry.setdefault("link", entry["id"])


def _dated(entry: dict[str, Any], element: etree._Element, _version: str, _language: str | None) -> None:
    entry[_DATES[_tag(element)]] = _date(_value(_plain(element)))


def _author(entry: dict[str, Any], element: etree._Element, _version: str, _language: str | None) -> None:
    entry["author"] = _value(_plain(element))


def _person(entry: dict[str, Any], element: etree._Element, _version: str, _language: str | None) -> None:
    _expect(not element.attrib and not (element.text or "").strip())
    parts: dict[str, str] = {}
    for part in element:
        tag = _tag(part)
        _expect(tag in _PERSON_PARTS and tag not in parts)
        parts[tag] = _plain(part)
        _expect(not (part.tail or "").strip())
    name, email = parts.get(f"{{{_ATOM}}}name", ""), parts.get(f"{{{_ATOM}}}email", "")
    entry["author"] = f"{name} ({email})" if name and email else name or email


def _source(entry: dict[str, Any], element: etree._Element, _version: str, _language: str | None) -> None:
    _expect(not len(element) and set(element.attrib) <= {"url"})
    title = _value((element.text or "").strip())
    entry["source"] = {"title": title} if title else {}


def _original_link(entry: dict[str, Any], element: etree._Element, _version: str, _language: str | None) -> None:
    entry["feedburner_origlink"] = _value(_plain(element))


_ENTRY_READERS: Final = {
    "title": _title,
    "description": _summary,
    "guid": _id,
    "pubDate": _dated,
    "author": _author,
    "source": _source,
    f"{{{_CONTENT}}}encoded": _content,
    f"{{{_DC}}}creator": _author,
    f"{{{_DC}}}date": _dated,
    f"{{{_FEEDBURNER}}}origLink": _original_link,
    f"{{{_ATOM}}}title": _title,
    f"{{{_ATOM}}}summary": _summary,
    f"{{{_ATOM}}}content": _content,
    f"{{{_ATOM}}}id": _id,
    f"{{{_ATOM}}}published": _dated,
    f"{{{_ATOM}}}updated": _dated,
    f"{{{_ATOM}}}author": _person,
}
_ALIASES: Final = {
    f"{{{_DC}}}creator": "author",
    f"{{{_ATOM}}}author": "author",
    f"{{{_ATOM}}}title": "title",
    f"{{{_ATOM}}}summary": "description",
    f"{{{_ATOM}}}content": f"{{{_CONTENT}}}encoded",
    f"{{{_ATOM}}}id": "guid",
    f"{{{_ATOM}}}published": "pubDate",
    f"{{{_ATOM}}}updated": f"{{{_DC}}}date",
}
"""Two elements that fill one value of an entry are one too many."""


# Dates: the two forms that are written as they should be, by the digits; all others by feedparser.
_RFC822 = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4})"
    r" (\d\d):(\d\d):(\d\d) (GMT|[+-]\d{4})"
)
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}


@lru_cache(maxsize=1 << 10)
def _date(text: str) -> Any:
    """What feedparser makes of a date: a tuple of nine in UTC, or None."""
    try:
        if (match := _RFC822.fullmatch(text)) is not None:
            day, month, year, hour, minute, second, zone = match.groups()
            moment = datetime(
                int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=_zone(zone)
            )
            return moment.astimezone(UTC).timetuple()
        if (match := _RFC3339.fullmatch(text)) is not None:
            *digits, zone = match.groups()
            year, month, day, hour, minute, second = map(int, digits)
            return datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone)).astimezone(UTC).timetuple()
    except (ValueError, OverflowError):
        pass
    return _parse_date(text)


def _zone(text: str) -> timezone:
    if text in {"GMT", "Z"}:
        return UTC
    digits = text.replace(":", "")
    offset = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(-offset if digits[0] == "-" else offset)
