from __future__ import annotations

import re
from pathlib import Path

import pytest

from alerts.stories import lexicon
from alerts.stories.terms import tokens

FILES = sorted((Path(lexicon.__file__).parent / "data").glob("*.txt"))
TABLES = ["translations", "scales"]


def body(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_data_file_says_what_it_is_and_where_it_comes_from(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert text.startswith("# ")
    assert any(line.startswith("# Origin: ") for line in comments)
    assert text.endswith("\n")
    assert all(len(line) <= 200 for line in text.splitlines())


@pytest.mark.parametrize("name", ["function_words", "function_words_foreign", "frequent_words", "ordinary_words"])
def test_a_list_is_sorted_lower_case_words_without_repetition(name: str) -> None:
    words = " ".join(body(FILES[0].parent / f"{name}.txt")).split()
    assert words == sorted(set(words))
    assert all(word == word.lower() for word in words)


@pytest.mark.parametrize("name", TABLES)
def test_no_word_of_a_table_has_two_meanings(name: str) -> None:
    words: list[str] = []
    for line in body(FILES[0].parent / f"{name}.txt"):
        assert re.fullmatch(r"[a-z0-9]+: \S.*", line), line
        words += line.partition(":")[2].split()
    assert sorted(words) == sorted(set(words))
    assert all(word == word.lower() for word in words)


def test_no_translation_is_an_english_word_with_another_meaning() -> None:
    known = lexicon.FUNCTION_WORDS | lexicon.FREQUENT_WORDS | lexicon.ORDINARY_WORDS
    assert not {word for word in lexicon.TRANSLATIONS if word in known}


def test_phrases_have_the_two_words_that_are_looked_up() -> None:
    for phrase in (*lexicon.TRANSLATIONS, *lexicon.SCALES):
        assert len(phrase.split()) <= 2
        assert [word.lower() for word in tokens(phrase)] == phrase.split()


def test_lists_are_loaded() -> None:
    assert "the" in lexicon.FUNCTION_WORDS
    assert lexicon.SCALES["milliarden"] == 9
    assert lexicon.TRANSLATIONS["vereinigte staaten"] == "usa"
    assert lexicon.NUMBER_WORDS["forty"] == "40"
