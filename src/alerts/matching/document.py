"""An item as matching sees it: its fields as texts, and the language that they are in."""

from collections.abc import Collection
from functools import cached_property
from itertools import chain

from alerts.matching.language import detect, said_language
from alerts.matching.text import Text
from alerts.matching.vocabulary import ANY_COMMON_WORDS, common_words
from alerts.model.item import Item

FIELDS = ("title", "summary", "content")
_MAX_WORDS = 60  # of a field that are looked at to tell the language …
_MAX_CHARACTERS = 1000  # … and characters, to tell the script


class Document:
    """The fields of an item that hold something, in order. Its language is found out when it is first asked for."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self.spans: Collection[tuple[str, int, int]] = ()  # where names stand: field, start, end
        self.texts = {field: Text(raw) for field in FIELDS if (raw := getattr(item, field))}

    @cached_property
    def language(self) -> str:
        """A two-letter code; empty where nothing tells it.

        What the feed says goes first ("de-AT" is "de"). Some feeds say "en" whatever they hold, but rarely another."""
        said = said_language(self._item)
        if said not in {"", "en"}:
            return said
        texts = self.texts.values()
        words = chain.from_iterable(text.cased_tokens[:_MAX_WORDS] for text in texts)
        return detect(map(str.lower, words), " ".join(text.raw[:_MAX_CHARACTERS] for text in texts)) or said

    @cached_property
    def _joined(self) -> str:
        """Its words in order, with a blank on each side of each; a line for a field."""
        return "".join(f" {' '.join(text.tokens)} \n" for text in self.texts.values())

    def has(self, phrase: str) -> bool:
        """Whether it holds a phrase, of which the last word may go on where a `*` stands at its end."""
        text = Text(phrase.rstrip(" *"))
        if text.special:
            return any(text.low.strip() in each.low for each in self.texts.values())
        ending = "" if phrase.rstrip().endswith("*") else " "
        return f" {' '.join(text.tokens)}{ending}" in self._joined

    @cached_property
    def common_words(self) -> frozenset[str]:
        """The ordinary words of its language."""
        return common_words(self.language)

    def has_as_ordinary(self, word: str) -> bool:
        """Whether a word is an ordinary one of its language, which is asked for last: it costs most."""
        return word in ANY_COMMON_WORDS and word in self.common_words

    @cached_property
    def edges(self) -> frozenset[tuple[str, int]]:
        """Where names begin and end, as field and offset."""
        return frozenset((field, at) for field, start, end in self.spans for at in (start, end))
