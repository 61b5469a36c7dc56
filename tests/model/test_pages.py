"""One canonical form of links, for items and for stories."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.identity import link_key
from alerts.model.item import Item
from alerts.model.pages import canonical
from alerts.stories.features import features


@pytest.mark.parametrize(
    "other",
    [
        "http://www.a.example/news/x",
        "https://a.example/news/x/",
        "https://a.example:443/news/x",
        "https://a.example/news/x#section",
        "https://A.example/news/x?utm_source=rss&utm_medium=feed",
        "https://a.example/news/x?fbclid=abc",
        "https://m.a.example/news/x",
        "https://amp.a.example/news/x/amp/",
        "https://www2.a.example/news/x?ref=rss&mc_eid=1",
        "https://user:pass@a.example/news/x",
        "//a.example/news/x",
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
        "https://a.example/news/x?feature=new",
        "https://a.example/#!/news/x",
        "https://a.example:8080/news/x",
    ],
)
def test_links_to_other_pages_are_not(other: str) -> None:
    assert canonical(other) != canonical("https://a.example/news/x")


def test_parameters_in_another_order_are_the_same() -> None:
    assert canonical("https://a.example/?a=1&b=2") == canonical("https://a.example/?b=2&a=1")


def test_items_and_stories_compare_links_alike() -> None:
    """A repost that only one of the two recognised counted as an independent report."""
    link = "https://m.a.example:443/news/x/amp?ref=feed&id=%C3%A9"
    item = Item(id="1", title="Acme Networks hit by outage", observed=datetime(2026, 3, 1, tzinfo=UTC), url=link)
    assert features(item, "A").link == link_key(link) == canonical("https://a.example/news/x?id=é")


@given(st.text())
def test_no_text_raises(text: str) -> None:
    canonical(text)
    canonical(f"https://{text}")


@given(
    host=st.lists(st.sampled_from(["www", "m", "amp", "a", "news-1", ""]), max_size=4).map(".".join),
    path=st.lists(st.sampled_from(["/", "amp", "x_~-.y", "%20", "", "?", "#", ":80"]), max_size=5).map("".join),
)
def test_what_is_plainly_a_page_has_the_form_of_others(host: str, path: str) -> None:
    assert canonical(f"https://{host}{path}").lower() == canonical(f"HTTPS://{host}{path}").lower()


def test_links_of_links_end() -> None:
    assert canonical("https://www.google.com/url?q=" * 5_000 + "https://a.example/")
