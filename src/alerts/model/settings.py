"""The whole configuration, checked and resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar

from alerts.model.errors import NotFoundError, did_you_mean
from alerts.model.institution import Institution
from alerts.model.level import LevelRules
from alerts.model.source import Source
from alerts.model.subscriber import Access, Operators, Selection, Silence, Subscriber
from alerts.model.topic import Topic

_Entry = TypeVar("_Entry")
FRESH = timedelta(hours=48)  # a report that is older when it is observed sets levels and causes no alert


@dataclass(frozen=True, slots=True)
class Settings:
    """All that the YAML puts in force, by id, in the order of the files. `hash` names its content."""

    hash: str = ""
    sources: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}))
    institutions: Mapping[str, Institution] = field(default_factory=lambda: MappingProxyType({}))
    topics: Mapping[str, Topic] = field(default_factory=lambda: MappingProxyType({}))
    levels: LevelRules = field(default_factory=LevelRules)
    fresh: timedelta = FRESH
    subscribers: Mapping[str, Subscriber] = field(default_factory=lambda: MappingProxyType({}))
    silences: tuple[Silence, ...] = ()
    operators: Operators = field(default_factory=Operators)
    access: Access = field(default_factory=Access)

    def institution(self, key: str) -> Institution:
        """A tracked institution. Raises NotFoundError, which says where to look."""
        return _known(self.institutions, key, "institution", "`alerts institutions` lists those tracked")

    def topic(self, key: str) -> Topic:
        """A configured topic. Raises NotFoundError, which says what may have been meant."""
        return _known(self.topics, key, "topic", "topics stand in the configuration")

    def check_selection(self, select: Selection) -> None:
        """Raises NotFoundError where an id is of no institution, or a tag, region or category is carried by none."""
        for key in sorted(select.institutions):
            self.institution(key)
        asked = {"tag": select.tags, "region": select.regions, "category": select.categories}
        for kind, carried in self.carried().items():
            for key in sorted(asked[kind].difference(carried)):
                raise NotFoundError(kind, key, "no institution carries it" + did_you_mean(key, carried))

    def carried(self) -> dict[str, list[str]]:
        """What any institution carries: each `tag`, `region` and `category`, in order."""
        tracked = self.institutions.values()
        return {
            "tag": sorted({tag for each in tracked for tag in each.tags}),
            "region": sorted({each.region for each in tracked if each.region}),
            "category": sorted({each.category for each in tracked if each.category}),
        }

    def subscriber(self, key: str) -> Subscriber:
        """A configured subscriber. Raises NotFoundError, which says where to look."""
        return _known(self.subscribers, key, "subscriber", "subscribers stand in the configuration")


def _known(entries: Mapping[str, _Entry], key: str, kind: str, hint: str) -> _Entry:
    if key not in entries:
        raise NotFoundError(kind, key, hint + did_you_mean(key, list(entries)))
    return entries[key]
