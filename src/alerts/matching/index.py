"""Which forms may stand in a text: found by their rarest word.

Every form is filed under one of its words, the rarest it has. The words of a text are intersected with those
anchors in one step, so a text without any costs no more than cutting it into words, however many names are
tracked. Forms in scripts without spaces are found by an Aho-Corasick automaton over characters instead.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import compress
from operator import ne
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.forms import Case, Form, Strength
from alerts.matching.text import Text
from alerts.matching.vocabulary import COMMON_WORDS, FUNCTION_WORDS, GENERIC_NOUNS, HEAD_NOUNS, LEGAL_FORMS

# These bound the work per word of a text, whatever is tracked.
LONGEST_NAME = 48  # words; longer names are not looked for
MOST_SHARED = 16  # a derived form that more institutions share tells none of them …
MOST_GIVEN = 64  # … nor does a name that so many were given


_FREQUENT = COMMON_WORDS | GENERIC_NOUNS | HEAD_NOUNS | {word for form in LEGAL_FORMS for word in form}
_WITH_CAPITAL = frozenset({Case.STRICT, Case.PROPER})
_DOTTED = re.compile(r"(?<![\w.])[A-Z]\.(?: ?[A-Z]\.)+(?!\w)|(?<![\w.])[A-Z](?:\.[A-Z])+(?!\w)")


class Found(NamedTuple):
    """Forms of one key at the same place: words `first` up to `last`, or characters where `last` is 0."""

    start: int
    end: int
    first: int
    last: int
    forms: tuple[Form, ...]


class Index:
    """All forms. Immutable once built."""

    def __init__(self, forms: Iterable[Form]) -> None:
        by_key: dict[str, list[Form]] = {}
        unspaced: dict[str, list[Form]] = {}
        tagged: dict[str, list[Form]] = {}
        for form in forms:
            if form.tagged:
                tagged.setdefault(form.key, []).append(form)
            elif form.unspaced:
                unspaced.setdefault(form.key, []).append(form)
            elif form.words <= LONGEST_NAME:
                by_key.setdefault(form.key, []).append(form)
        self._forms = {key: kept for key, each in by_key.items() if (kept := _telling(each))}
        self._tagged = {key: kept for key, each in tagged.items() if (kept := _telling(each))}
        # Names of one word that must have a capital: the most frequent of all false hits, kept apart.
        self._capital = frozenset(
            key
            for key, each in self._forms.items()
            if " " not in key and all(form.case in _WITH_CAPITAL and form.cased != key for form in each)
        )
        counts = Counter(word for key in self._forms for word in key.split(" "))
        anchors: dict[str, set[tuple[int, int]]] = {}
        for key in self._forms:
            words = key.split(" ")
            if key not in self._capital:
                anchor = min(words, key=lambda word: (_frequency(word), len(word) < 3, counts[word]))
                anchors.setdefault(anchor, set()).add((words.index(anchor), len(words)))
        # Most words have the same few places: shared, they stay in the processor's cache.
        shared: dict[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = {}
        self._anchors = {
            word: shared.setdefault(places, places)
            for word, each in anchors.items()
            for places in (tuple(sorted(each)),)
        }
        self._anchor_words = frozenset(self._anchors)
        self._unspaced = [tuple(each) for each in unspaced.values()]
        self._automaton = (
            AhoCorasick(list(unspaced), matchkind=MatchKind.Standard, store_patterns=False) if unspaced else None
        )

    def __len__(self) -> int:
        return len(self._forms) + len(self._unspaced)

    def find(self, text: Text, explain: bool = False) -> list[Found]:
        """Every place where the words of a form stand, in no particular order; nothing is judged yet.

        Names of one word that need a capital are given in lower case only with `explain`.
        """
        found: list[Found] = []
        tokens, forms, anchors = text.tokens, self._forms, self._anchors
        ends: dict[str, int] = {}  # an occurrence that overlaps the one before of the same form is none
        count = len(tokens)
        anchored = self._anchor_words.intersection(tokens)
        if anchored:
            for at in compress(range(count), map(anchored.__contains__, tokens)):
                for offset, size in anchors[tokens[at]]:
                    first = at - offset
                    last = first + size
                    key = " ".join(tokens[first:last]) if first >= 0 else ""
                    if key in forms and last <= count and first >= ends.get(key, 0):
                        ends[key] = last
                        found.append(Found(-1, -1, first, last, forms[key]))
        strict = not (explain or text.caseless or "#" in text.raw)
        capital, letters = self._capital, 0
        cased = text.cased_tokens
        for at in compress(range(count), map(ne, cased, tokens)) if strict else range(count):
            if tokens[at] in capital:
                found.append(Found(-1, -1, at, at + 1, forms[tokens[at]]))
            letters += len(cased[at]) == 1 and cased[at] not in {"A", "I"}
        if "#" in text.raw or "@" in text.raw:
            found.extend(self._find_tagged(text))
        if letters:
            found.extend(self._find_dotted(text))
        if text.special and self._automaton is not None:
            found.extend(self._find_unspaced(text))
        return found

    def _find_tagged(self, text: Text) -> Iterator[Found]:
        """Names whose words a hashtag or a handle runs together."""
        for at, token in enumerate(text.tokens):
            if token in self._tagged and text.low[max(0, text.starts[at] - 1)] in "#@":
                yield Found(-1, -1, at, at + 1, self._tagged[token])

    def _find_dotted(self, text: Text) -> Iterator[Found]:
        """Initials with full stops, as if they had none: M.I.T. (A.I. needs an alias of its own)."""
        for initials in _DOTTED.finditer(text.cased):
            first = bisect_left(text.starts, initials.start())
            key = initials.group().replace(".", "").replace(" ", "").lower()
            if key in self._forms:
                yield Found(-1, -1, first, first + len(key), self._forms[key])

    def _find_unspaced(self, text: Text) -> Iterator[Found]:
        assert self._automaton is not None  # noqa: S101 - the caller checked
        ends: dict[int, int] = {}
        for number, start, end in self._automaton.find_matches_as_indexes(text.low, overlapping=True):
            if start < ends.get(number, 0):
                continue
            ends[number] = end
            yield Found(start, end, 0, 0, self._unspaced[number])


def _frequency(word: str) -> int:
    """How often texts have a word, roughly: a name of frequent words (Here Technologies) is filed under a noun."""
    return 2 if word in FUNCTION_WORDS else word in _FREQUENT


def _telling(forms: list[Form]) -> tuple[Form, ...]:
    sharing = len(forms) if len(forms) <= MOST_SHARED else len({form.institution for form in forms})
    if sharing <= MOST_SHARED:
        return tuple(forms)
    return tuple(form for form in forms if form.strength >= Strength.GIVEN) if sharing <= MOST_GIVEN else ()
