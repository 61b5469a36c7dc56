"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read leniently."""

import json
from datetime import datetime
from typing import Any

from alerts.feeds import links
from alerts.feeds.feed import MAX_ENTRIES, MAX_LINE, Entry, ErrorKind, ParsedFeed
from alerts.feeds.parsing.text import bounded, looks_like_markup, note_of_rest, to_line, to_text
from alerts.model.times import parse_time


def looks_like_json(body: bytes) -> bool:
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}


def read(body: bytes, *, base_url: str) -> ParsedFeed:
    """Read a JSON feed."""
    try:
        document = json.loads(body.decode(json.detect_encoding(body), "replace"))
    except (ValueError, RecursionError):
        return ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="looks like JSON but cannot be read as such")
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return ParsedFeed(error=ErrorKind.NOT_A_FEED, detail="is JSON, but no JSON Feed: it has no items")
    version = _string(document.get("version"))
    items = [item for item in document["items"] if isinstance(item, dict)]
    notes = [] if "jsonfeed.org/version/" in version else ["names no JSON Feed version"]
    notes += note_of_rest(items)
    hubs = document.get("hubs")
    return ParsedFeed(
        entries=tuple(_entry(item, base_url, notes) for item in items[:MAX_ENTRIES]),
        format="json11" if version.rstrip("/").endswith("1.1") else "json1",
        title=_line(document.get("title")),
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


def _entry(item: dict[str, Any], base: str, notes: list[str]) -> Entry:
    html, plain = _string(item.get("content_html")), _string(item.get("content_text"))
    content = to_text(plain, markup=False) if plain else to_text(html, markup=True)
    summary = _string(item.get("summary"))
    summary = to_text(summary, markup=looks_like_markup(summary))
    summary, content = bounded(summary, "" if content == summary else content, notes)
    return Entry(
        guid=_string(item.get("id")).strip()[:MAX_LINE],
        # `url` is the item's own page; `external_url`, what it is about, stands in where there is none.
        link=links.absolute(_string(item.get("url")), base) or links.absolute(_string(item.get("external_url")), base),
        title=_line(item.get("title")),
        summary=summary,
        content=content,
        author=_author(item),
        published=_instant(item.get("date_published")),
        updated=_instant(item.get("date_modified")),
        language=_string(item.get("language")),
    )


def _string(value: Any) -> str:
    """A string, or a number as one: the specification asks readers to take numeric ids."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _line(value: Any) -> str:
    text = _string(value)[: 8 * MAX_LINE]
    return to_line(text, markup=looks_like_markup(text))[:MAX_LINE]


def _author(item: dict[str, Any]) -> str:
    authors = item.get("authors")
    people = authors if isinstance(authors, list) else [item.get("author")]
    names = (_line(person.get("name")) for person in people if isinstance(person, dict))
    return ", ".join(name for name in names if name)[:MAX_LINE]


def _instant(value: Any) -> datetime | None:
    try:
        instant = parse_time(_string(value))
    except ValueError:
        return None
    return instant if instant.year > 1970 else None
