"""Whether what stands in a text is a form at all: what is between its words, and the case of its letters.

Both functions return the reason for turning a candidate down, for people to read, or an empty string.
"""

from __future__ import annotations

import re

from alerts.matching.candidate import Candidate
from alerts.matching.forms import Case, Strength
from alerts.matching.spacing import same_gap
from alerts.matching.vocabulary import ACTION_WORDS, AGENTS, ANY_FUNCTION_WORDS, COMMON_WORDS, FUNCTION_WORDS

OF_ORGANISATIONS = ACTION_WORDS | AGENTS
_VOWEL = re.compile(r"[aeiou]")


def spelling(candidate: Candidate) -> str:
    """Why a candidate is written otherwise than its form may be."""
    form = candidate.form
    if form.unspaced:
        return _unspaced(candidate)
    text = candidate.text
    for index, gap in enumerate(form.gaps, candidate.first + 1):
        seen = text.gap(index)
        if same_gap(gap, seen, text.tokens[index - 1]) or _parenthesis(candidate, index):
            continue
        # Trinity College Dublin, written Trinity College, Dublin
        last_of_three = index == candidate.last - 1 > candidate.first + 1
        if not (
            gap == " " and seen == ", " and last_of_three and text.tokens[index - 1] not in FUNCTION_WORDS
        ):
            return "other punctuation between the words"
    if form.after.startswith(".") and not form.gaps and not _full_stop_may_be_missing(candidate):
        return "an abbreviation without its full stop"
    return _case(candidate)


def _full_stop_may_be_missing(candidate: Candidate) -> bool:
    """A full stop after one word is missing without harm where the word is written in capitals as a name is."""
    return candidate.text.low.startswith(".", candidate.end) or (
        len(candidate.form.key) > 2
        and candidate.surface == candidate.form.cased
        and candidate.surface.isupper()
    )


def _unspaced(candidate: Candidate) -> str:
    """Hangul words begin names, and Latin letters or digits at a rim do not run on."""
    low, key = candidate.text.low, candidate.form.key
    before = low[candidate.start - 1 : candidate.start] if candidate.start else ""
    after = low[candidate.end : candidate.end + 1]
    if "\uac00" <= key[0] <= "\ud7a3" and "\uac00" <= before <= "\ud7a3":
        return "inside a longer word"
    if any(
        a.isascii() and a.isalnum() and b.isascii() and b.isalnum()
        for a, b in ((before, key[0]), (key[-1], after))
    ):
        return "inside a longer word"
    return ""


def _parenthesis(candidate: Candidate, index: int) -> bool:
    """Whether the rest of the name stands in parentheses: Rape Crisis (England and Wales)."""
    return candidate.text.gap(index) == " (" and candidate.text.low.startswith(")", candidate.end)


def _case(candidate: Candidate) -> str:
    form, seen = candidate.form, candidate.surface
    if form.case is Case.ANY:
        return ""
    if seen == form.cased:
        return _among_capitals(candidate) if seen.isupper() and not form.gaps else ""
    if form.case is Case.STRICT:
        caps = seen.isupper() and not form.cased.isupper() and candidate.style == "caps"
        return "" if caps else _other_case(candidate, seen)
    if form.case is Case.FREE:
        return _ordinary_words(candidate, seen)
    return _proper(candidate, seen)


def _ordinary_words(candidate: Candidate, seen: str) -> str:
    """Several words: any case is fine, unless all are ordinary ones, or nouns of German with another article."""
    form, known = candidate.form, candidate.common_words
    if form.cased.islower() or candidate.style == "lower":
        return ""
    if seen.islower():
        if candidate.document.language not in {"", "en"}:
            return "written in lower case"
        ordinary = all(word in known or word in COMMON_WORDS for word in form.key.split())
        return "ordinary words in lower case" if ordinary else ""
    article = (
        form.key.partition(" ")[0] in ANY_FUNCTION_WORDS and seen[0].islower() != form.cased[0].islower()
    )
    if article and candidate.document.language == "de" and all(word in known for word in form.key.split()):
        return "an ordinary noun with its article"
    return ""


def _other_case(candidate: Candidate, seen: str) -> str:
    if seen.islower() and len(seen) > 2 and candidate.style == "lower":
        return "" if candidate.form.key not in candidate.common_words else "written in another case"
    return "written in another case"


def _proper(candidate: Candidate, seen: str) -> str:
    """One word, not quite as given: other capitals are fine, no capital only where the writer uses none."""
    form = candidate.form
    if candidate.mark == "#" and form.key not in FUNCTION_WORDS:
        return ""
    if seen.isupper() and len(seen) > 1:
        return _among_capitals(candidate)
    if form.cased.isupper():
        # Acronyms that are spoken as words are often written as such: Nato, Unicef.
        spoken = len(seen) > 3 and seen.istitle() and _VOWEL.search(form.key)
        return "" if spoken and form.key not in candidate.common_words else _other_case(candidate, seen)
    if seen.islower() and not form.cased.islower():
        if candidate.style == "lower" and form.key not in candidate.common_words and len(form.key) > 3:
            return ""
        return "written in lower case"
    return ""


def _among_capitals(candidate: Candidate) -> str:
    """A word in capitals among capitals may be any word."""
    beside = candidate.before(), candidate.after()
    function = candidate.form.key in ANY_FUNCTION_WORDS and all(word.isupper() for word in beside)
    if not function and (candidate.style != "caps" or beside[1].lower() in OF_ORGANISATIONS):
        return ""
    short = len(candidate.form.key) <= 3 and candidate.form.strength < Strength.GIVEN
    return "an ordinary word among capitals" if short or candidate.form.key in candidate.common_words else ""
