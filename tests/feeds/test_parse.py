from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.feeds.feed import ErrorKind, ParsedFeed
from alerts.feeds.parsing.parse import parse
from alerts.model.source import Source

SOURCE = Source(id="a", url="https://a.example/feed.xml", publisher="A")


def read(body: str | bytes, content_type: str = "") -> ParsedFeed:
    data = body.encode() if isinstance(body, str) else body
    return parse(data, content_type, base_url=SOURCE.url, source=SOURCE)


def rss(inside: str, head: str = "") -> str:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>'
        f"<link>https://a.example/</link>{head}{inside}</channel></rss>"
    )


def atom(inside: str) -> str:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>x</id>{inside}</feed>'


def test_rss() -> None:
    parsed = read(
        rss(
            "<item><title>One &amp; two</title><link>/1</link><guid>g1</guid>"
            "<description>&lt;p>Short&lt;/p></description>"
            "<content:encoded><![CDATA[<p>Long</p><p>text</p>]]></content:encoded><dc:creator>Ann</dc:creator>"
            '<pubDate>Sun, 01 Mar 2026 10:00:00 +0100</pubDate><source url="https://b.example/rss">B</source></item>',
            head="<language>en-GB</language><lastBuildDate>Sun, 01 Mar 2026 11:00:00 GMT</lastBuildDate>",
        )
    )
    assert parsed.error is None
    assert (parsed.format, parsed.title, parsed.link) == ("rss20", "T", "https://a.example/")
    assert parsed.language == "en-GB"
    assert parsed.updated == datetime(2026, 3, 1, 11, tzinfo=UTC)
    (entry,) = parsed.entries
    assert (entry.guid, entry.link, entry.title) == ("g1", "https://a.example/1", "One & two")
    assert (entry.summary, entry.content) == ("Short", "Long\n\ntext")
    assert (entry.author, entry.origin) == ("Ann", "B")
    assert entry.published == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_atom_says_what_a_text_is() -> None:
    parsed = read(
        atom(
            '<entry><id>urn:1</id><title>Use &lt;b&gt; sparingly</title><link href="x"/>'
            "<updated>2026-03-01T10:00:00Z</updated>"
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a</p><p>b</p></div></content></entry>'
        )
    )
    (entry,) = parsed.entries
    assert entry.title == "Use <b> sparingly"
    assert (entry.summary, entry.content) == ("", "a\n\nb")
    assert entry.published is None
    assert entry.updated == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_rdf() -> None:
    parsed = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel rdf:about="x"><title>T</title></channel>'
        '<item rdf:about="https://a.example/1"><title>One</title><link>https://a.example/1</link></item></rdf:RDF>'
    )
    assert [entry.title for entry in parsed.entries] == ["One"]


def test_json_feed() -> None:
    parsed = read(
        '\ufeff{"version": "https://jsonfeed.org/version/1.1", "title": "T", "language": "de", '
        '"hubs": [{"type": "WebSub", "url": "https://hub.example/"}], "feed_url": "https://a.example/f.json", '
        '"items": [{"id": 7, "url": "/7", "title": "Seven", "content_html": "<p>x</p>", "summary": "s", '
        '"date_published": "2026-03-01T10:00:00+02:00", "authors": [{"name": "Ann"}, {"name": "Bob"}]}, '
        '{"id": "8", "content_text": "a < b", "date_published": "never"}, "nonsense"]}'
    )
    assert (parsed.format, parsed.language, parsed.hubs) == ("json11", "de", ("https://hub.example/",))
    seven, eight = parsed.entries
    assert (seven.guid, seven.link, seven.title, seven.author) == ("7", "https://a.example/7", "Seven", "Ann, Bob")
    assert (seven.summary, seven.content) == ("s", "x")
    assert seven.published == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert (eight.content, eight.published) == ("a < b", None)


def test_relative_ids_stay_as_they_are() -> None:
    """Made absolute they would change whenever the feed's address does."""
    (entry,) = read(rss("<item><guid>12345</guid><title>x</title></item>")).entries
    assert (entry.guid, entry.link) == ("12345", "")


def test_a_permanent_link_stands_in_for_the_link() -> None:
    (entry,) = read(rss("<item><guid>https://a.example/5</guid><title>x</title></item>")).entries
    assert entry.link == "https://a.example/5"


def test_a_feed_proxy_keeps_the_publishers_link() -> None:
    feed = rss(
        "<item><link>https://feedproxy.example/~r/1</link><fb:origLink>https://a.example/1</fb:origLink></item>"
    ).replace("<rss ", '<rss xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0" ')
    assert read(feed).entries[0].link == "https://a.example/1"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.example", "file:///etc/passwd"]
)
def test_links_are_web_addresses_or_none(link: str) -> None:
    assert read(rss(f"<item><title>x</title><link>{link}</link></item>")).entries[0].link == ""


@pytest.mark.parametrize("date", ["yesterday", "", "0001-01-01T00:00:00Z", "32 Foo 2026"])
def test_dates_that_are_none(date: str) -> None:
    assert read(rss(f"<item><title>x</title><pubDate>{date}</pubDate></item>")).entries[0].published is None


def test_a_date_in_the_future_is_kept() -> None:
    (entry,) = read(rss("<item><title>x</title><pubDate>Fri, 01 Mar 2999 10:00:00 GMT</pubDate></item>")).entries
    assert entry.published == datetime(2999, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("AT&amp;amp;T", "AT&T"),
        ("&lt;b&gt;Bold&lt;/b&gt;", "Bold"),
        ("&amp;lt;i&amp;gt;x&amp;lt;/i&amp;gt;", "x"),
        ("<![CDATA[It&#8217;s]]>", "It’s"),
        ("List&lt;String&gt;", "List<String>"),
        ("a\u202eb", "ab"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_titles_of_rss(title: str, expected: str) -> None:
    assert read(rss(f"<item><title>{title}</title></item>")).entries[0].title == expected


def test_what_a_feed_asks_of_its_readers() -> None:
    parsed = read(
        rss(
            "",
            head="<ttl>90</ttl><skipHours><hour>0</hour><hour>23</hour><hour>24</hour></skipHours>"
            "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>"
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"
            '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="/feed.xml"/>',
        )
    )
    assert (parsed.ttl, parsed.update_period) == (5400, 21600)
    assert (parsed.skip_hours, parsed.skip_days) == ((0, 23), (5, 6))
    assert (parsed.hubs, parsed.self_link) == (("https://hub.example/",), "https://a.example/feed.xml")


def test_deleted_entries() -> None:
    parsed = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>T</title>'
        '<at:deleted-entry ref="urn:1&amp;2" when="2026-03-01T10:00:00Z"/><entry><id>urn:3</id></entry></feed>'
    )
    assert [(entry.guid, entry.withdrawn) for entry in parsed.entries] == [("urn:3", False), ("urn:1&2", True)]
    assert parsed.total == 1


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", "is a web page"),
        (b"<html><head></head></html>", "is a web page"),
        (b"just words", "neither XML nor JSON"),
        (b"<opml><body/></opml>", "neither RSS nor Atom"),
        (b'{"error": "not found"}', "no items"),
        (b"{broken", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither XML nor JSON"),
    ],
)
def test_what_is_no_feed(body: bytes, detail: str) -> None:
    parsed = read(body)
    assert parsed.error is ErrorKind.NOT_A_FEED
    assert detail in parsed.detail
    assert not parsed.entries


def test_an_empty_feed_is_a_feed() -> None:
    parsed = read(rss(""))
    assert (parsed.error, parsed.total) == (None, 0)


def test_a_truncated_feed_keeps_its_entries() -> None:
    parsed = read(rss("<item><title>one</title></item><item><title>two</title></item>")[:-40])
    assert parsed.error is None
    assert parsed.entries[0].title == "one"
    assert not parsed.well_formed


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", "text/xml"),  # ASCII by the letter of RFC 3023
        ("utf-8", "text/xml; charset=iso-8859-1"),  # a header that lies
        ("iso-8859-1", "text/xml; charset=iso-8859-1"),
        ("windows-1252", "application/xml"),
        ("utf-16", ""),
        ("utf-8-sig", "text/html"),
    ],
)
def test_encodings(encoding: str, content_type: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding == "windows-1252" else ""
    feed = declared + rss("<item><title>Zürich café</title></item>").removeprefix('<?xml version="1.0"?>')
    assert read(feed.encode(encoding), content_type).entries[0].title == "Zürich café"


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a "\\">]>' + rss("<item><title>x</title></item>").removeprefix('<?xml version="1.0"?>'),
        rss("<item><title>x&#x110000;</title></item>"),
        rss("<item><title>x&#99999999999;</title></item>"),
    ],
)
def test_what_makes_feedparser_raise_is_read_all_the_same(body: str) -> None:
    assert read(body).entries[0].title.startswith("x")


def test_entities_of_a_document_are_not_expanded() -> None:
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    body = f'<!DOCTYPE x [<!ENTITY a0 "ha">{bomb}]>' + rss("<item><title>&a11;</title></item>")
    assert len(read(body).entries[0].title) < 100
    local = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + rss("<item><title>&f;</title></item>")
    assert "root:" not in str(read(local))


def test_lengths_and_numbers_are_bounded() -> None:
    long = f"<title>{'t' * 2_100}</title><guid>{'g' * 2_100}</guid><description>{'d' * 200_100}</description>"
    items = f"<item>{long}</item>" + "".join(f"<item><guid>{n}</guid></item>" for n in range(2_004))
    parsed = read(rss(items))
    assert len(parsed.entries) == 2_000
    first = parsed.entries[0]
    assert (len(first.title), len(first.guid), len(first.summary)) == (2_000, 2_000, 200_000)
    assert parsed.notes == (
        "a text of 200100 characters was cut to 200000",
        "only the first 2000 of 2005 entries were read",
    )


HOSTILE = {
    "nested": "<div>" * 50_000 + "</div>" * 50_000,
    "unclosed": "<div>" * 60_000,
    "comments": "<!--" * 200_000,
    "cdata": "<![CDATA[" * 100_000,
    "half tags": "<a " * 100_000,
    "ampersands": "&" * 300_000,
    "items": "<item>" * 100_000,
    "item ends": "</item>" * 100_000,
    "skipHours": "<skipHours>" * 100_000,
    "dates": "<updated>" * 100_000,
    "lines": "\n" * 5_000_000,
    "tombstones": '<x xmlns:a="http://purl.org/atompub/tombstones/1.0">' * 20_000,
}


@pytest.mark.parametrize("inside", HOSTILE)
@pytest.mark.parametrize("wrap", ["<item><title>t</title><description>{}</description></item>", "{}"])
@pytest.mark.slow
def test_hostile_feeds_end(inside: str, wrap: str) -> None:
    """Were any rule quadratic, this would not end: the worst took minutes for half a megabyte."""
    feed = rss(wrap.format(HOSTILE[inside]))
    read(feed)
    read(feed[: len(HOSTILE[inside])])


PIECES = [
    "<item>", "</item>", "<entry>", "</entry>", "<title>", "</title>", "<![CDATA[", "]]>", "<!--",
    "-->", "&amp;", "&", "text", "<link>", "</link>", "<guid>", "</guid>", "http://a.example/",
    "<channel>", "</channel>", "<rss version='2.0'>", "</rss>", "</feed>", "<?xml version='1.0'?>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>", "<!DOCTYPE", "\x00", "é",
    "<pubDate>", "</pubDate>", "2026-03-01", "{", "[", '"items":', "<description>", "</description>",
    "&#xd800;",
]  # fmt: skip


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
@pytest.mark.slow
def test_no_body_raises(pieces: list[str], encoding: str) -> None:
    parsed = read("".join(pieces).encode(encoding))
    for entry in parsed.entries:
        entry.title.encode("utf-8")
        assert not entry.link or entry.link.lower().startswith("http")


@settings(deadline=None)
@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    read(body)
