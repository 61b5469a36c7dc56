"""What the reports of a story prove: its headline, its topics, its newest independent report."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.model.source import Reliability
from alerts.model.story import Evidence, Group, Report
from alerts.scoring.evidence import REOPENED, RESOLVED, evidence

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def report(item: str, hours: float = 0, **fields: object) -> Report:
    at = NOON + timedelta(hours=hours)
    plain = Report(
        item, f"Headline {item}", "", "s", f"Paper {item}", Reliability.B, False, at, at, at, 1.0, (("outage", 1.0),)
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def proves(*reports: Report) -> Evidence:
    return evidence("story", "acme", reports, [Group((each.item,)) for each in reports])


RESTORED = {"topics": (("outage", 0.25),), "resolved": ("outage",)}


def test_a_correction_replaces_the_headline_and_confirms_nothing() -> None:
    first, second = report("a"), report("b", 1)
    corrected = report("c", 30, title="CORRECTED: Headline a", correction=True)
    before, after = proves(first, second), proves(first, second, corrected)
    assert after.title == "CORRECTED: Headline a"
    for name in ("confidence", "newest", "topics"):
        assert getattr(after, name) == getattr(before, name)
    assert len(after.reports) == 3


def test_a_correction_alone_is_a_report() -> None:
    alone = proves(report("c", correction=True))
    assert alone.confidence == proves(report("c")).confidence


def test_what_is_over_counts_a_quarter_from_then_on() -> None:
    down, late_copy, up = report("a"), report("b", 2), report("c", 1, **RESTORED)
    assert proves(down).topics == (("outage", 1.0),)
    over = proves(down, late_copy, up)
    assert over.topics == (("outage", RESOLVED),)
    assert over.resolved == ("outage",)


def test_what_is_reported_long_after_its_end_is_back() -> None:
    again = report("d", 1 + REOPENED / timedelta(hours=1) + 0.1)
    back = proves(report("a"), report("c", 1, **RESTORED), again)
    assert back.topics == (("outage", 1.0),)
    assert back.resolved == ()


def test_other_topics_of_the_story_stay() -> None:
    breach = report("a", topics=(("breach", 0.5), ("outage", 1.0)))
    assert proves(breach, report("c", 1, **RESTORED)).topics == (("breach", 0.5), ("outage", RESOLVED))


reports = st.lists(
    st.tuples(st.integers(0, 30), st.booleans(), st.booleans(), st.sampled_from([0.25, 0.5, 1.0])),
    min_size=1,
    max_size=8,
)


@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_reports_has_no_influence(
    drawn: list[tuple[int, bool, bool, float]], order: random.Random
) -> None:
    made = [
        report(
            str(number),
            hours,
            correction=correction,
            topics=(("outage", weight),),
            resolved=("outage",) if over else (),
        )
        for number, (hours, correction, over, weight) in enumerate(drawn)
    ]
    shuffled = list(made)
    order.shuffle(shuffled)
    assert proves(*made).topics == proves(*shuffled).topics
    assert proves(*made).title == proves(*shuffled).title
    assert proves(*made).confidence == proves(*shuffled).confidence
