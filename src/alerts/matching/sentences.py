"""Where sentences begin: enough to tell whether two spans stand in the same one."""

import re
from bisect import bisect_right

from alerts.matching.words import word_list

# One class of characters first: the engine skips what is none of them.
_BOUNDARY = re.compile(r"[.!?…。！？\n](?:(?<=[。！？\n])|[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\Wa-z]))")
_LAST_WORD = re.compile(r"[\w.]{1,12}$")
_DOTTED = re.compile(r"(?:\w\.)+\w")
_ABBREVIATIONS = word_list("abbreviations")


class Sentences:
    """The sentences of one text; `at` numbers them by offset, `starts` are the offsets of all but the first.

    An abbreviation's full stop ends none.
    """

    __slots__ = ("starts",)

    def __init__(self, raw: str) -> None:
        self.starts = [found.end() for found in _BOUNDARY.finditer(raw) if not _abbreviates(raw, found.start())]

    def at(self, offset: int) -> int:
        return bisect_right(self.starts, offset)


def _abbreviates(raw: str, stop: int) -> bool:
    if raw[stop] != ".":
        return False
    word = _LAST_WORD.search(raw, max(0, stop - 12), stop)
    if word is None:
        return False
    last = word.group().lower()
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha()) or _DOTTED.fullmatch(last) is not None
