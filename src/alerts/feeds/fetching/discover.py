"""Find the feeds that a web page names. Pure."""

import html
import re
from dataclasses import dataclass
from operator import itemgetter

from alerts.feeds.links import absolute
from alerts.feeds.parsing.text import to_line
from alerts.model.tables import table

_TYPES = table("alerts.feeds", "data/vocabulary.yaml")["feed_types"]
_ELEMENT = re.compile(r"<(link|base|a)\b([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_HIDDEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|template)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_LOOKS_LIKE_FEED = re.compile(
    r"(?:/|\.)(?:feed|rss|atom|index\.xml|feed\.xml|rss\.xml|atom\.xml|feed\.json)(?:[/.?]|$)", re.IGNORECASE
)
_GUESSED = 100  # the rank of a feed that a page does not declare: after all others
_MOST = 2_000_000  # characters of a page that are looked at


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that a page names: with `<link rel="alternate">`, or by a link that looks it (no title, no type)."""

    url: str
    title: str = ""
    type: str = ""


def feeds_of(page: str, base_url: str) -> list[FoundFeed]:
    """The feeds of an HTML page, the likeliest first, each once. `base_url` is the page's address."""
    text = _HIDDEN.sub("", page[:_MOST])
    base = base_url
    ranked: list[tuple[int, FoundFeed]] = []
    for match in _ELEMENT.finditer(text):
        attributes = {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(match[2])}
        url = absolute(attributes.get("href", "").strip(), base)
        if not url:
            continue
        element = match[1].lower()
        if element == "base":
            base = url
        elif element == "link":
            kind = attributes.get("type", "").split(";")[0].strip().lower()
            rels = attributes.get("rel", "").lower().split()
            if kind in _TYPES and ("alternate" in rels or "feed" in rels) and "stylesheet" not in rels:
                found = FoundFeed(url, to_line(attributes.get("title", ""), markup=False)[:200], kind)
                # A comments feed is declared like the others and is never wanted.
                rank = _TYPES[kind] + (10 if "comments" in (found.title + url).lower() else 0)
                ranked.append((rank, found))
        elif _LOOKS_LIKE_FEED.search(url):
            ranked.append((_GUESSED, FoundFeed(url)))
    first: dict[str, FoundFeed] = {}
    for _, found in sorted(ranked, key=itemgetter(0)):
        first.setdefault(found.url, found)
    return list(first.values())
