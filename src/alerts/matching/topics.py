"""What an item is about: phrases of the topics' lexicons in its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.matching.text import Text
from alerts.model.mention import Mention, TopicHit
from alerts.model.topic import Topic


class Lexicon:
    def __init__(self, topics: Iterable[Topic]) -> None:
        self._topics = tuple(topics)

    def find(self, texts: Mapping[str, Text], mentions: list[Mention]) -> tuple[TopicHit, ...]:
        return ()
