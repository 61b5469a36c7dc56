"""The words that topics look for, numbered; and which of them a text holds.

Every distinct word of a text is looked up once and remembered, so the cost of a text does not depend on how many
words are looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import compress

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.pattern_syntax import Word
from alerts.matching.text import Text

MAX_REMEMBERED = 200_000  # distinct words of texts
MAX_WORD = 60  # characters; longer words are looked up anew each time


@dataclass(slots=True)
class Found:
    """The terms of one text: the indexes of their words, and the offsets of those in scripts without spaces."""

    words: dict[int, list[int]] = field(default_factory=dict)
    spans: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


class Terms:
    """Filled once with `number`, then `close`d and read only."""

    def __init__(self) -> None:
        self._numbers: dict[Word | None, int] = {}
        self._words: list[Word | None] = []  # by number
        self._lookup: _Lookup | None = None
        self._cased: dict[str, int] = {}  # the terms that count only as written, by their text
        self._unspaced: list[int] = []
        self._automaton: AhoCorasick | None = None

    def number(self, word: Word | None) -> int:
        """The number of a word; None stands for any number."""
        number = self._numbers.setdefault(word, len(self._words))
        if number == len(self._words):
            self._words.append(word)
        return number

    def text(self, term: int) -> str:
        """A term as people write it."""
        word = self._words[term]
        if word is None:
            return "#"
        return f"{'*' if word.open_start else ''}{word.cased or word.text}{'*' if word.open_end else ''}"

    def close(self) -> None:
        """Build what finding needs."""
        spaced = [(word, term) for word, term in self._numbers.items() if word is None or not word.unspaced]
        self._lookup = _Lookup((word, term) for word, term in spaced if word is None or not word.cased)
        self._cased = {word.cased: term for word, term in spaced if word is not None and word.cased}
        unspaced = [(word.text, term) for word, term in self._numbers.items() if word and word.unspaced]
        self._unspaced = [term for _, term in unspaced]
        if unspaced:
            self._automaton = AhoCorasick(
                [text for text, _ in unspaced], matchkind=MatchKind.Standard, store_patterns=False
            )

    def find(self, text: Text) -> Found:
        found = Found()
        words = found.words
        if self._lookup is not None:
            rows = list(map(self._lookup.__getitem__, text.tokens))
            for index, terms in zip(compress(range(len(rows)), rows), filter(None, rows), strict=True):
                for term in terms:
                    if term in words:
                        words[term].append(index)
                    else:
                        words[term] = [index]
            if not self._cased.keys().isdisjoint(text.cased_tokens):
                for index, cased in enumerate(text.cased_tokens):
                    if cased in self._cased:
                        words.setdefault(self._cased[cased], []).append(index)
        if self._automaton is not None and text.special:
            for number, start, end in self._automaton.find_matches_as_indexes(text.low, overlapping=True):
                found.spans.setdefault(self._unspaced[number], []).append((start, end))
        return found


class _Lookup(dict[str, tuple[int, ...]]):
    """From a word of a text to the terms that it is."""

    def __init__(self, terms: Iterable[tuple[Word | None, int]]) -> None:
        super().__init__()
        self._exact: dict[str, list[int]] = {}
        self._beginnings: dict[str, list[int]] = {}
        self._endings: dict[str, list[int]] = {}
        self._inner: list[tuple[str, int]] = []
        self._number: int | None = None
        for word, term in terms:
            if word is None:
                self._number = term
            elif word.open_start and word.open_end:
                self._inner.append((word.text, term))
            elif word.open_start:
                self._endings.setdefault(word.text, []).append(term)
            elif word.open_end:
                self._beginnings.setdefault(word.text, []).append(term)
            else:
                self._exact.setdefault(word.text, []).append(term)
        self._beginning_lengths = sorted({len(each) for each in self._beginnings})
        self._ending_lengths = sorted({len(each) for each in self._endings})

    def __missing__(self, token: str) -> tuple[int, ...]:
        terms = tuple(self._terms(token))
        if len(token) <= MAX_WORD:
            if len(self) >= MAX_REMEMBERED:
                self.clear()
            self[token] = terms
        return terms

    def _terms(self, token: str) -> Iterator[int]:
        yield from self._exact.get(token, ())
        for length in self._beginning_lengths:
            if length > len(token):
                break
            yield from self._beginnings.get(token[:length], ())
        for length in self._ending_lengths:
            if length > len(token):
                break
            yield from self._endings.get(token[-length:], ())
        yield from (term for inner, term in self._inner if inner in token)
        if self._number is not None and token[0].isdigit():
            yield self._number
