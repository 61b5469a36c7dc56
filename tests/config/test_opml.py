"""OPML in and out, as well-formed as it comes."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.config.load import load_entries
from alerts.config.opml import COMMENT, Feed, export_opml, import_opml, new_sources
from alerts.config.yaml_output import to_yaml
from alerts.model.errors import InputError
from alerts.model.source import Source

REAL = Path(__file__).parents[3] / "shared" / "data" / "opml"

NESTED = """\
<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>List</title></head><body>
  <!-- <outline text="Hidden" xmlUrl="https://hidden.example/"/> -->
  <outline text="News" title="News">
    <outline text='Old name' title="A &amp; B" type="rss" xmlUrl="https://a.example/feed?x=1&amp;y=2" language="en"/>
    <outline text="Tech &amp; more">
      <OUTLINE text="Bee" xmlurl="http://b.example/rss"></OUTLINE>
    </outline>
    <outline text="Again" xmlUrl="https://a.example/feed?x=1&amp;y=2"/>
  </outline>
  <outline xmlUrl="https://www.c.example/" category="/x/y,z"/>
  <outline text="a note"/>
</body></opml>
"""


def test_folders_become_tags_and_each_address_comes_once() -> None:
    assert import_opml(NESTED.encode()) == [
        Feed("https://a.example/feed?x=1&y=2", "A & B", ("News",), "en"),
        Feed("http://b.example/rss", "Bee", ("News", "Tech & more")),
        Feed("https://www.c.example/", "c.example", ("x", "y", "z")),
    ]


@pytest.mark.parametrize(
    "attribute",
    [
        'text="Q & A" xmlUrl="https://a.example/?p=1&q=2"',  # bare ampersands
        'text="Q & A" description="by Jen "From Head To Toe" that" xmlUrl="https://a.example/?p=1&q=2"',
        'text="Q & A" description="a < b > c" xmlUrl="https://a.example/?p=1&q=2"',
        'text="Q & A" description="ends in a quote"" xmlUrl="https://a.example/?p=1&q=2"',
        'text="Q & A" description="at <a href="https://x.example/">X</a>." xmlUrl="https://a.example/?p=1&q=2"',
        "text='Q & A'\n\txmlUrl = 'https://a.example/?p=1&q=2'",
    ],
)
def test_what_is_no_xml_is_read_all_the_same(attribute: str) -> None:
    assert import_opml(f"<opml><body><outline {attribute} /></body></opml>".encode()) == [
        Feed("https://a.example/?p=1&q=2", "Q & A")
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_encodings(encoding: str) -> None:
    name = encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{name}"?><opml><outline text="Café" xmlUrl="http://x.example/"/></opml>'
    assert import_opml(text.encode(encoding))[0].title == "Café"


def test_entities_of_a_dtd_are_left_alone() -> None:
    text = (
        '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
        '<opml><body><outline text="&a;&f;" xmlUrl="http://x.example/"/></body></opml>'
    )
    assert import_opml(text.encode()) == [Feed("http://x.example/", "&a;&f;")]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "no <opml> element"),
        (b"<html><body>404</body></html>", "no <opml> element"),
        (b'<opml><body><outline text="cut', "does not end"),
        (b"<opml>" + b" " * 16_000_000, "larger than"),
    ],
)
def test_what_is_no_opml(raw: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        import_opml(raw)


@given(st.text(alphabet="<>/=\"' outlinexmlUrlopml&;-!", max_size=200) | st.text(max_size=100))
@settings(deadline=None)
def test_any_text_is_refused_or_read(text: str) -> None:
    try:
        feeds = import_opml(f"<opml>{text}".encode("utf-8", "replace"))
    except InputError:
        return
    assert len({feed.url for feed in feeds}) == len(feeds)


def test_new_sources_have_unique_ids_and_leave_out_what_is_there() -> None:
    configured = [Source("the-news", "https://news.example/feed/", "News")]
    feeds = [
        Feed("http://NEWS.example/feed", "Configured"),
        Feed("https://a.example/", "The News"),
        Feed("https://b.example/", "Thé  News!"),
        Feed("https://c.example/", "朝日新聞"),
        Feed("https://d.example/", "${HOME}", ("a", "b"), "en"),
        Feed("feed:whatever", "Not the web"),
    ]
    entries, left_out = new_sources(feeds, configured)
    assert [entry["id"] for entry in entries] == ["the-news-2", "the-news-3", "c-example", "home"]
    assert len(left_out) == 2
    assert "configured already, as the-news" in left_out[0]


FEEDS = st.lists(
    st.builds(
        Feed,
        st.integers(0, 20).map(lambda number: f"https://{number}.example/?a=1&b={number}"),
        st.text(min_size=1, max_size=20).filter(lambda text: text.strip() != ""),
        st.lists(st.text(min_size=1, max_size=8), max_size=2).map(tuple),
    ),
    max_size=6,
)


@given(feeds=FEEDS)
@settings(deadline=None, max_examples=examples(60))
def test_what_is_imported_is_a_configuration(feeds: list[Feed], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever titles and folders hold, the YAML loads and says the same."""
    root = "".join(f'<outline text="{html.escape(feed.title)}" xmlUrl="{html.escape(feed.url)}"/>' for feed in feeds)
    imported = import_opml(f"<opml>{root}</opml>".encode("utf-8", "replace"))
    entries, _ = new_sources(imported, [])
    folder = tmp_path_factory.mktemp("imported")
    (folder / "a.yaml").write_text(to_yaml("sources", entries, COMMENT), encoding="utf-8")
    sources = load_entries(folder).settings.sources.values()
    assert [source.url for source in sources] == [feed.url for feed in imported]
    assert [source.publisher for source in sources] == [feed.title for feed in imported]


def test_what_is_exported_can_be_imported() -> None:
    sources = [
        Source("a", "https://user:secret@a.example/?x=1&y=2", 'A & "B" <C>', tags=frozenset({"x", "y"}), language="en"),
        Source("b", "https://b.example/\x07", "Bell \x07"),
    ]
    exported = export_opml(sources)
    assert b"secret" not in exported
    assert import_opml(exported) == [
        Feed("https://a.example/?x=1&y=2", 'A & "B" <C>', ("x", "y"), "en"),
        Feed("https://b.example/", "Bell"),
    ]


def test_real_lists_lose_no_feed() -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is missing: lists of real feeds")
    paths = sorted(REAL.rglob("*.opml"))
    assert paths
    for path in paths:
        raw = path.read_bytes()
        addresses = [html.unescape(each).strip() for each in re.findall(r'xmlUrl="([^"]*)"', raw.decode())]
        assert [feed.url for feed in import_opml(raw)] == list(dict.fromkeys(each for each in addresses if each)), path
