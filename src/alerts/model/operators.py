"""Operators: where they are notified of incidents of the system itself, and of which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from alerts.model.secret import Secret


class IncidentKind(StrEnum):
    """The kinds of incidents that operators are notified of, once when one opens and once when it closes."""

    NO_COVERAGE = "blind"  # no source that would report on an institution works
    BACKLOG = "stuck"  # work is overdue
    DEAD_LETTERS = "dead"  # deliveries to a channel were given up
    CONFIG_REJECTED = "refused"  # an edit of the configuration is not in force

    @property
    def meaning(self) -> str:
        return {
            "blind": "no source that would report on an institution works",
            "stuck": "work is overdue",
            "dead": "deliveries to a channel were given up",
            "refused": "an edit of the configuration was refused",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Operators:
    channels: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    on: frozenset[IncidentKind] = frozenset(IncidentKind)
