"""Findings: one row for each institution that a revision of an item mentions."""

from dataclasses import replace
from typing import Any

from alerts.cases.observation import observation, publisher_of
from alerts.model.item import Item
from alerts.model.mention import Matched
from alerts.runtime.configuration import Active
from alerts.store.repositories import cases
from alerts.stories.features import Features, features


def finding_rows(
    active: Active,
    matched: Matched,
    reduced: Features | None,
    item: Item,
    revision: int,
    former: set[str],
    *,
    quiet: bool = False,
) -> list[dict[str, Any]]:
    """One row for each institution that the item mentions, or mentioned until now.

    `reduced` are its features where they were already computed, before it had its timestamp.
    """
    institutions = sorted({*matched.institutions(), *former})
    if not institutions:
        return []
    reduced = reduced or features(item, publisher_of(item, active.settings.sources), matched.mentions)
    reduced = replace(reduced, observed=item.observed, reported=item.reported)
    common = {"revision": revision, "quiet": quiet, "features": reduced.dump()}
    rows = []
    for institution in institutions:
        seen = observation(item, institution, matched, reduced, active.settings.sources, active.authorities).report
        mentions = [
            [each.field, each.start, each.end, each.text, each.rule.value, each.salience]
            for each in matched.mentions
            if each.institution == institution
        ]
        rows.append(cases.finding_row(seen, institution=institution, mentions=mentions, **common))
    return rows
