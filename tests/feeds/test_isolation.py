"""Feeds that are read in a child process: the same result, and an end that is kept."""

import subprocess
from typing import Any

import pytest

from alerts.feeds.feed import ErrorKind
from alerts.feeds.parsing import isolation, xmlfeed
from alerts.feeds.parsing.parse import parse
from alerts.model.source import Source

pytestmark = pytest.mark.servers
URL = "https://a.example/feed.xml"
FEED = (
    b'<rss version="2.0"><channel><title>T</title><link>https://a.example/</link>'
    b"<item><guid>1</guid><title>One</title><pubDate>Sun, 01 Mar 2026 10:00:00 GMT</pubDate></item></channel></rss>"
)


def test_a_child_reads_what_this_process_reads() -> None:
    here = xmlfeed.read(FEED, "text/xml", base_url=URL)
    assert isolation.read_in_child(FEED, "text/xml", base_url=URL) == here
    assert here.entries[0].title == "One"


def test_a_child_is_killed_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen.__init__

    def noted(child: subprocess.Popen[bytes], *arguments: Any, **options: Any) -> None:
        start(child, *arguments, **options)
        made.append(child)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    slow = FEED.replace(b"<title>One", b"<category>c</category>" * 100_000 + b"</x><title>One")
    parsed = isolation.read_in_child(slow, "text/xml", base_url=URL, deadline=0.5)
    assert parsed.error is ErrorKind.TOO_SLOW
    assert "0.5 s" in parsed.detail
    (child,) = made
    assert child.returncode is not None  # it was waited for, so none is left behind


def test_a_child_that_takes_too_much_memory_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        isolation, "MAIN", "import resource; resource.setrlimit(resource.RLIMIT_AS, (1, 1)); raise MemoryError"
    )
    parsed = isolation.read_in_child(FEED, "text/xml", base_url=URL)
    assert parsed.error is ErrorKind.TOO_LARGE
    assert "ended their parser" in parsed.detail


def test_a_child_sees_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK", "secret")
    monkeypatch.setattr(isolation, "MAIN", "import os, sys; sys.exit(4 if 'SLACK' in os.environ else 3)")
    assert "status 3" in isolation.read_in_child(FEED, "", base_url=URL).detail


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "hz-gb-2312", "cp037"])
def test_a_charset_that_hides_tags_is_read_by_a_child(charset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def read_in_child(body: bytes, content_type: str, *, base_url: str) -> object:
        asked.append(content_type)
        return xmlfeed.read(body, content_type, base_url=base_url)

    monkeypatch.setattr(isolation, "read_in_child", read_in_child)
    source = Source("a", URL, "A")
    parse(FEED, f"text/xml; charset={charset}", base_url=URL, source=source)
    assert asked
    asked.clear()
    parse(FEED, "text/xml; charset=gb2312", base_url=URL, source=source)
    assert not asked
