"""The forms under which an institution is written: those the operator gave and those derived from its name."""

import re
from collections.abc import Iterator
from enum import Enum, IntEnum
from itertools import chain
from typing import NamedTuple

from alerts.matching.derive import derived
from alerts.matching.names import distinctive
from alerts.matching.spellings import inflected
from alerts.matching.text import Text
from alerts.matching.vocabulary import COMMON_WORDS, DETERMINERS, LEGAL_TAILS, NATIONS, PRONOUNS
from alerts.matching.words import word_list
from alerts.model.institution import Derivation, Institution
from alerts.model.mention import Rule


class Strength(IntEnum):
    """How much a form says by itself. Higher wins where two institutions have the same form."""

    ANAPHOR = 0  # "the company", "it": counts only right after a name of the same institution
    WEAK = 1  # counts only where a stronger form of the same institution stands in the item
    STRONG = 2  # derived, and distinctive enough to stand alone
    GIVEN = 3  # an alias, product or domain that the operator gave
    OFFICIAL = 4


class Case(Enum):
    """How the letters' case decides, in words for people. The rules are in `spelling`."""

    STRICT = "exactly as written"
    PROPER = "with its capitals"  # where a sentence has none
    FREE = "in any case, unless its words are ordinary"  # a name of several words
    ANY = "in any case"  # the operator asked for it


class Form(NamedTuple):
    """One way to write one institution.

    `key` is its words in lower case with one space between, `cased` the same with case, `gaps` what stands
    between the words. `origin` says how it came about: a rule's name or that of a derivation."""

    institution: str
    key: str
    cased: str
    gaps: tuple[str, ...]
    rule: Rule
    origin: str
    strength: Strength
    case: Case
    before: str = ""  # punctuation at the rims as given: the # of #Astros, the ! of Yahoo!
    after: str = ""
    needs: tuple[str, ...] = ()  # words, one of which must stand in the item for a derived form to count
    requires: tuple[str, ...] = ()  # the same, as the operator asks for
    tagged: bool = False  # words run together, as only a hashtag or a handle writes them
    excludes: bool = False  # a phrase within which the institution's names do not count …
    excludes_only: str = ""  # … or only the one with this key
    unspaced: bool = False  # in a script without spaces: found character by character
    home: str = ""  # the country whose body it is, by its German adjective, where every country has one of this name

    @property
    def hides(self) -> bool:
        """Whether a name inside this one, of several words, is surely none of its own."""
        if not self.gaps:
            return False
        locates = len(self.gaps) > 2 and (" in " in self.key or " at " in self.key)
        named = self.strength > Strength.ANAPHOR and not self.excludes
        return named and not locates

    @property
    def words(self) -> int:
        return len(self.gaps) + 1


_STATE_BODIES = tuple(word_list("german_state_bodies"))
_LONGEST_TAG = 6  # words
_PLAIN_GAPS = tuple((" ",) * count for count in range(12))
_DOMAIN = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/\s?#:@]+\.[^/\s?#:@]+?)\.?(?:[/?#:].*)?$", re.IGNORECASE)


def forms(institution: Institution) -> Iterator[Form]:
    """All forms of an institution; empty names and names without a letter or digit give none."""
    parts = _given, _excluded, _tagged, _derived, _inflected
    region = Text(institution.region).tokens if institution.region else ()
    home = next((NATIONS[word] for word in region if word in NATIONS), "")
    for form in filter(None, chain.from_iterable(part(institution) for part in parts)):
        yield form._replace(home=home) if home and form.key.endswith(_STATE_BODIES) and not form.gaps else form


def _given(institution: Institution) -> Iterator[Form | None]:
    ident, match, by_rules = institution.id, institution.match, _asked_case(institution.match.case_sensitive)
    own = {rules.name: rules for rules in match.of_names}
    yield _gated(make(ident, institution.name, Rule.NAME, Strength.OFFICIAL, by_rules), match.require_any)
    for alias in institution.aliases:
        rules = own.get(alias)
        case = _asked_case(rules.case_sensitive) if rules else None
        if is_anaphor(alias) and not rules:
            yield make(ident, alias, Rule.ALIAS, Strength.ANAPHOR, Case.ANY)
            continue
        form = make(ident, alias, Rule.ALIAS, Strength.GIVEN, case or by_rules)
        if form and rules and rules.require_any:
            yield form._replace(requires=rules.require_any)
        else:
            yield _gated(form, match.require_any)
    for product in institution.products:
        yield make(ident, product, Rule.PRODUCT, Strength.GIVEN, by_rules)
    for domain in institution.domains:
        yield make(ident, host(domain), Rule.DOMAIN, Strength.GIVEN, Case.ANY)


def _gated(form: Form | None, require_any: tuple[str, ...]) -> Form | None:
    """A form with the institution's context words, where it is short or ordinary: others say enough by themselves."""
    if form is None or not require_any or form.unspaced or not form.key.isascii():
        return form
    words = form.key.split()
    telling = any(distinctive(word, cased) for word, cased in zip(words, form.cased.split(), strict=False))
    firm = words[-1] in LEGAL_TAILS  # Target Corporation
    return form if form.gaps and (telling or firm) else form._replace(requires=require_any)


def _excluded(institution: Institution) -> Iterator[Form | None]:
    for phrase in institution.match.exclude:
        form = make(institution.id, phrase, Rule.NAME, Strength.GIVEN, Case.ANY)
        yield form and form._replace(excludes=True)
    for rules in institution.match.of_names:
        only = make(institution.id, rules.name, Rule.ALIAS, Strength.GIVEN, None)
        for phrase in rules.exclude if only else ():
            form = make(institution.id, phrase, Rule.NAME, Strength.GIVEN, Case.ANY)
            yield form and only and form._replace(excludes=True, excludes_only=only.key)


def _tagged(institution: Institution) -> Iterator[Form | None]:
    """The words of names run together, as hashtags and handles write them."""
    for name in (institution.name, *institution.aliases):
        words = Text(name).cased_tokens if " " in name or "-" in name else ()
        if 2 <= len(words) <= _LONGEST_TAG and not is_anaphor(name):
            rule = Rule.NAME if name == institution.name else Rule.ALIAS
            form = make(institution.id, "".join(words), rule, Strength.GIVEN, Case.ANY)
            yield form and form._replace(tagged=True)


def _derived(institution: Institution) -> Iterator[Form | None]:
    allowed, by_rules = institution.match.derive, _asked_case(institution.match.case_sensitive)
    ruled = {rules.name for rules in institution.match.of_names}  # what has conditions of its own is not derived
    for each in derived(institution.name, allowed) if allowed else ():
        if each.surface in ruled:
            continue
        strength = Strength.STRONG if each.alone else Strength.WEAK
        case = Case.STRICT if each.by is Derivation.ACRONYM else by_rules
        form = make(institution.id, each.surface, Rule.ALIAS, strength, case, each.by.value)
        form = _gated(form, institution.match.require_any)
        yield form and form._replace(needs=each.needs)


def _inflected(institution: Institution) -> Iterator[Form | None]:
    """The grammatical cases of aliases; names with conditions of their own are taken as they are."""
    match = institution.match
    ruled = {rules.name for rules in match.of_names} if Derivation.SPELLING in match.derive else None
    for surface in chain.from_iterable(map(inflected, () if ruled is None else {*institution.aliases} - ruled)):
        case, origin = _asked_case(match.case_sensitive), Derivation.SPELLING.value
        yield make(institution.id, surface, Rule.ALIAS, Strength.STRONG, case, origin)


def _asked_case(sensitive: bool | None) -> Case | None:
    return None if sensitive is None else Case.STRICT if sensitive else Case.ANY


def is_anaphor(alias: str) -> bool:
    """Whether an alias only points back to a name: a pronoun, or an article with an ordinary noun."""
    words = Text(alias).cased_tokens
    low = [word.lower() for word in words]
    if len(words) == 1:
        return low[0] in PRONOUNS and not (len(words[0]) > 1 and words[0].isupper())
    return 1 < len(words) <= 3 and low[0] in DETERMINERS and all(w.islower() and w in COMMON_WORDS for w in words[1:])


def make(
    institution: str, surface: str, rule: Rule, strength: Strength, case: Case | None, origin: str = ""
) -> Form | None:
    """A form; none where the surface has no letter or digit.

    Without a `case`, that of one word is kept and that of several is free."""
    text = Text(surface)
    origin = origin or rule.value
    if text.special:
        key, cased = " ".join(text.low.split()), " ".join(text.cased.split())
        return Form(institution, key, cased, (), rule, origin, strength, case or Case.ANY, unspaced=True)
    tokens = text.tokens
    if not any(char.isalnum() for token in tokens for char in token):
        return None
    case = case or (Case.FREE if len(tokens) > 1 else Case.PROPER)
    cased = " ".join(text.cased_tokens)
    if cased == surface and len(tokens) <= len(_PLAIN_GAPS):
        gaps, before, after = _PLAIN_GAPS[len(tokens) - 1], "", ""
    else:
        gaps = tuple(text.gap(index) for index in range(1, len(tokens)))
        before, after = text.gap(0).strip(" -"), text.gap(len(tokens)).strip(" -")
    return Form(institution, " ".join(tokens), cased, gaps, rule, origin, strength, case, before, after)


def host(domain: str) -> str:
    """A domain as operators write it (with scheme, `www.` or path) as a bare host in lower case."""
    found = _DOMAIN.match(domain.strip())
    return found.group(1).lower() if found else ""
