"""The words that topics look for, numbered; and which of them a text holds.

Every distinct word of a text is looked up once and remembered, so the cost of a text does not depend on how many
words are looked for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.pattern_syntax import Word
from alerts.matching.text import Text
from alerts.model.memory import Memory


class Found(NamedTuple):
    """The terms of one text: the indexes of their words, and the offsets of those in scripts without spaces."""

    present: frozenset[int]
    words: Mapping[int, Sequence[int]]
    spans: Mapping[int, Sequence[tuple[int, int]]]


class Terms:
    """Filled once with `number`, then `close`d and read only."""

    def __init__(self) -> None:
        self._numbers: dict[Word | None, int] = {}
        self.of_word: Memory[tuple[int, ...]] = Memory(lambda _: ())  # by a word of a text with its case
        self._unspaced: list[int] = []
        self._automaton: AhoCorasick | None = None

    def number(self, word: Word | None) -> int:
        """The number of a word; None stands for any number."""
        return self._numbers.setdefault(word, len(self._numbers))

    def text(self, term: int) -> str:
        """A term as people write it."""
        return str(self._words[term] or "#")

    def close(self) -> None:
        """Build what finding needs."""
        self._words = list(self._numbers)
        self.of_word = _memory(self._numbers)
        unspaced = [word for word in self._words if word and word.unspaced]
        self._unspaced = [self._numbers[word] for word in unspaced]
        if unspaced:
            texts = [word.text for word in unspaced]
            self._automaton = AhoCorasick(texts, matchkind=MatchKind.Standard, store_patterns=False)

    def find(self, text: Text) -> Found:
        rows = list(map(self.of_word.__getitem__, text.cased_tokens))
        words: dict[int, list[int]] = defaultdict(list)
        spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for index in compress(range(len(rows)), rows):
            for term in rows[index]:
                words[term].append(index)
        if self._automaton is not None and text.special:
            for number, start, end in self._automaton.find_matches_as_indexes(text.low, overlapping=True):
                spans[self._unspaced[number]].append((start, end))
        return Found(frozenset(words).union(spans), words, spans)


def _memory(numbers: Mapping[Word | None, int]) -> Memory[tuple[int, ...]]:
    """The terms that a word of a text is."""
    words = [word for word in numbers if word and not word.unspaced]
    terms = {str(word): numbers[word] for word in words}
    beginnings = sorted({len(word.text) for word in words if word.open_end and not word.open_start})
    endings = sorted({len(word.text) for word in words if word.open_start and not word.open_end})
    inner = [word for word in words if word.open_start and word.open_end]

    def look_up(word: str) -> tuple[int, ...]:
        low = word.lower().replace("ς", "σ")
        written = [low] if low == word else [low, word]
        written += [f"{low[:length]}*" for length in beginnings if length <= len(low)]
        written += [f"*{low[-length:]}" for length in endings if length <= len(low)]
        written += [str(each) for each in inner if each.text in low]
        found = [terms[each] for each in written if each in terms]
        return (*found, numbers[None]) if None in numbers and low[0].isdigit() else tuple(found)

    return Memory(look_up)
