"""Other spellings of a name: British and American, abbreviated places, joined and parted words."""

import re
from collections.abc import Iterator
from itertools import chain, takewhile

from alerts.matching.names import Name, distinctive
from alerts.matching.vocabulary import PLACE_ABBREVIATIONS
from alerts.matching.words import pair_list, word_list

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WEB_ENDING = re.compile(r"^(.{4,})\.(?:com|org|net|io|ai|co)$", re.IGNORECASE)
_STATE_OF = re.compile(
    r"(?:\b[Tt]he )?(?:\b[A-Z][\w']+ )*"
    r"\b(?:Republic|Kingdom|Commonwealth|State|Confederation|Union) of (?:[Tt]he )?(?=[A-Z])"
)
_RESPELLED = {old: new for one, two in pair_list("spellings") for old, new in ((one, two), (two, one))}
_CYRILLIC_NOUN = re.compile("[А-ЯЁІЇЄ][а-яёіїє]{3,}(?<!ая)(?<!ый)(?<!ий)(?<!ой)(?<!о)(?<!и)")
_CYRILLIC_ENDINGS = dict(pair_list("cyrillic/endings"))
# Österreichische, Internationaler, Vereinte: a German adjective, before the noun that it goes with.
_ADJECTIVE = re.compile(r"([A-ZÄÖÜ][\w-]*(?:isch|lich|ig|al|ell|iv|är)|Deutsch|Frei|Grün|Neu|Vereint|Vereinigt)e[rsn]?")
_WITH_GENITIVE = tuple(form for noun in word_list("german_heads") for form in (noun, noun.capitalize()))
_ARABIC = re.compile("[ء-ي]{3,}")
_WITH_PLACE = re.compile(
    "|".join(re.escape(form) for full, shorts in PLACE_ABBREVIATIONS for form in (full, *shorts) if len(form) > 2)
    + r"|\bU[SK]\b"
)


def spellings(name: Name) -> Iterator[str]:
    surface = name.surface
    yield from chain(respelled(name), inflected(surface))
    if "'" in surface:
        yield surface.replace("'", "")
    elif len(name) == 1:
        split = _CAMEL.sub(" ", surface).split()
        if len(split) > 1 and min(map(len, split)) > 1 and split[0] not in {"Mc", "Mac", "De", "Le", "La", "Van"}:
            yield " ".join(split)
    if (web := _WEB_ENDING.match(surface)) and distinctive(web[1].lower(), web[1]):
        yield web[1]
    yield from _abbreviated_places(surface)
    if (short := _STATE_OF.sub("", surface)) != surface:
        yield short


def inflected(surface: str) -> Iterator[str]:
    """A name in Cyrillic or German in its cases, one in Arabic with the particles that are written to it."""
    first, blank, rest = surface.partition(" ")
    if _CYRILLIC_NOUN.fullmatch(first):
        vowel = first[-1] if first[-1] in _CYRILLIC_ENDINGS else ""
        for ending in _CYRILLIC_ENDINGS[vowel].split():
            yield first.removesuffix(vowel) + ending + blank + rest
    elif _ARABIC.match(first):
        yield from (particle + surface for particle in "وبلفك")
        if first.startswith("ال"):  # the article, which merges with the particle of the dative
            yield "لل" + surface[2:]
    else:
        yield from _german_cases(surface.split(" "))


def _german_cases(words: list[str]) -> Iterator[str]:
    """Der Europäischen Zentralbank, des Bundeskartellamts, der Vereinten Nationen."""
    stems = [found[1] for found in takewhile(bool, map(_ADJECTIVE.fullmatch, words[:-1])) if found]
    noun, *rest = words[len(stems) :]
    forms = [(ending, noun) for ending in ("e", "er", "en", "es")] if stems else []
    forms += [("en", f"{noun}s"), ("en", f"{noun}es")] if noun.endswith(_WITH_GENITIVE) else []
    yield from (" ".join((*(stem + ending for stem in stems), form, *rest)) for ending, form in forms)


def respelled(name: Name) -> Iterator[str]:
    """British and American spellings, and words that names abbreviate."""
    for index, old in enumerate(name.low):
        if old in _RESPELLED:
            new = _RESPELLED[old].capitalize() if name.word(index)[0].isupper() else _RESPELLED[old]
            yield re.sub(rf"(?i)\b{old}\b\.?", new, name.surface)


def _abbreviated_places(surface: str) -> Iterator[str]:
    """The name with its place written otherwise: L.A. Dodgers, U.S. Department of Justice."""
    if _WITH_PLACE.search(surface) is None:
        return
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
