"""Headlines in capitals, calmed. Pure."""

from __future__ import annotations

import re
from typing import Final

from alerts.matching.words import word_list

LOUD_WORDS: Final = 4
LOUD_SHARE: Final = 0.8
"""A headline is loud that has so many words and more, and this share of its letters in capitals."""

LONGEST_ACRONYM: Final = 4
"""Letters of a word that may be a name in capitals (ECB, NATO); a longer one is a word."""

_EDGES: Final = ".,;:!?'\"()[]“”‘’«»"


def calm(text: str, names: str = "") -> str:
    """A loud headline as a sentence; others are left alone.

    Words of `names` are written as they are there; short words that are no common ones stay, as they may be acronyms.
    """
    words = [word for word in text.split() if any(character.isalpha() for character in word)]
    letters = [character for character in text if character.isalpha()]
    if len(words) < LOUD_WORDS or sum(each.isupper() for each in letters) < LOUD_SHARE * len(letters):
        return text
    known = {word.strip(_EDGES).upper(): word.strip(_EDGES) for word in names.split()}
    common = word_list("common_words/en") | word_list("function_words/en")
    said = []
    for word in text.split():
        bare = word.strip(_EDGES)
        if bare.upper() in known:
            said.append(word.replace(bare, known[bare.upper()]))
        elif len(bare) <= LONGEST_ACRONYM and bare.lower() not in common:
            said.append(word)
        else:
            said.append(word.lower())
    calmed = re.sub(r"([!?])[!?]+", r"\1", " ".join(said))
    return calmed[:1].upper() + calmed[1:]
