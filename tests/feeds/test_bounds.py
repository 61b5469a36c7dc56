"""What a feed may cost this process: a fraction of a second, whatever its size and shape."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from alerts.feeds.feed import ParsedFeed
from alerts.feeds.parsing import isolation
from alerts.feeds.parsing.parse import parse
from alerts.model.source import Source

SOURCE = Source(id="a", url="https://a.example/feed.xml", publisher="A")


def rss(item: str) -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="urn:dc" xmlns:media="urn:media"><channel><title>T</title>'
        f"<link>https://a.example/</link><item><title>t</title><guid>1</guid>{item}</item></channel></rss>"
    ).encode()


def atom(content: str) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>1</id><title>t</title>'
        f'<content type="xhtml">{content}</content></entry></feed>'
    ).encode()


def repeat(pattern: str, count: int) -> str:
    return "".join(pattern.format(n=n) for n in range(count))


SHAPES: dict[str, Callable[[int], bytes]] = {
    "attributes": lambda n: rss("<x " + repeat("a{n}='1' ", n) + "/>"),
    "attributes of a text": lambda n: rss("<description " + repeat("a{n}='1' ", n) + ">x</description>"),
    "attributes, malformed": lambda n: rss("<x " + repeat("a{n}='1' ", n) + "></y>"),
    "attributes without quotes": lambda n: rss("</y><x " + repeat("a{n}=1 ", n) + ">"),
    "categories": lambda n: rss(repeat("<category>{n}</category>", n)),
    "subjects": lambda n: rss(repeat("<dc:subject>{n}</dc:subject>", n)),
    "keywords": lambda n: rss("<media:keywords>" + repeat("{n},", n) + "</media:keywords>"),
    "categories, malformed": lambda n: rss("</y>" + repeat("<category>{n}</category>", n)),
    "nested namespaces": lambda n: atom(repeat("<a xmlns:n{n}='urn:{n}'>", n) + "</a>" * n),
    "namespaces": lambda n: atom(repeat("<a xmlns:n{n}='urn:{n}'/>", n)),
    "depth": lambda n: rss("<a>" * n + "</a>" * n),
    "open tags": lambda n: rss("<a" * n),
    "unclosed dates": lambda n: rss("<pubDate>" * n),
    "contents": lambda n: atom("x" + repeat("</content><content>{n}", n)),
    "links": lambda n: rss(repeat("<link>https://a.example/{n}</link>", n)),
    "authors": lambda n: rss(repeat("<author>{n}</author>", n)),
    "entities": lambda n: rss("<description>" + "&amp;" * n + "</description>"),
    "CDATA": lambda n: rss("<description>" + "<![CDATA[a]]>" * n + "</description>"),
    "open CDATA": lambda n: rss("<description>" + "<![CDATA[" * n),
    "comments": lambda n: rss("<!--a-->" * n),
    "markup": lambda n: rss("<description>" + "&lt;b&gt;&lt;p " * n + "</description>"),
    "entries": lambda n: rss("</item>" + repeat("<item><title>t</title><link>x{n}</link></item>", n) + "<item>"),
    "JSON": lambda n: (
        '{"version": "https://jsonfeed.org/version/1", "items": ['
        + ",".join(f'{{"id": "{i}", "title": "t"}}' for i in range(n))
        + "]}"
    ).encode(),
    "nested JSON": lambda n: b'{"version": "x", "items": ' + b"[" * n + b"]" * n + b"}",
}


def read(body: bytes) -> ParsedFeed:
    return parse(body, "application/rss+xml", base_url=SOURCE.url, source=SOURCE)


@pytest.mark.slow
@pytest.mark.servers
@pytest.mark.parametrize("shape", SHAPES)
def test_this_process_takes_a_fraction_of_a_second(shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "read_in_child", partial(isolation.read_in_child, deadline=1.0))
    began = time.process_time()  # without children
    read(SHAPES[shape](8_000))
    assert time.process_time() - began < 1.5


@pytest.mark.servers
@pytest.mark.parametrize(
    ("item", "here"),
    [
        ("<b/>" * 1_000, True),
        (repeat("a{n}=1 ", 500), True),
        ("<b/>" * 4_100, False),
        ("</y><x " + repeat("a{n}=1 ", 4_100) + ">", False),
        ("<media:keywords>a,b</media:keywords>", False),
        ("</y><media:KEYWORDS>a,b</media:KEYWORDS>", False),
        ("<description>" + "text " * 300_000 + "</description><foo/>", False),
    ],
)
def test_what_may_be_slow_is_read_by_a_child(item: str, here: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def read_in_child(body: bytes, _content_type: str, **_: object) -> ParsedFeed:
        asked.append(len(body))
        return ParsedFeed()

    monkeypatch.setattr(isolation, "read_in_child", read_in_child)
    isolation.read(rss(item), "text/xml", base_url=SOURCE.url)
    assert (not asked) is here


def test_any_number_of_categories_is_read() -> None:
    (entry,) = read(rss(repeat("<category>{n}</category>", 2_000) + "<foo/>")).entries
    assert entry.guid == "1"
