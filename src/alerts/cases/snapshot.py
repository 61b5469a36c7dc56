"""What a case file knows at an instant, as a profile is made of it. Pure."""

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.cases.case_file import CaseFile
from alerts.model.level import Axis
from alerts.model.times import micros
from alerts.scoring.evidence import summary
from alerts.scoring.profile import NEWEST, AxisView, Standing
from alerts.scoring.score import PLACES, Score

DAY = timedelta(days=1)  # a trend compares with the score of so long before


def standing(case: CaseFile, at: datetime, before: Mapping[Axis, Score] | None = None) -> Standing:
    """The standing of an institution at an instant not before the case file's clock, once it was advanced to it.

    `before` is what the scores of a DAY before faded from, where the case file does not go back so far.
    """
    stories = {each.story: each for each in case.evidence()}
    leading = {axis: [story for story, _ in case.ranking(axis).leading()] for axis in Axis}
    newest = heapq.nsmallest(NEWEST, stories.values(), key=lambda each: (-micros(each.newest), each.story))
    shown = {each.story for each in newest}.union(*leading.values())
    falls = case.falls()
    return Standing(
        institution=case.institution,
        at=at,
        axes={
            axis: AxisView(
                level=case.axes[axis].level,
                score=case.score(axis, at),
                since=case.axes[axis].since,
                next_fall=falls.get(axis),
                previous=case.score(axis, at - DAY)
                if before is None
                else before[axis].at(micros(at - DAY), case.ranking(axis).half_life),
                leading=tuple(summary(stories[each]) for each in leading[axis]),
                others=max(0, len(case.ranking(axis)) - PLACES),
            )
            for axis in Axis
        },
        newest=tuple(summary(each) for each in newest),
        reports={report.item: report for story in shown for report in stories[story].reports},
        counts=case.counts(),
    )
