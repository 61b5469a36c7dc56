"""Which forms may stand in a text: found by their rarest word.

Every form is filed under one of its words, the rarest it has. Each word of a text is looked up among those anchors,
and the answer is remembered: a text without any costs little more than cutting it into words, however many names are
tracked. The same look says whether a topic may stand there. Forms in scripts without spaces are found by an
Aho-Corasick automaton over characters instead."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, compress

from ahocorasick_rs import AhoCorasick, MatchKind

from alerts.matching.forms import Case, Form, Strength
from alerts.matching.text import Text
from alerts.matching.vocabulary import COMMON_WORDS, FUNCTION_WORDS, GENERIC_NOUNS, HEAD_NOUNS, LEGAL_FORMS
from alerts.model.fields import grouped
from alerts.model.memory import Memory

# These bound the work per word of a text, whatever is tracked.
LONGEST_NAME = 48  # words; longer names are not looked for
MOST_SHARED = 16  # a derived form that more institutions share tells none of them …
MOST_GIVEN = 64  # … nor does a name that so many were given

_FREQUENT = COMMON_WORDS | GENERIC_NOUNS | HEAD_NOUNS | {word for form in LEGAL_FORMS for word in form}
_WITH_CAPITAL = frozenset({Case.STRICT, Case.PROPER})
_DOTTED = re.compile(r"(?<![\w.])[A-Z]\.(?: ?[A-Z]\.)+(?!\w)|(?<![\w.])[A-Z](?:\.[A-Z])+(?!\w)")

Forms = tuple[Form, ...]
# Of forms filed under a word: its offset in the form, the number of words of the form; and for an ordinary word the
# step to a word beside it and those that stand there.
Places = tuple[tuple[int, int, int, frozenset[str] | None], ...]
Word = tuple[Places, Forms, int]  # these, the forms that the word is by itself, and marks:
_LETTER = 1  # a capital letter alone
_SMALL = 2  # without the capital that its forms need
_TOPICAL = 4  # a topic may stand where it stands

# Forms of one key at the same place: first their size in words, negative, so that the longest sort first; then words
# `first` up to `last`, or 0 and 0; then characters `start` up to `end` of scripts without spaces, or 0 and 0.
Found = tuple[int, int, int, int, int, Forms]


class Index:
    """All forms. Immutable once built. `topical` says of a word whether a topic is filed under it."""

    def __init__(self, forms: Iterable[Form], topical: Callable[[str], bool]) -> None:
        known = [form for form in forms if form.words <= LONGEST_NAME]
        by_key = grouped((form.key, form) for form in known if not (form.unspaced or form.tagged))
        unspaced = grouped((form.key, form) for form in known if form.unspaced and not form.tagged)
        tagged = grouped((form.key, form) for form in known if form.tagged)
        self._forms = {key: kept for key, each in by_key.items() if (kept := _telling(each))}
        self._tagged = {key: kept for key, each in tagged.items() if (kept := _telling(each))}
        # Names of one word that must have a capital: the most frequent of all false hits, kept apart.
        capital = {
            key: each
            for key, each in self._forms.items()
            if " " not in key and all(form.case in _WITH_CAPITAL and form.cased != key for form in each)
        }
        anchors = _anchors(key for key in self._forms if key not in capital)
        self._words = _memory(anchors, capital, topical)
        self._unspaced = [tuple(each) for each in unspaced.values()]
        self._automaton = (
            AhoCorasick(list(unspaced), matchkind=MatchKind.Standard, store_patterns=False) if unspaced else None
        )

    def namesakes(self) -> frozenset[str]:
        """The institutions that share a form with another."""
        found: set[str] = set()
        for each in chain(self._forms.values(), self._tagged.values(), self._unspaced):
            if len(each) > 1 and len(names := {form.institution for form in each}) > 1:
                found |= names
        return frozenset(found)

    def find(self, text: Text, explain: bool = False) -> tuple[list[Found], bool]:
        """Every place where the words of a form stand, in no particular order; nothing is judged yet. And whether a
        topic may stand in the text.

        Names of one word that need a capital are given in lower case only with `explain`."""
        found: list[Found] = []
        tokens, forms = text.cased_tokens, self._forms
        ends: dict[str, int] = {}  # an occurrence that overlaps the one before of the same form is none
        words = list(map(self._words.__getitem__, tokens))
        count, marks = len(words), 0
        words.append(None)  # beside the last word, and the first
        for at in compress(range(count), words):
            places, single, mark = words[at]  # type: ignore[misc]  # none of these is None
            marks |= mark
            for offset, size, step, beside in places:
                if beside is not None and (words[at + step] is None or _low(tokens[at + step]) not in beside):
                    continue
                first = at - offset
                last = first + size
                if first < 0 or last > count:
                    continue
                key = _low(" ".join(tokens[first:last]))
                if key in forms and first >= ends.get(key, 0):
                    ends[key] = last
                    found.append((-size, first, last, 0, 0, forms[key]))
            if single and (not mark & _SMALL or explain or text.caseless or "#" in text.raw):
                found.append((-1, at, at + 1, 0, 0, single))
        if "#" in text.raw or "@" in text.raw:
            found.extend(self._find_tagged(text))
        if marks & _LETTER:
            found.extend(self._find_dotted(text))
        if text.special and self._automaton is not None:
            found.extend(self._find_unspaced(text))
        return found, text.special or marks >= _TOPICAL

    def _find_tagged(self, text: Text) -> Iterator[Found]:
        """Names whose words a hashtag or a handle runs together."""
        for at, token in enumerate(text.tokens):
            if token in self._tagged and text.low[max(0, text.starts[at] - 1)] in "#@":
                yield -1, at, at + 1, 0, 0, self._tagged[token]

    def _find_dotted(self, text: Text) -> Iterator[Found]:
        """Initials with full stops, as if they had none: M.I.T. (A.I. needs an alias of its own)."""
        for initials in _DOTTED.finditer(text.cased):
            first = bisect_left(text.starts, initials.start())
            key = initials.group().replace(".", "").replace(" ", "").lower()
            if key in self._forms:
                yield -len(key), first, first + len(key), 0, 0, self._forms[key]

    def _find_unspaced(self, text: Text) -> Iterator[Found]:
        assert self._automaton is not None  # noqa: S101 - the caller checked
        ends: dict[int, int] = {}
        for number, start, end in self._automaton.find_matches_as_indexes(text.low, overlapping=True):
            if start < ends.get(number, 0):
                continue
            ends[number] = end
            yield 0, 0, 0, start, end, self._unspaced[number]


def _memory(
    anchors: Mapping[str, Places], capital: Mapping[str, Forms], topical: Callable[[str], bool]
) -> Memory[Word | None]:
    """What a word of a text may be or be part of; None for nothing, as for most words."""
    besides = frozenset().union(*(beside for each in set(anchors.values()) for *_, beside in each if beside))

    def look_up(word: str) -> Word | None:
        low = _low(word)
        places = anchors.get(low, ())
        single = capital.get(low, ())
        letter = len(word) == 1 and word != low and word not in {"A", "I"}
        marks = letter * _LETTER | (single != () and word == low) * _SMALL | topical(word) * _TOPICAL
        return (places, single, marks) if places or single or marks or low in besides else None

    return Memory(look_up)


def _low(words: str) -> str:
    """Words of a text as the keys of forms have them."""
    return words.lower().replace("ς", "σ")


def _anchors(keys: Iterable[str]) -> dict[str, Places]:
    """By the rarest word of each key the places of the keys that have it."""
    keys = list(keys)
    counts = Counter(word for key in keys for word in key.split(" "))
    found: dict[str, dict[tuple[int, int, int], set[str] | None]] = {}
    for key in keys:
        words = key.split(" ")
        anchor = min(words, key=lambda word: (_frequency(word), len(word) < 3, counts[word]))
        at, size = words.index(anchor), len(words)
        if size == 1 or not _frequency(anchor):
            found.setdefault(anchor, {})[at, size, 0] = None
        else:  # texts are full of this word: a look at its neighbour is cheaper than one among all forms
            step = 1 if at + 1 < size else -1
            beside = found.setdefault(anchor, {}).setdefault((at, size, step), set())
            assert beside is not None  # noqa: S101 - the step tells
            beside.add(words[at + step])
    # Most words have the same few places: shared, they stay in the processor's cache.
    shared: dict[Places, Places] = {}
    anchors: dict[str, Places] = {}
    for word, each in found.items():
        places = tuple((*place, frozenset(beside) if beside else None) for place, beside in sorted(each.items()))
        anchors[word] = shared.setdefault(places, places)
    return anchors


def _frequency(word: str) -> int:
    """How often texts have a word, roughly: a name of frequent words (Here Technologies) is filed under a noun."""
    return 2 if word in FUNCTION_WORDS else word in _FREQUENT


def _telling(forms: list[Form]) -> Forms:
    sharing = len(forms) if len(forms) <= MOST_SHARED else len({form.institution for form in forms})
    if sharing <= MOST_SHARED:
        return tuple(forms)
    return tuple(form for form in forms if form.strength >= Strength.GIVEN) if sharing <= MOST_GIVEN else ()
