"""Sources from and to OPML, the list format of feed readers.

Two thirds of the OPML files met in the wild are no well-formed XML (bare `&`, `<` and quotes inside attributes),
so outlines are scanned rather than parsed. That also leaves no room for entities, DTDs and external references."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from lxml import etree

from alerts.config.environment import http_address
from alerts.config.yaml_output import one_line, printable, slug, unique
from alerts.model.errors import InputError
from alerts.model.source import Source

LARGEST_FILE: Final = 16_000_000  # bytes; longer lists are refused
COMMENT: Final = (
    "# Imported from OPML. A source without `reliability` is F (cannot be judged) and weighs little: rate it.\n"
    "# Where a publisher speaks for an institution you track, add `speaks_for: [its-id]`.\n"
)

_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<(outline|/outline)(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\s+([\w:.-]+)\s*=\s*(["'])""")
_AFTER_VALUE = re.compile(r"""\s+[\w:.-]+\s*=\s*["']|\s*/?>\s*(?:<|\Z)""")
_END = re.compile(r"\s*(/?)>")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of an OPML list; the folders that it lies in are its tags."""

    url: str
    title: str
    tags: tuple[str, ...] = ()
    language: str = ""


def import_opml(raw: bytes) -> list[Feed]:
    """The feeds of an OPML file, in its order, each address once.

    Raises InputError where the bytes are no OPML."""
    if len(raw) > LARGEST_FILE:
        raise InputError("OPML", f"larger than {LARGEST_FILE // 1_000_000} MB: split it")
    text = _COMMENT.sub(" ", _decode(raw))
    if not re.search(r"<opml[\s>]", text, re.IGNORECASE):
        raise InputError("OPML", "no <opml> element: export the list as OPML from the reader")
    feeds: dict[str, Feed] = {}
    for folders, outline in _outlines(text):
        url = outline.get("xmlurl", "").strip()
        if url:
            title = one_line(outline.get("title", "") or outline.get("text", "")) or _host(url)
            categories = [part for each in outline.get("category", "").split(",") for part in each.split("/")]
            tags = dict.fromkeys(tag for each in [*folders, *categories] if (tag := one_line(each)))
            feeds.setdefault(url, Feed(url, title, tuple(tags), one_line(outline.get("language", ""))))
    return list(feeds.values())


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    declared = _DECLARED.match(raw)
    try:
        return raw.decode(declared[1].decode() if declared else "utf-8-sig").removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError):
        return raw.decode("utf-8-sig", "replace")


def _outlines(text: str) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Each outline's attributes, names in lower case, with the folders around it."""
    around: list[str] = []
    at = 0
    while tag := _TAG.search(text, at):
        at = tag.end()
        if tag[1].startswith("/"):
            del around[-1:]
            continue
        attributes: dict[str, str] = {}
        while start := _ATTRIBUTE.match(text, at):
            end = _value_end(text, start.end(), start[2])
            attributes[start[1].lower()] = html.unescape(text[start.end() : end])
            at = end + 1
        yield [name for name in around if name], attributes
        end_of_tag = _END.match(text, at)
        if not (end_of_tag and end_of_tag[1]):
            is_folder = "xmlurl" not in attributes
            around.append((attributes.get("title") or attributes.get("text", "")) if is_folder else "")


def _value_end(text: str, at: int, quote: str) -> int:
    """Where a value ends: the first quote that another attribute, or the end of the tag and a tag, follows."""
    start = at
    while (end := text.find(quote, at)) >= 0:
        if _AFTER_VALUE.match(text, end + 1):
            return end
        at = end + 1
    line = text.count("\n", 0, start) + 1
    raise InputError("OPML", f"an attribute in line {line} does not end: the file is cut off or damaged")


def new_sources(feeds: Iterable[Feed], configured: Iterable[Source]) -> tuple[list[dict[str, Any]], list[str]]:
    """Entries for `sources:` of feeds that are not configured yet, and why the others were left out."""
    configured = list(configured)
    known = {same_address(source.url): source.id for source in configured}
    taken = {source.id for source in configured}
    entries: list[dict[str, Any]] = []
    left_out: list[str] = []
    for feed in feeds:
        address = same_address(feed.url)
        if address in known:
            left_out.append(f"{_shown(feed.url)}: configured already, as {known[address]}")
        elif not _host(feed.url):
            left_out.append(f"{_shown(feed.url)}: not an http:// or https:// address")
        else:
            name = unique(slug(feed.title) or slug(_host(feed.url)) or "source", taken)
            known[address] = name
            entry: dict[str, Any] = {"id": name, "url": feed.url, "publisher": feed.title}
            if feed.tags:
                entry["tags"] = list(feed.tags)
            if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", feed.language):
                entry["language"] = feed.language
            entries.append(entry)
    return entries, left_out


def export_opml(sources: Iterable[Source]) -> bytes:
    """OPML 2.0 of the sources, all tags as categories; a password in an address is left out."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "alerts"
    body = etree.SubElement(root, "body")
    for source in sources:
        address = urlsplit(source.url)
        attributes = {
            "type": "rss",
            "text": source.publisher,
            "title": source.publisher,
            "xmlUrl": urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2])),
            "category": ",".join(f"/{tag.replace('/', ' ').replace(',', ' ')}" for tag in sorted(source.tags)),
            "language": source.language,
        }
        cleaned = {name: printable(value) for name, value in attributes.items()}
        etree.SubElement(body, "outline", {name: value for name, value in cleaned.items() if value})
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _host(url: str) -> str:
    """Of a web address without white space; empty for all others."""
    parts = None if re.search(r"\s", url) else http_address(url)
    return "" if parts is None else (parts.hostname or "").removeprefix("www.")


def same_address(url: str) -> str:
    """Equal for two addresses of one feed: scheme, a trailing slash and the host's case do not count."""
    parts = http_address(url)
    return url if parts is None else f"{parts.netloc.lower()}{parts.path.rstrip('/')}?{parts.query}"


def _shown(url: str) -> str:
    return repr(url if len(url) <= 100 else url[:99] + "…")
