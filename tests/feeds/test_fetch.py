"""Fetching from a real server: what we send, what we take, what we follow."""

import gzip
import os
import ssl
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kit.rawserver import FEED, RawServer, Request, reply

from alerts.feeds.feed import ErrorKind, FetchResult, Limits
from alerts.feeds.fetching.fetch import fetch, inflate, make_client, user_agent
from alerts.feeds.fetching.network import Bounds, HttpClient, RequestError
from alerts.feeds.links import shown
from alerts.feeds.state import FeedState
from alerts.model.source import Source

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.servers


@pytest.fixture
def client() -> HttpClient:
    return make_client("ops@example.org")


def get(
    client: HttpClient, url: str, state: FeedState | None = None, *, limits: Limits | None = None, private: bool = True
) -> FetchResult:
    source = Source(id="a", url=url, publisher="A", allow_private=private)
    return fetch(client, source, state or FeedState(url=url), limits=limits, now=NOW)


def test_what_is_sent(client: HttpClient, raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # nothing of the environment is used
    raw_server.on("/feed?a=1", Set_Cookie="session=1; Path=/")
    for _ in range(2):
        assert get(client, raw_server.url("/feed?a=1")).body == FEED
    for request in raw_server.requests:
        assert request.target == "/feed?a=1"
        assert request.headers["host"] == f"127.0.0.1:{raw_server.port}"
        assert request.headers["user-agent"].startswith("institution-alerts/")
        assert "ops@example.org" in request.headers["user-agent"]
        assert "application/atom+xml" in request.headers["accept"]
        assert "application/rss+xml" in request.headers["accept"]
        assert request.headers["accept-encoding"] == "gzip, deflate"
        assert not {"cookie", "referer", "if-none-match", "if-modified-since"} & set(request.headers)


@pytest.mark.parametrize("etag", ['"abc"', 'W/"a, b"', "unquoted", '"caf\xe9"', '"with \\" inside"'])
def test_validators_go_back_byte_for_byte(client: HttpClient, raw_server: RawServer, etag: str) -> None:
    modified = "sunday, 1 march 2026 (about noon)"
    raw_server.on("/feed", ETag=etag, Last_Modified=modified)
    url = raw_server.url("/feed")
    first = get(client, url)
    assert (first.etag, first.last_modified) == (etag, modified)
    state = FeedState.from_json(FeedState(url=url, etag=first.etag, last_modified=first.last_modified).to_json())
    raw_server.on("/feed", "304 Not Modified", b"", ETag='"new"')
    second = get(client, url, state)
    assert (second.status, second.modified, second.error, second.etag) == (304, False, None, '"new"')
    assert b"If-None-Match: " + etag.encode("latin-1") + b"\r\n" in raw_server.requests[-1].raw
    assert b"If-Modified-Since: " + modified.encode() + b"\r\n" in raw_server.requests[-1].raw


def test_validators_go_only_to_the_address_that_gave_them(client: HttpClient, raw_server: RawServer) -> None:
    raw_server.on("/feed", "302 Found", b"", Location="/real")
    raw_server.on("/real", "304 Not Modified", b"")
    url = raw_server.url("/feed")
    result = get(client, url, FeedState(url=url, etag='"x"', validators_url=raw_server.url("/real")))
    assert result.status == 304
    assert [request.headers.get("if-none-match") for request in raw_server.requests] == [None, '"x"']


def test_a_304_that_nobody_asked_for_is_an_error(client: HttpClient, raw_server: RawServer) -> None:
    raw_server.on("/feed", "304 Not Modified", b"")
    assert get(client, raw_server.url("/feed")).error is ErrorKind.HTTP


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(FEED, mtime=0)),
        ("x-gzip", gzip.compress(FEED[:50], mtime=0) + gzip.compress(FEED[50:], mtime=0)),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED, wbits=-15)),
        ("gzip", gzip.compress(gzip.compress(FEED, mtime=0))),  # compressed twice
        ("", gzip.compress(FEED, mtime=0)),  # a compressed file
        ("gzip, gzip", gzip.compress(gzip.compress(FEED, mtime=0))),
        ("identity", FEED),
        ("gzip", gzip.compress(FEED, mtime=0) + b"\0" * 20),  # padded
    ],
)
def test_encodings_of_bodies(client: HttpClient, raw_server: RawServer, coding: str, body: bytes) -> None:
    raw_server.on("/feed", body=body, **({"Content_Encoding": coding} if coding else {}))
    result = get(client, raw_server.url("/feed"))
    assert (result.detail, result.body) == ("", FEED)


@pytest.mark.parametrize(
    ("coding", "body", "kind"),
    [
        ("gzip", b"not gzip at all", ErrorKind.ENCODING),
        ("gzip", gzip.compress(FEED, mtime=0)[:40], ErrorKind.ENCODING),
        ("br", b"anything", ErrorKind.ENCODING),
    ],
)
def test_bodies_that_cannot_be_read(
    client: HttpClient, raw_server: RawServer, coding: str, body: bytes, kind: ErrorKind
) -> None:
    raw_server.on("/feed", body=body, Content_Encoding=coding)
    assert get(client, raw_server.url("/feed")).error is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 Unauthorized", ErrorKind.FORBIDDEN),
        ("403 Forbidden", ErrorKind.FORBIDDEN),
        ("404 Not Found", ErrorKind.NOT_FOUND),
        ("410 Gone", ErrorKind.GONE),
        ("429 Too Many Requests", ErrorKind.BUSY),
        ("500 Internal Server Error", ErrorKind.HTTP),
        ("503 Service Unavailable", ErrorKind.BUSY),
        ("204 No Content", ErrorKind.HTTP),
        ("206 Partial Content", ErrorKind.HTTP),
        ("418 I'm a teapot", ErrorKind.HTTP),
    ],
)
def test_statuses(client: HttpClient, raw_server: RawServer, status: str, kind: ErrorKind) -> None:
    raw_server.on("/feed", status, b"", Retry_After="7200")
    result = get(client, raw_server.url("/feed"))
    assert (result.error, result.status, result.retry_after) == (kind, int(status[:3]), timedelta(hours=2))
    assert status[:3] in result.detail
    assert "\n" not in result.detail


def test_what_cache_headers_say(client: HttpClient, raw_server: RawServer) -> None:
    raw_server.on("/feed", Cache_Control="max-age=1800", Age="300")
    assert get(client, raw_server.url("/feed")).fresh_for == timedelta(minutes=25)


def test_a_hub_in_the_headers(client: HttpClient, raw_server: RawServer) -> None:
    raw_server.on("/feed", Link='<https://hub.example/>; rel="hub", <https://a.example/feed>; rel="self"')
    result = get(client, raw_server.url("/feed"))
    assert (result.hubs, result.self_link) == (("https://hub.example/",), "https://a.example/feed")


# Redirects


def test_a_chain_of_permanent_redirects_is_followed_as_far_as_it_is_permanent(
    client: HttpClient, raw_server: RawServer
) -> None:
    raw_server.on("/1", "301 Moved Permanently", b"", Location="/2")
    raw_server.on("/2", "308 Permanent Redirect", b"", Location=raw_server.url("/3"))
    raw_server.on("/3", "302 Found", b"", Location="4#part")
    raw_server.on("/4")
    result = get(client, raw_server.url("/1"))
    assert result.body == FEED
    assert (result.url, result.final_url) == (raw_server.url("/1"), raw_server.url("/4"))
    assert result.moved_to == raw_server.url("/3")


def test_a_temporary_redirect_is_no_move(client: HttpClient, raw_server: RawServer) -> None:
    raw_server.on("/1", "302 Found", b"", Location="/2")
    raw_server.on("/2", "301 Moved Permanently", b"", Location="/3")
    raw_server.on("/3")
    assert get(client, raw_server.url("/1")).moved_to == ""


def test_a_redirect_carries_no_credentials(client: HttpClient, raw_server: RawServer) -> None:
    raw_server.on("/1", "302 Found", b"", Location=f"http://user:secret@127.0.0.1:{raw_server.port}/2")
    raw_server.on("/2")
    assert get(client, raw_server.url("/1", host="me:pass@127.0.0.1")).body == FEED
    assert [("authorization" in request.headers) for request in raw_server.requests] == [True, False]


@pytest.mark.parametrize(
    "location",
    [
        "",
        "/1",
        "file:///etc/passwd",
        "gopher://a.example/",
        "http://",
        "http://[",
        "//",
        "/\x1b[31m",
        "http://a.example:port/",
        "https://mailto:x@",
        "http://\xad/",
        "/" + "a" * 66_000,
    ],
)
def test_redirects_that_are_refused(client: HttpClient, raw_server: RawServer, location: str) -> None:
    raw_server.on("/1", "301 Moved Permanently", b"", Location=location)
    result = get(client, raw_server.url("/1"))
    assert result.error in {ErrorKind.REDIRECT, ErrorKind.ADDRESS}
    assert result.detail


def test_an_endless_chain_of_redirects_ends(client: HttpClient, raw_server: RawServer) -> None:
    def onwards(connection: object, request: Request) -> None:
        reply("302 Found", b"", Location=request.target + "x")(connection, request)  # type: ignore[arg-type]

    raw_server.otherwise = onwards
    result = get(client, raw_server.url("/"), limits=Limits(redirects=4))
    assert result.error is ErrorKind.REDIRECT
    assert len(raw_server.requests) == 5


# Addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433"])
def test_private_addresses_are_refused(client: HttpClient, raw_server: RawServer, host: str) -> None:
    result = get(client, raw_server.url("/feed", host=host), private=False)
    assert result.error in {ErrorKind.ADDRESS, ErrorKind.DOWN}  # some systems do not resolve the last ones
    assert not raw_server.requests


def test_a_refused_address_is_explained(client: HttpClient, raw_server: RawServer) -> None:
    detail = get(client, raw_server.url("/feed"), private=False).detail
    assert "127.0.0.1" in detail
    assert "allow_private: true" in detail
    assert "is at 127.0.0.1" not in detail  # the host is the address


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "http://", "nonsense", "http://a b/", ""])
def test_what_is_no_web_address(client: HttpClient, url: str) -> None:
    assert get(client, url).error is ErrorKind.ADDRESS


def names(raw_server: RawServer, table: dict[str, list[list[str]]]) -> HttpClient:
    """A client whose names resolve as told, another answer each time; the last one stays."""

    def resolver(host: str, _port: int) -> list[str]:
        answers = table[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return make_client(resolver=resolver)


def test_the_name_stays_in_the_host_header(raw_server: RawServer) -> None:
    raw_server.on("/feed")
    client = names(raw_server, {"a.example": [["127.0.0.1"]]})
    assert get(client, raw_server.url("/feed", host="a.example")).body == FEED
    assert raw_server.requests[0].headers["host"] == f"a.example:{raw_server.port}"


def test_the_address_that_was_checked_is_the_one_connected_to(raw_server: RawServer) -> None:
    """A name that answers public when it is checked and private when it is used (DNS rebinding)."""
    raw_server.on("/feed")
    client = names(raw_server, {"a.example": [["192.0.43.8", "127.0.0.1"], ["127.0.0.1"]]})
    for _ in range(3):
        result = get(client, raw_server.url("/feed", host="a.example"), private=False)
        assert result.error is ErrorKind.ADDRESS
    assert not raw_server.requests


def test_one_lookup_for_one_connection(raw_server: RawServer) -> None:
    asked: list[str] = []

    def resolver(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    raw_server.on("/feed")
    client = make_client(resolver=resolver)
    get(client, raw_server.url("/feed", host="a.example"))
    assert asked == ["a.example"]


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://10.0.0.1/"]
)
def test_a_redirect_to_a_private_address_is_refused(raw_server: RawServer, target: str) -> None:
    """The first host is public as far as the check goes; the one it redirects to is not."""
    raw_server.on("/feed", "302 Found", b"", Location=target)

    def first_is_public(address: str) -> bool:
        return address == "127.0.0.1"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("alerts.feeds.fetching.network.is_public", first_is_public)
        result = get(make_client(), raw_server.url("/feed"), private=False)
    assert result.error is ErrorKind.ADDRESS
    assert result.final_url == target


@pytest.mark.parametrize(
    ("own", "other", "asked"),
    [
        ("127.0.0.1", "127.0.0.1", True),  # the same network
        ("127.0.0.2", "127.0.0.1", True),
        ("127.9.9.9", "127.0.0.1", False),  # another one
        ("10.0.0.1", "127.0.0.1", False),
        ("192.0.43.8", "127.0.0.1", False),  # a public source has no network that it may open
    ],
)
def test_allow_private_opens_the_network_of_the_source_alone(
    raw_server: RawServer, own: str, other: str, asked: bool
) -> None:
    """What a redirect or a hub leads to: connections to another host than the source's own."""
    raw_server.on("/feed")
    table = {"own.example": [[own]], "other.example": [[other]]}
    client, url = names(raw_server, table), raw_server.url("/feed", host="other.example")
    bounds = Bounds(Limits(9, compressed=10_000, overhead=0), private_host="own.example")
    if asked:
        with client.open("GET", url, bounds) as response:
            assert b"".join(response.body) == FEED
    else:
        with pytest.raises(RequestError, match=r"own\.example"), client.open("GET", url, bounds):
            pass
    assert bool(raw_server.requests) is asked


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1%lo", "100.100.100.200", "::ffff:169.254.1.1"])
def test_allow_private_opens_no_link_local_address(raw_server: RawServer, address: str) -> None:
    client = names(raw_server, {"a.example": [[address]]})
    result = get(client, raw_server.url("/feed", host="a.example"))
    assert result.error is ErrorKind.ADDRESS
    assert "never asked" in result.detail


@pytest.mark.parametrize("answer", [OSError("no such host"), UnicodeError("label too long"), []])
def test_names_that_do_not_resolve(answer: object) -> None:
    def resolver(_host: str, _port: int) -> list[str]:
        if isinstance(answer, Exception):
            raise answer
        return []

    client = make_client(resolver=resolver)
    result = get(client, "http://a.example/")
    assert result.error is ErrorKind.DOWN
    assert "resolve a.example" in result.detail


def test_the_next_address_is_tried(raw_server: RawServer) -> None:
    raw_server.on("/feed")
    client = names(raw_server, {"a.example": [["127.0.0.2", "127.0.0.1"]]})
    assert get(client, raw_server.url("/feed", host="a.example")).body == FEED


def test_nobody_there(client: HttpClient, raw_server: RawServer) -> None:
    result = get(client, raw_server.url("/feed", host="127.0.0.9"))
    assert result.error is ErrorKind.DOWN
    assert result.detail.startswith(f"http://127.0.0.9:{raw_server.port}/feed: no connection")


def test_plain_http_where_tls_is_expected(client: HttpClient, raw_server: RawServer) -> None:
    url = raw_server.url("/feed").replace("http:", "https:")
    assert get(client, url).error in {ErrorKind.TLS, ErrorKind.DOWN}


TLS = Path(__file__).parent / "tls"  # a certificate for a.example, signed by itself, good for a hundred years


def over_tls(raw_server: RawServer) -> list[str]:
    """Make the server speak TLS; the names that clients asked for."""
    asked: list[str] = []
    raw_server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    raw_server.tls.load_cert_chain(TLS / "a.example.pem", TLS / "a.example.key")
    raw_server.tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    raw_server.on("/feed")
    return asked


def test_tls_names_the_host_and_checks_its_certificate(raw_server: RawServer) -> None:
    asked = over_tls(raw_server)
    trusted = ssl.create_default_context(cafile=TLS / "a.example.pem")
    client = make_client(resolver=lambda _host, _port: ["127.0.0.1"], ssl_context=trusted)
    assert get(client, raw_server.url("/feed", host="a.example")).body == FEED
    wrong = get(client, raw_server.url("/feed", host="b.example"))
    assert asked == ["a.example", "b.example"]
    assert wrong.error is ErrorKind.TLS
    assert "b.example" in wrong.detail


def test_a_certificate_that_nobody_vouches_for_is_refused(raw_server: RawServer) -> None:
    over_tls(raw_server)
    client = make_client(resolver=lambda _host, _port: ["127.0.0.1"])
    assert get(client, raw_server.url("/feed", host="a.example")).error is ErrorKind.TLS
    assert not raw_server.requests


# Messages


def test_credentials_and_queries_are_not_shown() -> None:
    assert shown("https://me:secret@a.example:8443/feed?token=secret#x") == "https://a.example:8443/feed?…"
    assert shown("http://[::1") == "(unreadable URL)"


def test_who_asks() -> None:
    assert user_agent(" ops@example.org ").endswith("(feed reader; ops@example.org)")
    assert user_agent("a\r\nX: y").isprintable()
    assert "no contact configured" in user_agent("")


def test_inflate_never_holds_more_than_it_may() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    sizes: list[int] = []
    with pytest.raises(Exception, match="decompressed"):
        sizes.extend(len(piece) for piece in inflate(iter([bomb]), 100_000))
    assert sum(sizes) <= 100_000


def test_inflate_is_the_inverse_however_the_bytes_are_cut() -> None:
    data = os.urandom(5000) + b"a" * 5000
    packed = gzip.compress(data, mtime=0)
    for size in (1, 2, 7, 1000):
        pieces = (packed[at : at + size] for at in range(0, len(packed), size))
        assert b"".join(inflate(pieces, 20_000)) == data
