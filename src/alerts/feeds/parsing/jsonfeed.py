"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read leniently."""

import json
from datetime import datetime
from typing import Any

from alerts.feeds import links
from alerts.feeds.feed import Entry, ErrorKind, ParsedFeed, TextLimits
from alerts.feeds.parsing.text import looks_like_markup, to_line, to_text
from alerts.model.times import parse_time


def looks_like_json(body: bytes) -> bool:
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}


def read(body: bytes, *, base_url: str, limits: TextLimits) -> ParsedFeed:
    """Read a JSON feed."""
    try:
        document = json.loads(body.decode(json.detect_encoding(body), "replace"))
    except (ValueError, RecursionError):
        return ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="looks like JSON but cannot be read as such")
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="is JSON, but no JSON Feed: it has no items")
    notes: list[str] = []
    version = _string(document.get("version"))
    if "jsonfeed.org/version/" not in version:
        notes.append("names no JSON Feed version")
    items = [item for item in document["items"] if isinstance(item, dict)]
    if len(items) > limits.entries:
        notes.append(f"only the first {limits.entries} of {len(items)} entries were read")
    hubs = document.get("hubs")
    return ParsedFeed(
        entries=tuple(_entry(item, base_url, limits, notes) for item in items[: limits.entries]),
        format="json11" if version.rstrip("/").endswith("1.1") else "json1",
        title=_line(document.get("title"), limits),
        link=links.absolute(_string(document.get("home_page_url")), base_url),
        language=_string(document.get("language")),
        hubs=tuple(
            url
            for hub in (hubs if isinstance(hubs, list) else ())
            if isinstance(hub, dict) and _string(hub.get("type")).lower() == "websub"
            if (url := links.absolute(_string(hub.get("url")), base_url))
        ),
        self_link=links.absolute(_string(document.get("feed_url")), base_url),
        notes=tuple(notes),
    )


def _entry(item: dict[str, Any], base: str, limits: TextLimits, notes: list[str]) -> Entry:
    html, plain = _string(item.get("content_html")), _string(item.get("content_text"))
    content = to_text(plain, markup=False) if plain else to_text(html, markup=True)
    summary = _string(item.get("summary"))
    summary = to_text(summary, markup=looks_like_markup(summary))
    if len(content) > limits.text or len(summary) > limits.text:
        notes.append(f"a text of {max(len(content), len(summary))} characters was cut to {limits.text}")
    return Entry(
        guid=_string(item.get("id")).strip()[: limits.line],
        # `url` is the item's own page; `external_url`, what it is about, stands in where there is none.
        link=links.absolute(_string(item.get("url")), base) or links.absolute(_string(item.get("external_url")), base),
        title=_line(item.get("title"), limits),
        summary=summary[: limits.text],
        content="" if content == summary else content[: limits.text],
        author=_author(item, limits),
        published=_instant(item.get("date_published")),
        updated=_instant(item.get("date_modified")),
        language=_string(item.get("language")),
    )


def _string(value: Any) -> str:
    """A string, or a number as one: the specification asks readers to take numeric ids."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _line(value: Any, limits: TextLimits) -> str:
    text = _string(value)[: 8 * limits.line]
    return to_line(text, markup=looks_like_markup(text))[: limits.line]


def _author(item: dict[str, Any], limits: TextLimits) -> str:
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = (_line(person.get("name"), limits) for person in people if isinstance(person, dict))
    return ", ".join(name for name in names if name)[: limits.line]


def _instant(value: Any) -> datetime | None:
    try:
        instant = parse_time(_string(value))
    except ValueError:
        return None
    return instant if instant.year > 1970 else None
