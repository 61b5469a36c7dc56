"""Whatever a feed says, no channel may take it for markup."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rendering import escape

ANY = st.text(max_size=80)
MARKUP = st.lists(
    st.sampled_from(
        [
            "<", ">", "&", "|", "*", "_", "~", "`", "[", "]", "(", ")", "@", "#", "!", "\\", "everyone", "here",
            "channel", "U123", "https://evil.example", " ", "a", "\n", "&lt;", "&#60;", "\u202e", "\u200b", "\x1b[31m",
        ]
    ),
    max_size=20,
).map("".join)  # fmt: skip
HOSTILE = ANY | MARKUP


@given(HOSTILE)
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    cleaned = escape.clean(text)
    assert "\n" not in cleaned
    assert "\r" not in cleaned
    assert cleaned == cleaned.strip()
    kinds = {unicodedata.category(character) for character in cleaned}
    assert kinds.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    assert escape.clean(cleaned) == cleaned
    cleaned.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nBcc: all@example.com", "a Bcc: all@example.com"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("\u2066left\u2069 \u200bzero\u200dwidth\ufeff", "left zerowidth"),
        ("\x1b[31mred\x07\x00", "[31mred"),
        ("tab\there\u2028there\u00a0end", "tab here there end"),
        ("\ud800lone", "lone"),
        ("\u3164\u2800blank", "blank"),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 4),
        ("Ünïcödé 北京 العربية 👍", "Ünïcödé 北京 العربية 👍"),
    ],
)
def test_what_is_removed_and_what_stays(text: str, cleaned: str) -> None:
    assert escape.clean(text) == cleaned


def test_a_long_title_is_shortened_with_an_ellipsis() -> None:
    shown = escape.headline("word " * 20_000)
    assert len(shown) <= escape.TITLE_LIMIT
    assert shown.endswith("…")
    assert escape.headline("short") == "short"


@given(ANY, st.integers(1, 60))
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert len(escape.shorten(text, limit)) <= limit
    if len(text) <= limit:
        assert escape.shorten(text, limit) == text


@given(HOSTILE)
def test_slack_text_holds_no_control_sequence(text: str) -> None:
    shown = escape.slack(escape.clean(text))
    assert not set(shown) & set("<>*~`")
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    assert not re.search(r"(^|[\W_])_|_([\W_]|$)", shown)


@given(HOSTILE)
def test_discord_and_markdown_text_is_escaped_and_calls_nobody(text: str) -> None:
    for shown in (escape.discord(escape.clean(text)), escape.markdown(escape.clean(text))):
        bare = re.sub(r"\\[^a-zA-Z0-9\s]", "", shown)
        assert not set(bare) & set("\\`*_[]<>~|")
        assert not re.search(r"@[^\s\u200b\\]", shown)


@given(HOSTILE)
def test_html_round_trips_and_holds_no_tag(text: str) -> None:
    cleaned = escape.clean(text)
    shown = html.escape(cleaned)
    assert not set(shown) & set("<>\"'")
    assert html.unescape(shown) == cleaned or "&" in cleaned


@given(HOSTILE)
def test_chat_text_calls_nobody_and_holds_no_tag(text: str) -> None:
    for shown in (escape.chat(escape.clean(text)), escape.google_chat(escape.clean(text))):
        assert not set(shown) & set("<>")
    assert not re.search(r"@[^\s\u200b]", escape.chat(escape.clean(text)))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.com/a?b=1&c=2#d", "https://example.com/a?b=1&c=2#d"),
        ("HTTP://Example.COM:8080/Path", "http://example.com:8080/Path"),
        ("https://en.example.org/wiki/X_(y)", "https://en.example.org/wiki/X_%28y%29"),
        ("https://example.com/a|b>c'd\"e`f", "https://example.com/a%7Cb%3Ec%27d%22e%60f"),
        ("https://example.com/@room?x=&lt;", "https://example.com/%40room?x=&lt%3B"),
        ("https://example.com/é", "https://example.com/%C3%A9"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("https://example.com", "https://example.com"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("ftp://example.com/", ""),
        ("//example.com/x", ""),
        ("https://", ""),
        ("https://good.example@evil.example/", ""),
        ("https://good.example\\@evil.example/", ""),
        ("https://exa mple.com/", ""),
        ("https://example.com/\r\nSet-Cookie: x", ""),
        ("https://example.com:99999/", ""),
        ("https://[evil]/", ""),
        ("https://example.com/" + "x" * 2000, ""),
        ("https://example.com/\ud800", ""),
        ("", ""),
    ],
)
def test_only_plain_web_links_are_linked(url: str, safe: str) -> None:
    assert escape.safe_url(url) == safe


@given(st.builds(lambda path, query: f"https://example.com/{path}?{query}", HOSTILE, HOSTILE) | HOSTILE)
def test_a_safe_url_has_nothing_that_a_markup_knows(url: str) -> None:
    shown = escape.safe_url(url)
    assert re.fullmatch(r"(https?://[\w.\-:\[\]]+[\w/%:!$&+,=~*.?#-]*)?", shown, re.ASCII)
    if shown:
        assert urlsplit(shown).hostname
        assert escape.safe_url(shown) == shown


@given(ANY)
def test_sizes(text: str) -> None:
    assert escape.size(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert escape.octets(text) >= len(text)


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("ask @admin now", "@admin"),
        ("/start the engine", "/start"),
        ("send (/stop)", "/stop"),
        ("#breaking news", "#breaking"),
        ("buy $ACME", "$ACME"),
    ],
)
def test_telegram_makes_nothing_live(text: str, live: str) -> None:
    said = escape.telegram(text)
    assert live not in said
    assert said.replace("\u200b", "") == text


def test_telegram_leaves_slashes_in_words_alone() -> None:
    assert escape.telegram("and/or 24/7 <b> & 100 $") == "and/or 24/7 &lt;b&gt; &amp; 100 $"
