"""Whether a form that stands in a text is a mention there: its spelling and its neighbours.

Every judge returns the reason for turning the candidate down, for people to read, or an empty string.
"""

from __future__ import annotations

import re

from alerts.matching.english import (
    ACTION_WORDS,
    AGENTS,
    COMMON_WORDS,
    FUNCTION_WORDS,
    GIVEN_NAMES,
    MONTHS,
    PERSON_TITLES,
    words,
)
from alerts.matching.forms import Case, Strength
from alerts.matching.organisations import (
    DEMONYMS,
    HEAD_NOUNS,
    MULTIWORD_PLACES,
    OF_HEADS,
    OWN_NOUNS,
    PLACE_PREFIXES,
    PLACES,
    STRONG_HEAD_NOUNS,
)
from alerts.matching.place import Place
from alerts.matching.spacing import same_gap

_TOP_LEVEL = re.compile(
    r"\.(?:com|org|net|io|ai|co|gov|edu|eu|de|fr|nl|uk|us|ch|at|be|it|es|info|dev|app|tv)\b"
)
_HOST_PREFIX = re.compile(
    r"^(?:\W*(?:[a-z][a-z0-9+.-]*://)?"
    r"|.*[\"'(<\[]https?://"  # in markup, where no blank stands before: [text](https://…), href="https://…"
    r")(?:[\w-]+\.)*$",
    re.DOTALL,
)
_ADDRESS = re.compile(r"[\w.+-]*@[\w-]+\.")
_SENTENCE_START = re.compile(r"[.!?:;\n\"]")
_PARTICIPLE = re.compile(
    r"(?:ed|ing|led|run|like|style|friendly|only|wide|era|size|made|built|born|bound|linked)$"
)
_ADJECTIVAL = ("town", "ern", "land", "ist", "ic", "an", "al", "ish", "ary", "ous", "ite", "ese", "metro")
_INDEFINITE = words("a an any each every no some that these this those")
_OF_ORGANISATIONS = ACTION_WORDS | AGENTS
_VERBS = ACTION_WORDS - AGENTS
_VOWEL = re.compile(r"[aeiou]")

# "A-B deal": two names joined. "A-B" alone is rather one double name.
_JOINT = words(
    "deal merger talks partnership alliance pact case lawsuit feud dispute tie war rivalry agreement acquisition "
    "backed owned led based style made run funded border relations"
)
_OPEN_PREFIXES = words("ex non anti pro pre post then mid")
_ROMANCE_OF = words("de du des di del della da dos von van der")
_JOINING_WORDS = _ROMANCE_OF | {"of", "the"}
_CITY_OF = words("ville ciudad citta cidade stadt gemeente commune mairie")
_FIRM_HEADS = HEAD_NOUNS - OWN_NOUNS
_PLACE_WORDS = PLACES | {" ".join(place) for place in MULTIWORD_PLACES}
# What may follow a place with a capital without making another name of it.
_AFTER_PLACE = (
    PERSON_TITLES
    | GIVEN_NAMES
    | MONTHS
    | frozenset(DEMONYMS.values())
    | words(
        "republican republicans democrat democrats democratic attorney congressman governor mayor senator secretary "
        "premier prime chief and of in on at to for the"
    )
)
_COUNTRY_LETTERS = words("uk us usa") | {"u k", "u s", "u s a"}
_LOCATING = words("in at from near outside across around throughout")
_LONGEST_LIST = 16  # words


def spelling(place: Place) -> str:
    """Whether what stands there is this form at all: the case, and what is between its words."""
    form = place.form
    if form.unspaced:
        return _unspaced(place)
    text = place.text
    for index, gap in enumerate(form.gaps, place.first + 1):
        seen = text.gap(index)
        if same_gap(gap, seen, text.tokens[index - 1]) or _parenthesis(place, index):
            continue
        # Trinity College Dublin, written Trinity College, Dublin
        last_of_three = index == place.last - 1 > place.first + 1
        if not (
            gap == " " and seen == ", " and last_of_three and text.tokens[index - 1] not in FUNCTION_WORDS
        ):
            return "other punctuation between the words"
    if form.after.startswith(".") and not form.gaps and not text.low.startswith(".", place.end):
        return "an abbreviation without its full stop"
    return _case(place)


def _unspaced(place: Place) -> str:
    """Hangul words begin names, and Latin letters or digits at a rim do not run on."""
    low, key = place.text.low, place.form.key
    before = low[place.start - 1 : place.start] if place.start else ""
    after = low[place.end : place.end + 1]
    if "\uac00" <= key[0] <= "\ud7a3" and "\uac00" <= before <= "\ud7a3":
        return "inside a longer word"
    if any(
        a.isascii() and a.isalnum() and b.isascii() and b.isalnum()
        for a, b in ((before, key[0]), (key[-1], after))
    ):
        return "inside a longer word"
    return ""


def _parenthesis(place: Place, index: int) -> bool:
    """Whether the rest of the name stands in parentheses: Rape Crisis (England and Wales)."""
    return place.text.gap(index) == " (" and place.text.low.startswith(")", place.end)


def _case(place: Place) -> str:
    form, seen = place.form, place.surface
    if form.case is Case.ANY:
        return ""
    if seen == form.cased:
        return _among_capitals(place) if seen.isupper() and not form.gaps else ""
    if form.case is Case.STRICT:
        caps = seen.isupper() and not form.cased.isupper() and place.style == "caps"
        return "" if caps else _other_case(place, seen)
    if form.case is Case.FREE:
        ordinary = seen.islower() and not form.cased.islower() and place.style != "lower"
        if ordinary and all(word in COMMON_WORDS for word in form.key.split()):
            return "ordinary words in lower case"
        return ""
    return _proper(place, seen)


def _other_case(place: Place, seen: str) -> str:
    if seen.islower() and len(seen) > 2 and place.style == "lower" and place.form.key not in COMMON_WORDS:
        return ""
    return "written in another case"


def _proper(place: Place, seen: str) -> str:
    """One word, not quite as given: other capitals are fine, no capital only where the writer uses none."""
    form = place.form
    if place.mark == "#" and form.key not in FUNCTION_WORDS:
        return ""
    if seen.isupper() and len(seen) > 1:
        return _among_capitals(place)
    if form.cased.isupper():
        # Acronyms that are spoken as words are often written as such: Nato, Unicef.
        spoken = len(seen) > 3 and seen.istitle() and _VOWEL.search(form.key) and form.key not in COMMON_WORDS
        return "" if spoken else _other_case(place, seen)
    if seen.islower() and not form.cased.islower():
        if place.style == "lower" and form.key not in COMMON_WORDS and len(form.key) > 3:
            return ""
        return "written in lower case"
    return ""


def _among_capitals(place: Place) -> str:
    """A word in capitals among capitals may be any word."""
    if place.style != "caps" or place.after().lower() in _OF_ORGANISATIONS:
        return ""
    short = len(place.form.key) <= 3 and place.form.strength < Strength.GIVEN
    return "an ordinary word among capitals" if short or place.form.key in COMMON_WORDS else ""


def context(place: Place) -> str:
    """Whether the neighbours make something else of it: a link, a person, a longer name, an ordinary word."""
    if place.form.unspaced:
        return ""
    if _in_running_text(place):
        return _ordinary_word(place) or _conditions(place)
    return (
        _in_link(place)
        or _before_noun(place)
        or _after_modifier(place)
        or _person(place)
        or _ordinary_word(place)
        or _conditions(place)
    )


def _in_running_text(place: Place) -> bool:
    """Whether it stands between words in lower case, which makes it no part of a link, a longer name or a person's.

    Most names do: it saves the judges that could find nothing there.
    """
    before = place.before()
    return before[:1].islower() and place.after()[:1].islower() and before.lower() not in _JOINING_WORDS


def _in_link(place: Place) -> str:
    low, start, end = place.text.low, place.start, place.end
    before, after = low[start - 1 : start] if start else "", low[end : end + 1]
    runs_on = after in {"/", "@", "=", "_", "%", "~"} or (
        after in {".", ":"} and not low[end + 1 : end + 2].isspace()
    )
    if before not in {"/", "@", ".", "=", "_", "%", "~", "?", ":"} and not (after and runs_on):
        return ""
    head, tail = place.chunk()
    if "://" in head or "www." in head or "://" in tail or _TOP_LEVEL.search(head):
        return "inside a link"
    if _ADDRESS.match(tail) or ("@" in head and head.rpartition("@")[0].strip("\"'(.")):
        return "inside an e-mail address"
    if place.mark == "@" and place.form.case in {Case.PROPER, Case.STRICT} and place.surface.islower():
        return "" if place.form.cased.islower() else "a handle in lower case"
    if _TOP_LEVEL.match(tail) and (re.search(r"\w\.$", head) or "/" in tail or place.surface.islower()):
        return "inside a link"
    return ""


def domain(place: Place) -> str:
    """Whether a domain stands there as the host of a link: itself, or with a host under it."""
    head, tail = place.chunk()
    if not _HOST_PREFIX.match(head):
        return "not the host of a link"
    if tail[:1] in {"@", "-", "_"} or (tail[:1] == "." and tail[1:2].isalnum()):
        return "part of another host"
    return ""


def hyphenated(place: Place) -> str:
    """Double names are others (Rolls-Royce); compounds with a common word are not (OpenAI-backed, ex-Google)."""
    if place.form.unspaced or (place.gap_before != "-" and place.gap_after != "-"):
        return ""
    following, preceding = place.after("-"), place.before("-")
    unclear = place.starts_sentence or len(place.form.key) == 1
    if following.islower() and unclear and not _PARTICIPLE.search(following):
        return f"part of a word: {place.surface}-{following}"
    if following[:1].isupper() and not place.surface.isupper() and not _joint_follows(place, place.last + 1):
        return _longer(f"{place.surface}-{following}")
    if (
        preceding[:1].isupper()
        and len(preceding) > 1
        and not preceding.isupper()
        and preceding.lower() not in _OPEN_PREFIXES
        and not _joint_follows(place, place.last)
    ):
        return _longer(f"{preceding}-{place.surface}")
    return ""


def _joint_follows(place: Place, index: int) -> bool:
    """Whether a word for what two parties have follows, after at most two more words of a name."""
    for at in range(index, index + 3):
        if place.word(at).lower() in _JOINT:
            return True
        if not place.word(at)[:1].isupper():
            return False
    return False


def _longer(name: str) -> str:
    return f"part of a longer name: {name}"


def _before_noun(place: Place) -> str:
    """Bank of America Stadium, New York Times, Texas Instruments."""
    following = place.after()
    if not following[:1].isupper() or place.word(place.last - 1)[0].islower():
        return ""
    noun, mixed = following.lower(), place.style == "mixed"
    is_place = place.form.key in _PLACE_WORDS
    heads = HEAD_NOUNS if is_place else _FIRM_HEADS
    headed = (noun in heads and (mixed or noun in STRONG_HEAD_NOUNS)) or (is_place and _headed(place))
    elsewhere = mixed and is_place and noun not in _AFTER_PLACE and not following.isupper()
    return _longer(f"{place.surface} {following}") if headed or elsewhere else ""


def _headed(place: Place) -> bool:
    """Whether a run of capitalised words that no verb interrupts ends in a noun such as Exchange or Department."""
    for index in range(place.last, min(place.last + 4, len(place.text.tokens))):
        word = place.word(index)
        if not word[0].isupper() or place.text.gap(index) != " " or word.lower() in _VERBS:
            return False
        if word.lower() in HEAD_NOUNS and index > place.last:
            return place.style != "caps"
    return False


def _after_modifier(place: Place) -> str:
    """West Virginia, University of Chicago, Tour de France, Amazon U.K., X Factor."""
    preceding, key = place.before(), place.form.key
    low, capital = preceding.lower(), preceding[:1].isupper()
    if key in _COUNTRY_LETTERS:
        national = capital and low not in COMMON_WORDS and place.style == "mixed"
        return _longer(f"{preceding} {place.surface}") if national else ""
    if place.form.gaps and key not in _PLACE_WORDS:
        return ""
    if capital:
        another_place = low in PLACE_PREFIXES and key in PLACES
        lettered = len(preceding) == 1 and low not in {"a", "i"}
        unknown = key in _PLACE_WORDS and place.style == "mixed" and not _introduces_place(preceding)
        return _longer(f"{preceding} {place.surface}") if another_place or lettered or unknown else ""
    at = place.first - 1
    if low in _ROMANCE_OF and place.word(at - 1)[:1].isupper() and place.word(at - 1).lower() not in _CITY_OF:
        return _longer(f"{place.word(at - 1)} {preceding} {place.surface}")
    if low == "the":
        at -= 1
    head = place.word(at - 1) if place.word(at) == "of" else ""
    return _longer(f"{head} of {place.surface}") if head[:1].isupper() and head.lower() in OF_HEADS else ""


def _introduces_place(word: str) -> bool:
    """Whether a capitalised word before a place leaves it the place that it is: Downtown, Communist, Mainland."""
    low = word.lower()
    known = low in COMMON_WORDS or low in HEAD_NOUNS or low in MONTHS or low in PLACE_PREFIXES
    return word.isupper() or known or low.endswith(_ADJECTIVAL)


def _person(place: Place) -> str:
    """A name of one word after a given name or a title is a surname; a given name before one is a person's."""
    if place.form.gaps:
        return ""
    preceding = place.before() or place.before(". ")
    low = preceding.lower()
    if preceding[:1].isupper() and place.surface[0].isupper():
        named = low in GIVEN_NAMES and place.before() and place.form.key != low and not _may_be_verb(place)
        initial = (
            len(preceding) == 1 and place.before(". ") and place.word(place.first - 2).lower() in GIVEN_NAMES
        )
        if named or initial or low in PERSON_TITLES:
            return f"a person's name: {preceding} {place.surface}"
    following = place.after()
    if (
        place.form.key in GIVEN_NAMES
        and following[:1].isupper()
        and following[1:].islower()
        and following.lower() not in COMMON_WORDS
        and following.lower() not in ACTION_WORDS
    ):
        return f"a person's name: {place.surface} {following}"
    return ""


def _may_be_verb(place: Place) -> bool:
    """Will Apple … ?"""
    starts = place.first == 1 or _SENTENCE_START.search(place.text.gap(place.first - 1)) is not None
    return place.before().lower() in FUNCTION_WORDS and (starts or place.style != "mixed")


def _ordinary_word(place: Place) -> str:
    """An ordinary word with a capital where that says nothing: at the start of a sentence, in a headline.

    Within a sentence it is a name, unless it ends a longer one (the Louisville News).
    """
    form = place.form
    if form.gaps or form.head or form.case is Case.ANY:
        return ""
    plain = form.key in COMMON_WORDS or (form.key.endswith("s") and form.key[:-1] in COMMON_WORDS)
    if not plain or form.cased.islower():
        return ""
    if place.surface.isupper() and place.style != "caps":
        return ""
    before = place.before()
    if not place.starts_sentence and place.style == "mixed" and before.lower() not in _INDEFINITE:
        named = before[:1].isupper() and before.lower() not in COMMON_WORDS and not before.isupper()
        return _longer(f"{before} {place.surface}") if named else ""
    if place.mark or place.after("'") == "s" or place.after().lower() in _OF_ORGANISATIONS:
        return ""
    if len(place.text.tokens) == 1 or (place.style == "mixed" and _beside_name(place)):
        return ""
    return "an ordinary word where any word has a capital"


def _beside_name(place: Place) -> bool:
    """Target, Walmart …; Target and Walmart …"""
    if place.after() in {"and", "&"}:
        return place.word(place.last + 1)[:1].isupper()
    return place.after(", ")[:1].isupper()


def _conditions(place: Place) -> str:
    """The conditions of a derived form that the neighbours decide."""
    if place.form.head and not _in_list(place):
        return f"no list of {place.form.head}"
    if place.form.needs and place.form.key in _PLACE_WORDS and place.before().lower() in _LOCATING:
        return "a place"
    return ""


def _in_list(place: Place) -> bool:
    text, joined = place.text, False
    for index in range(place.last, min(place.last + _LONGEST_LIST, len(text.tokens))):
        word = place.word(index)
        comma = text.gap(index).strip() == ","
        if not comma and text.gap(index) != " ":
            return False
        if word in {"and", "or", "&"}:
            joined = True
        elif word.lower() == place.form.head:
            return joined
        elif not word[0].isupper() or (index == place.last and not comma):
            return False
    return False
