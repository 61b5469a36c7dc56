"""The forms under which an institution is written: those the operator gave and those derived from its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum

from alerts.matching import derive
from alerts.matching.english import COMMON_WORDS, DETERMINERS, PRONOUNS
from alerts.matching.text import Text
from alerts.model.institution import Derivation, Institution
from alerts.model.mention import Rule


class Strength(IntEnum):
    """How much a form says by itself. Higher wins where two institutions have the same form."""

    ANAPHOR = 0  # "the company", "it": counts only right after a name of the same institution
    WEAK = 1  # counts only where a stronger form of the same institution stands in the item
    STRONG = 2  # derived, and distinctive enough to stand alone
    GIVEN = 3  # an alias, product or domain that the operator gave
    OFFICIAL = 4
    LISTED = 5  # a member of a list that names what it is: Orange and Kern Counties


class Case(Enum):
    """How the letters' case decides. The rules are in `judge`."""

    STRICT = "strict"  # exactly as given
    PROPER = "proper"  # as names are written: capitals where a sentence has none
    FREE = "free"  # a name of several words: any case, unless the words are ordinary ones
    ANY = "any"  # the operator asked for no case


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write one institution.

    `key` is its words in lower case with one space between, `cased` the same with case, `gaps` what stands
    between the words. `origin` says how it came about: `name`, `alias`, `product`, `domain` or a derivation.
    """

    institution: str
    key: str
    cased: str
    gaps: tuple[str, ...]
    rule: Rule
    origin: str
    strength: Strength
    case: Case
    excludes: bool = False  # a phrase within which the institution's names do not count
    before: str = ""  # punctuation at the rims as given: the # of #Astros, the ! of Yahoo!
    after: str = ""
    needs: tuple[str, ...] = ()  # words, one of which must stand in the item
    head: str = ""  # the plural that the list must end with
    tagged: bool = False  # words run together, as only a hashtag or a handle writes them
    unspaced: bool = False  # in a script without spaces: found character by character

    @property
    def words(self) -> int:
        return len(self.gaps) + 1


_DOMAIN = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/\s?#:@]+\.[^/\s?#:@]+?)\.?(?:[/?#:].*)?$", re.IGNORECASE
)


def forms(institution: Institution) -> Iterator[Form]:
    """All forms of an institution, the operator's first; empty names and names without a letter give none."""
    rules, ident = institution.match, institution.id
    sensitive = rules.case_sensitive

    def made(
        surface: str, rule: Rule, strength: Strength, case: Case | None = None, origin: str = ""
    ) -> Iterator[Form]:
        form = make(ident, surface, rule, origin or rule.value, strength, case or case_of(surface, sensitive))
        if form is not None:
            yield form

    yield from made(institution.name, Rule.NAME, Strength.OFFICIAL)
    for alias in institution.aliases:
        if is_anaphor(alias):
            yield from made(alias, Rule.ALIAS, Strength.ANAPHOR, Case.ANY)
        else:
            yield from made(alias, Rule.ALIAS, Strength.GIVEN)
    for product in institution.products:
        yield from made(product, Rule.PRODUCT, Strength.GIVEN)
    for domain in institution.domains:
        yield from made(host(domain), Rule.DOMAIN, Strength.GIVEN, Case.ANY)
    for phrase in rules.exclude:
        for form in made(phrase, Rule.NAME, Strength.GIVEN, Case.ANY, "exclude"):
            yield replace(form, excludes=True)
    for name in (institution.name, *institution.aliases):
        if (joined := _joined(name)) and not is_anaphor(name):
            for form in made(
                joined, Rule.NAME if name == institution.name else Rule.ALIAS, Strength.GIVEN, Case.ANY
            ):
                yield replace(form, tagged=True)
    if rules.derive:
        for derived in derive.derived(institution.name, rules.derive):
            strength = Strength.STRONG if derived.alone else Strength.WEAK
            if derived.head:
                strength = Strength.LISTED
            case = Case.STRICT if derived.by is Derivation.ACRONYM else None
            for form in made(derived.surface, Rule.ALIAS, strength, case, derived.by.value):
                yield (
                    replace(form, needs=derived.needs, head=derived.head)
                    if derived.needs or derived.head
                    else form
                )


def is_anaphor(alias: str) -> bool:
    """Whether an alias only points back to a name: a pronoun, or an article with an ordinary noun."""
    words = Text(alias).cased_tokens
    low = [word.lower() for word in words]
    if len(words) == 1:
        return low[0] in PRONOUNS and not (len(words[0]) > 1 and words[0].isupper())
    return (
        1 < len(words) <= 3
        and low[0] in DETERMINERS
        and all(w.islower() and w in COMMON_WORDS for w in words[1:])
    )


def _joined(name: str) -> str:
    """The words of a name run together, as hashtags write them; empty where that is no other form."""
    words = Text(name).cased_tokens
    return "".join(words) if 2 <= len(words) <= 6 else ""


def make(
    institution: str, surface: str, rule: Rule, origin: str, strength: Strength, case: Case
) -> Form | None:
    text = Text(surface)
    if text.special:
        key = " ".join(text.low.split())
        return Form(
            institution, key, " ".join(text.cased.split()), (), rule, origin, strength, case, unspaced=True
        )
    tokens = text.tokens
    if not tokens or not any(char.isalnum() for char in text.words):
        return None
    gaps = tuple(text.gap(index) for index in range(1, len(tokens)))
    return Form(
        institution=institution,
        key=" ".join(tokens),
        cased=" ".join(text.cased_tokens),
        gaps=gaps,
        rule=rule,
        origin=origin,
        strength=strength,
        case=case,
        before=text.gap(0).strip(),
        after=text.gap(len(tokens)).strip(),
    )


def case_of(surface: str, case_sensitive: bool | None) -> Case:
    if case_sensitive is not None:
        return Case.STRICT if case_sensitive else Case.ANY
    return Case.FREE if len(Text(surface).tokens) > 1 else Case.PROPER


def host(domain: str) -> str:
    """A domain as operators write it (with scheme, `www.` or path) as a bare host in lower case."""
    found = _DOMAIN.match(domain.strip())
    return found.group(1).lower() if found else ""
