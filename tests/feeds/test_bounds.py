"""What a feed may cost: linear in its size, whatever its shape."""

import time
from collections.abc import Callable

import pytest

from alerts.feeds.feed import ParsedFeed
from alerts.feeds.parsing.bounds import MAX_ATTRIBUTES, MAX_CATEGORIES, MAX_DEPTH, MAX_NAMESPACES, survey
from alerts.feeds.parsing.parse import parse
from alerts.feeds.result import ErrorKind
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


def cost(body: bytes) -> float:
    """Seconds of this process and its children; the less of two, so that other work does not count."""
    least = float("inf")
    for _ in range(2):
        began = time.process_time()
        read(body)
        least = min(least, time.process_time() - began)
    return least


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_cost_is_linear_in_size(shape: str) -> None:
    """Four times the size costs four times as much, and seldom more: quadratic would be sixteen times."""
    small, middle, large = (cost(SHAPES[shape](size)) for size in (500, 2_000, 8_000))
    assert middle <= 8 * small + 0.05
    assert large <= 8 * middle + 0.05


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("<x " + repeat("a{n}='1' ", MAX_ATTRIBUTES + 1) + "/>", "attributes"),
        (repeat("<category>{n}</category>", MAX_CATEGORIES + 1), "categories"),
        ("</y>" + repeat("<category>{n}</category>", MAX_CATEGORIES + 1), "categories"),
        (repeat("<a xmlns:n{n}='urn:{n}'/>", MAX_NAMESPACES + 1), "namespaces"),
        ("<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH, "nested"),
    ],
)
def test_what_exceeds_a_bound_is_refused_and_named(item: str, says: str) -> None:
    parsed = read(rss(item))
    assert parsed.error is ErrorKind.TOO_LARGE
    assert says in parsed.detail


def test_bounds_are_of_one_entry_not_of_the_feed() -> None:
    many = "</item><item><title>t</title>".join([repeat("<category>{n}</category>", 400)] * 4)
    assert survey(rss(many)).excess == ""
    assert len(read(rss(many)).entries) == 4


def test_what_cannot_be_counted_is_not_cheap() -> None:
    assert survey(rss("x")).cheap
    assert survey(rss("</y>")).cheap
    assert not survey(rss("</y>" + "<b>" * 3_000)).cheap
    assert not survey(rss("<b/>" * 20_000)).cheap
