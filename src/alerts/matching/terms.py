"""The words that topics look for, numbered; and which of them a text holds.

Every distinct word of a text is looked up once and remembered, so the cost of a text does not depend on how many
words are looked for.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import compress

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.memory import Memory
from alerts.matching.pattern_syntax import Word
from alerts.matching.text import Text


class Found:
    """The terms of one text: the indexes of their words, and the offsets of those in scripts without spaces."""

    def __init__(self, rows: list[tuple[int, ...]]) -> None:
        self._rows = rows  # for each word of the text the terms that it is
        self.spans: dict[int, list[tuple[int, int]]] = {}

    @property
    def present(self) -> set[int]:
        return set().union(self.spans, *filter(None, self._rows))

    @cached_property
    def words(self) -> dict[int, list[int]]:
        words: dict[int, list[int]] = {}
        rows = self._rows
        for index, terms in zip(compress(range(len(rows)), rows), filter(None, rows), strict=True):
            for term in terms:
                if term in words:
                    words[term].append(index)
                else:
                    words[term] = [index]
        return words


class Terms:
    """Filled once with `number`, then `close`d and read only."""

    def __init__(self) -> None:
        self._numbers: dict[Word | None, int] = {}
        self._words: list[Word | None] = []  # by number
        self._lookup: _Lookup | None = None
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
        self._lookup = _Lookup((word, term) for word, term in self._numbers.items() if not (word and word.unspaced))
        unspaced = [(word.text, term) for word, term in self._numbers.items() if word and word.unspaced]
        self._unspaced = [term for _, term in unspaced]
        if unspaced:
            self._automaton = AhoCorasick(
                [text for text, _ in unspaced], matchkind=MatchKind.Standard, store_patterns=False
            )

    def find(self, text: Text) -> Found:
        assert self._lookup is not None  # noqa: S101 - it is closed
        found = Found(list(map(self._lookup.__getitem__, text.cased_tokens)))
        if self._automaton is not None and text.special:
            for number, start, end in self._automaton.find_matches_as_indexes(text.low, overlapping=True):
                found.spans.setdefault(self._unspaced[number], []).append((start, end))
        return found


class _Lookup(Memory[tuple[int, ...]]):
    """From a word of a text, with its case, to the terms that it is."""

    def __init__(self, terms: Iterable[tuple[Word | None, int]]) -> None:
        super().__init__()
        self._cased: dict[str, int] = {}  # the terms that count only as written
        self._exact: dict[str, list[int]] = {}
        self._beginnings: dict[str, list[int]] = {}
        self._endings: dict[str, list[int]] = {}
        self._inner: list[tuple[str, int]] = []
        self._number: int | None = None
        for word, term in terms:
            if word is None:
                self._number = term
            elif word.cased:
                self._cased[word.cased] = term
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

    def look_up(self, word: str) -> tuple[int, ...]:
        cased = (self._cased[word],) if word in self._cased else ()
        return (*self._terms(word.lower().replace("ς", "σ")), *cased)

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
