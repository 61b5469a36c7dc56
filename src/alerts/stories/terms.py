"""From the words of a headline to the terms by which stories are compared.

A term is a light stem (`#` before a number). Equal things written differently get equal terms: `$1.8B` and
`1.8 billion`, `files` and `filing`, `T-Mobile` and `TMobile`, `4Q` and `fourth quarter`. The weight of a term
is how much it tells before any window of news is known, from how common the word is (`background`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from alerts.stories.background import EVERYWHERE, FOREIGN, FUNCTION, ORDINARY
from alerts.stories.wording import NUMBERS, PHRASES, synonyms

# Weights in thousandths of a nat: integers, so that sums do not depend on the order of their terms.
RARE = 6500
NUMBER = 6000
COMMON = 4500
FREQUENT = 2500

_TOKEN = re.compile(r"\d\w*(?:[.,]\d+)*\w*|[^\W\d_](?:-[^\W\d_]\w*|\w*(?:[.'&]\w+)*)")
_AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)([a-z]*)")
_DOTTED = re.compile(r"(?:\w\.)+\w")
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff]")  # CJK: no spaces between words
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "‑": "-", "‐": "-"})
_SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "mln": 6, "mil": 6, "million": 6, "millions": 6,
    "b": 9, "bn": 9, "bln": 9, "bil": 9, "billion": 9, "billions": 9, "tn": 12, "trn": 12, "trillion": 12,
}  # fmt: skip
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4"}
_STARTS = frozenset(phrase.split()[0] for phrase in PHRASES)
_NO_SUFFIX = frozenset(["news", "this", "series", "texas", "paris", "chaos", "canvas", "atlas", "bed", "red"])


def tokens(text: str) -> list[str]:
    """The words and numbers of a text in order, as written but for typographic variants."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    return _TOKEN.findall(text)


def terms(text: str) -> tuple[str, ...]:
    """The distinct terms of a text in order of first occurrence."""
    return terms_of(tokens(text))


def terms_of(words: list[str]) -> tuple[str, ...]:
    """The distinct terms of the tokens of a text in order of first occurrence."""
    found: dict[str, None] = {}
    last = len(words) - 1
    skip = False
    for index, word in enumerate(words):
        if skip:
            skip = False
            continue
        read = _word(word)
        if read is None:  # what it means depends on the next one
            read, skip = _pair(word, words[index + 1] if index < last else "")
        for term in read:
            found[term] = None
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def weight(term: str) -> int:
    """What the term tells by itself, in thousandths of a nat (-ln of a rough share of headlines it stands in)."""
    if term[0] == "#":
        # Counts of days and list lengths, years and round numbers stand in any headline.
        value = float(term[1:])
        plain = (
            (value <= 31 and value == int(value))
            or 1900 <= value <= 2100
            or value in {50, 100, 200, 500, 1000}
        )
        return FREQUENT if plain else NUMBER
    if term in _stems(EVERYWHERE) or term in _stems(FUNCTION):
        return FREQUENT
    if len(term) == 2 and _UNSPACED.match(term):
        return COMMON
    return COMMON if term in _stems(ORDINARY) else RARE


@lru_cache(maxsize=3)
def _stems(words: frozenset[str]) -> frozenset[str]:
    return frozenset(synonyms().get(word) or stem(word) for word in words)


@lru_cache(maxsize=1 << 16)
def _word(word: str) -> tuple[str, ...] | None:
    """The terms of a token, None where they depend on the following one."""
    lower = word.lower()
    if word[0].isdigit() or lower in _ORDINALS or lower in _STARTS:
        return None
    return _alone(word)


@lru_cache(maxsize=1 << 14)
def _pair(word: str, following: str) -> tuple[tuple[str, ...], bool]:
    """The terms of a token in front of another, and whether they stand for both."""
    lower, after = word.lower(), following.lower()
    if word[0].isdigit():
        return (_number(lower, after),), after in _SCALES
    if lower in _ORDINALS:
        return (("q" + _ORDINALS[lower],), True) if after == "quarter" else ((lower,), False)
    phrase = PHRASES.get(f"{lower} {after}")
    return ((phrase,), True) if phrase else (_alone(word), False)


def _number(word: str, following: str) -> str:
    """The term of a number: its value with all scales worked in, without currency and unit."""
    match = _AMOUNT.fullmatch(word)
    if match is None or len(match[1]) > 18:
        return word  # 737max
    digits, suffix = match[1].replace(",", ""), match[2]
    if suffix == "q" or following == "quarter":
        return "q" + digits
    if suffix and suffix not in _SCALES and suffix not in {"st", "nd", "rd", "th", "s"}:
        return word
    power = _SCALES.get(suffix) or _SCALES.get(following, 0)
    return f"#{float(digits) * 10**power:.6g}"


def _alone(word: str) -> tuple[str, ...]:
    """The terms of a token that starts with a letter: none for a function word, several for CJK text."""
    if _UNSPACED.search(word):
        return tuple(word[i : i + 2] for i in range(max(1, len(word) - 1)))
    if "." in word:
        if not _DOTTED.fullmatch(word):
            return tuple(term for part in word.split(".") if part for term in _alone(part))
        word = word.replace(".", "")
    if word == "US":
        return ("usa",)  # the pronoun is a function word
    lower = word.lower().replace("-", "")
    if lower in FUNCTION or lower in FOREIGN:
        return ()
    lower = lower.removesuffix("'s").replace("'", "").replace("&", "")
    if len(lower) < 2 or lower in FUNCTION:
        return ()
    if lower in NUMBERS:
        return ("#" + NUMBERS[lower],)
    return (synonyms().get(lower) or stem(lower),)


def stem(word: str) -> str:
    """A light stem: plurals, -ed, -ing and a final e or y go."""
    if len(word) <= 3 or word in _NO_SUFFIX or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word[-1] == "s" and word[-2] not in "us":
        word = word[:-1]
    for suffix in ("ing", "ed"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    if (word[-1] == "e" and len(word) > 3) or (word[-1] == "y" and len(word) > 4):
        word = word[:-1]
    return word
