"""How sure a story is: the weight of its publishers, its confidence, its grade."""

from collections.abc import Iterable, Mapping, Sequence
from math import prod

from alerts.model.source import Reliability
from alerts.model.story import Group, Mix, Report

DIRECT: Mapping[str, float] = {"A": 0.90, "B": 0.80, "C": 0.70, "D": 0.50, "E": 0.30, "F": 0.20}
SECONDARY: Mapping[str, float] = {"A": 0.60, "B": 0.50, "C": 0.40, "D": 0.25, "E": 0.15, "F": 0.10}

CAP_WITHOUT_DIRECT = 0.89
INTERNAL_BELOW = 0.10  # a story of lower confidence is kept for internal monitoring and never sent
_BANDS = ((0.90, "A", "A"), (0.75, "A", "B"), (0.55, "B", "C"), (0.35, "C", "D"))


def weight(reliability: Reliability, direct: bool) -> float:
    """The weight of one publisher, 0 to 1."""
    return (DIRECT if direct else SECONDARY)[reliability]


def confidence(reports: Iterable[Report], groups: Sequence[Group]) -> float:
    """Confidence of a story = 1 − ∏(1 − weight) over its independent groups, each with its best weight.

    Capped at 0.89 where no publisher is direct. 0 where there is no report."""
    by_item = {report.item: report for report in reports}
    best = [max(weight(by_item[item].reliability, by_item[item].direct) for item in group.items) for group in groups]
    value = 1.0 - prod(1.0 - each for each in sorted(best))  # one order of multiplication, so one result
    direct = any(report.direct for report in by_item.values())
    return round(value if direct else min(value, CAP_WITHOUT_DIRECT), 12)


def mix(reports: Iterable[Report]) -> Mix:
    """Direct where every publisher is, secondary where none is, else mixed."""
    kinds = {report.direct for report in reports}
    if kinds == {True}:
        return Mix.DIRECT
    return Mix.MIXED if True in kinds else Mix.SECONDARY


def grade(confidence: float, mix: Mix) -> str:
    """A letter A to D for every confidence. In a two-letter band the upper one if every publisher is direct.

    ≥ 0.90 A · ≥ 0.75 A/B · ≥ 0.55 B/C · ≥ 0.35 C/D · below D (below 0.10: internal monitoring only)."""
    for at_least, upper, lower in _BANDS:
        if confidence >= at_least:
            return upper if mix is Mix.DIRECT else lower
    return "D"
