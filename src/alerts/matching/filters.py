"""What speaks against a name that stands in a text: another reading that the words around make likelier.

A tracked name that stands as a word counts unless a filter finds such a reading. Each returns the reason for turning
the candidate down, for people to read, or an empty string. `make eval-matching ARGS=--ablation` prints what each is
worth on each labelled set; docs/design/0019-positive-evidence.md tells which were dropped, and why."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from alerts.matching import vocabulary
from alerts.matching.candidate import Candidate
from alerts.matching.forms import Case, Strength
from alerts.matching.spelling import OF_ORGANISATIONS
from alerts.matching.words import word_list, words
from alerts.model.mention import Rule

PERSON = "a person's name"
THING = "initials of ordinary words"

Filter = Callable[[Candidate], str]

_TOP_LEVEL = re.compile(r"\.(?:com|org|net|io|ai|co|gov|edu|eu|de|fr|nl|uk|us|ch|at|be|it|es|info|dev|app|tv)\b")
_HOST_PREFIX = re.compile(
    r"^(?:\W*(?:[a-z][a-z0-9+.-]*://)?"
    r"|.*[\"'(<\[]https?://"  # in markup, where no blank stands before: [text](https://…), href="https://…"
    r")(?:[\w-]+\.)*$",
    re.DOTALL,
)
_ADDRESS = re.compile(r"[\w.+-]*@[\w-]+\.")
_SENTENCE_START = re.compile(r"[.!?:;\n\"]")
_ADJECTIVAL = ("town", "ern", "land", "ist", "ic", "an", "al", "ish", "ary", "ous", "ite", "ese", "metro")
_ARTICLES = words("the a an this that these those your our my his her their its all some any")
_OF_TIME_AND_SIZE = words("new old great greater central inner outer")  # "New Boston chief", too
_INSIDE_NAMES = words("of and &")
_NEVER_IN_NAMES = vocabulary.ANY_FUNCTION_WORDS - _INSIDE_NAMES
_VERBS = vocabulary.ACTION_WORDS - vocabulary.AGENTS

_ROMANCE_OF = words("de du des di del della da dos von van der")
_JOINING_WORDS = _ROMANCE_OF | {"of", "the"}
_NAME_HEADS = vocabulary.HEAD_NOUNS | word_list("government_nouns")
_NO_HEADS = vocabulary.ANY_FUNCTION_WORDS | words("ville ciudad citta cidade stadt gemeente commune mairie")
_ONLY_GIVEN_NAMES = vocabulary.GIVEN_NAMES - vocabulary.COMMON_WORDS - vocabulary.PLACE_NAMES
# What may follow a place with a capital without making another name of it.
_TITLES_AND_NAMES = vocabulary.PERSON_TITLES | vocabulary.GIVEN_NAMES
_AFTER_PLACE = word_list("after_place") | _TITLES_AND_NAMES | vocabulary.MONTHS | {*vocabulary.DEMONYMS.values()}
_BEFORE_PLACE = vocabulary.COMMON_WORDS | vocabulary.HEAD_NOUNS | vocabulary.MONTHS | vocabulary.PLACE_PREFIXES
_COUNTRY_LETTERS = words("uk us usa") | {"u k", "u s", "u s a"}
_MAX_DATELINE = 40  # characters
# Where a report was written, at its head: WASHINGTON -- · DAVIE, Fla. -- · LONDON (Reuters) - · AURORA, Colo. (AP) --
_DATELINE_HEAD = re.compile(
    r"(?P<city>[A-Z][A-Z .']{2,24}[A-Z.])(?P<state> ?, [A-Z][\w. ]{1,20}?)?"
    r"(?P<agency> ?\([A-Z][A-Za-z .]{1,20}\))? ?(?:-{1,2}|;) "
)
# MADRID, 23 may (EFE) · Griñón (Madrid), 23 may (EFE) · Miami (EEUU) (dpa) · Berlin (AFP)
_DATELINE = re.compile(r"\)?(?: \([\w. ]{2,20}\))?(?:,? \d{1,2}\.? \w+\.?)? \([A-Za-z]{2,8}\)")
_GERMAN_DATELINE = re.compile(r"(?:^|[.!?] )([A-Z][\w/ ]{2,60}) -\s?(?=[A-Z])")  # Kiew/Moskau - Der US-Senat
_GERMAN_FUNCTION_WORDS = word_list("function_words/de")
_GERMAN_INDEFINITE = word_list("german_indefinite")
_GERMAN_ENDINGS = ("e", "er", "es", "en", "em")
_BEFORE_MONTH = word_list("before_month")
_VERBAL_ENDINGS = dict.fromkeys(("es", "fr", "it", "pt"), ("a", "e", "t", "an", "en", "am", "em", "ou", "iu"))


def link(candidate: Candidate) -> str:
    """A link, an e-mail address, a handle in lower case."""
    low, start, end = candidate.text.low, candidate.start, candidate.end
    before, after = low[start - 1 : start] if start else "", low[end : end + 1]
    runs_on = after in {"/", "@", "=", "_", "%", "~"} or (after in {".", ":"} and not low[end + 1 : end + 2].isspace())
    if before not in {"/", "@", ".", "=", "_", "%", "~", "?", ":"} and not (after and runs_on):
        return ""
    head, tail = candidate.chunk()
    if "://" in head or "www." in head or "://" in tail or _TOP_LEVEL.search(head):
        return "inside a link"
    if _ADDRESS.match(tail) or ("@" in head and head.rpartition("@")[0].strip("\"'(.")):
        return "inside an e-mail address"
    if candidate.mark == "@" and candidate.form.case in {Case.PROPER, Case.STRICT} and candidate.surface.islower():
        return "" if candidate.form.cased.islower() else "a handle in lower case"
    if _TOP_LEVEL.match(tail) and (re.search(r"\w\.$", head) or "/" in tail or candidate.surface.islower()):
        return "inside a link"
    return ""


def _not_a_host(candidate: Candidate) -> str:
    """Why a domain does not stand as the host of a link, itself or with a host under it."""
    head, tail = candidate.chunk()
    if not _HOST_PREFIX.match(head):
        return "not the host of a link"
    runs_on = tail[:1] in {"@", "-", "_"} or (tail[:1] == "." and tail[1:2].isalnum())
    return "part of another host" if runs_on else ""


def double_name(candidate: Candidate) -> str:
    """Mérida-Badajoz, Île-du-Prince-Édouard: a hyphen with a place or a given name makes another name.

    With a noun, a version, a product or another firm it does not: OpenAI-Chef, DeepSeek-V4, the Microsoft-OpenAI deal.
    """
    if "-" not in {candidate.gap_before, candidate.gap_after}:
        return ""
    for other, after in ((candidate.after_gap("-"), True), (candidate.before_gap("-"), False)):
        low = other.lower()
        joins = low in vocabulary.GIVEN_NAMES or vocabulary.PLACE_NAMES.issuperset((low, candidate.form.key))
        if (other.istitle() or other.isupper()) and joins and not candidate.touches_name(after):
            name = (candidate.surface, other) if after else (other, candidate.surface)
            return _longer("-".join(name))
    return ""


def _longer(name: str) -> str:
    return f"part of a longer name: {name}"


def place_begins_name(candidate: Candidate) -> str:
    """Texas Instruments, Boston Consulting Group: a place with any other name after it."""
    following = candidate.after
    key = candidate.form.key
    if not following[:1].isupper() or (following.isupper() and key not in _COUNTRY_LETTERS):
        return ""
    if key in _COUNTRY_LETTERS and _headed(candidate):
        return _longer(f"{candidate.surface} {following}")  # U.S. Patent Office
    if key not in vocabulary.PLACE_NAMES:
        return ""
    if following.lower() in OF_ORGANISATIONS and not _headed(candidate):
        return ""  # "Santander Shares Fall", but not "New York Stock Exchange"
    elsewhere = candidate.style == "mixed" and following.lower() not in _AFTER_PLACE
    return _longer(f"{candidate.surface} {following}") if elsewhere or _headed(candidate) else ""


def _headed(candidate: Candidate) -> bool:
    """Whether a run of capitalised words that no verb interrupts ends in a noun such as Exchange or Department."""
    for index in range(candidate.last, min(candidate.last + 4, len(candidate.text.cased_tokens))):
        word = candidate.word(index)
        gap = candidate.gap_after if index == candidate.last else candidate.text.gap(index)
        if gap != " " or not (word[0].isupper() or (word in _INSIDE_NAMES and index > candidate.last)):
            return False
        if word.lower() in _VERBS or word.lower() in _NEVER_IN_NAMES:
            return False
        if word.lower() in _NAME_HEADS and (index > candidate.last or candidate.word(index + 1) in {"of", "for"}):
            return candidate.style != "caps"
    return False


def place_ends_name(candidate: Candidate) -> str:
    """West Virginia, Inter Milan, Amazon U.K."""
    preceding, key = candidate.before, candidate.form.key
    low = preceding.lower()
    if not preceding[:1].isupper():
        return ""
    if key in _COUNTRY_LETTERS:
        compound = candidate.first > 1 and candidate.text.gap(candidate.first - 1) == "-"  # T-Mobile USA
        national = (low not in vocabulary.COMMON_WORDS or compound) and candidate.style == "mixed"
        return _longer(f"{preceding} {candidate.surface}") if national else ""
    if key not in vocabulary.PLACE_NAMES or low in vocabulary.ANY_FUNCTION_WORDS:
        return ""
    begins = candidate.first == 1 or _SENTENCE_START.search(candidate.text.gap(candidate.first - 1)) is not None
    of_time = begins and low in _OF_TIME_AND_SIZE
    another_place = low in vocabulary.PLACE_PREFIXES and key in vocabulary.PLACES and not of_time
    unknown = candidate.style == "mixed" and not begins and not _introduces_place(preceding)
    return _longer(f"{preceding} {candidate.surface}") if another_place or unknown else ""


def _introduces_place(word: str) -> bool:
    """Whether a capitalised word before a place leaves it the place that it is: Downtown, Communist, Mainland."""
    low = word.lower()
    return (word.isupper() and len(word) > 1) or low in _BEFORE_PLACE or low.endswith(_ADJECTIVAL)


def head_of_place(candidate: Candidate) -> str:
    """University of Chicago, Tour de France, Copa del Rey: a head with a capital, "of", and a place."""
    at = candidate.first - 1
    if candidate.word(at).lower() not in _JOINING_WORDS:
        return ""
    low = candidate.before.lower()
    if low in _ROMANCE_OF and low != "del":  # the article makes a club of a city: el portero del Barcelona
        head = candidate.word(at - 1)
        capital = head[:1].isupper() and at > 1 and not _SENTENCE_START.search(candidate.text.gap(at - 1))
        place = capital and candidate.form.key in vocabulary.PLACE_NAMES and candidate.style == "mixed"
        longer = place and head.lower() not in _NO_HEADS and candidate.document.language != "de"
        return _longer(f"{head} {low} {candidate.surface}") if longer else ""
    if low == "the":
        at -= 1
    head = candidate.word(at - 1) if candidate.word(at) == "of" else ""
    single = not candidate.form.gaps or candidate.form.key in vocabulary.PLACE_NAMES
    of_it = single and head[:1].isupper() and head.lower() in word_list("of_heads")
    return _longer(f"{head} of {candidate.surface}") if of_it else ""


def surname(candidate: Candidate) -> str:
    """Harrison Ford, Sen. Dell, President Ford said."""
    if candidate.form.gaps or not candidate.word(candidate.first - 1)[:1].isupper() or not candidate.surface.istitle():
        return ""
    preceding = candidate.before or candidate.before_gap(". ")
    low = preceding.lower()
    if not preceding[:1].isupper():
        return ""
    given = low in _ONLY_GIVEN_NAMES and candidate.form.key != low and not candidate.touches_name(after=False)
    office = low in vocabulary.PERSON_TITLES and candidate.after.lower() in word_list("saying_verbs")
    of_person = given or office or low in word_list("forms_of_address")
    return f"{PERSON}: {preceding} {candidate.surface}" if of_person else ""


def ordinary_word(candidate: Candidate) -> str:
    """An ordinary word with a capital where that says nothing: at the start of a sentence, in a headline.

    Where a name is as likely it counts as doubtful."""
    if not _is_ordinary(candidate) or _shows_name(candidate):
        return ""
    candidate.doubtful = _may_be_name(candidate)
    return "" if candidate.doubtful else "an ordinary word where any word has a capital"


def _may_be_name(candidate: Candidate) -> bool:
    """A verb may follow ("Target misses", "Orange supprime"), or it begins a headline ("Orange Court Battle Ends")."""
    following, low = candidate.after, candidate.after.lower()
    if candidate.style == "headline":
        return following[:1].isupper() and (candidate.starts_sentence or candidate.before == "The")
    endings = _VERBAL_ENDINGS.get(candidate.document.language, ("ed", "s", "t"))
    verbal = low in vocabulary.ANY_FUNCTION_WORDS or following.endswith(endings)
    return candidate.starts_sentence and candidate.style == "mixed" and verbal and low not in _ARTICLES


def _is_ordinary(candidate: Candidate) -> bool:
    form = candidate.form
    if form.gaps or form.case is Case.ANY or form.cased.islower():
        return False
    # Within a sentence a capital says that it is a name, but in headlines in English, where every word has one.
    if not candidate.starts_sentence and candidate.style == "mixed":
        return False
    if not any(map(candidate.document.has_as_ordinary, (form.key, form.key.removesuffix("s")))):
        return False
    if candidate.surface.isupper() and candidate.style != "caps":
        return False
    return candidate.starts_sentence or candidate.style == "caps" or candidate.document.language == "en"


def _shows_name(candidate: Candidate) -> bool:
    """Whether what stands beside an ordinary word says that it is a name."""
    following, after = candidate.after, candidate.gap_after
    return (
        bool(candidate.mark)
        or len(candidate.text.cased_tokens) == 1
        or candidate.after_gap("'") == "s"
        or following.lower() in OF_ORGANISATIONS
        or (following[:1].isupper() and candidate.style == "mixed")
        or following[:1].isdigit()
        or after.strip()[:1] in {":", "-", ";", "'", '"'}
        or candidate.gap_before[-1:] in {"-", "/"}
        or (candidate.gap_before == ": " and candidate.last == len(candidate.text.cased_tokens))
        or (candidate.first == 1 and candidate.before != "" and candidate.style == "mixed")
    )


def explained(candidate: Candidate) -> str:
    """Bovine spongiform encephalopathy (BSE): initials that the text explains by words without a capital."""
    key, words = candidate.form.key, list[str]()
    if not (candidate.surface.isupper() and candidate.gap_before[-1:] == "(" and candidate.gap_after[:1] == ")"):
        return ""
    for index in range(candidate.first - 1, max(-1, candidate.first - 1 - 2 * len(key)), -1):
        words += [word] if (word := candidate.word(index)) not in vocabulary.ANY_FUNCTION_WORDS else []
        if len(words) == len(key):
            break
    return f"{THING}: {' '.join(reversed(words))}" if "".join(word[0] for word in reversed(words)) == key else ""


def german_noun(candidate: Candidate) -> str:
    """In German every noun has a capital: ein Bild, das schöne Bild, S-Bahn are no names, Bild is. Nor is Über Uber."""
    if candidate.form.key in _GERMAN_FUNCTION_WORDS:
        written = candidate.text.raw[slice(*candidate.text.raw_span(candidate.start, candidate.end))]
        if not written.isascii():
            return f"an ordinary word: {written}" if candidate.document.language == "de" else ""
    before = candidate.before
    adjective = before.islower() and before not in vocabulary.ANY_FUNCTION_WORDS and before.endswith(_GERMAN_ENDINGS)
    if not (candidate.before_gap("-") or before.lower() in _GERMAN_INDEFINITE or adjective):
        return ""
    german = candidate.document.has_as_ordinary(candidate.form.key) and candidate.document.language == "de"
    return f"an ordinary noun: {before or candidate.before_gap('-')} {candidate.surface}" if german else ""


def abroad(candidate: Candidate) -> str:
    """Das slowenische Innenministerium, das US-Justizministerium, Kabul - …: where that of Austria is tracked."""
    home, nations = candidate.form.home, vocabulary.NATIONS
    if not home:
        return ""
    before = (candidate.before or candidate.before_gap("-")).lower()
    there = {nations.get(before) or nations.get(before.rstrip("nmrs").removesuffix("e"), "")}
    if there == {""} and (dateline := _GERMAN_DATELINE.search(candidate.text.cased, 0, candidate.start)):
        there = {nations.get(city, "") for city in dateline[1].lower().split("/")}
    return "" if home in there or there == {""} else f"that of another country: {max(there)}"


def month(candidate: Candidate) -> str:
    """16. März, im Mai 2026, in March: a month where a date stands."""
    if candidate.form.key not in vocabulary.MONTHS:
        return ""
    before = candidate.word(candidate.first - 1).lower()
    return "a month" if before.isdigit() or candidate.after.isdigit() or before in _BEFORE_MONTH else ""


def locative(candidate: Candidate) -> str:
    """A place where something is or comes from, in languages other than English: en Barcelona, campeona de España.

    What is only also called by a place (Banco Santander) keeps "de": las acciones de Santander."""
    form = candidate.form
    if form.key not in vocabulary.PLACE_NAMES:
        return ""
    language, before = candidate.document.language, candidate.before or candidate.before_gap("'")
    where = before.lower() in vocabulary.LOCATIVE.get(language, ())
    origin = form.strength is Strength.OFFICIAL and before.lower() in vocabulary.ORIGIN.get(language, ())
    return "a place where something is" if where or origin else ""


def dateline(candidate: Candidate) -> str:
    """The place where a report was written, which it is not about."""
    cased, place = candidate.text.cased, candidate.form.key in vocabulary.PLACE_NAMES
    if not place and candidate.start >= _MAX_DATELINE:
        return ""
    if place and candidate.document.language != "en" and _DATELINE.match(cased[candidate.end : candidate.end + 60]):
        return "the place of a dateline"
    head = _DATELINE_HEAD.match(cased) if candidate.start < _MAX_DATELINE else None
    if head is None or not (place or head["state"] or head["agency"]):
        return ""
    return "the place of a dateline" if candidate.end <= max(head.end("city"), head.end("state")) else ""


_GENERAL = link, double_name, place_begins_name, place_ends_name, head_of_place, surname, ordinary_word, explained
_SPECIAL = german_noun, abroad, month, locative, dateline  # to some languages, or to places and dates
FILTERS: Final[Mapping[str, Filter]] = {each.__name__.replace("_", " "): each for each in (*_GENERAL, *_SPECIAL)}

_PLURALS = {f"{word}s" for word in vocabulary.ANY_COMMON_WORDS}
# What is also a word, a month or a place.
_WITH_READINGS = vocabulary.ANY_COMMON_WORDS | _PLURALS | vocabulary.MONTHS | vocabulary.PLACE_NAMES | _COUNTRY_LETTERS
_PLAIN_ENDS = frozenset({"", " ", ",", ";", ")", "'", "\n"})


def reason_against(candidate: Candidate, filters: Iterable[Filter]) -> str:
    """The first reason against a candidate; empty where there is none."""
    form, before = candidate.form, candidate.before
    if form.rule is Rule.DOMAIN:
        return _not_a_host(candidate)
    if form.unspaced:
        return ""
    # After a word in lower case, as most names stand, no filter speaks against what is nothing else besides.
    after_small_word = before[:1].islower() and before not in _JOINING_WORDS and not form.home
    if after_small_word and form.key not in _WITH_READINGS and candidate.gap_after[:1] in _PLAIN_ENDS:
        return ""
    for each in filters:
        if reason := each(candidate):
            return reason
    return ""
