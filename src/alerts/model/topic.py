"""Topics: what an item can be about, and how it is recognised."""

from dataclasses import dataclass, field
from enum import StrEnum

from alerts.model.level import Axis


class Signal(StrEnum):
    """The signal class that a topic belongs to."""

    CONTINUITY = "continuity"
    GOVERNANCE = "governance"
    RELATIONSHIP = "relationship"


class Near(StrEnum):
    """How close to a mention a topic must stand to count for it."""

    ITEM = "item"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class Severity:
    """What one fully confirmed headline story of the topic does alone, for each axis, 0 to 1."""

    priority: float = 0.0
    policy: float = 0.0
    continuity: float = 0.0

    def on(self, axis: Axis) -> float:
        severity: float = getattr(self, axis)
        return severity


class PatternKind(StrEnum):
    """What a match of a pattern means for its topic."""

    FULL = "full"
    WEAK = "weak"  # a hint: half the weight
    RESOLVED = "resolved"  # what was reported is over
    EXCEPT = "except"  # no match of the topic may overlap it


@dataclass(frozen=True, slots=True)
class TopicPattern:
    """Words in order within one sentence (docs/topics.md). Of an empty language it holds in every one.

    `text` has its word families written out; `written` is what people are shown."""

    text: str
    language: str = ""
    kind: PatternKind = PatternKind.FULL
    written: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A named lexicon entry. A phrase ending in `*` also matches longer words.

    The topic is in an item when one of `any` or a full or weak pattern is, and none of `none`. With `near` = sentence
    it counts for an institution only where both stand in one sentence or in the title. `negation` lowers its weight
    where the text denies it."""

    id: str
    signal: Signal
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    severity: Severity = field(default_factory=Severity)
    near: Near = Near.ITEM
    negation: bool = True
    patterns: tuple[TopicPattern, ...] = ()
