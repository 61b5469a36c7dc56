"""The forms under which an institution is written: those the operator gave and those derived from its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, IntEnum
from itertools import chain

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


_LONGEST_TAG = 6  # words
_DOMAIN = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/\s?#:@]+\.[^/\s?#:@]+?)\.?(?:[/?#:].*)?$", re.IGNORECASE
)


def forms(institution: Institution) -> Iterator[Form]:
    """All forms of an institution; empty names and names without a letter or digit give none."""
    for form in chain(
        _given(institution), _excluded(institution), _tagged(institution), _derived(institution)
    ):
        if form is not None:
            yield form


def _given(institution: Institution) -> Iterator[Form | None]:
    ident, sensitive = institution.id, institution.match.case_sensitive
    yield make(ident, institution.name, Rule.NAME, Strength.OFFICIAL, _case(institution.name, sensitive))
    for alias in institution.aliases:
        if is_anaphor(alias):
            yield make(ident, alias, Rule.ALIAS, Strength.ANAPHOR, Case.ANY)
        else:
            yield make(ident, alias, Rule.ALIAS, Strength.GIVEN, _case(alias, sensitive))
    for product in institution.products:
        yield make(ident, product, Rule.PRODUCT, Strength.GIVEN, _case(product, sensitive))
    for domain in institution.domains:
        yield make(ident, host(domain), Rule.DOMAIN, Strength.GIVEN, Case.ANY)


def _excluded(institution: Institution) -> Iterator[Form | None]:
    for phrase in institution.match.exclude:
        form = make(institution.id, phrase, Rule.NAME, Strength.GIVEN, Case.ANY)
        yield form and replace(form, excludes=True)


def _tagged(institution: Institution) -> Iterator[Form | None]:
    """The words of names run together, as hashtags and handles write them."""
    for name in (institution.name, *institution.aliases):
        words = Text(name).cased_tokens
        if 2 <= len(words) <= _LONGEST_TAG and not is_anaphor(name):
            rule = Rule.NAME if name == institution.name else Rule.ALIAS
            form = make(institution.id, "".join(words), rule, Strength.GIVEN, Case.ANY)
            yield form and replace(form, tagged=True)


def _derived(institution: Institution) -> Iterator[Form | None]:
    rules = institution.match
    for each in derive.derived(institution.name, rules.derive) if rules.derive else ():
        strength = Strength.LISTED if each.head else Strength.STRONG if each.alone else Strength.WEAK
        acronym = each.by is Derivation.ACRONYM
        case = Case.STRICT if acronym else _case(each.surface, rules.case_sensitive)
        form = make(institution.id, each.surface, Rule.ALIAS, strength, case, each.by.value)
        if form is not None and (each.needs or each.head):
            form = replace(form, needs=each.needs, head=each.head)
        yield form


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


def make(
    institution: str, surface: str, rule: Rule, strength: Strength, case: Case, origin: str = ""
) -> Form | None:
    """A form; none where the surface has no letter or digit. `origin` is the rule's name unless given."""
    origin = origin or rule.value
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


def _case(surface: str, case_sensitive: bool | None) -> Case:
    if case_sensitive is not None:
        return Case.STRICT if case_sensitive else Case.ANY
    return Case.FREE if len(Text(surface).tokens) > 1 else Case.PROPER


def host(domain: str) -> str:
    """A domain as operators write it (with scheme, `www.` or path) as a bare host in lower case."""
    found = _DOMAIN.match(domain.strip())
    return found.group(1).lower() if found else ""
