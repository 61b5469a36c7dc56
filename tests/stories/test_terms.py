from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.stories.terms import COMMON, FREQUENT, NUMBER, RARE, stem, terms, weight


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a $1.8B deal", "a 1.8 billion dollar deal"),
        ("loses €14bn", "lost 14 bn"),
        ("37,000 vehicles", "37000 vehicles"),
        ("forty branches", "40 branches"),
        ("4Q", "fourth quarter"),
        ("Q1", "first-quarter"),
        ("T-Mobile", "TMobile"),
        ("U.S.", "US"),
        ("Wearhouse’s", "Wearhouse"),
        ("files", "filing"),
        ("bankruptcies", "bankruptcy"),
        ("$1.8B", "1,8 Milliarden Euro"),
        ("3 mil millones de dólares", "$3bn"),
        ("18亿美元", "$1.8 billion"),
        ("1万人", "10,000 people"),
        ("35.000 Stellen", "35,000 jobs"),
        ("1.234,5", "1,234.5"),
        ("Deutschland", "Germany"),
        ("les États-Unis", "the U.S."),
        ("Reino Unido", "UK"),
        ("3. März", "March 3"),
        ("OpenAI发布", "OpenAI launches"),
    ],
)
def test_the_same_thing_written_differently_has_a_term_in_common(one: str, other: str) -> None:
    assert set(terms(one)) & set(terms(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$1.8 billion", "$1.8 million"),
        ("Q1", "Q2"),
        ("iOS 7.1", "iOS 7.2"),
        ("Warner", "warns"),
        ("told us", "told the US"),
        ("$1.125 billion", "$1125 billion"),
        ("version 7.1.2", "version 7.12"),
    ],
)
def test_different_things_have_different_terms(one: str, other: str) -> None:
    assert set(terms(one)) != set(terms(other))


def test_terms_are_distinct_and_in_order_of_the_text() -> None:
    assert terms("Sbarro files for bankruptcy: Sbarro's second") == ("sbarro", "fil", "bankruptc", "second")


def test_words_that_carry_nothing_give_no_terms() -> None:
    assert terms("UPDATE: What's the one to watch?") == ()
    assert terms("het nieuws van de dag") == ("nieuw", "dag")


def test_text_without_spaces_is_cut_into_pairs_of_characters() -> None:
    assert terms("東京都庁") == ("東京", "京都", "都庁")
    assert terms("OpenAI以18亿美元收购") == ("openai", "以", "#1.8e+09", "美元", "元收", "收购")


def test_weights_fall_with_how_common_a_word_is() -> None:
    assert weight("zapwire") == RARE
    assert weight("#37000") == NUMBER
    assert weight(stem("merger")) == COMMON
    assert weight(stem("says")) == weight("#2014") == weight("#5") == FREQUENT


@given(st.text(max_size=300))
def test_any_text_gives_terms_without_white_space(text: str) -> None:
    found = terms(text)
    assert len(set(found)) == len(found)
    for term in found:
        assert term.split() == [term]
        assert FREQUENT <= weight(term) <= RARE
