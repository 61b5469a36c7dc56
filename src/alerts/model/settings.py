"""The whole configuration, checked and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from alerts.model.errors import NotFoundError
from alerts.model.institution import Institution, Role
from alerts.model.item import Item
from alerts.model.level import Axis, Level, LevelRules
from alerts.model.nearest import did_you_mean
from alerts.model.operators import Operators
from alerts.model.source import Source
from alerts.model.subscriber import Silence, Subscriber
from alerts.model.topic import Topic


@dataclass(frozen=True, slots=True)
class Expectation:
    """One line of a configuration test's `expect`. Only what is given is checked."""

    institution: str = ""
    axis: Axis | None = None
    level: Level | None = None
    mentioned: bool | None = None
    topic: str = ""
    subscriber: str = ""
    channel: str = ""
    alerts: int | None = None
    state: str = ""
    reason: str = ""
    text: str = ""
    not_text: str = ""
    where: str = ""  # FILE:LINE of this expectation


@dataclass(frozen=True, slots=True)
class ConfigTest:
    """A unit test of the configuration: items in, levels and alerts out, as of `at`."""

    name: str
    at: datetime
    items: tuple[Item, ...]
    expect: tuple[Expectation, ...]
    where: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the YAML says, by id, in the order of the files. `hash` names its content."""

    hash: str = ""
    sources: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}))
    institutions: Mapping[str, Institution] = field(default_factory=lambda: MappingProxyType({}))
    topics: Mapping[str, Topic] = field(default_factory=lambda: MappingProxyType({}))
    levels: LevelRules = field(default_factory=LevelRules)
    subscribers: Mapping[str, Subscriber] = field(default_factory=lambda: MappingProxyType({}))
    silences: tuple[Silence, ...] = ()
    tests: tuple[ConfigTest, ...] = ()
    operators: Operators = field(default_factory=Operators)

    def authorities(self) -> frozenset[str]:
        """The institutions that act upon others (`role: authority`)."""
        return frozenset(each.id for each in self.institutions.values() if each.role is Role.AUTHORITY)

    def institution(self, key: str) -> Institution:
        """A tracked institution. Raises NotFoundError, which says where to look."""
        if key not in self.institutions:
            close = did_you_mean(key, list(self.institutions))
            raise NotFoundError("institution", key, f"`alerts institutions` lists those tracked{close}")
        return self.institutions[key]

    def subscriber(self, key: str) -> Subscriber:
        """A configured subscriber. Raises NotFoundError, which says where to look."""
        if key not in self.subscribers:
            close = did_you_mean(key, list(self.subscribers))
            raise NotFoundError("subscriber", key, f"subscribers stand in the configuration{close}")
        return self.subscribers[key]
