"""A name cut into words, and what its words say by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.matching import vocabulary
from alerts.matching.text import Text
from alerts.matching.words import word_list
from alerts.model.fields import grouped
from alerts.model.institution import Derivation

SMALL_WORDS = word_list("small_words")
ADJECTIVES = frozenset(vocabulary.DEMONYMS.values()) | word_list("adjectives_abroad")
_ORDINARY = vocabulary.ANY_COMMON_WORDS.union(
    vocabulary.HEAD_NOUNS, word_list("head_nouns_abroad"), vocabulary.GENERIC_NOUNS
)
_PLACES_AND_GIVEN_NAMES = vocabulary.PLACE_NAMES | vocabulary.GIVEN_NAMES
_PLACES_BY_FIRST_WORD = grouped((place[0], place) for place in vocabulary.MULTIWORD_PLACES)  # longest first


@dataclass(frozen=True, slots=True)
class Derived:
    """A further form of a name, and the condition on which it counts (see `derive`)."""

    surface: str
    by: Derivation
    alone: bool = True
    needs: tuple[str, ...] = ()


class Name:
    """A name cut into words; parts of it give surfaces back."""

    __slots__ = ("low", "surface", "text")

    def __init__(self, surface: str) -> None:
        self.text = Text(" ".join(surface.split()))
        self.surface = self.text.cased
        self.low = self.text.tokens

    def part(self, first: int, last: int) -> str:
        """The surface from word `first` up to, not including, word `last`."""
        return self.surface[self.text.starts[first] : self.text.end(last - 1)]

    def word(self, index: int) -> str:
        return self.text.cased_tokens[index]

    def __len__(self) -> int:
        return len(self.low)


def ordinary(word: str) -> bool:
    return (
        word in _ORDINARY
        or (word.endswith("s") and word[:-1] in vocabulary.COMMON_WORDS)
        or (word.endswith("ed") and (word[:-2] in vocabulary.COMMON_WORDS or word[:-1] in vocabulary.COMMON_WORDS))
    )


def distinctive(word: str, cased: str) -> bool:
    """Whether one word of a longer name still names it: no ordinary word, place or given name."""
    if len(word) == 3:
        return cased.isupper() and cased.isalpha() and word not in vocabulary.STOP_ACRONYMS
    plain = word.isdigit() or cased.islower() or ordinary(word)
    return len(word) >= 4 and not plain and word not in _PLACES_AND_GIVEN_NAMES and word not in ADJECTIVES


def leading_place(low: Sequence[str]) -> int:
    """How many of the first words are a place; 0 where none is."""
    places = _PLACES_BY_FIRST_WORD.get(low[0], ())
    found = next((len(place) for place in places if tuple(low[: len(place)]) == place), 0)
    return found or int(low[0] in vocabulary.PLACE_NAMES)
