"""Short forms of names: Cisco, Education Department, the Astros, Salk Institute."""

from collections.abc import Iterator
from itertools import chain

from alerts.matching import vocabulary
from alerts.matching.names import ADJECTIVES, SMALL_WORDS, Derived, Name, distinctive, leading_place, ordinary
from alerts.matching.words import phrase_list, word_list, words
from alerts.model.institution import Derivation

_INVERTIBLE = word_list("invertible_nouns")
_PARTY_ADJECTIVES = ("ive", "al", "ist", "can", "ian")
_NOUNS = vocabulary.HEAD_NOUNS | vocabulary.GENERIC_NOUNS
_SCHOOLS = words("university college institute school academy polytechnic")
_PARTY_PLURALS = {"democratic": "Democrats", "labour": "Labour", "green": "Greens"}
TOO_GENERAL = word_list("too_general")
_NO_FIRST_WORDS = ADJECTIVES | vocabulary.PLACE_NAMES | _NOUNS | TOO_GENERAL
# Countries whose bodies are written with the country before: how a name writes it, and what an item says for it.
_COUNTRIES = (
    ([["united", "states"], ["u", "s"], ["us"]], ("U.S.", "US", "United States", "American", "Washington", "federal")),
    ([["united", "kingdom"], ["u", "k"], ["uk"]], ("UK", "U.K.", "United Kingdom", "British", "Britain", "London")),
)
_ROYAL = words("koninklijke koninklijk royal kungliga kongelige")


def short_forms(name: Name, firm: bool) -> Iterator[Derived]:
    """The short forms of a name without legal form; `firm` says that it had one."""
    yield from _with_government(name)
    if len(name) == 1:
        return
    yield from _without_nationality(name, firm)
    parts = (_without_generic_nouns, _inverted, _cut_before_preposition, _without_description)
    others = (_of_a_country, _team, _party, _without_first_word)
    yield from chain.from_iterable(part(name) for part in (*parts, *others))
    low, size = name.low, len(name)
    if low[-1] == "city" and size > 2:
        yield _short(name.part(0, size - 1))
    if firm and size in {2, 3} and low[0] in vocabulary.GIVEN_NAMES and distinctive(low[-1], name.word(size - 1)):
        yield _short(name.part(size - 1, size))


def _short(surface: str, alone: bool = True) -> Derived:
    return Derived(surface, Derivation.SHORT_FORM, alone)


def _without_generic_nouns(name: Name) -> Iterator[Derived]:
    """Cisco (Systems), Juniper (Networks), Delta (Air Lines)."""
    end = len(name)
    while end > 1:
        pair = end > 2 and tuple(name.low[end - 2 : end]) in phrase_list("line_pairs")
        if not pair and name.low[end - 1] not in vocabulary.GENERIC_NOUNS:
            return
        end -= 2 if pair else 1
        while end > 1 and name.low[end - 1] in {"&", "and", "of", "for"}:
            end -= 1
        rest = name.low[:end]
        telling = [distinctive(word, name.word(index)) for index, word in enumerate(rest)]
        if any(telling):
            yield _short(name.part(0, end))
        elif end > 1 and not all(ordinary(w) or w in vocabulary.PLACE_NAMES or w in ADJECTIVES for w in rest):
            yield _short(name.part(0, end), alone=False)
        elif end == 1 and len(rest[0]) > 3 and rest[0] not in _NO_FIRST_WORDS:
            yield _short(name.part(0, 1), alone=False)


def _inverted(name: Name) -> Iterator[Derived]:
    """University of X and X University, Ministry of X and X Ministry, Senate of Italy and Italian Senate."""
    low, size = name.low, len(name)
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
    if low[-1] == "university" and size <= 4 and "of" not in low and not ordinary(low[-2]):
        yield _short(f"University of {name.part(0, size - 1)}")
    at = next((index for index in range(1, size - 1) if low[index] in {"of", "for"}), 0)
    if not at or low[at - 1] not in _INVERTIBLE:
        return
    prefix = name.part(0, at - 1) + " " if at > 1 else ""
    begin = at + 1 + (low[at + 1] == "the" and at + 2 < size)
    noun, what = name.word(at - 1), name.part(begin, size)
    if size - begin <= 3 and "of" not in low[begin:] and leading_place(low) == at - 1:
        yield _short(f"{prefix}{what} {noun}")
    if low[-1] in vocabulary.DEMONYMS and size - begin == 1:
        yield _short(f"{vocabulary.DEMONYMS[low[-1]].capitalize()} {prefix}{noun}")


def _cut_before_preposition(name: Name) -> Iterator[Derived]:
    """Salk Institute (for Biological Studies), TMZ (on TV)."""
    low = name.low
    at = next((i for i in range(1, len(name) - 1) if low[i] in {"of", "for", "in", "on", "at"}), 0)
    if at == 1 and name.word(0).isupper() and len(low[0]) > 2:
        yield _short(name.part(0, 1), distinctive(low[0], name.word(0)))
    elif at > 1 and not all(ordinary(word) for word in low[:at]):
        purpose = low[at] in {"for", "in"}
        if purpose or low[at - 1] not in _INVERTIBLE:
            yield _short(name.part(0, at), alone=purpose and low[at - 1] in _NOUNS)


def _without_description(name: Name) -> Iterator[Derived]:
    """Words in lower case at the end describe: England (national rugby union team), Buchenwald (camp).

    A compound is one word: a Suzuki-team is not Suzuki."""
    end = len(name)
    while end > 1 and name.word(end - 1).islower() and name.text.gap(end - 1) not in {"'", "-"}:
        end -= 1
    described = end < len(name) and name.low[end] not in SMALL_WORDS  # not Autorité des marchés financiers
    if not described or name.low[-1] not in vocabulary.COMMON_WORDS | _NOUNS:  # nor Crédit agricole
        return
    while end > 1 and (name.low[end - 1] in {"women", "men", "s", "national"} or name.low[end - 1] in SMALL_WORDS):
        end -= 1
    rest = name.low[:end]
    told = tuple(w for w in name.low[end:] if w not in SMALL_WORDS and w not in {"team", "national", "s", "club"})
    place = leading_place(rest)
    if place < end and any(distinctive(w, name.word(i)) for i, w in enumerate(rest)):
        yield _short(name.part(0, end))
    elif told:
        yield Derived(name.part(0, end), Derivation.SHORT_FORM, needs=told)
    if told and 0 < place < end:
        state = place + (rest[place] == "state" and place + 1 < end)
        yield Derived(name.part(0, state), Derivation.SHORT_FORM, needs=told)


def _without_first_word(name: Name) -> Iterator[Derived]:
    """The end of a name counts where its first word stands elsewhere: (Harvard) Society of Fellows, at Harvard."""
    place = leading_place(name.low)
    first = name.low[0]
    if place or first in ADJECTIVES or ("of" in name.low[2:] and distinctive(first, name.word(0))):
        begin = place or 1
        rest = name.low[begin:]
        if len(rest) >= 2 and rest[0] not in SMALL_WORDS | _SCHOOLS and name.word(begin)[0].isupper():
            told = [name.part(0, begin)]
            told += [country for country, adjective in vocabulary.DEMONYMS.items() if adjective == first]
            told += [vocabulary.DEMONYMS[first]] if first in vocabulary.DEMONYMS else []
            yield Derived(name.part(begin, len(name)), Derivation.SHORT_FORM, needs=tuple(told))


def _of_a_country(name: Name) -> Iterator[Derived]:
    """Bodies of a state with and without it: (U.S.) Food and Drug Administration, U.S. Supreme Court, SEC."""
    size = len(name)
    for spellings, said in _COUNTRIES:
        begin = next((len(each) for each in spellings if _begins_with(name, each)), 0)
        of_it = next((len(each) + 2 for each in spellings if name.low[-len(each) - 2 :] == ["of", "the", *each]), 0)
        if not of_it and (size - begin < 2 or name.low[begin] == "of"):
            continue
        if begin or of_it:
            body, given = Name(name.part(begin, size - of_it)), name.part(0, begin or 1)
            needs = () if begin and len(body) > 3 else said
            for surface in (body.surface, *(each.surface for each in _inverted(body))):
                yield Derived(surface, Derivation.SHORT_FORM, needs=needs)
                yield from (_short(f"{country} {surface}") for country in said[:3] if country != given)


def _begins_with(name: Name, country: list[str]) -> bool:
    """Whether a name begins with a country; as one word it is in capitals: "us" is a pronoun."""
    return name.low[: len(country)] == country and (len(country) > 1 or name.word(0).isupper())


def _with_government(name: Name) -> Iterator[Derived]:
    """A country acts through its government: the French government."""
    if adjective := vocabulary.DEMONYMS.get(name.surface.lower()):
        yield from map(_short, (f"{adjective.title()} government", f"government of {name.surface}"))
        yield _short(f"government of the {name.surface}")


def _without_nationality(name: Name, firm: bool) -> Iterator[Derived]:
    """(Deutsche) Lufthansa, (Koninklijke) Ahold Delhaize, Royal Ahold Delhaize."""
    royal = name.low[0] in _ROYAL
    if firm and (royal or (len(name) == 2 and name.low[0] in ADJECTIVES)) and distinctive(name.low[1], name.word(1)):
        yield _short(name.part(1, len(name)))
        if royal:
            yield _short(f"Royal {name.part(1, len(name))}")


def _team(name: Name) -> Iterator[Derived]:
    """Teams go by the second half of their names: the (Houston) Astros."""
    place = leading_place(name.low)
    rest = name.low[place:]
    if not place or len(rest) not in {1, 2}:
        return
    last = rest[-1]
    if last.endswith("s") and not last.endswith("ss") and last not in _NOUNS:
        yield _short(name.part(place, len(name)))


def _party(name: Name) -> Iterator[Derived]:
    """A party's members stand for it: (the) Conservatives."""
    if len(name) != 2 or name.low[1] != "party":
        return
    if name.low[0] in _PARTY_PLURALS or name.low[0].endswith(_PARTY_ADJECTIVES):
        yield _short(_PARTY_PLURALS.get(name.low[0], f"{name.word(0)}s"))
