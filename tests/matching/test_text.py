"""Folding, words and the way back to the text as given."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matching.text import Text, fold

WILD = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("aeiouAEIOU .,-'’“—\u200b\u200d\u202e\u0301\u0308\ufb01İßŁ①™\ud800&+#@北한가\n\xa0"),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Zürich", "Zurich"),
        ("Zu\u0308rich", "Zurich"),
        ("ＯｐｅｎＡＩ", "OpenAI"),
        ("L’Oréal", "L'Oreal"),
        ("Open\u200bAI", "OpenAI"),
        ("Open\u202eAI", "OpenAI"),
        ("Coca‑Cola", "Coca-Cola"),
        ("Maersk\xa0Line", "Maersk Line"),
        ("ﬁrst", "first"),
        ("Łódź", "Lodz"),
    ],
)
def test_spellings_that_readers_take_for_the_same_fold_to_the_same(written: str, same: str) -> None:
    assert Text(written).tokens == Text(same).tokens
    assert Text(written).cased_tokens == Text(same).cased_tokens


def test_superscripts_and_lone_surrogates_part_words() -> None:
    assert Text("OpenAI™ and Claude²").tokens == ["openai", "and", "claude"]
    assert Text("a\ud800OpenAI").tokens == ["a", "openai"]


def test_words_keep_ampersands_and_split_at_other_punctuation() -> None:
    assert Text("AT&T's Canal+, U.S.-led").tokens == ["at&t", "s", "canal+", "u", "s", "led"]


def test_scripts_without_spaces_part_from_latin_words() -> None:
    text = Text("全球OpenAI发布")
    assert text.tokens == ["openai"]
    assert text.special


@given(WILD)
def test_every_word_leads_back_to_a_span_that_folds_to_it(raw: str) -> None:
    text = Text(raw)
    assert len(text.tokens) == len(text.cased_tokens) == len(text.starts)
    assert len(text.low) == len(text.cased)
    for index, token in enumerate(text.tokens):
        start, end = text.starts[index], text.end(index)
        assert text.low[start:end] == token
        first, last = text.raw_span(start, end)
        assert 0 <= first < last <= len(raw)
        assert token in Text(raw[first:last]).low


@given(WILD)
def test_gaps_and_words_make_up_the_text(raw: str) -> None:
    text = Text(raw)
    pieces = [text.gap(0)]
    for index, token in enumerate(text.tokens, start=1):
        pieces += [token, text.gap(index)]
    if text.tokens:
        assert "".join(pieces) == text.low


@given(WILD, st.data())
def test_a_place_that_is_searched_for_is_the_one_that_is_measured(raw: str, data: st.DataObject) -> None:
    searched, measured = Text(raw), Text(raw)
    count = len(measured.starts)  # from here on nothing is searched for
    for _ in range(12 if count else 0):  # more than a text searches for
        first = data.draw(st.integers(0, count - 1))
        last = data.draw(st.integers(first + 1, count))
        assert searched.place(first, last) == measured.place(first, last)
        assert searched.gap(last) == measured.low[measured.end(last - 1) : (*measured.starts, len(raw) * 4)[last]]


@given(st.characters())
def test_folding_is_idempotent(char: str) -> None:
    for piece in fold(char):
        assert fold(piece) == piece


@given(st.characters(max_codepoint=0x6FF) | st.characters(min_codepoint=0x3040, max_codepoint=0x30FF))
def test_composed_and_decomposed_text_are_the_same(char: str) -> None:
    composed, decomposed = (unicodedata.normalize(form, f"x{char}y") for form in ("NFC", "NFD"))
    assert Text(composed).low == Text(decomposed).low


def test_signs_of_indic_scripts_belong_to_words_and_vowel_points_to_none() -> None:
    assert Text("किंगफिशर ने").tokens == ["किंगफिशर", "ने"]
    assert Text("جُوجِل").tokens == Text("جوجل").tokens
