"""The forms of a verb, by rule and a small table for each language: what `{steal}` of a pattern stands for.

The forms are those that news uses: the infinitive, present and past of the third person, participles. A form
that does not exist costs nothing, so rules give too many rather than too few."""

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
    third, present, past = f"{verb}s", f"{verb}ing", f"{verb}ed"
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        third = f"{verb}es"
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        third, past = f"{verb[:-1]}ies", f"{verb[:-1]}ied"
    elif verb.endswith("e"):
        past = f"{verb}d"
        if verb.endswith("ie"):
            present = f"{verb[:-2]}ying"
        elif not verb.endswith("ee"):
            present = f"{verb[:-1]}ing"
    irregular = _irregular("en").get(verb)
    return [verb, third, *irregular, present] if irregular else [verb, third, present, past]


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


def _agreeing(participle: str) -> list[str]:
    """A Romance participle with its endings for gender and number."""
    if participle.endswith("o"):
        return [participle[:-1] + ending for ending in ("o", "a", "os", "as", "i", "e")]
    return [participle + ending for ending in ("", "e", "s", "es")]


# What the infinitive takes; and by its ending ("" for any other) what takes the place of that, last the participle.
# A `+` goes on where the infinitive, without its last letter, ends.
_ITALIAN = "e ono isce iscono endo +à"
_ROMANCE = {
    "fr": ("a ont", {"er": "e ent a ait ant é", "ir": "it issent issait i", "": "ent it ait ant u"}),
    "es": ("á án", {"ar": "a an ó aron aba ando ado", "": "e en ió ieron ía iendo ido"}),
    "pt": ("á ão", {"ar": "a am ou aram ava ando ado", "": "e em eu iu eram iram ia ido"}),
    "it": ("", {"are": "a ano ò ava erà ando ato", "ere": f"{_ITALIAN} uto", "": f"{_ITALIAN} ito"}),
}


def _romance(verb: str, language: str) -> list[str]:
    """French, Spanish, Portuguese, Italian."""
    future, regular = _ROMANCE[language]
    forms = [verb, *(verb + ending for ending in future.split())]
    known = _irregular(language).get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    stem = verb[:-3] if language == "it" else verb[:-2]
    *endings, participle = regular.get(verb[len(stem) :], regular[""]).split()
    for ending in endings:
        link = "h" if ending == "erà" and stem.endswith(("c", "g")) else ""  # pagare, pagherà
        link = "e" if language == "fr" and stem.endswith("g") and ending.startswith("a") else link  # songer, songea
        forms.append(verb[:-1] + ending[1:] if ending.startswith("+") else stem + link + ending)
    if language == "es" and verb.endswith("ar"):  # atacar, ataquen
        forms.append(f"{stem[:-1]}quen" if stem.endswith("c") else stem)
    return [*forms, *_agreeing(stem + participle)]


_RULES: dict[str, Callable[[str], list[str]]] = {"en": _english, "de": _german, "nl": _dutch}

LANGUAGES = (*_RULES, *_ROMANCE)  # whose verbs can be inflected


def inflect(verb: str, language: str) -> tuple[str, ...]:
    """The forms of a verb in lower case and without accents, the basic one first. KeyError for an unknown language."""
    infinitive = Text(verb).low.strip()
    forms = _RULES[language](infinitive) if language in _RULES else _romance(infinitive, language)
    return tuple(dict.fromkeys(Text(form).low for form in forms))
