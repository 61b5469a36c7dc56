"""Whether a text denies what a phrase in it says: "denies", "no evidence of", "did not suffer"."""

import re

from alerts.matching.language import LANGUAGES
from alerts.matching.text import Text
from alerts.matching.words import word_list, words

# Before the phrase: the cue and how many words may stand between them.
_DENIALS = word_list("denials")
_BY_LANGUAGE = {language: word_list(f"negations/{language}") for language in LANGUAGES}
_OF_ANY_LANGUAGE = frozenset().union(*_BY_LANGUAGE.values())
_FALSE = words("false fake hoax untrue unfounded baseless")
_CUES = _OF_ANY_LANGUAGE | _DENIALS | _FALSE | {"out"}  # without one before it nothing before a phrase denies it
_DENIAL_REACH = 10
_NEGATION_REACH = 4

# What makes a cue say something else: "not only", "no doubt", "does not deny", "cannot rule out".
_NOT_NEGATING_AFTER = words("only just doubt longer least wonder matter merely simply one")
_RULING_OUT = words("rule rules ruled ruling")

_CLAUSE_END = re.compile(r"[.!?;:\n\"]")
_ANSWER = re.compile(r"\s*,|\s+-\s")  # "No, it was an outage" answers; it negates nothing of what follows
_AFTER = re.compile(
    r"^(?:\s+(?:rumou?rs?|reports?|claims?|allegations?|plans?))?\s+(?:(?:is|are|was|were|has been|have been|as)\s+)?"
    r"(?:denied|false|untrue|a hoax|unfounded|averted|avoided|ruled out|debunked|did not|didn't|never)\b"
)
# Chinese: right before the phrase, or after it.
_WITHOUT_SPACES = re.compile(r"(?:否认|没有|并未|未曾|未有|未遭|不存在|不会|并非|避免|排除)[^，。！？；,.!?;]{0,8}$")
_AFTER_WITHOUT_SPACES = re.compile(r"^[^，。！？；,.!?;]{0,4}(?:不实|是谣言|为谣言|系谣言|被否认|遭否认|未成功)")
_REACH_WITHOUT_SPACES = 16  # characters


def negations(language: str) -> frozenset[str]:
    """The negating words of a language; those of all where it is unknown. Portuguese "no" is "in the", not "no"."""
    return _BY_LANGUAGE.get(language, _OF_ANY_LANGUAGE)


def is_negative(word: str, language: str) -> bool:
    """Whether a word, in lower case, negates what stands around it in its clause."""
    return word in negations(language) or word in _DENIALS


def denied_without_spaces(low: str, start: int, end: int) -> bool:
    """As `denied`, for text in a script without spaces."""
    before = low[max(0, start - _REACH_WITHOUT_SPACES) : start]
    after = low[end : end + _REACH_WITHOUT_SPACES]
    return bool(_WITHOUT_SPACES.search(before) or _AFTER_WITHOUT_SPACES.match(after))


def denied(text: Text, first: int, last: int, language: str) -> bool:
    """Whether the words `first` up to `last` are denied by the clause that they stand in."""
    tokens = text.tokens
    after = text.low[text.end(last - 1) : text.end(last - 1) + 60]
    if _AFTER.match(after):
        return True
    if _CUES.isdisjoint(tokens[max(0, first - _DENIAL_REACH) : first]):
        return False
    at = first
    while at > 0 and first - at < _DENIAL_REACH and not _CLAUSE_END.search(text.gap(at)):
        at -= 1
        word, distance = tokens[at], first - at - 1
        if word in _DENIALS:
            return not _negated(text, at, language)
        if distance > _NEGATION_REACH:
            continue
        if word in _FALSE and distance <= 1:
            return True
        if word == "out" and at > 0 and tokens[at - 1] in _RULING_OUT:
            return not _negated(text, at - 1, language)
        if _is_negation(text, at, language) and tokens[at + 1] not in _NOT_NEGATING_AFTER:
            return not any(each in _RULING_OUT for each in tokens[at + 1 : first])
    return False


def _negated(text: Text, at: int, language: str) -> bool:
    """Whether the denial itself is denied, in its clause: "did not deny"."""
    for index in range(at, max(0, at - 3), -1):
        if _CLAUSE_END.search(text.gap(index)):
            return False
        if _is_negation(text, index - 1, language):
            return True
    return False


def _is_negation(text: Text, at: int, language: str) -> bool:
    word = text.tokens[at]
    return word in negations(language) and not (word == "no" and _ANSWER.match(text.gap(at + 1)))
