"""Known entries are skipped, and skipping them never changes what is read of the others."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.feeds.feed import Entry, ParsedFeed
from alerts.feeds.identity import digest
from alerts.feeds.parsing import known_entries
from alerts.feeds.parsing.document import entries_of, entry_hashes, parse_document, without
from alerts.feeds.parsing.parse import parse
from alerts.feeds.parsing.xmlfeed import read
from alerts.feeds.state import FeedState
from alerts.model.source import Source

SOURCE = Source(id="a", url="https://a.example/feed.xml", publisher="A")
HEAD = b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><lastBuildDate>now</lastBuildDate>'
TAIL = b"</channel></rss>"


def hashes(body: bytes, content_type: str = "", base_url: str = SOURCE.url) -> list[str]:
    root = parse_document(body, content_type)
    return [] if root is None else entry_hashes(root, entries_of(root), base_url)


def item(number: int, extra: bytes = b"") -> bytes:
    return b"<item><guid>%d</guid><title>Title %d</title>%s</item>" % (number, number, extra)


def plain(entries: tuple[Entry, ...]) -> list[Entry]:
    return [replace(entry, entry_hash="") for entry in entries]


def whole(body: bytes, content_type: str = "") -> ParsedFeed:
    """What feedparser reads of all of it."""
    return read(body, content_type, base_url=SOURCE.url)


def with_known(parsed: ParsedFeed, indexes: set[int]) -> FeedState:
    """The state in which these entries, as far as they have hashes, are known."""
    marks = [(e.entry_hash, digest(str(n))) for n, e in enumerate(parsed.entries) if e.entry_hash and n in indexes]
    return FeedState(seen=known_entries.remember("", marks))


def test_a_feed_without_some_entries() -> None:
    body = HEAD + item(1) + b"\n  " + item(2) + b"<!-- between -->" + item(3) + TAIL
    root = parse_document(body, "")
    assert root is not None
    _, second, third = entries_of(root)
    assert whole(without(root, [second, third])).entries == whole(body).entries[:1]


def test_a_date_rewritten_alone_changes_no_hash() -> None:
    old = hashes(HEAD + item(1, b"<pubDate>a</pubDate>") + TAIL)
    assert old == hashes(HEAD.replace(b"now", b"later") + item(1, b"<pubDate>b</pubDate>") + TAIL)
    assert old != hashes(HEAD + item(1, b"<link>b</link>") + TAIL)


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"<rss ", b'<rss xml:base="https://b.example/" '),
        HEAD.replace(b"<channel>", b'<channel xml:lang="de">'),
        HEAD.replace(b"<rss ", b'<rss xmlns="http://www.w3.org/2005/Atom" '),
    ],
)
def test_what_an_entry_means_depends_on_what_is_around_it(head: bytes) -> None:
    old, new = hashes(HEAD + item(1) + TAIL), hashes(head + item(1) + TAIL)
    assert len(old) == len(new) == 1
    assert old != new


def test_the_meaning_of_a_relative_link_depends_on_the_address_but_for_its_query() -> None:
    body = HEAD + item(1) + TAIL
    assert hashes(body, base_url="https://a.example/feed.xml?t=1") == hashes(body)
    assert hashes(body, base_url="https://a.example/other/feed.xml") != hashes(body)


@pytest.mark.parametrize(
    "body",
    [
        HEAD + TAIL,
        HEAD + b"<item>" + item(1) + b"</item>" + TAIL,
        HEAD + b"<image><item/></image>" + item(1) + TAIL,
        HEAD + item(1) + b"<item>" + TAIL,
        HEAD + item(1, b"<?x </item> ?>") + TAIL,
        b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + HEAD + item(1) + TAIL,
        (HEAD + item(1) + TAIL).decode().encode("utf-16"),
        HEAD.replace(b'"1.0"?', b'"1.0" encoding="iso-8859-1"?') + item(1) + TAIL,
        HEAD + item(1, b"\xe9") + TAIL,  # no UTF-8, and nothing says what else
        b"<item>",
        b"<item></item>",
        b"",
    ],
)
def test_no_hashes_where_in_doubt(body: bytes) -> None:
    assert not any(entry.entry_hash for entry in parse(body, "", base_url=SOURCE.url, source=SOURCE).entries)
    assert plain(parse(body, "", base_url=SOURCE.url, source=SOURCE).entries) == list(whole(body).entries)


def test_an_odd_entry_among_known_ones_is_read_by_feedparser_alone() -> None:
    old = parse(HEAD + item(1) + item(2) + TAIL, "", base_url=SOURCE.url, source=SOURCE)
    body = HEAD + item(3, b"<foo:x xmlns:foo='http://foo.example/'>o</foo:x>") + item(1) + item(2) + TAIL
    new = parse(body, "", base_url=SOURCE.url, source=SOURCE, state=with_known(old, {0, 1}))
    assert plain(new.entries) == list(whole(body).entries[:1])
    assert new.entries[0].entry_hash
    assert new.skipped == (digest("0"), digest("1"))


def test_known_entries_are_skipped_and_new_ones_read() -> None:
    old = parse(HEAD + item(1) + item(2) + TAIL, "", base_url=SOURCE.url, source=SOURCE)
    state = with_known(old, {0, 1})
    new = parse(HEAD + item(3) + item(1) + item(2) + TAIL, "", base_url=SOURCE.url, source=SOURCE, state=state)
    assert [entry.guid for entry in new.entries] == ["3"]
    assert new.skipped == (digest("0"), digest("1"))
    assert new.total == 3


def test_nothing_is_read_where_only_dates_differ() -> None:
    old = parse(HEAD + item(1) + TAIL, "", base_url=SOURCE.url, source=SOURCE)
    state = FeedState(body_hash=old.body_hash)
    body = HEAD.replace(b"now", b"later") + item(1) + TAIL
    assert parse(body, "", base_url=SOURCE.url, source=SOURCE, state=state).same_body


def test_a_malformed_feed_is_read_whole_and_gives_no_hashes() -> None:
    body = HEAD + item(1, b"<b>") + item(2) + TAIL
    parsed = parse(body, "", base_url=SOURCE.url, source=SOURCE)
    assert plain(parsed.entries) == list(whole(body).entries)
    assert not any(entry.entry_hash for entry in parsed.entries)


def test_a_new_malformed_entry_does_not_spoil_known_ones() -> None:
    old = parse(HEAD + item(1) + item(2) + TAIL, "", base_url=SOURCE.url, source=SOURCE)
    body = HEAD + item(3, b"&bad <b>") + item(1) + item(2) + TAIL
    new = parse(body, "", base_url=SOURCE.url, source=SOURCE, state=with_known(old, {0, 1}))
    assert not new.skipped
    assert plain(new.entries) == list(whole(body).entries)


TOKENS = [
    b"<item>", b"</item>", b"<item ", b">", b"<title>t</title>", b"<guid>1</guid>", b"<guid>2</guid>", b"text",
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&amp;", b"<link>http://a.example/</link>", b"<pubDate>x</pubDate>",
    b"\n", b"<items>", b"</items>", b"<item/>", b"<entry>", b"</entry>",
]  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=30), st.sets(st.integers(0, 6)))
def test_any_feed_reads_the_same_with_known_entries_or_without(tokens: list[bytes], known: set[int]) -> None:
    body = HEAD + b"".join(tokens) + TAIL
    check_same(body, known)


def check_same(body: bytes, known: set[int]) -> None:
    reference = whole(body)
    first = parse(body, "", base_url=SOURCE.url, source=SOURCE)
    assert plain(first.entries) == list(reference.entries)
    assert (first.error, first.ttl, first.hubs) == (reference.error, reference.ttl, reference.hubs)
    again = parse(body, "", base_url=SOURCE.url, source=SOURCE, state=with_known(first, known))
    marks = {mark for mark, _ in again.skipped_hashes}
    left = [entry for entry in first.entries if not entry.entry_hash or entry.entry_hash not in marks]
    assert list(again.entries) == left


@pytest.mark.slow
def test_every_recorded_and_torture_feed_reads_the_same_with_known_entries_or_without(data: Path) -> None:
    paths = [path for path in sorted(data.glob("feed_torture/**/*")) if path.suffix in {".xml", ".rss", ".atom"}]
    paths += [path for folder in sorted(data.glob("feeds_recorded/*")) for path in sorted(folder.iterdir())[::25]]
    assert len(paths) > 2000
    for path in paths:
        body = path.read_bytes()
        try:
            check_same(body, set(range(0, 1000, 2)))
        except AssertionError as error:
            raise AssertionError(path) from error
