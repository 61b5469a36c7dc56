"""Whether a form that stands in a text is a mention there: its spelling and its neighbours.

Every filter returns the reason for turning the candidate down, for people to read, or an empty string.
"""

from __future__ import annotations

import re

from alerts.matching.candidate import Candidate
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
_PLACE_WORDS = PLACES | {" ".join(candidate) for candidate in MULTIWORD_PLACES}
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


def spelling(candidate: Candidate) -> str:
    """Whether what stands there is this form at all: the case, and what is between its words."""
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
    if form.after.startswith(".") and not form.gaps and not text.low.startswith(".", candidate.end):
        return "an abbreviation without its full stop"
    return _case(candidate)


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
        ordinary = seen.islower() and not form.cased.islower() and candidate.style != "lower"
        if ordinary and all(word in COMMON_WORDS for word in form.key.split()):
            return "ordinary words in lower case"
        return ""
    return _proper(candidate, seen)


def _other_case(candidate: Candidate, seen: str) -> str:
    if (
        seen.islower()
        and len(seen) > 2
        and candidate.style == "lower"
        and candidate.form.key not in COMMON_WORDS
    ):
        return ""
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
        spoken = len(seen) > 3 and seen.istitle() and _VOWEL.search(form.key) and form.key not in COMMON_WORDS
        return "" if spoken else _other_case(candidate, seen)
    if seen.islower() and not form.cased.islower():
        if candidate.style == "lower" and form.key not in COMMON_WORDS and len(form.key) > 3:
            return ""
        return "written in lower case"
    return ""


def _among_capitals(candidate: Candidate) -> str:
    """A word in capitals among capitals may be any word."""
    if candidate.style != "caps" or candidate.after().lower() in _OF_ORGANISATIONS:
        return ""
    short = len(candidate.form.key) <= 3 and candidate.form.strength < Strength.GIVEN
    return "an ordinary word among capitals" if short or candidate.form.key in COMMON_WORDS else ""


def context(candidate: Candidate) -> str:
    """Whether the neighbours make something else of it: a link, a person, a longer name, an ordinary word."""
    if candidate.form.unspaced:
        return ""
    if _in_running_text(candidate):
        return _ordinary_word(candidate) or _conditions(candidate)
    return (
        _in_link(candidate)
        or _before_noun(candidate)
        or _after_modifier(candidate)
        or _person(candidate)
        or _ordinary_word(candidate)
        or _conditions(candidate)
    )


def _in_running_text(candidate: Candidate) -> bool:
    """Whether it stands between words in lower case, which makes it no part of a link, a longer name or a person's.

    Most names do: it saves the judges that could find nothing there.
    """
    before = candidate.before()
    return before[:1].islower() and candidate.after()[:1].islower() and before.lower() not in _JOINING_WORDS


def _in_link(candidate: Candidate) -> str:
    low, start, end = candidate.text.low, candidate.start, candidate.end
    before, after = low[start - 1 : start] if start else "", low[end : end + 1]
    runs_on = after in {"/", "@", "=", "_", "%", "~"} or (
        after in {".", ":"} and not low[end + 1 : end + 2].isspace()
    )
    if before not in {"/", "@", ".", "=", "_", "%", "~", "?", ":"} and not (after and runs_on):
        return ""
    head, tail = candidate.chunk()
    if "://" in head or "www." in head or "://" in tail or _TOP_LEVEL.search(head):
        return "inside a link"
    if _ADDRESS.match(tail) or ("@" in head and head.rpartition("@")[0].strip("\"'(.")):
        return "inside an e-mail address"
    if (
        candidate.mark == "@"
        and candidate.form.case in {Case.PROPER, Case.STRICT}
        and candidate.surface.islower()
    ):
        return "" if candidate.form.cased.islower() else "a handle in lower case"
    if _TOP_LEVEL.match(tail) and (re.search(r"\w\.$", head) or "/" in tail or candidate.surface.islower()):
        return "inside a link"
    return ""


def domain(candidate: Candidate) -> str:
    """Whether a domain stands there as the host of a link: itself, or with a host under it."""
    head, tail = candidate.chunk()
    if not _HOST_PREFIX.match(head):
        return "not the host of a link"
    if tail[:1] in {"@", "-", "_"} or (tail[:1] == "." and tail[1:2].isalnum()):
        return "part of another host"
    return ""


def hyphenated(candidate: Candidate) -> str:
    """Double names are others (Rolls-Royce); compounds with a common word are not (OpenAI-backed, ex-Google)."""
    if candidate.form.unspaced or (candidate.gap_before != "-" and candidate.gap_after != "-"):
        return ""
    following, preceding = candidate.after("-"), candidate.before("-")
    unclear = candidate.starts_sentence or len(candidate.form.key) == 1
    if following.islower() and unclear and not _PARTICIPLE.search(following):
        return f"part of a word: {candidate.surface}-{following}"
    if (
        following[:1].isupper()
        and not candidate.surface.isupper()
        and not _joint_follows(candidate, candidate.last + 1)
    ):
        return _longer(f"{candidate.surface}-{following}")
    if (
        preceding[:1].isupper()
        and len(preceding) > 1
        and not preceding.isupper()
        and preceding.lower() not in _OPEN_PREFIXES
        and not _joint_follows(candidate, candidate.last)
    ):
        return _longer(f"{preceding}-{candidate.surface}")
    return ""


def _joint_follows(candidate: Candidate, index: int) -> bool:
    """Whether a word for what two parties have follows, after at most two more words of a name."""
    for at in range(index, index + 3):
        if candidate.word(at).lower() in _JOINT:
            return True
        if not candidate.word(at)[:1].isupper():
            return False
    return False


def _longer(name: str) -> str:
    return f"part of a longer name: {name}"


def _before_noun(candidate: Candidate) -> str:
    """Bank of America Stadium, New York Times, Texas Instruments."""
    following = candidate.after()
    if not following[:1].isupper() or candidate.word(candidate.last - 1)[0].islower():
        return ""
    noun, mixed = following.lower(), candidate.style == "mixed"
    is_place = candidate.form.key in _PLACE_WORDS
    heads = HEAD_NOUNS if is_place else _FIRM_HEADS
    headed = (noun in heads and (mixed or noun in STRONG_HEAD_NOUNS)) or (is_place and _headed(candidate))
    elsewhere = mixed and is_place and noun not in _AFTER_PLACE and not following.isupper()
    return _longer(f"{candidate.surface} {following}") if headed or elsewhere else ""


def _headed(candidate: Candidate) -> bool:
    """Whether a run of capitalised words that no verb interrupts ends in a noun such as Exchange or Department."""
    for index in range(candidate.last, min(candidate.last + 4, len(candidate.text.tokens))):
        word = candidate.word(index)
        if not word[0].isupper() or candidate.text.gap(index) != " " or word.lower() in _VERBS:
            return False
        if word.lower() in HEAD_NOUNS and index > candidate.last:
            return candidate.style != "caps"
    return False


def _after_modifier(candidate: Candidate) -> str:
    """West Virginia, University of Chicago, Tour de France, Amazon U.K., X Factor."""
    preceding, key = candidate.before(), candidate.form.key
    low, capital = preceding.lower(), preceding[:1].isupper()
    if key in _COUNTRY_LETTERS:
        national = capital and low not in COMMON_WORDS and candidate.style == "mixed"
        return _longer(f"{preceding} {candidate.surface}") if national else ""
    if candidate.form.gaps and key not in _PLACE_WORDS:
        return ""
    if capital:
        another_place = low in PLACE_PREFIXES and key in PLACES
        lettered = len(preceding) == 1 and low not in {"a", "i"}
        unknown = key in _PLACE_WORDS and candidate.style == "mixed" and not _introduces_place(preceding)
        return _longer(f"{preceding} {candidate.surface}") if another_place or lettered or unknown else ""
    at = candidate.first - 1
    if (
        low in _ROMANCE_OF
        and candidate.word(at - 1)[:1].isupper()
        and candidate.word(at - 1).lower() not in _CITY_OF
    ):
        return _longer(f"{candidate.word(at - 1)} {preceding} {candidate.surface}")
    if low == "the":
        at -= 1
    head = candidate.word(at - 1) if candidate.word(at) == "of" else ""
    return (
        _longer(f"{head} of {candidate.surface}") if head[:1].isupper() and head.lower() in OF_HEADS else ""
    )


def _introduces_place(word: str) -> bool:
    """Whether a capitalised word before a place leaves it the place that it is: Downtown, Communist, Mainland."""
    low = word.lower()
    known = low in COMMON_WORDS or low in HEAD_NOUNS or low in MONTHS or low in PLACE_PREFIXES
    return word.isupper() or known or low.endswith(_ADJECTIVAL)


def _person(candidate: Candidate) -> str:
    """A name of one word after a given name or a title is a surname; a given name before one is a person's."""
    if candidate.form.gaps:
        return ""
    preceding = candidate.before() or candidate.before(". ")
    low = preceding.lower()
    if preceding[:1].isupper() and candidate.surface[0].isupper():
        named = (
            low in GIVEN_NAMES
            and candidate.before()
            and candidate.form.key != low
            and not _may_be_verb(candidate)
        )
        initial = (
            len(preceding) == 1
            and candidate.before(". ")
            and candidate.word(candidate.first - 2).lower() in GIVEN_NAMES
        )
        if named or initial or low in PERSON_TITLES:
            return f"a person's name: {preceding} {candidate.surface}"
    following = candidate.after()
    if (
        candidate.form.key in GIVEN_NAMES
        and following[:1].isupper()
        and following[1:].islower()
        and following.lower() not in COMMON_WORDS
        and following.lower() not in ACTION_WORDS
    ):
        return f"a person's name: {candidate.surface} {following}"
    return ""


def _may_be_verb(candidate: Candidate) -> bool:
    """Will Apple … ?"""
    starts = (
        candidate.first == 1 or _SENTENCE_START.search(candidate.text.gap(candidate.first - 1)) is not None
    )
    return candidate.before().lower() in FUNCTION_WORDS and (starts or candidate.style != "mixed")


def _ordinary_word(candidate: Candidate) -> str:
    """An ordinary word with a capital where that says nothing: at the start of a sentence, in a headline.

    Within a sentence it is a name, unless it ends a longer one (the Louisville News).
    """
    form = candidate.form
    if form.gaps or form.head or form.case is Case.ANY:
        return ""
    plain = form.key in COMMON_WORDS or (form.key.endswith("s") and form.key[:-1] in COMMON_WORDS)
    if not plain or form.cased.islower():
        return ""
    if candidate.surface.isupper() and candidate.style != "caps":
        return ""
    before = candidate.before()
    if not candidate.starts_sentence and candidate.style == "mixed" and before.lower() not in _INDEFINITE:
        named = before[:1].isupper() and before.lower() not in COMMON_WORDS and not before.isupper()
        return _longer(f"{before} {candidate.surface}") if named else ""
    if candidate.mark or candidate.after("'") == "s" or candidate.after().lower() in _OF_ORGANISATIONS:
        return ""
    if len(candidate.text.tokens) == 1 or (candidate.style == "mixed" and _beside_name(candidate)):
        return ""
    return "an ordinary word where any word has a capital"


def _beside_name(candidate: Candidate) -> bool:
    """Target, Walmart …; Target and Walmart …"""
    if candidate.after() in {"and", "&"}:
        return candidate.word(candidate.last + 1)[:1].isupper()
    return candidate.after(", ")[:1].isupper()


def _conditions(candidate: Candidate) -> str:
    """The conditions of a derived form that the neighbours decide."""
    if candidate.form.head and not _in_list(candidate):
        return f"no list of {candidate.form.head}"
    if (
        candidate.form.needs
        and candidate.form.key in _PLACE_WORDS
        and candidate.before().lower() in _LOCATING
    ):
        return "a place"
    return ""


def _in_list(candidate: Candidate) -> bool:
    text, joined = candidate.text, False
    for index in range(candidate.last, min(candidate.last + _LONGEST_LIST, len(text.tokens))):
        word = candidate.word(index)
        comma = text.gap(index).strip() == ","
        if not comma and text.gap(index) != " ":
            return False
        if word in {"and", "or", "&"}:
            joined = True
        elif word.lower() == candidate.form.head:
            return joined
        elif not word[0].isupper() or (index == candidate.last and not comma):
            return False
    return False
