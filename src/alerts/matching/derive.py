"""Further names from the official one: how writers shorten the names of organisations.

Each derivation gives surfaces as a text would write them, with the condition on which they count:

    alone                      distinctive enough by itself
    not alone                  only where a fuller name of the same institution stands in the item
    `needs`                    only where one of these words stands in the item
    `head`                     only as a member of a list that ends with this plural: Orange and Kern Counties
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from alerts.matching.english import COMMON_WORDS, FUNCTION_WORDS, GIVEN_NAMES, words
from alerts.matching.organisations import (
    CLUB_FORMS,
    DEMONYMS,
    GENERIC_NOUNS,
    GOVERNMENT_NOUNS,
    HEAD_NOUNS,
    LEGAL_FORMS,
    LEGAL_PREFIXES,
    LINE_PAIRS,
    MULTIWORD_PLACES,
    PLACE_ABBREVIATIONS,
    PLACES,
    PLAIN_LEGAL_FORMS,
    PLURALS,
    SPELLINGS,
    STOP_ACRONYMS,
)
from alerts.matching.text import Text
from alerts.model.institution import Derivation

_SMALL_WORDS = words(
    "of the and for in on at to a an by de la le les du des da do di del della und der die das fur van voor "
    "en et e y i og och & per sur"
)
_INVERTIBLE = words(
    "ministry department office bureau court senate party parliament academy institute commission council "
    "agency board association society union army navy federation government embassy"
)
_PARENTHESES = re.compile(r"^(.*\S)\s*\(([^()]+)\)\s*(.*)$", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GLUED_COMPANY = re.compile(r"^([A-Z][a-z]{3,})(?:Co|Corp)$")
_WEB_ENDING = re.compile(r"^(.{4,})\.(?:com|org|net|io|ai|co)$", re.IGNORECASE)
_STATE_OF = re.compile(
    r"(?:\b[Tt]he )?(?:\b[A-Z][\w']+ )*"
    r"\b(?:Republic|Kingdom|Commonwealth|State|Confederation|Union) of (?:[Tt]he )?(?=[A-Z])"
)
_PARTY_PLURALS = {"democratic": "Democrats", "labour": "Labour", "green": "Greens"}
_PARTY_ADJECTIVES = ("ive", "al", "ist", "can", "ian")
_ADJECTIVES = frozenset(DEMONYMS.values()) | words(
    "deutsche deutscher deutsches francaise francais espanola espanol italiana italiano svenska norsk dansk suisse "
    "schweizer schweizerische nederlandse belgische osterreichische polski polska africa asian african latin"
)
_SCHOOLS = words("university college institute school academy polytechnic")
_TOO_GENERAL = _ADJECTIVES | words(
    "general national international global first second new royal federal central united american advanced applied "
    "universal standard public private social digital world southern northern eastern western state city"
)
_STATES = {
    state.upper().rstrip(".") + "." for full, shorts in PLACE_ABBREVIATIONS for state in (full, *shorts)
}
_LONGEST_ACRONYM = 7
_TRAILING = {
    last: tuple(form for form in (*LEGAL_FORMS, *CLUB_FORMS) if form[-1] == last)
    for last in {form[-1] for form in (*LEGAL_FORMS, *CLUB_FORMS)}
}


@dataclass(frozen=True, slots=True)
class Derived:
    surface: str
    by: Derivation
    alone: bool = True
    needs: tuple[str, ...] = ()
    head: str = ""


class _Name:
    """A name cut into words; parts of it give surfaces back."""

    __slots__ = ("low", "surface", "text")

    def __init__(self, surface: str) -> None:
        self.text = Text(" ".join(surface.split()))
        self.surface = self.text.cased
        self.low = self.text.tokens

    def part(self, first: int, last: int) -> str:
        """The surface from word `first` up to, not including, word `last`."""
        return self.surface[self.text.starts[first] : self.text.end(last - 1)]

    def word(self, index: int) -> str:
        return self.text.cased_tokens[index]

    def __len__(self) -> int:
        return len(self.low)


def derived(name: str, allowed: frozenset[Derivation]) -> list[Derived]:
    """The derived forms of an official name; of several derivations of one surface the first one wins."""
    found: dict[str, Derived] = {}
    for form in _all(name):
        surface = form.surface.strip(" ,;:-")
        if form.by in allowed and surface != name and surface not in found and _usable(surface):
            found[surface] = replace(form, surface=surface)
    return list(found.values())


def _all(given: str) -> Iterator[Derived]:
    full = _Name(given)
    if not full.low or full.text.special:
        return
    parts = _PARENTHESES.match(full.surface)
    if parts is not None:
        full = _Name(f"{parts[1]} {parts[3]}")
        yield Derived(full.surface, Derivation.SHORT_FORM)
        inner = parts[2].strip()
        if inner.isupper() and inner.isalpha() and len(inner) > 2:
            yield Derived(inner, Derivation.ACRONYM)
    bare = _without_legal_form(full)
    firm = len(bare) < len(full)
    if firm:
        yield Derived(bare.surface, Derivation.LEGAL_FORM)
    glued = _GLUED_COMPANY.match(bare.surface)
    if glued:
        yield Derived(glued[1], Derivation.LEGAL_FORM, glued[1].lower() not in COMMON_WORDS)
    if len(bare) > 1 and bare.low[0] == "the":
        bare = _Name(bare.part(1, len(bare)))
        yield Derived(bare.surface, Derivation.ARTICLE, len(bare) > 1 or bare.low[0] not in COMMON_WORDS)
    for surface in _ampersands(bare.surface):
        yield Derived(surface, Derivation.AMPERSAND)
    for surface in _spellings(bare):
        yield Derived(surface, Derivation.SPELLING)
    for surface in _acronyms(full, bare):
        yield Derived(surface, Derivation.ACRONYM, len(surface.replace(".", "")) > 2)
    for form in _short_forms(bare, firm):
        yield form
        for surface in _respelled(_Name(form.surface)):
            yield replace(form, surface=surface)


def _usable(surface: str) -> bool:
    return len(surface) > 1 and (surface.lower() not in FUNCTION_WORDS or surface.isupper())


def _ordinary(word: str) -> bool:
    return (
        word in COMMON_WORDS
        or word in HEAD_NOUNS
        or word in GENERIC_NOUNS
        or (word.endswith("s") and word[:-1] in COMMON_WORDS)
        or (word.endswith("ed") and (word[:-2] in COMMON_WORDS or word[:-1] in COMMON_WORDS))
    )


def _distinctive(word: str, cased: str) -> bool:
    """Whether one word of a longer name still names it: no ordinary word, place or given name."""
    if len(word) == 3:
        return cased.isupper() and cased.isalpha() and word not in STOP_ACRONYMS
    return (
        len(word) >= 4
        and not word.isdigit()
        and not cased.islower()
        and not _ordinary(word)
        and word not in PLACES
        and word not in GIVEN_NAMES
        and word not in _ADJECTIVES
    )


# ── Legal forms, articles, ampersands ────────────────────────────────────────────────────────────────────────


def _without_legal_form(name: _Name) -> _Name:
    start, end = 0, len(name)
    while (shorter := _legal_form_at(name, end)) < end:
        end = shorter
    for form in LEGAL_PREFIXES:
        size = len(form)
        if end > size and tuple(name.low[:size]) == form and name.part(0, size).isupper():
            start = size
            break
    return name if (start, end) == (0, len(name)) else _Name(name.part(start, end))


def _legal_form_at(name: _Name, end: int) -> int:
    """Where the legal form that ends before word `end` begins; `end` where there is none."""
    if end > 1 and name.low[end - 1] in {"&", "and"}:
        return end - 1
    for form in _TRAILING.get(name.low[end - 1], ()):
        begin = end - len(form)
        if begin >= 1 and tuple(name.low[begin:end]) == form and _is_marked(name, begin, form):
            return begin
    return end


def _is_marked(name: _Name, begin: int, form: tuple[str, ...]) -> bool:
    """Whether a legal form is written as one: the short ones are words too, unless capitals or a comma tell."""
    word = name.word(begin)
    return (
        len(form) > 1
        or len(word) > 3
        or form[0] in PLAIN_LEGAL_FORMS
        or "," in name.text.gap(begin)
        or word.isupper()
        or word in {"Co", "Oy", "SpA", "ApS"}
    )


def _ampersands(surface: str) -> Iterator[str]:
    if "&" in surface:
        yield re.sub(r"\s*&\s*", " and ", surface)
        yield surface.replace(" & ", "&")
    elif " and " in surface:
        yield surface.replace(" and ", " & ")
    if " + " in surface:
        yield surface.replace(" + ", " & ")


# ── Spellings ────────────────────────────────────────────────────────────────────────────────────────────────


def _spellings(name: _Name) -> Iterator[str]:
    surface = name.surface
    yield from _respelled(name)
    if "'" in surface:
        yield surface.replace("'", "")
    elif len(name) == 1:
        split = _CAMEL.sub(" ", surface).split()
        if (
            len(split) > 1
            and min(map(len, split)) > 1
            and split[0] not in {"Mc", "Mac", "De", "Le", "La", "Van"}
        ):
            yield " ".join(split)
    if "-" in surface and len(name) == 2:
        yield surface.replace("-", "")
    if surface.count(", ") == 1 and len(name) > 2:
        yield surface.replace(", ", " at ")  # University of California, San Diego
        yield surface.replace(", ", " in ")
    web = _WEB_ENDING.match(surface)
    if web and _distinctive(web[1].lower(), web[1]):
        yield web[1]
    yield from _abbreviated_places(surface)
    short = _STATE_OF.sub("", surface)
    if short != surface:
        yield short


def _respelled(name: _Name) -> Iterator[str]:
    """British and American spellings, and words that names abbreviate."""
    for one, two in SPELLINGS:
        for old, new in ((one, two), (two, one)):
            if old in name.low:
                yield re.sub(rf"\b{old}\b\.?", partial(_as, new), name.surface, flags=re.IGNORECASE)


def _as(word: str, model: re.Match[str]) -> str:
    return word.capitalize() if model[0][0].isupper() else word


def _abbreviated_places(surface: str) -> Iterator[str]:
    """The name with its place written otherwise: L.A. Dodgers, U.S. Department of Justice."""
    for full, shorts in PLACE_ABBREVIATIONS:
        at = _whole_words(full, surface)
        if at is not None:
            whole = len(full) == len(surface)
            for short in shorts:
                if whole or len(short) > 2 or " " in full:
                    yield surface[:at] + short + surface[at + len(full) :]
            if whole:
                return
        for short in shorts:
            # Only these abbreviations are unmistakable inside a name.
            at = _whole_words(short, surface) if "." in short or short in {"US", "UK"} else None
            if at is not None and len(short) < len(surface):
                for other in (full, *shorts):
                    yield surface[:at] + other + surface[at + len(short) :]


def _whole_words(part: str, surface: str) -> int | None:
    at = surface.find(part)
    if at < 0:
        return None
    before, after = surface[at - 1 : at], surface[at + len(part) : at + len(part) + 1]
    return None if (at and before.isalnum()) or after.isalnum() else at


# ── Acronyms ─────────────────────────────────────────────────────────────────────────────────────────────────


def _acronyms(full: _Name, bare: _Name) -> Iterator[str]:
    """Initials, with and without the legal form: CNOOC, FDA, MoD, M.I.T."""
    for name in (bare, *(_Name(full.part(0, end)) for end in range(len(bare) + 1, len(full) + 1))):
        begin = 1 if name.low[0] == "the" else 0
        if len(name) > len(bare) and len(name.low[-1]) < 7:
            continue
        large = [name.word(index)[0] for index in range(begin, len(name)) if _gives_initial(name, index)]
        shortest = 2 if name is bare else 4
        if not shortest <= len(large) <= _LONGEST_ACRONYM or not "".join(large).isalpha():
            continue
        acronym = "".join(large).upper()
        if acronym.lower() not in STOP_ACRONYMS and acronym.lower() not in FUNCTION_WORDS:
            yield acronym
            if len(acronym) <= 5:
                yield ".".join(acronym) + "."
        if name.low[begin] in {"department", "ministry"} and name.low[begin + 1] in {"of", "for"}:
            mixed = large[0] + name.low[begin + 1][0] + "".join(large[1:])
            yield mixed
            yield mixed.upper()


def _gives_initial(name: _Name, index: int) -> bool:
    return (
        name.low[index] not in _SMALL_WORDS
        and not name.word(index)[0].islower()
        and (index == 0 or name.text.gap(index) != "'")
    )


# ── Short forms ──────────────────────────────────────────────────────────────────────────────────────────────


def _short_forms(name: _Name, firm: bool) -> Iterator[Derived]:
    if len(name) == 1:
        return
    yield from _without_generic_nouns(name)
    yield from _inverted(name)
    yield from _cut_before_preposition(name)
    yield from _cut_at_comma(name)
    yield from _without_description(name)
    yield from _of_a_country(name)
    yield from _team(name)
    yield from _party(name)
    yield from _without_first_word(name)
    low, size = name.low, len(name)
    if low[-1] == "city" and size > 2:
        yield _short(name.part(0, size - 1))
    if firm and size in {2, 3} and low[0] in GIVEN_NAMES and _distinctive(low[-1], name.word(size - 1)):
        yield _short(name.part(size - 1, size))
    if low[:3] == ["university", "of", "california"] and size > 3:
        yield _short("UC " + name.part(3, size))
    yield from _listed(name)


def _short(surface: str, alone: bool = True) -> Derived:
    return Derived(surface, Derivation.SHORT_FORM, alone)


def _without_generic_nouns(name: _Name) -> Iterator[Derived]:
    """Cisco (Systems), Juniper (Networks), Delta (Air Lines)."""
    end = len(name)
    while end > 1:
        pair = end > 2 and tuple(name.low[end - 2 : end]) in LINE_PAIRS
        if not pair and name.low[end - 1] not in GENERIC_NOUNS:
            return
        end -= 2 if pair else 1
        while end > 1 and name.low[end - 1] in {"&", "and", "of", "for"}:
            end -= 1
        rest = name.low[:end]
        distinctive = [_distinctive(word, name.word(index)) for index, word in enumerate(rest)]
        if any(distinctive):
            yield _short(name.part(0, end))
        elif end > 1 and not all(_ordinary(w) or w in PLACES or w in _ADJECTIVES for w in rest):
            yield _short(name.part(0, end), alone=False)
        elif end == 1 and len(rest[0]) > 3 and rest[0] not in PLACES and rest[0] not in _TOO_GENERAL:
            yield _short(name.part(0, 1), alone=False)


def _inverted(name: _Name) -> Iterator[Derived]:
    """University of X and X University, Ministry of X and X Ministry, Senate of Italy and Italian Senate."""
    low, size = name.low, len(name)
    if size > 3 and low[0] == "polytechnic" and low[2] == "of":
        place = name.part(3, size)
        for variant in (
            f"Polytechnic Institute of {place}",
            f"Polytechnic of {place}",
            f"{place} Polytechnic",
        ):
            yield _short(variant)
        return
    if size > 2 and low[:2] == ["university", "of"]:
        if "," in name.surface:
            return
        rest = 3 if low[2] == "the" and size > 3 else 2
        place = name.part(rest, size)
        yield _short(f"{place} University")
        yield _short(f"U of {place}")
        if size - rest == 1:
            yield _short(f"U of {name.word(rest)[0].upper()}")
        return
    if low[-1] == "university" and size <= 4 and "of" not in low and not _ordinary(low[-2]):
        yield _short(f"University of {name.part(0, size - 1)}")
    at = next((index for index in range(1, size - 1) if low[index] in {"of", "for"}), 0)
    if not at or low[at - 1] not in _INVERTIBLE:
        return
    prefix = name.part(0, at - 1) + " " if at > 1 else ""
    begin = at + 1 + (low[at + 1] == "the" and at + 2 < size)
    noun, what = name.word(at - 1), name.part(begin, size)
    if size - begin <= 3 and "of" not in low[begin:] and _place_at(low, 0) == at - 1:
        yield _short(f"{prefix}{what} {noun}")
    if low[-1] in DEMONYMS and size - begin == 1:
        yield _short(f"{DEMONYMS[low[-1]].capitalize()} {prefix}{noun}")


def _cut_before_preposition(name: _Name) -> Iterator[Derived]:
    """Salk Institute (for Biological Studies), TMZ (on TV)."""
    low = name.low
    at = next((i for i in range(1, len(name) - 1) if low[i] in {"of", "for", "in", "on", "at"}), 0)
    if at == 1 and name.word(0).isupper() and len(low[0]) > 2:
        yield _short(name.part(0, 1), _distinctive(low[0], name.word(0)))
    elif at > 1 and not all(_ordinary(word) for word in low[:at]):
        noun = low[at - 1] in HEAD_NOUNS or low[at - 1] in GENERIC_NOUNS
        if low[at - 1] not in _INVERTIBLE or low[at] in {"for", "in"}:
            yield _short(name.part(0, at), alone=noun and low[at] in {"for", "in"})


def _cut_at_comma(name: _Name) -> Iterator[Derived]:
    """University of California (, San Diego); a city before its state stands alone: Washington (, D.C.)."""
    for index in range(1, len(name)):
        if name.text.gap(index).startswith(","):
            city = _place_at(name.low, 0) == index and (name.part(index, len(name)) + ".").upper() in _STATES
            if city or index > 1:
                yield _short(name.part(0, index), alone=city)
            return


def _without_description(name: _Name) -> Iterator[Derived]:
    """Words in lower case at the end describe: England (national rugby union team), Buchenwald (camp)."""
    end = len(name)
    while end > 1 and name.word(end - 1).islower() and name.text.gap(end - 1) != "'":
        end -= 1
    if end == len(name):
        return
    while end > 1 and (
        name.low[end - 1] in {"women", "men", "s", "national"} or name.low[end - 1] in _SMALL_WORDS
    ):
        end -= 1
    rest = name.low[:end]
    told = tuple(
        w for w in name.low[end:] if w not in _SMALL_WORDS and w not in {"team", "national", "s", "club"}
    )
    place = _place_at(rest, 0)
    if place < end and any(_distinctive(w, name.word(i)) for i, w in enumerate(rest)):
        yield _short(name.part(0, end))
    elif told:
        yield Derived(name.part(0, end), Derivation.SHORT_FORM, needs=told)
    if told and 0 < place < end:
        state = place + (rest[place] == "state" and place + 1 < end)
        yield Derived(name.part(0, state), Derivation.SHORT_FORM, needs=told)


def _without_first_word(name: _Name) -> Iterator[Derived]:
    """The end of a name counts where its first word stands elsewhere: (Harvard) Society of Fellows, at Harvard."""
    place = _place_at(name.low, 0)
    first = name.low[0]
    if place or first in _ADJECTIVES or _distinctive(first, name.word(0)):
        begin = place or 1
        rest = name.low[begin:]
        if len(rest) >= 2 and rest[0] not in _SMALL_WORDS | _SCHOOLS and name.word(begin)[0].isupper():
            told = [name.part(0, begin)]
            told += [country for country, adjective in DEMONYMS.items() if adjective == first]
            told += [DEMONYMS[first]] if first in DEMONYMS else []
            yield Derived(name.part(begin, len(name)), Derivation.SHORT_FORM, needs=tuple(told))


def _of_a_country(name: _Name) -> Iterator[Derived]:
    """Bodies of a state, with or without the state: (U.S.) Food and Drug Administration."""
    low, size = name.low, len(name)
    if low[:2] == ["united", "states"] and size > 3 and low[2] != "of":
        yield _short(name.part(2, size), alone=False)
    elif (
        size > 2
        and not _place_at(low, 0)
        and low[0] not in _ADJECTIVES
        and low[0] != "u"
        and low[-1] not in DEMONYMS
        and (low[0] == "national" or any(word in GOVERNMENT_NOUNS for word in low))
    ):
        for country in ("U.S.", "US", "United States"):
            yield _short(f"{country} {name.surface}")
    if low == ["united", "states", "of", "america"]:
        yield _short("America", alone=False)


def _place_at(low: list[str], begin: int) -> int:
    """How many words from `begin` on are a place; 0 where none is."""
    for place in MULTIWORD_PLACES:
        if tuple(low[begin : begin + len(place)]) == place:
            return len(place)
    return int(begin < len(low) and low[begin] in PLACES)


def _team(name: _Name) -> Iterator[Derived]:
    """Teams go by the second half of their names: the (Houston) Astros."""
    place = _place_at(name.low, 0)
    rest = name.low[place:]
    if not place or len(rest) not in {1, 2}:
        return
    last = rest[-1]
    if (
        last.endswith("s")
        and not last.endswith("ss")
        and last not in GENERIC_NOUNS
        and last not in HEAD_NOUNS
    ):
        yield _short(name.part(place, len(name)))


def _party(name: _Name) -> Iterator[Derived]:
    """A party's members stand for it: (the) Conservatives."""
    if len(name) != 2 or name.low[1] != "party":
        return
    adjective = name.low[0]
    if adjective in _PARTY_PLURALS:
        yield _short(_PARTY_PLURALS[adjective])
    elif adjective.endswith(_PARTY_ADJECTIVES):
        yield _short(name.word(0) + "s")
    if adjective in _PARTY_PLURALS or adjective.endswith(_PARTY_ADJECTIVES):
        yield _short(name.word(0))  # with a capital within a sentence it is the party


def _listed(name: _Name) -> Iterator[Derived]:
    """Members of a list share the plural at its end: Orange and Kern Counties."""
    plural = PLURALS.get(name.low[-1])
    if plural:
        if plural in {"counties", "departments", "ministries", "universities"}:
            yield _short(f"{name.part(0, len(name) - 1)} {plural.capitalize()}")
        yield Derived(name.part(0, len(name) - 1), Derivation.SHORT_FORM, head=plural)
