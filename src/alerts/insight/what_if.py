"""What a few further reports on a story would do to an axis: tried out on its evidence, not estimated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from alerts.model.level import Axis, Contribution
from alerts.model.settings import Settings
from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report
from alerts.scoring.evidence import evidence, summary
from alerts.scoring.profile import Standing, contributions
from alerts.scoring.score import combined
from alerts.store.queries import profiles

_TRIES: Final[Sequence[tuple[str, Reliability, bool, int]]] = (
    ("one more independent secondary B publisher", Reliability.B, False, 1),
    ("one more independent secondary A publisher", Reliability.A, False, 1),
    ("two more independent secondary A publishers", Reliability.A, False, 2),
    ("one direct A publisher", Reliability.A, True, 1),
    ("one direct A and two secondary A publishers", Reliability.A, True, 3),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What was added in words, the story with it, what each story then contributes (largest first), and the score.

    `impact` is that of the story alone.
    """

    words: str
    story: Evidence
    contributions: tuple[Contribution, ...]
    score: float
    impact: float


def further_reports(
    session: Session, settings: Settings, standing: Standing, axis: Axis, story: str, others: Sequence[Contribution]
) -> Iterator[Tried]:
    """Ever more evidence for a story; `others` is what the other stories contribute to the axis."""
    institution, at = standing.institution, standing.at
    known = profiles.stories(session, institution, settings.sources, [story], at).get(story)
    for words, reliability, direct, count in _TRIES if known is not None else ():
        assert known is not None  # noqa: S101
        reports = [_further(known, number, reliability, at, direct=direct and number == 0) for number in range(count)]
        groups = [*known.groups, *(Group((each.item,)) for each in reports)]
        more = evidence(known.story, institution.id, [*known.reports, *reports], groups)
        made = contributions(
            [summary(more)], axis, at, topics=settings.topics, rules=settings.levels, institution=institution
        )
        all_ = tuple(sorted([*made, *others], key=lambda each: (-each.value, each.story)))
        impact = max((each.value for each in made), default=0.0)  # the reports are new: nothing has faded yet
        yield Tried(words, more, all_, combined(each.value for each in all_), impact)


def _further(story: Evidence, number: int, reliability: Reliability, at: datetime, *, direct: bool) -> Report:
    """A report as if another publisher told the story anew, in words of its own and with all of its topics."""
    return replace(
        story.reports[0],
        item=f"what-if-{number}",
        publisher=f"what-if-{number}",
        reliability=reliability,
        direct=direct,
        published=None,
        observed=at,
        reported=at,
        salience=1.0,
        topics=story.topics,
    )
