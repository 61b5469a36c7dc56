"""The fast reader gives what feedparser gives, value by value, or leaves the feed to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.feed import ParsedFeed, RawFeed
from alerts.feeds.parsing import lxmlfeed, xmlfeed
from alerts.feeds.parsing.document import parse_document

URL = "https://a.example/feed.xml"


def fast(body: bytes, content_type: str = "") -> ParsedFeed | None:
    raw = raw_feed(body, content_type)
    return None if raw is None else xmlfeed.cleaned(raw, body, URL)


def raw_feed(body: bytes, content_type: str = "") -> RawFeed | None:
    root = parse_document(body, content_type)
    return None if root is None else lxmlfeed.read(root)


def reference(body: bytes, content_type: str = "") -> ParsedFeed:
    return xmlfeed.read(body, content_type, base_url=URL)


def samples(data: Path, each: int) -> list[Path]:
    """Every torture feed, and of every recorded feed some versions, spread over time."""
    recorded = sorted(folder for folder in (data / "feeds_recorded").iterdir() if folder.is_dir())
    found = sorted((data / "feed_torture").rglob("*.xml"))
    for folder in recorded:
        versions = sorted(folder.glob("*.xml"))
        found += versions[:: max(1, len(versions) // each)][:each]
    return found


@pytest.mark.slow
def test_every_feed_that_is_read_fast_is_read_alike(data: Path) -> None:
    ways = {True: 0, False: 0}
    for file in samples(data, 5):
        body = file.read_bytes()
        found = fast(body)
        if "feeds_recorded" in file.parts:
            ways[found is not None] += 1
        assert found is None or found == reference(body), file
    assert ways[True] > 9 * ways[False], "feeds of the wild take the fast way"


# Pieces of feeds: what is common, what is odd, and texts that are one or the other.
TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "A &amp; B",
            "&lt;b&gt;bold&lt;/b&gt; &amp;amp; more",
            "<![CDATA[<p>one &#8217; two</p>]]>",
            "<![CDATA[a < b]]> c",
            "5 &lt; 6",
            "Ã©tÃ© \x85 \x93q\x94",
            " \n padded\t",
            "<!-- gone -->kept",
            "https://a.example/1?a=1&amp;b=2",
            "http:///a.example/x",
            "Mon, 02 Mar 2026 10:00:00 GMT",
            "Tue, 02 Mar 2026 25:00:00 +0100",
            "Mon, 02 Mar 2026 10:00:60 -0530",
            "2026-03-02T10:00:00.123Z",
            "2026-02-30T10:00:00+01:00",
            "0001-01-01T00:00:00+23:00",
            "yesterday",
            "&#x1F600; &#133;",
        ]
    ),
)
ESCAPED = TEXTS.map(lambda text: text if any(mark in text for mark in ("&", "<!")) else text.replace("<", "&lt;"))
RSS_TAGS = (
    "title|link|guid|guid isPermaLink='false'|description|content:encoded|pubDate|dc:creator|author|category|dc:date"
    "|source url='https://o.example/'|comments|media:credit|slash:comments|media:title|media:description|summary|x:title"
    "|dc:title|updated|itunes:summary|media:group|feedburner:origLink|title type='html'|b|image|link rel='alternate'"
    "|description xml:lang='de'|language|ttl|lastBuildDate"
)
ATOM_TAGS = (
    "title|title type='html'|id|updated|published|summary|summary type='html'|content|content type='html'"
    "|content type='text/html'|content type='xhtml'|content src='x'|content type='application/json'|link|link href='/x'"
    "|link href='https://a.example/y' rel='self'|link href='z' rel='ALTERNATE' type='Text/HTML'|author|name|rights"
    "|category|dc:creator|media:title|source|subtitle|logo"
)


def element(tag: str, text: str) -> str:
    return f"<{tag}>{text}</{tag.partition(' ')[0]}>"


def bodies(tags: list[str], form: str) -> st.SearchStrategy[bytes]:
    parts = st.lists(st.builds(element, st.sampled_from(tags), ESCAPED), max_size=6).map("".join)
    return st.builds(
        lambda head, one, two: form.format(head=head, one=one, two=two).encode("utf-8", "replace"), parts, parts, parts
    )


NAMESPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:x="http://x.example/ns" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)
RSS = f'<rss version="2.0" {NAMESPACES}><channel>{{head}}<item>{{one}}</item><item>{{two}}</item></channel></rss>'
ATOM = (
    f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en_GB" {NAMESPACES}>{{head}}<entry>{{one}}</entry>'
    "<entry>{two}</entry></feed>"
)


@given(st.one_of(bodies(RSS_TAGS.split("|"), RSS), bodies(ATOM_TAGS.split("|"), ATOM)))
def test_any_feed_that_is_read_fast_is_read_alike(body: bytes) -> None:
    found = fast(body)
    assert found is None or found == reference(body)


def test_common_feeds_are_read_fast() -> None:
    item = "<title>A</title><link>https://a.example/1</link><guid>1</guid><description>x</description>"
    assert fast(RSS.format(head="<title>T</title>", one=item, two="").encode()) is not None
    entry = '<title>A</title><id>1</id><link href="/1"/><updated>2026-03-02T10:00:00Z</updated>'
    assert fast(ATOM.format(head="<title>T</title>", one=entry, two="").encode()) is not None


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (RSS.format(head="", one="<foo/>", two="").encode(), ""),
        (RSS.format(head="", one="<title>a</title><title>b</title>", two="").encode(), ""),
        (RSS.format(head="", one="<title>é</title>", two="").encode("latin-1"), ""),
        (RSS.format(head="", one="", two="").encode(), "text/xml; charset=iso-8859-1"),
        (b'<?xml version="1.0" encoding="iso-8859-1"?>' + RSS.format(head="", one="", two="").encode(), ""),
        (b"<!DOCTYPE rss>" + RSS.format(head="", one="", two="").encode(), ""),
        (RSS.format(head="", one="</x>", two="").encode(), ""),
        (RSS.format(head="", one="<a>" * 400 + "</a>" * 400, two="").encode(), ""),
        (
            RSS.replace("xmlns:dc=", "xmlns:d=")
            .replace("xmlns:media=", "xmlns:dc=")
            .format(head="", one="", two="")
            .encode(),
            "",
        ),
        (b"<html/>", ""),
        (b"", ""),
    ],
)
def test_what_is_odd_is_left_to_feedparser(body: bytes, content_type: str) -> None:
    assert raw_feed(body, content_type) is None


def test_both_ways_are_bounded_alike() -> None:
    items = "".join(f"<item><title>{n}</title></item>" for n in range(2_005))
    body = RSS.format(head="", one="", two="").replace("<item></item>", items).encode()
    raw = raw_feed(body)
    assert raw is not None
    found = xmlfeed.cleaned(raw, body, URL)
    assert found == xmlfeed.read(body, "", base_url=URL)
    assert len(found.entries) == 2_000
