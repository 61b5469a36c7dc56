"""Further names from the official one: how writers shorten the names of organisations.

Each derivation gives surfaces as a text would write them, with the condition on which they count:

    alone      distinctive enough by itself
    not alone  only where a fuller name of the same institution stands in the item
    `needs`    only where one of these words stands in the item"""

import re
from collections.abc import Iterator
from dataclasses import replace

from alerts.matching import vocabulary
from alerts.matching.names import SMALL_WORDS, Derived, Name
from alerts.matching.short_forms import TOO_GENERAL, short_forms
from alerts.matching.spellings import respelled, spellings
from alerts.matching.words import phrase_list, word_list
from alerts.model.fields import grouped
from alerts.model.institution import Derivation

_PARENTHESES = re.compile(r"^(.*\S)\s*\(([^()]+)\)\s*(.*)$", re.DOTALL)
_SHORT_LEGAL_FORMS = {form[0] for form in vocabulary.LEGAL_FORMS if len(form) == 1}
_NO_ACRONYMS = vocabulary.STOP_ACRONYMS | vocabulary.FUNCTION_WORDS | _SHORT_LEGAL_FORMS
_LONGEST_ACRONYM = 7
_STATES = (["united", "states"], ["united", "kingdom"], ["u", "s"], ["u", "k"])
_TRAILING = grouped((form[-1], form) for form in (*vocabulary.LEGAL_FORMS, *phrase_list("club_forms")))


def derived(name: str, allowed: frozenset[Derivation]) -> list[Derived]:
    """The derived forms of an official name; of several derivations of one surface the first one wins."""
    found: dict[str, Derived] = {}
    for form in _all(name):
        surface = form.surface.strip(" ,;:-")
        usable = len(surface) > 1 and (surface.isupper() or surface.lower() not in vocabulary.FUNCTION_WORDS)
        if usable and form.by in allowed and surface != name:
            found.setdefault(surface, replace(form, surface=surface))
    return list(found.values())


def _all(given: str) -> Iterator[Derived]:
    full = Name(given)
    if not full.low or full.text.special:
        return
    parts = _PARENTHESES.match(full.surface)
    if parts is not None and (outside := Name(f"{parts[1]} {parts[3]}")).low:
        full = outside
        yield Derived(full.surface, Derivation.SHORT_FORM)
        inner = parts[2].strip()
        if inner.isupper() and inner.isalpha() and len(inner) > 2:
            yield Derived(inner, Derivation.ACRONYM)
    bare = _without_legal_form(full)
    firm = len(bare) < len(full)
    if firm:
        yield Derived(bare.surface, Derivation.LEGAL_FORM, len(bare) > 1 or bare.low[0] not in TOO_GENERAL)
    if len(bare) > 1 and bare.low[0] == "the":
        bare = Name(bare.part(1, len(bare)))
        yield Derived(bare.surface, Derivation.ARTICLE, len(bare) > 1 or bare.low[0] not in vocabulary.COMMON_WORDS)
    yield from (Derived(surface, Derivation.AMPERSAND) for surface in _ampersands(bare.surface))
    yield from (Derived(surface, Derivation.SPELLING) for surface in spellings(bare))
    yield from (Derived(surface, Derivation.ACRONYM, len(surface) > 2) for surface in _acronyms(full, bare))
    for form in short_forms(bare, firm):
        yield form
        if " " in form.surface:
            yield from (replace(form, surface=surface) for surface in respelled(Name(form.surface)))


def _without_legal_form(name: Name) -> Name:
    start, end = 0, len(name)
    while (shorter := _legal_form_at(name, end)) < end:
        end = shorter
    for form in phrase_list("legal_prefixes"):
        size = len(form)
        if not start and end > size and tuple(name.low[:size]) == form and (size > 1 or name.word(0).isupper()):
            start = size
    return name if (start, end) == (0, len(name)) else Name(name.part(start, end))


def _legal_form_at(name: Name, end: int) -> int:
    """Where the legal form that ends before word `end` begins; `end` where there is none."""
    if end > 1 and name.low[end - 1] in {"&", "and"}:
        return end - 1
    for form in _TRAILING.get(name.low[end - 1], ()):
        begin = end - len(form)
        if begin >= 1 and tuple(name.low[begin:end]) == form and _is_marked(name, begin, form):
            return begin
    return end


def _is_marked(name: Name, begin: int, form: tuple[str, ...]) -> bool:
    """Whether a legal form is written as one: the short ones are words too, unless capitals or a comma tell."""
    word = name.word(begin)
    if len(form) > 1 or len(word) > 3 or form[0] in word_list("plain_legal_forms"):
        return True
    return "," in name.text.gap(begin) or word.isupper() or word in {"Co", "Oy", "SpA", "ApS"}


def _ampersands(surface: str) -> Iterator[str]:
    if "&" in surface:
        yield re.sub(r"\s*&\s*", " and ", surface)
        yield surface.replace(" & ", "&")
    elif " and " in surface:
        yield surface.replace(" and ", " & ")
    if " + " in surface:
        yield surface.replace(" + ", " & ")


def _acronyms(full: Name, bare: Name) -> Iterator[str]:
    """Initials, with and without the legal form, and without the country of a state body: CNOOC, FDA, MoD, SEC."""
    country = 2 if bare.low[:2] in _STATES else int(bare.word(0) in {"US", "UK", "EU"})
    of_state = [Name(bare.part(country, len(bare)))] if country and len(bare) > country + 2 else []
    for name in (bare, *of_state, *(Name(full.part(0, end)) for end in range(len(bare) + 1, len(full) + 1))):
        begin = 1 if name.low[0] == "the" else 0
        if len(name) > len(bare) and len(name.low[-1]) < 7:
            continue
        initials = [name.word(index)[0] for index in range(begin, len(name))]
        if len(initials) == 3 and initials[1] in "&+":
            yield "".join(initials)  # P&G
        large = [name.word(index)[0] for index in range(begin, len(name)) if _gives_initial(name, index)]
        shortest = 2 if len(name) <= len(bare) else 4
        if not shortest <= len(large) <= _LONGEST_ACRONYM or not "".join(large).isalpha():
            continue
        acronym = "".join(large).upper()
        if acronym.lower() not in _NO_ACRONYMS:
            yield acronym
        if name.low[begin] in {"department", "ministry", "bank"} and name.low[begin + 1] in {"of", "for"}:
            mixed = large[0] + name.low[begin + 1][0] + "".join(large[1:])
            yield mixed
            yield mixed.upper()


def _gives_initial(name: Name, index: int) -> bool:
    small = name.low[index] in SMALL_WORDS or name.word(index)[0].islower()
    return not small and (index == 0 or name.text.gap(index) != "'")
