from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.fetching import headers

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVER = "Sun, 01 Mar 2026 10:00:00 GMT"  # two hours behind us


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("120", timedelta(seconds=120)),
        (" 0 ", timedelta(0)),
        ("172800", timedelta(days=2)),  # whole, not capped at a day
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(hours=1)),  # by the server's clock
        ("Sun, 01 Mar 2026 09:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(text: str, expected: timedelta | None) -> None:
    assert headers.retry_after(text, date=SERVER, now=NOW) == expected


def test_retry_after_of_a_server_without_clock() -> None:
    assert headers.retry_after("Sun, 01 Mar 2026 13:00:00 GMT", date="", now=NOW) == timedelta(hours=1)


def fresh(cache_control: str = "", expires: str = "", age: str = "", date: str = SERVER) -> timedelta | None:
    return headers.fresh_for(cache_control=cache_control, expires=expires, age=age, date=date, now=NOW)


def test_max_age_less_age() -> None:
    assert fresh("public, max-age=3600", age="600") == timedelta(minutes=50)
    assert fresh("max-age=60", age="600") == timedelta(0)


def test_max_age_wins_over_expires() -> None:
    assert fresh("max-age=60", "Sun, 01 Mar 2026 20:00:00 GMT") == timedelta(minutes=1)


def test_expires_by_the_servers_clock() -> None:
    assert fresh(expires="Sun, 01 Mar 2026 10:30:00 GMT") == timedelta(minutes=30)
    assert fresh(expires="0") is None
    assert fresh(expires="Sat, 28 Feb 2026 10:30:00 GMT") == timedelta(0)


@pytest.mark.parametrize("value", ["no-cache", "no-store, max-age=3600", "private", "max-age=x", ""])
def test_nothing_is_promised(value: str) -> None:
    assert fresh(value) is None


def test_quoted_and_upper_case_directives() -> None:
    assert fresh('Max-Age="90"') == timedelta(seconds=90)


def test_the_clock_of_a_server_behind_a_cache() -> None:
    assert headers.server_time(SERVER, "") == NOW - timedelta(hours=2)
    assert headers.server_time(SERVER, "7200") == NOW
    assert headers.server_time("", "7200") is None
    assert headers.server_time("Fri, 31 Dec 9999 23:59:59 GMT", "9999999999") is None


def test_links_of_headers() -> None:
    found = headers.links(
        ['<https://hub.example/>; rel="hub", </feed>; rel=self', '<https://a.example/>; title=x; rel="a Hub"'],
        "https://b.example/x",
    )
    assert found["hub"] == ("https://hub.example/", "https://a.example/")
    assert found["self"] == ("https://b.example/feed",)


@given(st.text())
def test_no_header_raises(text: str) -> None:
    headers.parse_date(text)
    headers.retry_after(text, date=text, now=NOW)
    headers.server_time(text, text)
    fresh(text, text, text, text)
    headers.links([text], "https://a.example/")
