from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.links import absolute, host_key, masked, storable, unmasked


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


@given(st.text(), st.text())
def test_no_text_raises(link: str, base: str) -> None:
    found = absolute(link, base)
    assert not found or found.lower().startswith(("http://", "https://"))
    host_key(link)


@given(rest=st.text(alphabet="aZ09.-_~%+@:,;/?=&#", max_size=12), base=st.sampled_from(["", "https://a.example/f/"]))
def test_what_is_plainly_a_link_is_what_would_be_made_of_it(rest: str, base: str) -> None:
    for scheme in ("http", "https"):
        link = f"{scheme}://{rest}"
        assert absolute(link, base) == absolute(f" {link}", base)


@pytest.mark.parametrize(
    "url",
    [
        "https://feeds.example/a",
        "https://feeds.example:443/a",
        "http://FEEDS.example:80/b",
        "https://user:pass@feeds.example/c",
        "https://feeds.example.:8443/d",
    ],
)
def test_one_server_has_one_key(url: str) -> None:
    assert host_key(url) == "feeds.example"


def test_host_keys_of_other_servers() -> None:
    assert host_key("https://www.feeds.example/") == "www.feeds.example"
    assert host_key("https://bücher.example/") == host_key("https://xn--bcher-kva.example/")
    assert host_key("http://[::1]:8080/") == "::1"
    assert host_key("http://[/") == ""


def test_what_is_stored_of_a_url_shows_no_secret() -> None:
    assert storable("https://a.example/feed.xml") == "https://a.example/feed.xml"
    secret = storable("https://me:geheim@a.example/feed.xml?token=geheim")
    assert secret.startswith("https://a.example/feed.xml?… ")
    assert "geheim" not in secret
    assert "me" not in secret.replace("example", "")
    assert secret != storable("https://me:other@a.example/feed.xml?token=geheim")
    assert "geheim" not in storable("http://[geheim")


SECRETS = st.text(alphabet="abcXYZ019%/+&= é", min_size=4, max_size=20)


@given(SECRETS, SECRETS)
def test_masking_hides_the_values_of_a_query_and_can_be_undone(one: str, two: str) -> None:
    query = urlencode({"token": one, "user": two})
    own = f"http://a.example/feed?{query}"
    moved = f"https://b.example/feed?{query}"
    hidden = masked(moved, own)
    assert unmasked(hidden, own) == moved
    assert quote_plus(one) not in hidden
    assert quote_plus(two) not in hidden
