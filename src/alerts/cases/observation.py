"""An item as observed, as far as it concerns one institution."""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.model.story import Report
from alerts.stories.features import Features


@dataclass(frozen=True, slots=True)
class Observation:
    """A report of salience 0 says that the item no longer is about the institution: edited, or withdrawn."""

    report: Report
    features: Features

    @property
    def counts(self) -> bool:
        return self.report.salience > 0

    def after(self, former: Observation | None) -> Observation:
        """This revision in the place of a former one: what it says is new, when it was said stays.

        What no longer counts keeps the features it was clustered by.
        """
        if former is None:
            return self
        report = replace(
            self.report,
            published=former.report.published,
            observed=former.report.observed,
            reported=former.report.reported,
        )
        return Observation(report, self.features if self.counts else former.features)
