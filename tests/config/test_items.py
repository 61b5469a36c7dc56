"""Items as JSON Lines."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.config.items import parse_item, read_items
from alerts.model.errors import InputError
from alerts.model.item import Item


def test_all_keys_are_read() -> None:
    item = parse_item(
        {
            "id": "1",
            "title": "T",
            "summary": "S",
            "content": "C",
            "url": "https://example.org/1",
            "source": "feed",
            "publisher": "P",
            "published": "2026-02-24T08:00:00Z",
            "observed": "2026-02-24T10:00:00+01:00",
            "language": "en",
            "origin": "O",
            "author": "A",
            "withdrawn": True,
            "extra": {"ignored": []},
        },
        "items:1",
    )
    assert item == Item(
        id="1",
        title="T",
        observed=datetime(2026, 2, 24, 9, tzinfo=UTC),
        summary="S",
        content="C",
        url="https://example.org/1",
        source="feed",
        publisher="P",
        published=datetime(2026, 2, 24, 8, tzinfo=UTC),
        language="en",
        origin="O",
        author="A",
        withdrawn=True,
    )


@pytest.mark.parametrize(
    ("record", "identity"),
    [
        ({"id": "a", "url": "u", "title": "t"}, "a"),
        ({"id": 7}, "7"),
        ({"url": "u", "title": "t"}, "u"),
        ({"title": " A\n Title ", "publisher": "The Post"}, "a title|the post"),
        ({"title": "ＡＢ"}, "ab|"),
    ],
)
def test_identity_falls_back_to_link_then_title_with_publisher(record: dict[str, object], identity: str) -> None:
    assert parse_item(record, "x:1").id == identity


def test_a_missing_observed_is_published_and_both_missing_the_epoch() -> None:
    published = datetime(2026, 1, 2, tzinfo=UTC)
    assert parse_item({"id": "1", "published": "2026-01-02T00:00:00Z"}, "x:1").observed == published
    assert parse_item({"id": "1", "published": None}, "x:1").observed == datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({}, "needs an id"),
        ({"id": True}, "id must be a text, not true"),
        ({"id": ["a"]}, "id must be a text"),
        ({"id": "1", "title": 5}, "title must be a text, not 5"),
        ({"id": "1", "content": ["x" * 99]}, "..."),
        ({"id": "1", "published": 1700000000}, "published must be an RFC 3339 time"),
        ({"id": "1", "observed": "yesterday"}, "observed must be an RFC 3339 time"),
        ({"id": "1", "observed": "0001-01-01T00:00:00Z"}, "observed must lie in the years 1000 to 2999"),
        ({"id": "1", "published": "9999-12-30T00:00:00Z"}, "published must lie in the years 1000 to 2999"),
        ({"id": "1", "withdrawn": "yes"}, "withdrawn must be true or false"),
    ],
)
def test_wrong_types_name_the_record_and_the_key(record: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_item(record, "items.jsonl:12")
    assert str(caught.value).startswith("items.jsonl:12: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bad_lines_give_an_error_in_their_place() -> None:
    lines = [b'\xef\xbb\xbf{"id": "1"}\n', b"\n", b"{", b"[1]", b"\xff\n", b"[" * 100_000, b'{"id": "2", "x": NaN}']
    read = list(read_items(lines, "stdin"))
    assert [each.id if isinstance(each, Item) else each.where for each in read] == [
        "1",
        "stdin:3",
        "stdin:4",
        "stdin:5",
        "stdin:6",
        "2",
    ]


def test_a_number_without_end_is_said_in_plain_words() -> None:
    (read,) = read_items(['{"id": ' + "1" * 5000 + "}"], "f")
    assert str(read) == "f:1: not usable JSON: a number has too many digits"


def test_text_lines_may_begin_with_a_byte_order_mark() -> None:
    assert [each.id for each in read_items(['\ufeff{"id": "1"}'], "f") if isinstance(each, Item)] == ["1"]


@given(
    st.dictionaries(
        st.sampled_from(["id", "title", "url", "published", "withdrawn", "source"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_any_record_is_an_item_or_an_input_error(record: dict[str, object]) -> None:
    line = json.dumps(record)
    (read,) = read_items([line], "f")
    assert isinstance(read, Item | InputError)
