"""What a URL says about a request, and how an answer is read."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.rawserver import RawServer, Request

from alerts.feeds.feed import Limits
from alerts.feeds.fetching.fetch import make_client
from alerts.feeds.fetching.network import Bounds, RequestError, request_target


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("http://a.example", "a.example", 80, "/", "a.example"),
        ("HTTPS://A.example:443/x?y=1#z", "a.example", 443, "/x?y=1", "a.example"),
        ("http://a.example:8080/", "a.example", 8080, "/", "a.example:8080"),
        ("http://[2001:db8::1]:81/", "2001:db8::1", 81, "/", "[2001:db8::1]:81"),
        ("https://bücher.example/ä?q=ö", "xn--bcher-kva.example", 443, "/%C3%A4?q=%C3%B6", "xn--bcher-kva.example"),
        ("https://straße.example/", "xn--strae-oqa.example", 443, "/", "xn--strae-oqa.example"),
        ("https://a.example/%7Ea?q=%2F{x}", "a.example", 443, "/%7Ea?q=%2F{x}", "a.example"),
    ],
)
def test_where_a_request_goes(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = request_target(url)
    assert (target.host, target.port, target.path) == (host, port, path)
    assert target.headers == [("Host", authority)]


def test_credentials_of_a_url_are_sent_as_basic_authorization() -> None:
    target = request_target("https://me:p%40ss@a.example/")
    assert target.headers == [("Host", "a.example"), ("Authorization", "Basic bWU6cEBzcw==")]


@given(st.text(max_size=40), st.sampled_from(["", "http://", "https://a.example/", "http://a.example:"]))
def test_any_text_is_an_address_that_can_be_sent_or_none(text: str, start: str) -> None:
    try:
        target = request_target(start + text)
    except RequestError:
        return
    assert target.host.isascii()
    assert 0 <= target.port < 65536
    sent = "".join([target.path, *(value for _, value in target.headers)])
    assert all("\x20" <= char <= "\x7e" for char in sent)
    assert " " not in target.path


@pytest.mark.servers
def test_an_answer_may_come_before_the_request_was_read(raw_server: RawServer) -> None:
    raw_server.on("/hub", "413 Payload Too Large", b"no")
    form = {"hub.topic": "x" * 4_000_000}
    bounds = Bounds(Limits(9, compressed=10_000, overhead=0), private_host="127.0.0.1")
    with make_client().open("POST", raw_server.url("/hub"), bounds, form=form) as response:
        assert response.status == 413


@pytest.mark.servers
def test_an_informational_answer_is_not_the_answer(raw_server: RawServer) -> None:
    def answer(connection: socket.socket, _request: Request) -> None:
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")

    raw_server.otherwise = answer
    bounds = Bounds(Limits(9, compressed=10_000, overhead=0), private_host="127.0.0.1")
    with make_client().open("GET", raw_server.url("/"), bounds) as response:
        assert (response.status, b"".join(response.body)) == (204, b"")


@pytest.mark.servers
def test_the_bounds_hold_for_the_head_of_an_answer(raw_server: RawServer) -> None:
    raw_server.on("/", X="a" * 20_000)
    bounds = Bounds(Limits(9, compressed=10_000, overhead=0), private_host="127.0.0.1")
    with (
        pytest.raises(RequestError, match="sends more than 10000"),
        make_client().open("GET", raw_server.url("/"), bounds),
    ):
        pass
    over = Bounds(Limits(-1, compressed=10_000, overhead=0), private_host="127.0.0.1")
    with pytest.raises(RequestError, match="not finished within"), make_client().open("GET", raw_server.url("/"), over):
        pass
