"""Results of matching: institutions and topics found in an item."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

from alerts.model.topic import Signal


class Rule(StrEnum):
    """Which rule found an institution."""

    NAME = "name"
    ALIAS = "alias"
    PRODUCT = "product"
    DOMAIN = "domain"
    PUBLISHER = "publisher"


@dataclass(frozen=True, slots=True)
class Mention:
    """An institution found in a field. Offsets are code points into the field as given.

    A rule `publisher` mention has field `source`, offsets 0 and an empty text. `how` names the form that
    matched, for people, where an explanation was asked for; mentions are equal without it.

    `ambiguous`: other institutions have the name too and this is only the likeliest of them. `voice`: the
    institution is named as the source of a statement about something else. Both lower the salience."""

    institution: str
    field: str
    start: int
    end: int
    text: str
    rule: Rule
    salience: float
    how: str = dataclasses.field(default="", compare=False)
    ambiguous: bool = False
    voice: bool = False


@dataclass(frozen=True, slots=True)
class TopicHit:
    """A topic found in a field.

    `institutions` are those it counts for (those at the pattern's `@`, or near it), None meaning every institution of
    the item; `role` is `target` or `actor` where the pattern says which. `weight` scales the topic's severity: a
    quarter where the text denies it or says that it is over, a half where only a weak pattern found it. `pattern` is
    the phrase or pattern that found it, for people; hits are equal without it."""

    topic: str
    signal: Signal
    field: str
    start: int
    end: int
    text: str
    weight: float = 1.0
    institutions: frozenset[str] | None = None
    role: str = ""
    weak: bool = False
    denied: bool = False
    resolved: bool = False
    pattern: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A pattern that found all of its words but one, and the words of which one was missing (`--explain`)."""

    topic: str
    pattern: str
    field: str
    found: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """A candidate that was turned down, and why: what `alerts match --explain` shows."""

    institution: str
    field: str
    start: int
    end: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Matched:
    """All that matching found in one item, ordered by field and offset."""

    mentions: tuple[Mention, ...] = ()
    topics: tuple[TopicHit, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()

    def institutions(self) -> tuple[str, ...]:
        return tuple(sorted({mention.institution for mention in self.mentions}))
