"""Whether a form that stands in a text is a mention there: spelling, case, neighbours.

Every judge returns the reason for turning the candidate down, or an empty string. Reasons are short English
phrases for people; they begin with what was seen.
"""

from __future__ import annotations

import re

from alerts.matching.english import (
    ACTION_WORDS,
    COMMON_WORDS,
    FUNCTION_WORDS,
    GIVEN_NAMES,
    PERSON_TITLES,
    PRONOUNS,
    words,
)
from alerts.matching.forms import Case, Form, Strength
from alerts.matching.index import Found
from alerts.matching.organisations import (
    HEAD_NOUNS,
    OF_HEADS,
    PLACE_PREFIXES,
    PLACES,
    STRONG_HEAD_NOUNS,
)
from alerts.matching.spacing import same_gap
from alerts.matching.text import Text

_SENTENCE_END = re.compile(r"[.!?:;\n|•]|^\s*[\"'(\[-]*\s*$")
_TOP_LEVEL = re.compile(
    r"\.(?:com|org|net|io|ai|co|gov|edu|eu|de|fr|nl|uk|us|ch|at|be|it|es|info|dev|app|tv)\b"
)
_HOST_PREFIX = re.compile(r"^[^\w]*(?:[a-z][a-z0-9+.-]*://)?(?:[\w-]+\.)*$")
_COMPOUND_TAIL = words(
    "deal merger talks partnership alliance pact case lawsuit feud dispute tie war rivalry agreement acquisition"
)
_WINDOW = 24  # words on each side that are looked at to tell the style of a sentence


class Place:
    """A form at a place in a text, and what is around it."""

    __slots__ = ("_style", "end", "first", "form", "last", "start", "text")

    def __init__(self, form: Form, text: Text, found: Found) -> None:
        self.form = form
        self.text = text
        self.first, self.last = found.first, found.last
        if form.unspaced:
            self.start, self.end = found.start, found.end
        else:
            self.start, self.end = text.starts[found.first], text.end(found.last - 1)
        self._style: str | None = None

    def word(self, index: int) -> str:
        """A word with its case; empty outside of the text."""
        return self.text.cased_tokens[index] if 0 <= index < len(self.text.tokens) else ""

    @property
    def surface(self) -> str:
        return " ".join(self.text.cased_tokens[self.first : self.last])

    @property
    def starts_sentence(self) -> bool:
        return self.first == 0 or _SENTENCE_END.search(self.text.gap(self.first)) is not None

    @property
    def style(self) -> str:
        """How the sentence around uses capitals: `mixed`, `headline`, `caps` or `lower`."""
        if self._style is None:
            self._style = self._find_style()
        return self._style

    def _find_style(self) -> str:
        text = self.text
        begin, finish = self.first, self.last
        while begin > 0 and self.first - begin < _WINDOW and not _SENTENCE_END.search(text.gap(begin)):
            begin -= 1
        while (
            finish < len(text.tokens)
            and finish - self.last < _WINDOW
            and not _SENTENCE_END.search(text.gap(finish))
        ):
            finish += 1
        others = [
            word
            for index, word in enumerate(text.cased_tokens[begin:finish], begin)
            if not self.first <= index < self.last and word[0].isalpha() and len(word) > 1
        ]
        content = [word for word in others if len(word) > 3 and word.lower() not in FUNCTION_WORDS]
        if len(others) >= 2 and all(word.isupper() for word in others):
            return "caps"
        if len(content) >= 2 and sum(word[0].isupper() for word in content) >= 0.75 * len(content):
            return "headline"
        if text.cased == text.low and len(others) >= 2:
            return "lower"
        return "mixed"


def spelling(place: Place) -> str:
    """Whether what stands there is this form at all: what is between its words, and the case."""
    form = place.form
    if form.unspaced:
        return _unspaced(place)
    if form.gaps and not all(
        same_gap(form.gaps[i], place.text.gap(place.first + 1 + i), place.text.tokens[place.first + i])
        for i in range(len(form.gaps))
    ):
        return "other punctuation between the words"
    if form.after.startswith(".") and not form.gaps and not _dot_follows(place):
        return "an abbreviation without its full stop"
    if form.tagged:
        return (
            ""
            if place.text.low[max(0, place.start - 1) : place.start] in {"#", "@"}
            else "no hashtag or handle"
        )
    return _case(place)


def _unspaced(place: Place) -> str:
    low, form = place.text.low, place.form
    if form.key[0] >= "\u1100" and "\uac00" <= form.key[0] <= "\ud7a3":
        before = low[place.start - 1 : place.start]
        if "\uac00" <= before <= "\ud7a3":
            return "inside a longer word"
    for inner, outer in (
        (form.key[0], low[place.start - 1 : place.start]),
        (form.key[-1], low[place.end : place.end + 1]),
    ):
        if inner.isascii() and inner.isalnum() and outer.isascii() and outer.isalnum():
            return "inside a longer word"
    return ""


def _dot_follows(place: Place) -> bool:
    return place.text.low[place.end : place.end + 1] == "."


def _case(place: Place) -> str:
    form, seen = place.form, place.surface
    if form.case is Case.ANY or seen == form.cased:
        if (
            form.case is not Case.ANY
            and form.cased.islower() is False
            and seen.isupper()
            and not form.gaps
            and len(seen) > 1
        ):
            return _capitals(place, seen)
        return ""
    if form.case is Case.STRICT:
        return "written in another case"
    tagged = place.text.low[place.start - 1 : place.start] in {"#", "@"} and place.start > 0
    if form.case is Case.FREE:
        if seen.islower() and not form.cased.islower() and place.style != "lower":
            if all(word in COMMON_WORDS for word in form.key.split()):
                return "ordinary words in lower case"
        return ""
    if tagged:
        return "" if form.key not in FUNCTION_WORDS else "an ordinary word"
    if seen.isupper():
        return _capitals(place, seen) if len(form.key) > 1 else "written in another case"
    if form.cased.isupper():
        if (
            len(seen) >= 4
            and seen.istitle()
            and re.search("[aeiou]", form.key)
            and form.key not in COMMON_WORDS
        ):
            return ""
        if seen.islower() and len(seen) >= 3 and place.style == "lower" and form.key not in COMMON_WORDS:
            return ""
        return "written in another case"
    if seen.islower() and not form.cased.islower():
        if place.style == "lower" and form.key not in COMMON_WORDS and len(form.key) > 3:
            return ""
        return "written in lower case"
    return ""


def _capitals(place: Place, seen: str) -> str:
    """A word in capitals among capitals may be any word."""
    if seen.lower() in COMMON_WORDS and place.style == "caps":
        return "an ordinary word among capitals"
    if place.form.cased != seen and len(seen) <= 3 and place.form.strength < Strength.GIVEN:
        return "written in another case"
    return ""


def context(place: Place) -> str:
    """Whether the neighbours make something else of it: a link, a person, a longer name, an ordinary word."""
    if place.form.unspaced:
        return ""
    return (
        _in_link(place)
        or _hyphenated(place)
        or _longer_name(place)
        or _person(place)
        or _ordinary_word(place)
    )


def _in_link(place: Place) -> str:
    low, start, end = place.text.low, place.start, place.end
    before = low[start - 1] if start else " "
    after, next_ = low[end : end + 1] or " ", low[end + 1 : end + 2] or " "
    left_glued = before in "/@.=_%~?:"
    right_glued = after in "/@=_%~" or (after in ".:" and not next_.isspace())
    if not left_glued and not right_glued:
        return ""
    left = start
    while left > 0 and not low[left - 1].isspace() and start - left < 300:
        left -= 1
    right = end
    while right < len(low) and not low[right].isspace() and right - end < 300:
        right += 1
    head, tail = low[left:start], low[end:right]
    if "://" in head or "www." in head or "://" in tail or _TOP_LEVEL.search(head):
        return "inside a link"
    if head.rstrip("\"'(").endswith("@"):
        return "" if len(head.lstrip("\"'(.")) == 1 else "inside an e-mail address"
    if re.match(r"[\w.+-]*@[\w-]+\.", tail):
        return "inside an e-mail address"
    site = _TOP_LEVEL.match(tail)
    if site:
        if re.search(r"[\w]\.$", head) or "/" in tail or place.surface.islower():
            return "inside a link"
        return ""
    return ""


def domain(place: Place) -> str:
    """Whether a domain stands there as the host of a link, itself or a host under it."""
    low, start, end = place.text.low, place.start, place.end
    left = start
    while left > 0 and not low[left - 1].isspace() and start - left < 300:
        left -= 1
    if not _HOST_PREFIX.match(low[left:start]):
        return "not the host of a link"
    after = low[end : end + 2]
    if after[:1] in {"@", "-", "_"} or (after[:1] == "." and after[1:].isalnum()):
        return "part of another host"
    return ""


def _hyphenated(place: Place) -> str:
    text = place.text
    if place.last < len(text.tokens) and text.gap(place.last) == "-":
        following = place.word(place.last)
        if following[0].isupper() and not place.surface.isupper() and not _joined_pair(place, place.last + 1):
            return "part of a hyphenated name"
    if place.first > 0 and text.gap(place.first) == "-":
        before = place.word(place.first - 1)
        if (
            before[0].isupper()
            and not before.isupper()
            and before.lower() not in {"ex", "non", "anti", "pro", "pre", "post"}
        ):
            if not _joined_pair(place, place.last):
                return "part of a hyphenated name"
    return ""


def _joined_pair(place: Place, after: int) -> bool:
    """`A-B deal`: two names joined, rather than one double name."""
    return place.word(after).lower() in _COMPOUND_TAIL


def _capitalised(word: str) -> bool:
    return bool(word) and word[0].isupper()


def _longer_name(place: Place) -> str:
    text, first, last = place.text, place.first, place.last
    following = place.word(last) if last < len(text.tokens) and text.gap(last) == " " else ""
    if _capitalised(following):
        noun = following.lower()
        if noun in HEAD_NOUNS and (noun in STRONG_HEAD_NOUNS or place.style not in {"headline", "caps"}):
            return f"part of a longer name: {place.surface} {following}"
    if first > 0:
        gap, before = text.gap(first), place.word(first - 1)
        if gap == " " and _capitalised(before) and not place.form.gaps:
            if before.lower() in PLACE_PREFIXES and (
                place.form.key in PLACES
                or before.lower()
                in {"new", "west", "north", "south", "east", "san", "fort", "port", "mount", "lake", "saint"}
            ):
                if place.style not in {"headline", "caps"} or place.form.key in PLACES:
                    return f"part of a longer name: {before} {place.surface}"
        of = first - 1
        if gap == " " and before == "the":
            of, before = first - 2, place.word(first - 2)
        if before == "of" and of > 0 and text.gap(of) == " ":
            head = place.word(of - 1)
            if _capitalised(head) and head.lower() in OF_HEADS:
                return f"part of a longer name: {head} of {place.surface}"
    return ""


def _person(place: Place) -> str:
    if place.form.gaps:
        return ""
    text, first, last = place.text, place.first, place.last
    key = place.form.key
    if first > 0:
        gap, before = text.gap(first).strip(), place.word(first - 1)
        if gap in {"", "."} and _capitalised(before):
            low = before.lower()
            if (low in PERSON_TITLES or low in GIVEN_NAMES) and text.gap(first) in {" ", ". "}:
                if not (gap == "." and low in GIVEN_NAMES):
                    return f"a person's name: {before} {place.surface}"
            if len(before) == 1 and gap == "." and first > 1 and _capitalised(place.word(first - 2)):
                return f"a person's name: {place.word(first - 2)} {before}. {place.surface}"
    if key in GIVEN_NAMES and last < len(text.tokens) and text.gap(last) == " ":
        following = place.word(last)
        if (
            following[:1].isupper()
            and following[1:].islower()
            and following.lower() not in COMMON_WORDS
            and following.lower() not in ACTION_WORDS
        ):
            return f"a person's name: {place.surface} {following}"
    return ""


def _ordinary_word(place: Place) -> str:
    """An ordinary word with a capital where capitals say nothing: at the start of a sentence, in headlines."""
    form = place.form
    if form.gaps or form.key not in COMMON_WORDS or form.case is Case.ANY or form.cased.islower():
        return ""
    if form.cased.isupper() and place.surface == form.cased:
        return ""
    if not place.starts_sentence and place.style == "mixed":
        return ""
    last = place.last
    if last < len(place.text.tokens):
        following, gap = place.text.tokens[last], place.text.gap(last)
        if (gap == "'" and following == "s") or (gap == " " and following in ACTION_WORDS):
            return ""
    return "an ordinary word where any word has a capital"


def is_function_word(form: Form) -> bool:
    return form.key in PRONOUNS
