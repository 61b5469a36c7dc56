"""The cheap pass: a cut must never change what is read."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit.laws import examples

from alerts.feeds.feed import Entry, ParsedFeed, TextLimits
from alerts.feeds.identity import digest
from alerts.feeds.parsing import known_entries, splitter
from alerts.feeds.parsing.parse import parse
from alerts.feeds.parsing.xmlfeed import read
from alerts.feeds.state import FeedState
from alerts.model.source import Source

SOURCE = Source(id="a", url="https://a.example/feed.xml", publisher="A")
HEAD = b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><lastBuildDate>now</lastBuildDate>'
TAIL = b"</channel></rss>"


def split(body: bytes, content_type: str = "") -> splitter.SplitFeed | None:
    return splitter.split(body, content_type, base_url=SOURCE.url, hash_size=known_entries.HASH_BYTES)


def item(number: int, extra: bytes = b"") -> bytes:
    return b"<item><guid>%d</guid><title>Title %d</title>%s</item>" % (number, number, extra)


def plain(entries: tuple[Entry, ...]) -> list[Entry]:
    return [replace(entry, entry_hash="") for entry in entries]


def whole(body: bytes, content_type: str = "") -> ParsedFeed:
    """What is read without any cut."""
    return read(body, content_type, base_url=SOURCE.url, limits=TextLimits())


def with_known(parsed: ParsedFeed, indexes: set[int]) -> FeedState:
    """The state in which these entries, as far as they have hashes, are known."""
    marks = [(e.entry_hash, digest(str(n))) for n, e in enumerate(parsed.entries) if e.entry_hash and n in indexes]
    return FeedState(seen=known_entries.remember("", marks), envelope_hash=parsed.envelope_hash)


def test_a_cut_is_the_feed_again() -> None:
    body = HEAD + item(1) + b"\n  " + item(2) + b"<!-- between -->" + item(3) + TAIL
    pieces = split(body)
    assert pieces is not None
    assert len(pieces.entries) == 3
    assert pieces.only(range(3)) == body


def test_a_date_rewritten_alone_changes_no_hash() -> None:
    old = split(HEAD + item(1, b"<pubDate>a</pubDate>") + TAIL)
    new = split(HEAD.replace(b"now", b"later") + item(1, b"<pubDate>b</pubDate>") + TAIL)
    other = split(HEAD + item(1, b"<link>b</link>") + TAIL)
    assert old is not None
    assert new is not None
    assert other is not None
    assert old.entry_hashes == new.entry_hashes
    assert old.envelope_hash == new.envelope_hash
    assert old.entry_hashes != other.entry_hashes


@pytest.mark.parametrize(
    "head",
    [
        HEAD.replace(b"<rss ", b'<rss xmlns:dc="x" '),
        HEAD.replace(b"<rss ", b'<rss xml:base="https://b.example/" '),
        HEAD.replace(b"<channel>", b'<channel xml:lang="de">'),
        HEAD.replace(b'"1.0"?', b'"1.0" encoding="iso-8859-1"?'),
    ],
)
def test_what_an_entry_means_depends_on_what_is_around_it(head: bytes) -> None:
    old, new = split(HEAD + item(1) + TAIL), split(head + item(1) + TAIL)
    assert old is not None
    assert new is not None
    assert old.entry_hashes != new.entry_hashes


@pytest.mark.parametrize(
    "body",
    [
        HEAD + TAIL,
        HEAD + b"<item><description><![CDATA[</item><item>]]></description></item>" + TAIL,
        HEAD + b"<item><description><!-- </item><item> --></description></item>" + TAIL,
        HEAD + b"<!-- <item> -->" + item(1) + TAIL,
        HEAD + item(1) + b"<link>x</link>" + item(2) + TAIL,
        HEAD + item(1) + b"<!-- open " + item(2) + TAIL,
        HEAD + item(1) + b"]]>" + item(2) + TAIL,
        HEAD + b"<item/>" + item(1) + TAIL,
        HEAD + b"<item>" + item(1) + b"</item>" + TAIL,
        HEAD + b"<Item>x</Item>" + item(1) + TAIL,
        HEAD + item(1) + b"<entry>x</entry>" + TAIL,
        HEAD + item(1) + b"<item>" + TAIL,
        HEAD + item(1, b"<?x </item> ?>") + TAIL,
        b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + HEAD + item(1) + TAIL,
        (HEAD + item(1) + TAIL).decode().encode("utf-16"),
        HEAD.replace(b'"1.0"?', b'"1.0" encoding="iso-2022-jp"?') + item(1) + TAIL,
        HEAD + item(1, b"\xe9") + TAIL,  # no UTF-8, and nothing says what else
        b"<item>",
        b"<item></item>",
        b"",
    ],
)
def test_no_cut_where_in_doubt(body: bytes) -> None:
    found = split(body)
    assert found is None or found.only(range(len(found.entries))) == body
    assert plain(parse(body, "", base_url=SOURCE.url, source=SOURCE).entries) == list(whole(body).entries)


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
def test_any_feed_reads_the_same_cut_or_whole(tokens: list[bytes], known: set[int]) -> None:
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
    if again.same_envelope:
        left = [entry for entry in left if not entry.withdrawn]  # known since the envelope was read
    assert list(again.entries) == left


@pytest.mark.slow
def test_every_recorded_and_torture_feed_reads_the_same_cut_or_whole(data: Path) -> None:
    paths = [path for path in sorted(data.glob("feed_torture/**/*")) if path.suffix in {".xml", ".rss", ".atom"}]
    paths += [path for folder in sorted(data.glob("feeds_recorded/*")) for path in sorted(folder.iterdir())[::25]]
    assert len(paths) > 2000
    for path in paths:
        body = path.read_bytes()
        try:
            check_same(body, set(range(0, 1000, 2)))
        except AssertionError as error:
            raise AssertionError(path) from error
