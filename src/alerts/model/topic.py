"""What an item is about."""

from __future__ import annotations

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
        return {"priority": self.priority, "policy": self.policy, "continuity": self.continuity}[axis.value]


@dataclass(frozen=True, slots=True)
class Topic:
    """A named lexicon entry. A phrase ending in `*` also matches longer words.

    The topic is in an item when one of `any` is and none of `none`. With `near` = sentence it counts for an
    institution only where both stand in one sentence or in the title. `negation` lowers its weight where the
    text denies it.
    """

    id: str
    signal: Signal
    any: tuple[str, ...]
    none: tuple[str, ...] = ()
    severity: Severity = field(default_factory=Severity)
    near: Near = Near.ITEM
    negation: bool = True
