"""Well-formed RSS 2.0 and Atom 1.0 of the common kinds, read by lxml into what feedparser makes of them.

feedparser is the reference, and slow. Everything in a feed has to be known here: a feed with one element, attribute or
encoding that is not is left to feedparser, as a whole. `tests/feeds/test_lxmlfeed.py` holds the two equal."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from feedparser.datetimes import _parse_date
from feedparser.html import _cp1252
from feedparser.mixin import _FeedParserMixin
from lxml import etree

from alerts.feeds.feed import RawFeed
from alerts.model.tables import table

_TABLE: Final = table("alerts.feeds", "data/vocabulary.yaml")
_NAMESPACES: Final = _TABLE["namespaces"]


def _names(text: str) -> frozenset[str]:
    """Names with the usual prefixes, as lxml writes them: `{namespace}local`."""
    pairs = [name.rpartition(":") for name in text.split()]
    return frozenset(f"{{{uri}}}{local}" if uri else local for prefix, _, local in pairs for uri in _NAMESPACES[prefix])


_XML_LANG, _ATOM_FEED, _ATOM_ENTRY, _NAME, _EMAIL = (
    name for part in ["xml:lang", "atom:feed", "atom:entry", "atom:name", "atom:email"] for name in _names(part)
)
_BARE_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")

_IGNORED_IN_ENTRY: Final = _names(_TABLE["ignored_in_entry"])
_IGNORED_IN_FEED: Final = _names(_TABLE["ignored_in_feed"])
_PARTS: Final = {
    "image": _names("title link url width height description"),
    "skipHours": _names("hour"),
    "skipDays": _names("day"),
}
_PERSON_PARTS: Final = _names("atom:name atom:email atom:uri")
_LINKS: Final = _names("link atom:link")
_LINK_ATTRIBUTES: Final = _names("rel href type title hreflang length")
_SCOPED: Final = _names("xml:lang xml:base lang base")
_ONLY_TYPE: Final = (frozenset[str](), frozenset({"type"}))  # the attributes of a text: of RSS, of Atom
_ONLY_PERMANENT: Final = frozenset({"isPermaLink"})


class _Context(NamedTuple):
    """What the reading of an element depends on."""

    atom: bool
    language: str | None


_Reader = Callable[..., None]  # of the entry or the head, the key of the value to fill, the element and its context


class _OddError(Exception):
    """Something in the feed that is not known here."""


def read(root: etree._Element, skip: Collection[etree._Element] = ()) -> RawFeed | None:
    """Read a feed without the entries in `skip`; None where feedparser has to."""
    with suppress(ValueError, _OddError):
        return _feed(root, skip)
    return None


def _feed(root: etree._Element, skip: Collection[etree._Element]) -> RawFeed:
    language = root.get(_XML_LANG, "").replace("_", "-") or None
    if root.tag == "rss":
        version = _TABLE["rss_versions"].get(root.get("version", ""))
        _expect(version is not None and set(root.attrib) <= {"version", _XML_LANG} and len(root) == 1)
        top, entry_tag = root[0], "item"
        _expect(top.tag == "channel" and not top.attrib)
    else:
        version, top, entry_tag = "atom10", root, _ATOM_ENTRY
        _expect(root.tag == _ATOM_FEED and root.prefix is None and set(root.attrib) <= {_XML_LANG})
    for prefix, uri in root.nsmap.items():
        _expect(uri.startswith(("http://", "https://")) or uri in _NAMESPACES["wordpress"])
        _expect(uri in _NAMESPACES.get(prefix, [uri]))  # a usual prefix of another namespace misleads feedparser
    assert version is not None  # noqa: S101 - `_expect` has seen to it
    context = _Context(version == "atom10", language)
    entries = [element for element in top if element.tag == entry_tag and element not in skip]
    _expect(not any(element.attrib for element in entries))
    head = _values((element for element in top if element.tag != entry_tag), _HEAD_READERS, _IGNORED_IN_FEED, context)
    if language is not None:
        head.setdefault("language", language)
    return RawFeed(version, head, [_values(each, _ENTRY_READERS, _IGNORED_IN_ENTRY, context) for each in entries])


def _values(
    parts: Iterable[etree._Element],
    readers: Mapping[str, tuple[str, _Reader]],
    ignored: frozenset[str],
    context: _Context,
) -> dict[str, Any]:
    """The values of an entry, or of the feed itself. Two parts that fill one value are one too many."""
    values: dict[str, Any] = {}
    seen: set[str] = set()
    for element in parts:
        if (tag := str(element.tag)) in readers:
            key, reader = readers[tag]
            _expect(key not in seen)
            seen.add(key)
            reader(values, key, element, context)
        elif tag in _LINKS:
            _link(values, element)
        else:
            _ignore(element, ignored)
    return values


def _expect(holds: bool) -> None:
    if not holds:
        raise _OddError


def _ignore(element: etree._Element, ignored: frozenset[str]) -> None:
    """Raises `_OddError` where the element, or one in it, may matter."""
    tag = str(element.tag)
    _expect(tag in ignored or f"{tag.rpartition('}')[0]}}}*" in ignored)
    _expect(_SCOPED.isdisjoint(element.attrib))
    for part in element:
        if part.tag not in _PERSON_PARTS:
            _ignore(part, ignored)


def _plain(element: etree._Element) -> str:
    """The text of an element that has nothing else."""
    _expect(not len(element) and not element.keys())
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


def _text(target: dict[str, Any], key: str, element: etree._Element, context: _Context) -> None:
    """A text that says what it is, or from which that is guessed."""
    _expect(not len(element) and _ONLY_TYPE[context.atom].issuperset(element.keys()))
    default = "text/plain" if context.atom or key == "title" else "text/html"
    kind = _TABLE["text_types"].get(element.get("type", default).lower())
    _expect(kind is not None)
    value = (element.text or "").strip()
    if not context.atom and kind == "text/plain" and _FeedParserMixin.looks_like_html(value):
        kind = "text/html"
    value = _value(value)
    detail = {"type": kind, "language": context.language, "value": value}
    if key == "content":
        target["content"] = [detail]
        target.setdefault("summary", value)
    else:
        target[key] = value
        target[f"{key}_detail"] = detail


def _link(target: dict[str, Any], element: etree._Element) -> None:
    attributes = dict(element.items())
    _expect(not len(element) and attributes.keys() <= _LINK_ATTRIBUTES)
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
    target["link"] = address = _BARE_REFERENCE.sub(r"&\g<1>", address) if "&" in address else address
    if address:
        found["href"] = address


def _id(target: dict[str, Any], key: str, element: etree._Element, _context: _Context) -> None:
    _expect(not len(element) and _ONLY_PERMANENT.issuperset(element.keys()))
    is_link = element.get("isPermaLink", "true") == "true"
    value = (element.text or "").strip()
    target[key] = _value(_address(value) if is_link else value)
    target.setdefault("guidislink", is_link and "link" not in target)
    if is_link:
        target.setdefault("link", target[key])


def _dated(target: dict[str, Any], key: str, element: etree._Element, _context: _Context) -> None:
    target[key] = _date(_value(_plain(element)))


def _word(target: dict[str, Any], key: str, element: etree._Element, _context: _Context) -> None:
    target[key] = _value(_plain(element))


def _person(target: dict[str, Any], key: str, element: etree._Element, _context: _Context) -> None:
    _expect(not element.attrib and not (element.text or "").strip())
    parts: dict[str, str] = {}
    for part in element:
        tag = str(part.tag)
        _expect(tag in _PERSON_PARTS and tag not in parts)
        parts[tag] = _plain(part)
        _expect(not (part.tail or "").strip())
    name, email = parts.get(_NAME, ""), parts.get(_EMAIL, "")
    target[key] = f"{name} ({email})" if name and email else name or email


def _source(target: dict[str, Any], key: str, element: etree._Element, _context: _Context) -> None:
    _expect(not len(element) and set(element.attrib) <= {"url"})
    title = _value((element.text or "").strip())
    target[key] = {"title": title} if title else {}


def _parts(_target: dict[str, Any], key: str, element: etree._Element, _context: _Context) -> None:
    """Reads nothing: skipHours and skipDays are read from the bytes, an image is not kept."""
    _expect(all(part.tag in _PARTS[key] and not len(part) and not part.attrib for part in element))


def _readers(*rows: tuple[str, str, _Reader]) -> dict[str, tuple[str, _Reader]]:
    """By element the value that it fills, and its reader."""
    return {tag: (key, reader) for names, key, reader in rows for tag in _names(names)}


_ENTRY_READERS: Final = _readers(
    ("title atom:title", "title", _text),
    ("description atom:summary", "summary", _text),
    ("content:encoded atom:content", "content", _text),
    ("guid atom:id", "id", _id),
    ("pubDate atom:published", "published_parsed", _dated),
    ("dc:date atom:updated", "updated_parsed", _dated),
    ("author dc:creator", "author", _word),
    ("atom:author", "author", _person),
    ("source", "source", _source),
    ("feedburner:origLink", "feedburner_origlink", _word),
)
_HEAD_READERS: Final = _readers(
    ("title atom:title", "title", _text),
    ("atom:id", "id", _id),
    ("pubDate", "published_parsed", _dated),
    ("lastBuildDate atom:updated", "updated_parsed", _dated),
    ("language", "language", _word),
    ("ttl", "ttl", _word),
    ("sy:updatePeriod", "sy_updateperiod", _word),
    ("sy:updateFrequency", "sy_updatefrequency", _word),
    ("image", "image", _parts),
    ("skipHours", "skipHours", _parts),
    ("skipDays", "skipDays", _parts),
)

# Dates: the two forms that are written as they should be, by the standard library; all others by feedparser.
_RFC822 = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [12]\d{3}"
    r" \d\d:\d\d:\d\d (?:GMT|\+\d{4}|-(?!0000)\d{4})",
    re.ASCII,
)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


@lru_cache(maxsize=1 << 10)
def _date(text: str) -> Any:
    """What feedparser makes of a date: a tuple of nine in UTC, or None."""
    with suppress(ValueError, OverflowError):
        if _RFC822.fullmatch(text) is not None:
            return parsedate_to_datetime(text).astimezone(UTC).timetuple()
        if _RFC3339.fullmatch(text) is not None:
            return datetime.fromisoformat(text).astimezone(UTC).timetuple()
    return _parse_date(text)
