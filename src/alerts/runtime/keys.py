"""Keys of the parts of a configuration: each changes only when the part that it stands for changes.

    matching_key        names, domains, match rules, phrases of topics    items are matched again
    case_key(ID)        levels, severities, names and criticality of one  its case file is rebuilt
    judged(SOURCES)     publisher, reliability, whom a source speaks for  case files with its items are rebuilt

All else (tags, relations, regions, watch rules, channels) is read when it is used: an edit of it rebuilds nothing.
A field that is not known to be irrelevant counts, so that a new one cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from alerts.model.institution import Institution
from alerts.model.records import digest
from alerts.model.settings import Settings
from alerts.model.source import Source
from alerts.model.topic import Topic
from alerts.stories.features import VERSION

_SHOWN_ONLY: Final = frozenset({"tags", "relations", "category", "region", "primary_domain", "ids"})
_NOT_MATCHED: Final = _SHOWN_ONLY | {"criticality"}
_NOT_JUDGED: Final = _SHOWN_ONLY | {"domains", "products", "match"}
_TOPIC_NOT_MATCHED: Final = frozenset({"severity", "signal"})
_POLLED: Final = frozenset({"id", "url", "interval", "at_most", "language", "tags", "allow_private"})
_SOURCE_NOT_MATCHED: Final = _POLLED | {"publisher", "reliability", "authority_on"}


def _without(value: Institution | Topic | Source, left_out: frozenset[str]) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value) if each.name not in left_out}


def matching_key(settings: Settings) -> str:
    """Names all that decides what is found in an item, and what it is clustered by."""
    speakers = {each.id: _without(each, _SOURCE_NOT_MATCHED) for each in settings.sources.values()}
    return digest(
        VERSION,
        [_without(each, _NOT_MATCHED) for each in settings.institutions.values()],
        [_without(each, _TOPIC_NOT_MATCHED) for each in settings.topics.values()],
        # A source that speaks for no institution has no reports: adding one changes nothing.
        {name: rest for name, rest in speakers.items() if any(rest.values())},
    )


def scoring_key(settings: Settings) -> str:
    """Names what decides the score of every institution alike."""
    return digest(settings.topics, settings.levels)


def case_key(scoring: str, institution: Institution) -> str:
    """Names all but its findings that decides what an institution's case amounts to."""
    return digest(scoring, _without(institution, _NOT_JUDGED))


def judged(sources: Mapping[str, Source]) -> dict[str, str]:
    """By source a digest of what its reports are judged by."""
    return {each.id: digest(_without(each, _POLLED)) for each in sources.values()}
