import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.parsing.text import looks_like_markup, strip_markup, tidy, to_line, to_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("One<br>Two", "One\nTwo"),
        ("<b>bo</b>ld", "bold"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<script>alert(1)</script>text<style>p {}</style>", "text"),
        ("<td>a</td><td>b</td>", "a b"),
        ("AT&amp;amp;T", "AT&T"),  # escaped twice
        ("&lt;b&gt;bold&lt;/b&gt; move", "bold move"),  # markup within markup
        ("tea &nbsp; time", "tea time"),
        ("zero\u200bwidth \u00ad soft", "zerowidth soft"),
        ("<img src=x onerror=alert(1)>after", "after"),
        ("<svg><title>drawing</title></svg>after", "after"),
        ("<object>kept", "kept"),
        ("unclosed <b", "unclosed"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
    ],
)
def test_html_becomes_text(value: str, expected: str) -> None:
    assert to_text(value, markup=True) == expected


def test_plain_text_keeps_what_looks_like_tags() -> None:
    assert to_text("List<String> & <b>", markup=False) == "List<String> & <b>"


@pytest.mark.parametrize("title", ["List<String>", "a < b", "R&D", "x <- y", "Q&A; more", "<3"])
def test_titles_that_only_resemble_markup(title: str) -> None:
    assert not looks_like_markup(title)


@pytest.mark.parametrize("title", ["<b>x</b>", "a&amp;b", "&#8217;", "x<br/>y", '<a href="x">y</a>', "<!-- -->"])
def test_titles_that_are_markup(title: str) -> None:
    assert looks_like_markup(title)


def test_a_title_is_one_line() -> None:
    assert to_line(" One\n<br> two\tthree\u2028four ", markup=True) == "One two three four"


def test_writing_direction_and_terminal_codes_go() -> None:
    assert tidy("a\u202eb\u2066c\x1b[31md\x00\ufeff") == "abc[31md"


def test_lone_surrogates_go() -> None:
    tidy("a\ud800b").encode("utf-8")
    to_text("<p>a\udfffb", markup=True).encode("utf-8")


@given(st.text(st.characters(codec=None, exclude_categories=())), st.booleans())
def test_any_text_gives_clean_text(value: str, markup: bool) -> None:
    text = to_text(value, markup=markup)
    text.encode("utf-8")
    assert "\r" not in text
    assert "\n\n\n" not in text
    assert text == text.strip()
    assert tidy(text) == text


@given(
    st.lists(st.sampled_from(["<", ">", "<p>", "</p>", "<!--", "-->", "&", "&lt;", "a", "<script>", '"', "]]>", "\n"]))
)
def test_any_markup_is_read(pieces: list[str]) -> None:
    strip_markup("".join(pieces))


@pytest.mark.parametrize(
    "piece",
    ["<div>", "<", "<a ", "<!--", "&", "&a;", "<a href='", " ", "\n", " \n", "<![CDATA[", "<p", "</", "<script>"],
)
@pytest.mark.slow
def test_hostile_markup_is_read(piece: str) -> None:
    """Were any rule quadratic, this would not end."""
    to_text(piece * (2_000_000 // len(piece)), markup=True)
