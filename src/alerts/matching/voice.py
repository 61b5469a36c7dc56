"""Whether an institution is named only as the source of a statement: "Barclays analysts see oil at $90".

Such a mention is a voice: the item is about something else, and the institution's part in it is small. The places
that show it, each in the seven languages of the word lists:

    Barclays analysts · analysts at Barclays · analyst Jane Roe of Barclays · a Gallup poll
    according to Barclays · told Reuters on Monday · in an interview with Reuters · Hans Muster (SPÖ)
    LONDON (Reuters) - · SEPT. 13 (ACME NEWS SERVICE) - · Reuters - Oil rose (under a title that ends "(Reuters)")

So is that of an investor that only qualifies another name: "OpenAI-backed Speak raises $78M"."""

import re

from alerts.matching.candidate import Candidate
from alerts.matching.vocabulary import GIVEN_NAMES
from alerts.matching.words import phrase_list, word_list, words

_ANALYSTS = word_list("voice/analysts")
_SURVEYS = word_list("voice/surveys")
_SOURCES = phrase_list("voice/sources")
_TOLD = word_list("voice/told")
_BACKED = words("backed funded")
# One of these stands close to every voice but that of a dateline.
_TRIGGERS = (_ANALYSTS | _SURVEYS | _TOLD | _BACKED | {"zufolge"} | {phrase[-1] for phrase in _SOURCES}) - words(
    "von der des with"
)
_AT = words("at of from with for bei von der des de du da di del chez van")
_ARTICLES = words("the la le les el los las de het der die das dem den il lo l a al alla")
_AFTER_TOLD = words("on in that at last this he she they via during by for")
_DATELINE_END = (") -", "). -", ") ;", ") --", "); ", ").")
# Whose report it is, in parentheses after a place or a date: LONDON (Acme News) - · SEPT. 13, 2026 (ACME SERVICE) --
_CREDIT = re.compile(r"[A-Z][^a-z()]{2,50}(\()[^()]{2,40}\) ?[-A-Z]")
_REACH = 7  # words before a name within which a trigger stands
_MAX_DATELINE = 80  # characters into the field
_NAME_WORDS = 4  # words of a person's name between "analyst" and "at"


def is_voice(candidate: Candidate) -> bool:
    """Whether the words around say that the institution speaks here, and nothing happens to it."""
    if candidate.form.unspaced:
        return False
    words, first, last = candidate.text.cased_tokens, candidate.first, candidate.last
    around = words[max(0, first - _REACH) : first] + words[last : last + 2]
    if _TRIGGERS.isdisjoint(map(str.lower, around)):
        return _is_credit(candidate)
    backed = candidate.gap_after == "-" and candidate.word(last).lower() in _BACKED
    return backed or _has_analysts(candidate) or _is_source(candidate) or _was_told(candidate) or _is_credit(candidate)


def _has_analysts(candidate: Candidate) -> bool:
    text = candidate.text
    index = candidate.last + (candidate.after_gap("'") == "s")
    following = candidate.word(index).lower()
    followed = text.gap(index) in {" ", "-"} and (following in _ANALYSTS or following in _SURVEYS)
    return followed or any(text.tokens[at] in _AT and _named_analyst(candidate, at) for at in _before(candidate))


def _named_analyst(candidate: Candidate, at: int) -> bool:
    """Whether "analyst", perhaps with a person's name, stands before word `at`."""
    text = candidate.text
    for index in range(at - 1, max(-1, at - 2 - _NAME_WORDS), -1):
        if text.tokens[index] in _ANALYSTS:
            return True
        if not candidate.word(index)[0].isupper() or text.gap(index + 1).strip() not in {"", "."}:
            return False
    return False


def _is_source(candidate: Candidate) -> bool:
    if candidate.gap_after.startswith("'"):
        return False  # "according to Acme's filing"
    tokens = candidate.text.tokens
    ends = [at + 1 for at in _before(candidate)]
    named = any(tuple(tokens[max(0, end - len(phrase)) : end]) == phrase for end in ends for phrase in _SOURCES)
    return named or (candidate.word(candidate.last).lower() == "zufolge" and candidate.gap_after == " ")


def _was_told(candidate: Candidate) -> bool:
    tokens, following = candidate.text.tokens, candidate.after.lower()
    for at in _before(candidate):
        if tokens[at] in {"told", "tells"}:
            return not following or following in _AFTER_TOLD
        if tokens[at] in _TOLD and at < candidate.first - 1:
            return True
    return False


def _is_credit(candidate: Candidate) -> bool:
    """Whether it is credited with the report, or stands in parentheses after a person who belongs to it."""
    if candidate.gap_before == " (":
        person = candidate.text.cased_tokens[max(0, candidate.first - _NAME_WORDS) : max(0, candidate.first - 1)]
        if any(word.istitle() and word.lower() in GIVEN_NAMES for word in person):
            return candidate.gap_after.startswith(")")
    opened = candidate.gap_before.endswith("(")
    if candidate.start < _MAX_DATELINE:
        credit = _CREDIT.match(candidate.text.cased)
        credited = credit is not None and credit.start(1) < candidate.start < credit.end()
        if credited or (opened and candidate.gap_after.startswith(_DATELINE_END)):
            return True
    if not opened and candidate.start:
        return False
    name, (title, *others) = candidate.surface, candidate.document.texts.values()
    return title.cased.rstrip().endswith(f"({name})") and any(each.cased.startswith(f"{name} - ") for each in others)


def _before(candidate: Candidate) -> list[int]:
    """The word before the name, and the one before its article ("de" is one in Dutch, and none in French)."""
    at = candidate.first - 1
    before = [at, at - 1] if at > 0 and candidate.text.tokens[at] in _ARTICLES else [at]
    return before if at >= 0 else []
