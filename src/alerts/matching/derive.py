"""Further names from the official one: how writers shorten the names of organisations.

A derivation yields surfaces as a text would write them. `alone` says that the form is distinctive enough to
count by itself; the others count only where a stronger form of the same institution stands in the item.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from alerts.matching.english import COMMON_WORDS, FUNCTION_WORDS, GIVEN_NAMES, words
from alerts.matching.organisations import (
    AMBIGUOUS_LEGAL_FORMS,
    CLUB_FORMS,
    DEMONYMS,
    GENERIC_NOUNS,
    HEAD_NOUNS,
    LEGAL_FORMS,
    LEGAL_PREFIXES,
    LINE_PAIRS,
    MULTIWORD_PLACES,
    PLACE_ABBREVIATIONS,
    PLACES,
    SPELLINGS,
    STOP_ACRONYMS,
)
from alerts.matching.text import Text
from alerts.model.institution import Derivation

_SMALL_WORDS = words(
    "of the and for in on at to a an by de la le les du des da do di del della und der die das fur van voor "
    "en et e y i og och och & per sur"
)
_INVERTIBLE = words(
    "ministry department office bureau court senate party parliament academy institute commission council "
    "agency board association society union army navy federation government embassy"
)
_PARENTHESES = re.compile(r"^(.*\S)\s*\(([^()]+)\)\s*(.*)$", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GLUED_COMPANY = re.compile(r"^([A-Z][a-z]{3,})(?:Co|Corp)$")
_WEB_ENDING = re.compile(r"^(.{4,})\.(?:com|org|net|io|ai|co)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Derived:
    surface: str
    by: Derivation
    alone: bool


class _Name:
    """A name cut into words; slices give surfaces back."""

    __slots__ = ("low", "text")

    def __init__(self, surface: str) -> None:
        self.text = Text(" ".join(surface.split()))
        self.low = self.text.tokens

    def part(self, first: int, last: int) -> str:
        """The surface from word `first` up to, not including, `last`."""
        return self.text.cased[self.text.starts[first] : self.text.end(last - 1)]

    def word(self, index: int) -> str:
        return self.text.cased_tokens[index]

    def __len__(self) -> int:
        return len(self.low)


def derived(name: str, allowed: frozenset[Derivation]) -> list[Derived]:
    """The derived forms of an official name, each surface once, the first derivation that gives it wins."""
    found: dict[str, Derived] = {}
    full = _Name(name)
    if not full.low or full.text.special:
        return []

    def add(surface: str, by: Derivation, alone: bool) -> None:
        surface = surface.strip(" ,;:-")
        if by in allowed and surface and surface != name and surface not in found and _usable(surface):
            found[surface] = Derived(surface, by, alone)

    bare_by = Derivation.LEGAL_FORM
    parts = _PARENTHESES.match(name)
    cores = [name] if parts is None else [f"{parts[1]} {parts[3]}".strip()]
    if parts is not None:
        add(cores[0], Derivation.SHORT_FORM, True)
        inner = parts[2].strip()
        if inner.isupper() and inner.isalpha() and len(inner) > 2:
            add(inner, Derivation.ACRONYM, True)

    core = _Name(cores[0])
    if not core.low:
        return list(found.values())
    bare = _without_legal_form(core)
    firm = len(bare) < len(core)
    if firm:
        surface = bare.text.cased
        add(surface, bare_by, alone=not _is_one_function_word(bare.low))
    glued = _GLUED_COMPANY.match(bare.text.cased)
    if glued:
        add(glued[1], Derivation.LEGAL_FORM, glued[1].lower() not in COMMON_WORDS)
    if len(bare) > 1 and bare.low[0] == "the":
        bare = _Name(bare.part(1, len(bare)))
        ordinary = all(word in COMMON_WORDS for word in bare.low)
        add(bare.text.cased, Derivation.ARTICLE, alone=len(bare) > 1 or not ordinary)
    for spelled in _spellings(bare):
        add(spelled, Derivation.SPELLING, alone=True)
    for amp in _ampersands(bare.text.cased):
        add(amp, Derivation.AMPERSAND, alone=True)
    for acronym in _acronyms(core, bare):
        add(acronym, Derivation.ACRONYM, alone=len(acronym.replace(".", "")) > 2)
    for short, alone in _short_forms(bare, firm):
        add(short, Derivation.SHORT_FORM, alone)
        for spelled in _spellings(_Name(short)):
            add(spelled, Derivation.SHORT_FORM, alone)
    return list(found.values())


def _usable(surface: str) -> bool:
    return len(surface) > 1 and surface.lower() not in FUNCTION_WORDS


def _is_one_function_word(words: list[str]) -> bool:
    return len(words) == 1 and words[0] in FUNCTION_WORDS


def distinctive(word: str, cased: str) -> bool:
    """Whether one word, left of a longer name, still names it: no ordinary word, place or given name."""
    return (
        len(word) >= 4
        and not word.isdigit()
        and not cased.islower()
        and not _ordinary(word)
        and word not in PLACES
        and word not in GIVEN_NAMES
        and word not in _ADJECTIVES
    ) or (len(word) == 3 and cased.isupper() and cased.isalpha() and word not in STOP_ACRONYMS)


_ADJECTIVES = frozenset(DEMONYMS.values())


def _ordinary(word: str) -> bool:
    return (
        word in COMMON_WORDS
        or word in HEAD_NOUNS
        or word in GENERIC_NOUNS
        or (word.endswith("s") and word[:-1] in COMMON_WORDS)
        or (word.endswith("ed") and (word[:-2] in COMMON_WORDS or word[:-1] in COMMON_WORDS))
    )


def _without_legal_form(name: _Name) -> _Name:
    end, start = len(name), 0
    changed = True
    while changed:
        changed = False
        for form in (*LEGAL_FORMS, *CLUB_FORMS):
            size = len(form)
            if end - start > size and tuple(name.low[end - size : end]) == form:
                word = name.word(end - 1)
                if size == 1 and form[0] in AMBIGUOUS_LEGAL_FORMS and not _marked(name, end - 1, word):
                    continue
                end -= size
                changed = True
                break
        while end - start > 1 and name.low[end - 1] in {"&", "and"}:
            end -= 1
            changed = True
    for form in LEGAL_PREFIXES:
        size = len(form)
        if (
            end - start > size
            and tuple(name.low[:size]) == form
            and all(name.word(i).isupper() for i in range(size))
        ):
            start = size
            break
    return name if (start, end) == (0, len(name)) else _Name(name.part(start, end))


def _marked(name: _Name, index: int, word: str) -> bool:
    """A short legal form that is also a word counts after a comma, in capitals, or as `Co`."""
    return "," in name.text.gap(index) or word.isupper() or word in {"Co", "Cie"}


def _ampersands(surface: str) -> Iterator[str]:
    if "&" in surface:
        yield re.sub(r"\s*&\s*", " and ", surface)
        if " & " in surface:
            yield surface.replace(" & ", "&")
    elif " and " in surface:
        yield surface.replace(" and ", " & ")
    if " + " in surface:
        yield surface.replace(" + ", " & ")


def _spellings(name: _Name) -> Iterator[str]:
    surface = name.text.cased
    for one, two in SPELLINGS:
        for old, new in ((one, two), (two, one)):
            if old in name.low:
                yield re.sub(rf"\b{old}\b\.?", partial(_as, new), surface, flags=re.IGNORECASE)
    if "'" in surface:
        yield surface.replace("'", "")
    if (
        len(name) == 1
        and (split := _CAMEL.sub(" ", surface)) != surface
        and all(len(p) > 1 for p in split.split())
    ):
        yield split
    if "-" in surface and len(name) == 2:
        yield surface.replace("-", "")
    web = _WEB_ENDING.match(surface)
    if web and distinctive(web[1].lower(), web[1]):
        yield web[1]
    yield from _abbreviated_places(name)


def _as(word: str, model: re.Match[str]) -> str:
    return word.capitalize() if model[0][0].isupper() else word


def _abbreviated_places(name: _Name) -> Iterator[str]:
    surface = name.text.cased
    for full, shorts in PLACE_ABBREVIATIONS:
        if full in surface:
            found = re.search(rf"(?<!\w){re.escape(full)}(?!\w)", surface)
            if found is None:
                continue
            alone = found.group() == surface
            for short in shorts:
                if alone or len(short) > 2 or full.count(" "):
                    yield surface[: found.start()] + short + surface[found.end() :]
            if not alone:
                continue
            return
        for short in shorts:
            if "." in short or len(short) == 2:
                found = re.search(rf"(?<!\w){re.escape(short)}(?!\w)", surface)
                if (
                    found is not None
                    and found.group() != surface
                    and ("." in short or full in {"United States", "United Kingdom"})
                ):
                    yield surface[: found.start()] + full + surface[found.end() :]
                    for other in shorts:
                        if other != short and len(other) <= 4:
                            yield surface[: found.start()] + other + surface[found.end() :]


def _acronyms(core: _Name, bare: _Name) -> Iterator[str]:
    names = [bare]
    if len(core) > len(bare) and len(core.low[-1]) > 6:
        names.append(core)
    for name in names:
        begin = 1 if name.low[0] == "the" else 0
        words = [i for i in range(begin, len(name)) if not (i and _hyphenated(name, i))]
        large = [name.word(i)[0] for i in words if name.low[i] not in _SMALL_WORDS]
        if not 2 <= len(large) <= 7 or not all(letter.isalpha() for letter in large):
            continue
        acronym = "".join(large).upper()
        if acronym.lower() not in STOP_ACRONYMS:
            yield acronym
            if len(acronym) <= 5:
                yield ".".join(acronym) + "."
        if (
            name.low[begin] in {"department", "ministry"}
            and len(large) > 1
            and name.low[begin + 1] in {"of", "for"}
        ):
            yield large[0] + name.low[begin + 1][0] + "".join(large[1:]).upper()
            yield (large[0] + name.low[begin + 1][0] + "".join(large[1:])).upper()


def _hyphenated(name: _Name, index: int) -> bool:
    """Whether the word continues a hyphenated one in lower case (Make-up) and so gives no initial."""
    return name.text.gap(index) == "-" and name.word(index)[0].islower()


def _short_forms(name: _Name, firm: bool) -> Iterator[tuple[str, bool]]:
    low, size = name.low, len(name)
    if size == 1:
        return
    yield from _without_generic_nouns(name)
    yield from _inverted(name)
    yield from _cut_before_preposition(name)
    yield from _team(name)
    if low[-1] == "city" and size > 2:
        yield name.part(0, size - 1), True
    if size in {2, 3} and firm and low[0] in GIVEN_NAMES and distinctive(low[-1], name.word(size - 1)):
        yield name.part(size - 1, size), True
    for index in range(1, size):
        if name.text.gap(index).startswith(",") and index > 1:
            yield name.part(0, index), False
            break
    if low[:2] == ["united", "states"] and size > 3:
        yield name.part(2 + (low[2] == "of"), size), low[2] not in {"of", "army", "navy"}
    if low[:3] == ["university", "of", "california"] and size > 3:
        yield "UC " + name.part(3, size), True
    if low == ["united", "states", "of", "america"]:
        yield "America", True
        yield "US", True
        yield "U.S.", True


def _without_generic_nouns(name: _Name) -> Iterator[tuple[str, bool]]:
    end = len(name)
    while end > 1:
        pair = end > 2 and tuple(name.low[end - 2 : end]) in LINE_PAIRS
        if not pair and name.low[end - 1] not in GENERIC_NOUNS:
            break
        end -= 2 if pair else 1
        while end > 1 and name.low[end - 1] in {"&", "and", "of", "for"}:
            end -= 1
        rest = name.low[:end]
        if end == 1:
            word, cased = rest[0], name.word(0)
            if distinctive(word, cased):
                yield name.part(0, 1), True
            elif len(word) > 3 and word in GIVEN_NAMES and not _ordinary(word):
                yield name.part(0, 1), False
        elif not all(_ordinary(word) or word in PLACES or word in _ADJECTIVES for word in rest):
            yield name.part(0, end), any(distinctive(w, name.word(i)) for i, w in enumerate(rest))


def _inverted(name: _Name) -> Iterator[tuple[str, bool]]:
    low, size = name.low, len(name)
    if size > 2 and low[0] == "university" and low[1] == "of":
        rest = 3 if low[2] == "the" and size > 3 else 2
        place = name.part(rest, size)
        yield f"{place} University", True
        yield f"U of {place}", True
        if size - rest == 1:
            yield f"U of {name.word(rest)[0].upper()}", True
    elif size > 1 and low[-1] == "university" and size <= 4 and "of" not in low:
        yield f"University of {name.part(0, size - 1)}", True
    if "of" in low[1:-1] or "for" in low[1:-1]:
        at = next(i for i in range(1, size - 1) if low[i] in {"of", "for"})
        if low[at - 1] in _INVERTIBLE and low[0] != "university":
            begin = at + 1 + (low[at + 1] == "the" and at + 2 < size)
            what, head = name.part(begin, size), name.part(0, at)
            tail = low[begin:]
            if len(tail) <= 3:
                yield f"{what} {head}", True
            if tail[-1] in DEMONYMS:
                yield f"{DEMONYMS[tail[-1]].capitalize()} {head}", True


def _cut_before_preposition(name: _Name) -> Iterator[tuple[str, bool]]:
    for at in range(1, len(name) - 1):
        if name.low[at] in {"of", "for", "in", "on", "at", "and"}:
            head = name.low[:at]
            if len(head) == 1:
                if name.word(0).isupper() and len(head[0]) > 2 and name.low[at] != "and":
                    yield name.part(0, 1), distinctive(head[0], name.word(0))
            elif name.low[at] != "and" and any(not _ordinary(word) for word in head):
                yield (
                    name.part(0, at),
                    name.low[at] in {"for", "in"} and (head[-1] in HEAD_NOUNS or head[-1] in GENERIC_NOUNS),
                )
            return


def _team(name: _Name) -> Iterator[tuple[str, bool]]:
    """Teams are called by the second half of their names: the (Houston) Astros."""
    low, size = name.low, len(name)
    begin = next((len(place) for place in MULTIWORD_PLACES if tuple(low[: len(place)]) == place), 0)
    begin = begin or (1 if low[0] in PLACES else 0)
    rest = low[begin:]
    if not begin or len(rest) not in {1, 2}:
        return
    last = rest[-1]
    if (
        last.endswith("s")
        and not last.endswith("ss")
        and last not in GENERIC_NOUNS
        and last not in HEAD_NOUNS
    ):
        yield name.part(begin, size), True
