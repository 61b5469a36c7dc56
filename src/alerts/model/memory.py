"""What was found out about a word, remembered: texts use the same few thousand words again and again."""

from collections.abc import Callable
from typing import TypeVar

MAX_REMEMBERED = 1 << 16  # distinct words of texts
MAX_WORD = 60  # characters; longer words are looked up anew each time

T = TypeVar("T")


class Memory(dict[str, T]):
    """A function of words by its results so far. Bounded, whatever texts hold."""

    def __init__(self, function: Callable[[str], T]) -> None:
        self._function = function

    def __missing__(self, word: str) -> T:
        result = self._function(word)
        if len(word) <= MAX_WORD:
            if len(self) >= MAX_REMEMBERED:
                self.clear()
            self[word] = result
        return result
