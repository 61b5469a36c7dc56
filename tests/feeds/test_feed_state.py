import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds.identity import digest
from alerts.feeds.parsing import known_entries
from alerts.feeds.state import FeedState, poll_url, resumed, state_for
from alerts.model.source import Source

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SOURCE = Source(id="a", url="https://a.example/feed.xml", publisher="A", interval=timedelta(minutes=15))

STATES = st.builds(
    FeedState,
    url=st.text(),
    etag=st.text(st.characters(max_codepoint=255)),
    failures=st.integers(0, 99),
    rhythm=st.floats(0, 1e9),
    last_poll=st.none() | st.datetimes(timezones=st.just(UTC)),
    gone_since=st.none() | st.datetimes(timezones=st.just(UTC)),
    skip_hours=st.lists(st.integers(0, 23)).map(tuple),
    stopped=st.text(),
)


@given(STATES)
def test_a_state_survives_storage(state: FeedState) -> None:
    assert FeedState.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_a_fresh_state_is_empty() -> None:
    assert FeedState().to_json() == {}
    assert FeedState.from_json({}) == FeedState.from_json(None) == FeedState()


def test_a_state_of_another_version_is_read_as_far_as_it_is_known() -> None:
    state = FeedState.from_json({"etag": '"x"', "of_the_future": 1, "last_modified": None})
    assert state == FeedState(etag='"x"')


def test_every_field_has_a_default() -> None:
    assert all(getattr(FeedState(), field.name) == field.default for field in fields(FeedState))


def test_a_state_of_another_url_keeps_what_it_knows_of_the_entries_only() -> None:
    old = FeedState(
        url="https://old.example/", adopted_url="https://x.example/", etag='"x"', seen="abc", stopped="gone"
    )
    new = state_for(SOURCE, old)
    assert (new.url, new.seen) == (SOURCE.url, "abc")
    assert (new.etag, new.stopped, new.adopted_url) == ("", "", "")
    assert poll_url(SOURCE, old) == poll_url(SOURCE, new) == SOURCE.url


def test_an_adopted_address_is_polled() -> None:
    assert poll_url(SOURCE, FeedState(url=SOURCE.url, adopted_url="https://b.example/")) == "https://b.example/"


def test_a_stopped_source_can_be_resumed() -> None:
    state = resumed(FeedState(url=SOURCE.url, stopped="gone", gone=4, gone_since=NOW, failures=4, etag='"x"'))
    assert state == FeedState(url=SOURCE.url, etag='"x"')


def mark(number: int) -> tuple[str, str]:
    return digest("mark", str(number), size=known_entries.HASH_BYTES), digest("item", str(number))


@given(st.lists(st.integers(0, 50), unique=True), st.lists(st.integers(0, 50), unique=True))
def test_what_was_seen_is_remembered(first: list[int], second: list[int]) -> None:
    marks = known_entries.remember(known_entries.remember("", [mark(n) for n in first]), [mark(n) for n in second])
    assert known_entries.load(marks) == dict(mark(n) for n in {*first, *second})


def test_an_edited_entry_is_known_by_its_last_bytes_alone() -> None:
    """Else an entry that is edited and edited back would be taken for known."""
    item = mark(1)[1]
    marks = known_entries.remember(known_entries.remember("", [("a" * 12, item)]), [("b" * 12, item)])
    assert known_entries.load(marks) == {"b" * 12: item}


def test_a_feed_that_shrinks_and_grows_again_is_still_known() -> None:
    full = known_entries.remember("", [mark(n) for n in range(126)])
    assert len(known_entries.load(known_entries.remember(full, [mark(500)]))) == 127


def test_what_is_remembered_is_bounded() -> None:
    marks = ""
    for start in range(0, 40_000, 2_000):
        marks = known_entries.remember(marks, [mark(n) for n in range(start, start + 2_000)])
    assert len(known_entries.load(marks)) <= 4_000
    assert mark(39_999)[0] in known_entries.load(marks)


def test_an_unreadable_memory_is_none() -> None:
    assert known_entries.load("***") == {}
