import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.links import absolute, canonical, host


@pytest.mark.parametrize(
    ("link", "base", "expected"),
    [
        ("https://a.example/x", "", "https://a.example/x"),
        ("/x?y=1", "https://a.example/feed/", "https://a.example/x?y=1"),
        ("x", "https://a.example/feed/", "https://a.example/feed/x"),
        ("//b.example/x", "https://a.example/", "https://b.example/x"),
        ("  https://a.example/\n x ", "", "https://a.example/x"),
        ("https://bank.example@evil.example/", "", "https://evil.example/"),
        ("javascript:alert(1)", "https://a.example/", ""),
        ("java\nscript:alert(1)", "https://a.example/", ""),
        ("data:text/html,x", "", ""),
        ("mailto:a@b.example", "", ""),
        ("ftp://a.example/", "", ""),
        ("x", "", ""),
        ("https:///x", "", ""),
        ("https://a.example:99999/", "", ""),
        ("http://[::1", "", ""),
        ('https://a.example/"><script>', "", ""),
        ("https://a.example/" + "x" * 5000, "", ""),
        ("", "https://a.example/", ""),
    ],
)
def test_only_absolute_web_addresses_remain(link: str, base: str, expected: str) -> None:
    assert absolute(link, base) == expected


@pytest.mark.parametrize(
    "other",
    [
        "http://www.a.example/news/x",
        "https://a.example/news/x/",
        "https://a.example:443/news/x",
        "https://a.example/news/x#section",
        "https://A.example/news/x?utm_source=rss&utm_medium=feed",
        "https://a.example/news/x?fbclid=abc",
        "https://www.google.com/url?rct=j&url=https://a.example/news/x&ct=ga",
    ],
)
def test_links_to_one_page_are_equal(other: str) -> None:
    assert canonical(other) == canonical("https://a.example/news/x")


@pytest.mark.parametrize(
    "other",
    [
        "https://a.example/news/y",
        "https://a.example/news/X",
        "https://b.a.example/news/x",
        "https://a.example/news/x?id=2",
        "https://a.example/#!/news/x",
        "https://a.example:8080/news/x",
    ],
)
def test_links_to_other_pages_are_not(other: str) -> None:
    assert canonical(other) != canonical("https://a.example/news/x")


def test_parameters_in_another_order_are_the_same() -> None:
    assert canonical("https://a.example/?a=1&b=2") == canonical("https://a.example/?b=2&a=1")


def test_host() -> None:
    assert host("https://www.A.example:8443/x") == "a.example"
    assert host("nonsense") == ""


@given(st.text(), st.text())
def test_no_text_raises(link: str, base: str) -> None:
    found = absolute(link, base)
    assert not found or found.lower().startswith(("http://", "https://"))
    canonical(link)
    host(link)
