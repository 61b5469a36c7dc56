"""Tracked institutions and the rules by which their names are found."""

from dataclasses import dataclass, field
from enum import StrEnum


class Criticality(StrEnum):
    """How much depends on the institution; scales every contribution to its scores."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def factor(self) -> float:
        return {"low": 0.8, "medium": 1.0, "high": 1.2}[self]


class Role(StrEnum):
    """What an institution is in the news: one that things happen to, or one that acts upon others."""

    SUBJECT = "subject"
    AUTHORITY = "authority"


class Derivation(StrEnum):
    """A way to derive a further name from the official one."""

    LEGAL_FORM = "legal-form"
    ARTICLE = "article"
    AMPERSAND = "ampersand"
    ACRONYM = "acronym"
    SHORT_FORM = "short-form"
    SPELLING = "spelling"  # British and American, U.S. and United States, You Tube and YouTube


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed relation to another institution, for example kind `investor` to `amazon`."""

    kind: str
    to: str


@dataclass(frozen=True, slots=True)
class NameRules:
    """The conditions of one alias, in place of those of its institution."""

    name: str
    case_sensitive: bool | None = None
    require_any: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatchRules:
    """How an institution's names are accepted in a text.

    `case_sensitive` None means: true for one-word names and acronyms, false for the others.
    `require_any` are context words, one of which must stand in the item for its short and its ordinary names to
    count; a distinctive name of several words, a product and a name in another script count without. `exclude` are
    phrases within which a name does not count. `derive` are the derivations of further names that are switched on.
    `of_names` are the conditions that single aliases have."""

    case_sensitive: bool | None = None
    require_any: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    derive: frozenset[Derivation] = frozenset(Derivation)
    of_names: tuple[NameRules, ...] = ()


@dataclass(frozen=True, slots=True)
class Institution:
    id: str
    name: str
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    ids: tuple[tuple[str, str], ...] = ()  # its ids in other systems, as (system, id)
    category: str = ""
    region: str = ""
    primary_domain: str = ""
    role: Role = Role.SUBJECT
    criticality: Criticality = Criticality.MEDIUM
    tags: frozenset[str] = frozenset()
    relations: tuple[Relation, ...] = ()
    match: MatchRules = field(default_factory=MatchRules)
