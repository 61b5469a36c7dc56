"""An item as matching sees it: its fields as texts, and the language that they are in."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from alerts.matching.language import language_of
from alerts.matching.text import Text
from alerts.matching.vocabulary import common_words
from alerts.model.item import Item

FIELDS = ("title", "summary", "content")


class Document:
    """The fields of an item that hold something, in order. Its language is found out when it is first asked for."""

    def __init__(self, item: Item) -> None:
        self._item = item
        self.spans: Collection[tuple[str, int, int]] = ()  # where names stand: field, start, end
        self.texts = {field: Text(raw) for field in FIELDS if (raw := getattr(item, field))}

    @cached_property
    def language(self) -> str:
        return language_of(self._item)

    @cached_property
    def common_words(self) -> frozenset[str]:
        """The ordinary words of its language."""
        return common_words(self.language)

    @cached_property
    def edges(self) -> frozenset[tuple[str, int]]:
        """Where names begin and end, as field and offset."""
        return frozenset((field, at) for field, start, end in self.spans for at in (start, end))
