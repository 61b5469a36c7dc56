"""The forms of a verb, by rule and a small table for each language: what `{steal}` of a pattern stands for.

The forms are those that news uses: the infinitive, present and past of the third person, participles. A form
that does not exist costs nothing, so rules give too many rather than too few.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from alerts.matching.text import Text
from alerts.matching.words import pair_list

_VOWELS = "aeiou"


@cache
def _irregular(language: str) -> dict[str, tuple[str, ...]]:
    """The forms that no rule gives, by verb."""
    return {verb: tuple(forms.split()) for verb, forms in pair_list(f"verbs/{language}")}


def _english(verb: str) -> list[str]:
    forms = [verb]
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        forms.append(f"{verb}es")
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        forms.append(f"{verb[:-1]}ies")
    else:
        forms.append(f"{verb}s")
    irregular = _irregular("en").get(verb, ())
    forms += irregular
    if verb.endswith("ee"):
        forms.append(f"{verb}ing")
    elif verb.endswith("ie"):
        forms.append(f"{verb[:-2]}ying")
    elif verb.endswith("e"):
        forms.append(f"{verb[:-1]}ing")
    else:
        forms.append(f"{verb}ing")
    if not irregular:
        if verb.endswith("e"):
            forms.append(f"{verb}d")
        elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
            forms.append(f"{verb[:-1]}ied")
        else:
            forms.append(f"{verb}ed")
    return forms


_INSEPARABLE = ("be", "emp", "ent", "er", "ge", "miss", "ver", "zer", "uber", "unter")


def _german(verb: str) -> list[str]:
    stem = verb[:-2] if verb.endswith("en") else verb[:-1]
    link = "e" if stem.endswith(("d", "t")) else ""
    forms = [verb, f"{stem}e", f"{stem}{link}t", *_irregular("de").get(verb, ())]
    if verb not in _irregular("de"):
        forms += [f"{stem}{link}te", f"{stem}{link}ten"]
        prefix = "" if verb.startswith(_INSEPARABLE) or verb.endswith("ieren") else "ge"
        forms.append(f"{prefix}{stem}{link}t")
    return forms


def _dutch(verb: str) -> list[str]:
    stem = verb[:-2] if verb.endswith("en") else verb[:-1]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        stem = stem[:-1]
    elif len(stem) > 2 and stem[-2] in _VOWELS and stem[-3] not in _VOWELS and verb.count("e") > 1:
        stem = f"{stem[:-1]}{stem[-2]}{stem[-1]}"  # maken, maakt
    if stem.endswith(("z", "v")):
        stem = stem[:-1] + {"z": "s", "v": "f"}[stem[-1]]
    forms = [verb, stem, f"{stem}t", *_irregular("nl").get(verb, ())]
    if verb not in _irregular("nl"):
        prefix = "" if verb.startswith(("be", "ge", "her", "ont", "ver", "onder", "over")) else "ge"
        for ending in ("t", "d"):
            forms += [f"{stem}{ending}e", f"{stem}{ending}en", f"{prefix}{stem.removesuffix(ending)}{ending}"]
    return forms


def _agreeing(*participles: str) -> list[str]:
    """A Romance participle with its endings for gender and number."""
    found = []
    for each in participles:
        if each.endswith("o"):
            found += [each, f"{each[:-1]}a", f"{each[:-1]}os", f"{each[:-1]}as", f"{each[:-1]}i", f"{each[:-1]}e"]
        else:
            found += [each, f"{each}e", f"{each}s", f"{each}es"]
    return found


def _french(verb: str) -> list[str]:
    stem = verb[:-2]
    forms = [verb]
    known = _irregular("fr").get(verb)
    if known:
        forms += [*known, *_agreeing(known[-1])]
    if verb.endswith("er"):
        participle = f"{stem}é"
        forms += [f"{stem}e", f"{stem}ent", f"{stem}a", f"{stem}ait", f"{verb}a", f"{verb}ont", f"{stem}ant"]
        forms += [participle, f"{participle}e", f"{participle}s", f"{participle}es"]
        if stem.endswith("g"):
            forms += [f"{stem}ea", f"{stem}eait", f"{stem}eant"]
    elif verb.endswith("ir") and not known:
        forms += [f"{stem}it", f"{stem}issent", f"{stem}issait", f"{verb}a", *_agreeing(f"{stem}i")]
    return forms


def _spanish(verb: str) -> list[str]:
    stem, ending = verb[:-2], verb[-2:]
    forms = [verb, f"{verb}á", f"{verb}án"]
    known = _irregular("es").get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    if ending == "ar":
        preterite = f"{stem[:-1]}quen" if stem.endswith("c") else stem
        forms += [f"{stem}a", f"{stem}an", f"{stem}ó", f"{stem}aron", f"{stem}aba", f"{stem}ando", preterite]
        return [*forms, *_agreeing(f"{stem}ado")]
    forms += [f"{stem}e", f"{stem}en", f"{stem}ió", f"{stem}ieron", f"{stem}ía", f"{stem}iendo"]
    return [*forms, *_agreeing(f"{stem}ido")]


def _italian(verb: str) -> list[str]:
    stem, ending = verb[:-3], verb[-3:]
    forms = [verb]
    known = _irregular("it").get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    if ending == "are":
        future = f"{stem}h" if stem.endswith(("c", "g")) else stem
        forms += [f"{stem}a", f"{stem}ano", f"{stem}ò", f"{stem}ava", f"{future}erà", f"{stem}ando"]
        return [*forms, *_agreeing(f"{stem}ato")]
    participle = "uto" if ending == "ere" else "ito"
    forms += [f"{stem}e", f"{stem}ono", f"{stem}isce", f"{stem}iscono", f"{stem}endo", f"{verb[:-1]}à"]
    return [*forms, *_agreeing(f"{stem}{participle}")]


def _portuguese(verb: str) -> list[str]:
    stem, ending = verb[:-2], verb[-2:]
    forms = [verb, f"{verb}á", f"{verb}ão"]
    known = _irregular("pt").get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    if ending == "ar":
        forms += [f"{stem}a", f"{stem}am", f"{stem}ou", f"{stem}aram", f"{stem}ava", f"{stem}ando"]
        return [*forms, *_agreeing(f"{stem}ado")]
    forms += [f"{stem}e", f"{stem}em", f"{stem}eu", f"{stem}iu", f"{stem}eram", f"{stem}iram", f"{stem}ia"]
    return [*forms, *_agreeing(f"{stem}ido")]


_RULES: dict[str, Callable[[str], list[str]]] = {
    "en": _english,
    "de": _german,
    "fr": _french,
    "es": _spanish,
    "it": _italian,
    "nl": _dutch,
    "pt": _portuguese,
}

LANGUAGES = tuple(_RULES)
"""Languages whose verbs can be inflected."""


def inflect(verb: str, language: str) -> tuple[str, ...]:
    """The forms of a verb in lower case and without accents, the basic one first. KeyError for an unknown language."""
    forms = _RULES[language](Text(verb).low.strip())
    return tuple(dict.fromkeys(Text(form).low for form in forms))
