from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.fetching.discover import FoundFeed, feeds_of

PAGE = """<!doctype html><html><head><base href="/blog/">
<link rel="stylesheet alternate" type="application/rss+xml" href="/style">
<link rel=alternate type="application/rss+xml" title="Blog &raquo; Comments Feed" href="comments/feed">
<LINK href='atom.xml' REL='ALTERNATE' type='application/atom+xml; charset=utf-8' title='News &amp; more'>
<link rel="alternate" type="application/json" href="https://b.example/feed.json">
<link rel="alternate" hreflang="de" href="/de">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<!-- <link rel="alternate" type="application/rss+xml" href="/hidden"> -->
<script>document.write('<link rel="alternate" type="application/rss+xml" href="/script">')</script>
</head><body><a href="/news/rss.xml">RSS</a> <a href="atom.xml">Atom</a> <a href="/about">about</a></body></html>"""


def test_the_feeds_of_a_page_the_likeliest_first() -> None:
    found = feeds_of(PAGE, "https://a.example/index.html")
    assert found == [
        FoundFeed("https://a.example/blog/atom.xml", "News & more", "application/atom+xml"),
        FoundFeed("https://b.example/feed.json", "", "application/json"),
        FoundFeed("https://a.example/blog/comments/feed", "Blog » Comments Feed", "application/rss+xml"),
        FoundFeed("https://a.example/news/rss.xml"),
    ]


def test_a_page_without_feeds() -> None:
    assert feeds_of("<html><body>nothing</body></html>", "https://a.example/") == []


def test_hostile_pages_are_read() -> None:
    """Were any rule quadratic, this would not end."""
    for piece in ("<!--", "<script", "<link ", "<link a=b ", "<a href='", "<style>x</styl", "a=b "):
        feeds_of(piece * (2_000_000 // len(piece)), "https://a.example/")


@given(
    st.lists(
        st.sampled_from(["<link ", "rel=alternate ", "href='/x' ", "type=text/xml", ">", "<!--", "-->", '"', "<a "])
    )
)
def test_no_page_raises(pieces: list[str]) -> None:
    for found in feeds_of("".join(pieces), "https://a.example/"):
        assert found.url.startswith("https://a.example/")
