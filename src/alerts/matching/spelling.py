"""Whether what stands in a text is a form at all: what is between its words, and the case of its letters.

Both functions return the reason for turning a candidate down, for people to read, or an empty string."""

import re

from alerts.matching import vocabulary
from alerts.matching.candidate import Candidate
from alerts.matching.forms import Case, Strength
from alerts.matching.text import same_gap
from alerts.matching.words import word_list

OF_ORGANISATIONS = vocabulary.ACTION_WORDS | vocabulary.AGENTS
_HAN = re.compile("[\u3400-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN_NOUNS = word_list("han/nouns")
_HAN_ENDINGS = word_list("han/endings")
_HAN_FUNCTION = word_list("han/function")
_HAN_WORDS = word_list("han/words")
_VOWEL = re.compile(r"[aeiou]")
_SPOKEN = re.compile(r"[aeiou][^\W\daeiou_][aeiou]|[^\W\daeiou_][aeiou][^\W\daeiou_]")


def spelling(candidate: Candidate) -> str:
    """Why a candidate is written otherwise than its form may be."""
    form = candidate.form
    if form.unspaced:
        return _unspaced(candidate)
    text = candidate.text
    spaces = form.gaps.count(" ") == len(form.gaps) and form.key == text.low[candidate.start : candidate.end]
    for index, gap in () if spaces else enumerate(form.gaps, candidate.first + 1):
        seen, word = text.gap(index), text.cased_tokens[index - 1]
        if seen == gap:
            continue
        # Rape Crisis England and Wales, written Rape Crisis (England and Wales)
        parenthesis = seen == " (" and text.low.startswith(")", candidate.end)
        if parenthesis or same_gap(gap, seen, word):
            continue
        # Trinity College Dublin, written Trinity College, Dublin
        last_of_three = index == candidate.last - 1 > candidate.first + 1
        if not (gap == " " and seen == ", " and last_of_three and word.lower() not in vocabulary.FUNCTION_WORDS):
            return "other punctuation between the words"
    stop_missing = form.after.startswith(".") and not form.gaps and not text.low.startswith(".", candidate.end)
    # Without harm where the word is written in capitals as a name is.
    if stop_missing and not (len(form.key) > 2 and candidate.surface == form.cased and candidate.surface.isupper()):
        return "an abbreviation without its full stop"
    return _case(candidate)


def _unspaced(candidate: Candidate) -> str:
    """Hangul words begin names, and Latin letters or digits at a rim do not run on; nor does a noun in Chinese."""
    low, key = candidate.text.low, candidate.form.key
    before = low[candidate.start - 1 : candidate.start] if candidate.start else ""
    after = low[candidate.end : candidate.end + 2]
    if _HANGUL.match(key) and _HANGUL.match(before):
        return "inside a longer word"
    rims = ((before, key[0]), (key[-1], after[:1]))
    if any(a.isascii() and a.isalnum() and b.isascii() and b.isalnum() for a, b in rims):
        return "inside a longer word"
    if after not in _HAN_WORDS and (after[:1] in _HAN_ENDINGS or after in _HAN_ENDINGS):
        return f"part of a longer word: {candidate.text.cased[candidate.start : candidate.end]}{after}"
    if key in _HAN_NOUNS and _HAN.match(before) and before not in _HAN_FUNCTION:
        return f"part of a longer name: {before}{key}"
    return ""


def _case(candidate: Candidate) -> str:
    form, seen = candidate.form, candidate.surface
    if form.case is Case.ANY:
        return ""
    if seen == form.cased:
        return _among_capitals(candidate) if seen.isupper() and not form.gaps else ""
    if form.case is Case.STRICT:
        caps = seen.isupper() and not form.cased.isupper() and candidate.style == "caps"
        return "" if caps else _other_case(candidate, seen)
    return _ordinary_words(candidate, seen) if form.case is Case.FREE else _proper(candidate, seen)


def _ordinary_words(candidate: Candidate, seen: str) -> str:
    """Several words: any case is fine, unless all are ordinary ones, or the capitals make the name."""
    form, document, reason = candidate.form, candidate.document, ""
    if form.cased.islower() or seen.isupper():
        return ""
    words = form.key.split()
    article = words[0] in vocabulary.ANY_FUNCTION_WORDS and seen[0].islower() != form.cased[0].islower()
    if _loses_capitals(form.cased, seen) and document.language not in {"", "en"}:
        reason = "written in lower case"
    elif seen.islower():
        if all(word in document.common_words or word in vocabulary.COMMON_WORDS for word in words):
            reason = "ordinary words in lower case"
    elif article and document.language == "de" and all(word in document.common_words for word in words):
        reason = "an ordinary noun with its article"
    return "" if reason and candidate.style == "lower" else reason


def _loses_capitals(given: str, seen: str) -> bool:
    """Whether a noun with a capital is written without, which in most languages makes it an ordinary one."""
    pairs = zip(given.split(), seen.split(), strict=False)
    return any(a[0].isupper() and b[0].islower() and b not in vocabulary.ANY_FUNCTION_WORDS for a, b in pairs)


def _other_case(candidate: Candidate, seen: str) -> str:
    if seen.islower() and len(seen) > 2 and candidate.style == "lower":
        return "" if candidate.form.key not in candidate.document.common_words else "written in another case"
    return "written in another case"


def _proper(candidate: Candidate, seen: str) -> str:
    """One word, not quite as given: other capitals are fine, no capital only where the writer uses none."""
    form = candidate.form
    if candidate.mark == "#" and form.key not in vocabulary.FUNCTION_WORDS:
        return ""
    if form.cased.islower() and not (seen.istitle() or (seen.isupper() and candidate.style == "caps")):
        return "written in another case"
    if seen.isupper() and len(seen) > 1:
        return _among_capitals(candidate)
    if form.cased.isupper():
        # Acronyms that are spoken as words are often written as such: Nato, Unicef, Axa. One of three letters only
        # where it is the name itself, not the initials of a longer one: a Mac is no Make-up Art Cosmetics.
        short = form.strength is Strength.OFFICIAL and form.key not in vocabulary.GIVEN_NAMES
        spoken = _VOWEL.search(form.key) if len(seen) > 3 else short and _SPOKEN.fullmatch(form.key)
        # What is a place is no initials.
        as_word = spoken and seen.istitle() and form.key not in vocabulary.PLACE_NAMES
        return "" if as_word and form.key not in candidate.document.common_words else _other_case(candidate, seen)
    if seen.islower() and not form.cased.islower():
        if candidate.style == "lower" and form.key not in candidate.document.common_words and len(form.key) > 3:
            return ""
        return "written in lower case"
    return ""


def _among_capitals(candidate: Candidate) -> str:
    """A word in capitals among capitals may be any word."""
    beside = candidate.before, candidate.after
    function = candidate.form.key in vocabulary.ANY_FUNCTION_WORDS and all(word.isupper() for word in beside)
    if not function and (candidate.style != "caps" or beside[1].lower() in OF_ORGANISATIONS):
        return ""
    short = len(candidate.form.key) <= 3 and candidate.form.strength < Strength.GIVEN
    return "an ordinary word among capitals" if short or candidate.form.key in candidate.document.common_words else ""
