"""What a query asks for, and which texts fit."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.matching.search import MAX_BODY, MAX_QUERY, Query, body_of, index_words, parse, source_word
from alerts.model.errors import UsageError
from alerts.model.item import Item

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WORDS = st.sampled_from(
    [
        "Bank",
        "bankruptcy",
        "Müller",
        "STRASSE",
        "Straße",
        "AT&T",
        "don't",
        "数据泄露",
        "データ",
        "x_y",
        "İstanbul",
        "ﬁne",
        "été",
    ]
)
TEXTS = st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=12).map(" ".join)


def item(title: str, text: str = "", **given_: object) -> Item:
    return Item(id="a", title=title, summary=text, observed=NOW, source="wire", **given_)  # type: ignore[arg-type]


def admits(query: Query, words: set[str]) -> bool:
    """Whether an index that holds these words names the text for a query."""
    terms = [term for phrase in query.wanted for term in phrase.terms]
    wanted = all(any(word.startswith(term) if opens else word == term for word in words) for term, opens in terms)
    single = [phrase.terms[0] for phrase in query.unwanted if len(phrase.terms) == 1]
    return wanted and not any(
        word.startswith(term) if opens else word == term for term, opens in single for word in words
    )


@given(title=TEXTS, text=TEXTS, query=st.one_of(TEXTS, st.text(max_size=30)))
def test_the_index_names_every_text_that_fits(title: str, text: str, query: str) -> None:
    try:
        parsed = parse(query)
    except UsageError:
        return
    recorded = item(title, text)
    if parsed.score(title, body_of(recorded)):
        assert admits(parsed, set(index_words(recorded).split()))


@given(text=TEXTS, place=st.integers(0, 50), size=st.integers(1, 6))
@example(text="Bank . . . . . . Bank", place=0, size=20)
def test_words_of_a_text_find_it(text: str, place: int, size: int) -> None:
    text = text.replace("\0", "")  # which no query holds
    words = index_words(item(text)).split()
    cut = text.split()[place % 5 :][:size]
    if cut and words:
        query = f'"{" ".join(cut)}"'
        with contextlib.suppress(UsageError):  # nothing but punctuation
            assert parse(query).score(text, "") > 0


@given(text=st.text(alphabet="abCD1 .-_'@&+\t\n\x00", max_size=40), repeated=st.integers(1, 40))
@example(text="AT&T & + b_c x", repeated=1)
@example(text="b-C x_y abcD1", repeated=1)
@example(text="abcD", repeated=20)
def test_a_text_in_ascii_has_the_words_that_it_has_beside_another_word(text: str, repeated: int) -> None:
    text += " " + text.replace(" ", "") * repeated  # words that are too long among them
    assert {*index_words(item(text)).split(), "etre"} == {*index_words(item(text, "être")).split()}


@given(raw=st.text(max_size=MAX_QUERY + 20), text=TEXTS)
def test_any_query_is_answered_or_refused(raw: str, text: str) -> None:
    try:
        query = parse(raw)
    except UsageError:
        return
    for phrase in (*query.wanted, *query.unwanted):
        assert all(term and not set(term) & set("'\"\\:*()|!<> \t\n\0") for term, _ in phrase.terms)
    shown, marks = query.excerpt(text, 40)
    assert len(shown) <= 42
    assert all(0 <= first < last <= len(shown) for first, last in marks)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(marks))


@pytest.mark.parametrize(
    ("query", "title", "fits"),
    [
        ("muller strasse", "MÜLLER in der Straße", True),
        ("anthrop", "Anthropic opens an office", True),
        ("opens anthrop", "Anthropic opens an office", True),
        ("anthrop opens", "Anthropic opens an office", False),  # only the last word may go on
        ("anthrop* opens", "Anthropic opens an office", True),
        ("tax", "A taxi strike", False),  # too short to go on by itself
        ("tax*", "A taxi strike", True),
        ("ta*", "A taxi strike", False),
        ('"export controls"', "New export-controls for chips", True),
        ('"export controls"', "Controls on export", False),
        ("„export controls“", "export controls", True),
        ("export -chips", "export of chips", False),
        ("export -chips", "export of chipsets", True),
        ('export -"of chips"', "export of old chips", True),
        ("export -of-chips", "export of chips", False),
        ("数据泄露", "一起数据泄露事件", True),
        ("数据泄露", "数据与泄露", False),
        ("露", "一起数据泄露", True),
        ("iPhone手机", "新款 iPhone 手机 壳", True),
        ("データ", "個人データ流出", True),
        ("at&t", "AT&T is down", True),
        ("& bank", "Bank & Co", True),
        ('"an open quote', "an open quote", True),
        ("NOT AND OR", "and or not", True),  # words like others
    ],
)
def test_what_fits(query: str, title: str, fits: bool) -> None:
    assert (parse(query).score(title, "") > 0) is fits
    assert fits is False or admits(parse(query), set(index_words(item(title)).split()))


@pytest.mark.parametrize("query", ["", "  ", "!!!", "-x", '-"a b"', '""', "& +", "*"])
def test_nothing_to_look_for_is_refused(query: str) -> None:
    with pytest.raises(UsageError, match="nothing to look for"):
        parse(query)


def test_a_long_query_is_refused() -> None:
    with pytest.raises(UsageError, match="at most 200"):
        parse("a" * (MAX_QUERY + 1))


def test_a_title_counts_more_than_a_lead_and_a_lead_more_than_the_rest() -> None:
    query = parse("outage")
    late = "word " * 100 + "outage"
    scores = [
        query.score("outage", ""),
        query.score("", "an outage"),
        query.score("", late),
        query.score("outages", ""),
    ]
    assert scores == [1.0, 0.7, 0.4, 0.8]
    assert parse("outage acme").score("Acme", "an outage") == pytest.approx(0.85)


def test_an_excerpt_shows_the_words_where_they_stand() -> None:
    text = "Lorem ipsum dolor. " * 20 + "The Brèach went on. " + "Sit amet. " * 20
    shown, marks = parse("breach").excerpt(text, 60)
    assert [shown[first:last] for first, last in marks] == ["Brèach"]
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert parse("zebra").excerpt(text, 20) == (text[:20] + "…", [])
    assert parse("数据").excerpt("一起数据泄露", 100) == ("一起数据泄露", [(2, 4)])


def test_long_bodies_are_indexed_up_to_a_bound() -> None:
    long = item("t", "start " + "x " * MAX_BODY + "finish")
    assert "start" in index_words(long).split()
    assert "finish" not in index_words(long).split()
    assert parse("finish").score("", body_of(long)) == 0


def test_a_withdrawn_item_has_no_words() -> None:
    assert index_words(item("t", withdrawn=True)) == ""
    assert source_word("a.b:c") == "@a-b-c"
