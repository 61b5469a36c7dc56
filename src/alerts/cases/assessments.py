"""From what a case file says to assessments: all that happened to an institution at one instant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.cases.case_file import Change
from alerts.model.assessment import Assessment
from alerts.model.level import Transition


def assessments(institution: str, change: Change, fresh: timedelta) -> list[Assessment]:
    """What an observation brought, in order of time: the falls due before it, and what the evidence did.

    `fresh`: the greatest age of a report, when it was found, that is still news.
    """
    before = of_falls(institution, (each for each in change.transitions if each.at != change.at))
    changes = tuple(each for each in change.transitions if each.at == change.at)
    if not changes and not change.rises:
        return before
    news = change.age is not None and change.age <= fresh
    brought_rise = bool(change.rises) or any(each.rises for each in changes)
    return [
        *before,
        Assessment(institution, change.at, change.rises, changes, fresh=news or not brought_rise),
    ]


def of_falls(institution: str, falls: Iterable[Transition]) -> list[Assessment]:
    """The level changes that no evidence brought, one assessment for each instant, in order of time."""
    instants: dict[datetime, list[Transition]] = {}
    for each in falls:
        instants.setdefault(each.at, []).append(each)
    return [Assessment(institution, at, changes=tuple(changes)) for at, changes in sorted(instants.items())]
