"""What was found out about a word, remembered: texts use the same few thousand words again and again."""

from abc import ABC, abstractmethod
from typing import TypeVar

MAX_REMEMBERED = 1 << 16  # distinct words of texts
MAX_WORD = 60  # characters; longer words are looked up anew each time

T = TypeVar("T")


class Memory(dict[str, T], ABC):
    """A function of words by its results so far. Bounded, whatever texts hold."""

    @abstractmethod
    def look_up(self, word: str) -> T: ...

    def __missing__(self, word: str) -> T:
        result = self.look_up(word)
        if len(word) <= MAX_WORD:
            if len(self) >= MAX_REMEMBERED:
                self.clear()
            self[word] = result
        return result
