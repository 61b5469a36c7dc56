"""From what a case file says to assessments: all that happened to an institution at one instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.cases.case_file import Change
from alerts.model.alert import Assessment
from alerts.model.level import Transition


def assessments(institution: str, change: Change, fresh: timedelta) -> list[Assessment]:
    """What an observation brought, in order of time: the falls due before it, and what the evidence did.

    `fresh`: the greatest age of a report, when it was found, that is still news. Where one of several stories that
    rose is news, the others are left out: a feed that comes back brings what is old with what is new.
    """
    before = of_falls(institution, (each for each in change.transitions if each.at != change.at))
    changes = tuple(each for each in change.transitions if each.at == change.at)
    if not changes and not change.rises:
        return before
    news = frozenset(story for story, age in change.ages.items() if age <= fresh)
    rises = tuple(each for each in change.rises if each.story in news)
    rising = [each for each in changes if each.rises]
    found = Assessment(institution, change.at, rises or change.rises, changes, reported=change.stories)
    brought = [each for rise in rising if (each := found.behind(rise)) is not None and each.story in change.stories]
    is_news = bool(rises) or any(each.story in news for each in brought)
    return [*before, replace(found, fresh=is_news or not (change.rises or rising))]


def of_falls(institution: str, falls: Iterable[Transition]) -> list[Assessment]:
    """The level changes that no evidence brought, one assessment for each instant, in order of time."""
    instants: dict[datetime, list[Transition]] = {}
    for each in falls:
        instants.setdefault(each.at, []).append(each)
    return [Assessment(institution, at, changes=tuple(changes)) for at, changes in sorted(instants.items())]
