"""From the words of a headline to the terms by which stories are compared.

A term is a light stem (`#` before a number). Equal things written differently get equal terms: `$1.8B`, `1.8 billion`,
`1,8 Milliarden` and `18亿`, `Deutschland` and `Germany`, `files` and `filing`, `T-Mobile` and `TMobile`, `4Q` and
`fourth quarter`. The weight of a term is its information before any window of news is known, by how common the word
is (`lexicon`)."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from alerts.model.memory import Memory
from alerts.stories import lexicon

# Weights in thousandths of a nat: integers, so that sums do not depend on the order of their terms.
RARE = 6500
NUMBER = 6000
COMMON = 4500
FREQUENT = 2500

_CJK = "\u2e80-\u9fff\uac00-\ud7af\u3040-\u30ff"  # written without spaces between words
_TOKEN = re.compile(
    rf"\d(?:(?![{_CJK}])\w)*(?:[.,]\d+)*(?:(?![{_CJK}])\w)*"
    rf"|[{_CJK}]+"
    rf"|(?![{_CJK}])[^\W\d_](?:-[^\W\d_]\w*|(?:(?![{_CJK}])\w)*(?:[.'&](?:(?![{_CJK}])\w)+)*)"
)
_ASCII_TOKEN = re.compile(r"[A-Za-z](?:-[A-Za-z]\w*|\w*(?:[.'&]\w+)*)|\d\w*(?:[.,]\d+)*\w*", re.ASCII)
_AMOUNT = re.compile(r"(\d[\d.,]*)([^\W\d_]*)")
_DOTTED = re.compile(r"(?:\w\.)+\w")
_UNSPACED = re.compile(f"[{_CJK}]")
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "‑": "-", "‐": "-"})
_SPACED_THOUSANDS = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")  # French: spaces that do not break
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*")  # 37,000 and, outside English, 37.000
_ORDINALS = {"first": "1", "second": "2", "third": "3", "fourth": "4"}
_PHRASES = {words: key for words, key in lexicon.TRANSLATIONS.items() if " " in words}
_PHRASE_STARTS = frozenset(words.split()[0] for words in _PHRASES)
_CJK_SCALES = frozenset(word for word in lexicon.SCALES if _UNSPACED.match(word))
_NO_SUFFIX = frozenset(["news", "this", "series", "texas", "paris", "chaos", "canvas", "atlas", "bed", "red"])


def tokens(text: str) -> list[str]:
    """The words and numbers of a text in order, as written but for typographic variants."""
    if not text.isascii():  # a grave accent stands for an apostrophe only there
        text = _SPACED_THOUSANDS.sub("", text).replace("`", "'")
    return list(chain.from_iterable(map(_TOKENS.__getitem__, text.split())))


def _tokens(chunk: str) -> Sequence[str]:
    """The tokens of what stands between two spaces."""
    if chunk.isascii():  # mostly one word, which is the token itself: nothing else of it is kept in memory
        return (chunk,) if chunk.isalpha() else _ASCII_TOKEN.findall(chunk)
    return _TOKEN.findall(unicodedata.normalize("NFKC", chunk).translate(_TYPOGRAPHY))


_TOKENS = Memory(_tokens)


@lru_cache(maxsize=1 << 14)  # of names, again and again
def terms(text: str) -> tuple[str, ...]:
    """The distinct terms of a text in order of first occurrence."""
    return tuple(dict.fromkeys(terms_of(tokens(text))))


def terms_of(words: list[str]) -> Iterator[str]:
    """The terms of the tokens of a text in order, as far as they are asked for."""
    following = 0  # from here on words are not part of a term yet
    for index, word in enumerate(words):
        if index >= following:
            found = _TERMS[word]
            if found is None:  # what it means depends on what follows
                found, more = _with_following(word, *[*words[index + 1 : index + 3], "", ""][:2])
                following = index + 1 + more
            yield from found


@lru_cache(maxsize=1 << 14)
def weight(term: str) -> int:
    """The prior weight of a term, in thousandths of a nat: -ln of the rough share of headlines that have it."""
    if term[0] == "#":
        # Counts of days and list lengths, years and round numbers stand in any headline.
        value = float(term[1:])
        plain = (value <= 31 and value == int(value)) or 1900 <= value <= 2100 or value in {50, 100, 200, 500, 1000}
        return FREQUENT if plain else NUMBER
    if term in _stems(lexicon.FREQUENT_WORDS) or term in _stems(lexicon.FUNCTION_WORDS):
        return FREQUENT
    if len(term) == 2 and _UNSPACED.match(term):
        return COMMON
    return COMMON if term in _stems(lexicon.ORDINARY_WORDS) else RARE


@lru_cache(maxsize=3)
def _stems(words: frozenset[str]) -> frozenset[str]:
    return frozenset(stem(word) for word in words)


def _word(word: str) -> tuple[str, ...] | None:
    """The terms of a token, None where they depend on the following ones."""
    lower = word.lower()
    if word[0].isdigit() or lower in _ORDINALS or lower in _PHRASE_STARTS:
        return None
    return (word,) if word[0] == "@" else _alone(word)  # a tracked name: no text has such a token


_TERMS = Memory(_word)


@lru_cache(maxsize=1 << 14)
def _with_following(word: str, second: str, third: str) -> tuple[tuple[str, ...], int]:
    """The terms of a token in front of two others ("" for none), and how many of those it includes."""
    lower, second, third = word.lower(), second.lower(), third.lower()
    if word[0].isdigit():
        if f"{second} {third}" in lexicon.SCALES:  # 3 mil millones
            return (_number(lower, f"{second} {third}"),), 2
        if second[:1] in _CJK_SCALES:  # 18亿美元
            rest = _alone(second[1:]) if second[1:] else ()
            return (_number(lower, second[0]), *rest), 1
        return (_number(lower, second),), int(second in lexicon.SCALES)
    if lower in _ORDINALS:
        return (("q" + _ORDINALS[lower],), 1) if second == "quarter" else ((lower,), 0)
    phrase = _PHRASES.get(f"{lower} {second}")
    return ((stem(phrase),), 1) if phrase else (_alone(word), 0)


def _number(word: str, following: str) -> str:
    """The term of a number: its value with all scales applied, without currency and unit."""
    match = _AMOUNT.fullmatch(word)
    if match is None or len(match[1]) > 18:
        return word  # 737max
    digits, suffix = match[1], match[2]
    if suffix == "q" or following == "quarter":
        return "q" + digits
    if suffix and suffix not in lexicon.SCALES and suffix not in {"st", "nd", "rd", "th", "s"}:
        return word
    power = lexicon.SCALES.get(suffix) or lexicon.SCALES.get(following, 0)
    value = _value(digits, scaled=power > 0)
    return word if value is None else f"#{value * 10**power:.6g}"


def _value(digits: str, *, scaled: bool) -> float | None:
    """The value of digits with a point or comma for decimals or thousands; None where it is no number (7.1.2)."""
    if _THOUSANDS.fullmatch(digits) and not (scaled and "." in digits):  # $1.125 billion
        return float(digits.replace(".", "").replace(",", ""))
    decimal = "," if digits.rfind(",") > digits.rfind(".") and len(digits) - digits.rfind(",") <= 3 else "."
    plain = digits.replace("." if decimal == "," else ",", "").replace(",", ".")
    return float(plain) if plain.count(".") <= 1 else None


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
    if lower in lexicon.FUNCTION_WORDS or lower in lexicon.FOREIGN_FUNCTION_WORDS:
        return ()
    lower = lower.removesuffix("'s").replace("'", "").replace("&", "")
    if len(lower) < 2 or lower in lexicon.FUNCTION_WORDS:
        return ()
    number = lexicon.NUMBER_WORDS.get(lower)
    return ("#" + number,) if number else (stem(lexicon.TRANSLATIONS.get(lower, lower)),)


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
