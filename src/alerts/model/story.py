"""Stories, and the evidence they give about an institution."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from alerts.model.source import Reliability


class Mix(StrEnum):
    """Who stands behind a statement."""

    DIRECT = "direct"
    MIXED = "mixed"
    SECONDARY = "secondary"


class Link(NamedTuple):
    """Why two items of a story count as one publisher, for example `same-publisher`, `same-text`, `wire`."""

    a: str
    b: str
    reason: str


class Group(NamedTuple):
    """Items (by id) of a story that count as one independent publisher, and the links that joined them."""

    items: tuple[str, ...]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One item of a story as a source record about one institution.

    `reported` is the time of the report (published, never later than observed). `topics` are the topics found in the
    item that count for the institution, each with the weight (0 to 1) that scales its severity; `resolved` are those of
    them of which it says that they are over. A `correction` restates an earlier report and confirms nothing."""

    item: str
    title: str
    url: str
    source: str
    publisher: str
    reliability: Reliability
    direct: bool
    published: datetime | None
    observed: datetime
    reported: datetime
    salience: float
    topics: tuple[tuple[str, float], ...] = ()
    resolved: tuple[str, ...] = ()
    correction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFacts:
    """What a story proves about an institution.

    `newest` is the time of its newest independent report; `resolved` are the topics that are over."""

    story: str
    title: str
    confidence: float
    grade: str
    mix: Mix
    salience: float
    topics: tuple[tuple[str, float], ...]
    newest: datetime
    resolved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(StoryFacts):
    """One story seen as support for a statement about one institution; `reports` are in order of their time."""

    institution: str
    reports: tuple[Report, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySummary(StoryFacts):
    """A story without its reports, as it was from an instant on; `items` are the reports that a profile shows."""

    reports: int
    publishers: int
    items: tuple[str, ...]
