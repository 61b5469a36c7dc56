"""The language of an item: what its feed says, else what its words say.

The detector counts the words of the closed classes ("the", "der", "les"): no text of some length is without them, and
a text without any is one whose language matters little here. Other scripts tell their language by themselves. A word
that several languages have counts for each of them by its share. Nothing is loaded but the word lists, and the answer
depends on the text alone, so that a replay gives the same."""

import re
from collections.abc import Iterable
from functools import cache

from alerts.matching.words import pair_list, word_list
from alerts.model.fields import grouped
from alerts.model.item import Item

LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")  # those in Latin letters that word lists are kept for

_SCRIPTS = [(name, re.compile("[\\u" + span.replace("-", "-\\u") + "]")) for name, span in pair_list("scripts")]
_ANY_SCRIPT = re.compile(f"[{''.join(script.pattern[1:-1] for _, script in _SCRIPTS)}]")
_SCRIPT_SHARE = 0.2  # so much of a text's letters makes its script that of the text; names of firms are often Latin
_LETTERS = (("de", "ß"), ("es", "ñ¿¡"), ("pt", "ãõ"), ("fr", "œ"), ("de", "äöü"), ("fr", "èêùç"))
_LEAD = 1.25  # so much more than the second best a language must score
_ORDINARY_WORD = 0.3  # what an ordinary word says, beside 1 for a word of a closed class


def said_language(item: Item) -> str:
    """What the feed says, as a two-letter code; empty where it says none."""
    said = item.language.strip().lower().replace("_", "-").partition("-")[0]
    return said if len(said) == 2 and said.isalpha() else ""


def detect(words: Iterable[str], sample: str) -> str:
    """The likeliest language of words in lower case and without accents; empty where too little tells it.

    `sample` is the text that they are from, for its script and its accents."""
    if not sample.isascii() and _ANY_SCRIPT.search(sample):
        least = _SCRIPT_SHARE * sum(map(str.isalpha, sample))
        if found := next((name for name, script in _SCRIPTS if len(script.findall(sample)) > least), ""):
            return found
    known = _weights()
    scores, ordinary = dict.fromkeys(LANGUAGES, 0.0), 0
    for owners in map(known.__getitem__, known.keys() & words):
        ordinary += not owners
        for language, weight in owners:
            scores[language] += weight
    # Headlines in English drop articles and auxiliaries: there its ordinary words tell, a little.
    scores["en"] += _ORDINARY_WORD * ordinary
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best > second * _LEAD:
        return max(scores, key=scores.__getitem__)
    for language, letters in _LETTERS:
        if not sample.isascii() and scores[language] >= best / _LEAD and any(char in sample for char in letters):
            return language
    return ""


@cache
def _weights() -> dict[str, tuple[tuple[str, float], ...]]:
    """For each word of the closed classes the languages that have it, and how much it says for each; none for the
    ordinary words of English."""
    owners = grouped((word, language) for language in LANGUAGES for word in word_list(f"function_words/{language}"))
    closed = {word: tuple((each, 1 / len(having)) for each in having) for word, having in owners.items()}
    return dict.fromkeys(word_list("common_words/en"), ()) | closed
