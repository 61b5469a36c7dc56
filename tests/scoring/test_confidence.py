"""Confidence and grades, against numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model.source import Reliability
from alerts.model.story import Group, Mix, Report
from alerts.scoring.confidence import confidence, grade, mix, weight
from alerts.scoring.evidence import evidence

AT = datetime(2026, 2, 24, 9, 0, tzinfo=UTC)


def report(item: str, reliability: str, *, direct: bool = False, minutes: float = 0, **more: object) -> Report:
    at = AT + timedelta(minutes=minutes)
    made = Report(
        item=item,
        title=f"title of {item}",
        url="",
        source=item,
        publisher=item,
        reliability=Reliability(reliability),
        direct=direct,
        published=at,
        observed=at,
        reported=at,
        salience=1.0,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def alone(*reports: Report) -> list[Group]:
    return [Group((each.item,)) for each in reports]


@pytest.mark.parametrize(
    ("direct", "expected"),
    [
        (True, {"A": 0.90, "B": 0.80, "C": 0.70, "D": 0.50, "E": 0.30, "F": 0.20}),
        (False, {"A": 0.60, "B": 0.50, "C": 0.40, "D": 0.25, "E": 0.15, "F": 0.10}),
    ],
)
def test_the_weight_of_a_publisher(direct: bool, expected: dict[str, float]) -> None:
    assert {each.value: weight(each, direct) for each in Reliability} == expected
    for letter, value in expected.items():
        one = report("a", letter, direct=direct)
        assert confidence([one], alone(one)) == value, "one publisher alone stays as weighted"


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        # 1 - 0.5 x 0.5
        ([("B", False), ("B", False)], 0.75),
        # 1 - 0.4 x 0.5 x 0.6
        ([("A", False), ("B", False), ("C", False)], 0.88),
        # 1 - 0.4 x 0.4 x 0.5 = 0.92, capped without a direct publisher
        ([("A", False), ("A", False), ("B", False)], 0.89),
        # 1 - 0.1 x 0.4
        ([("A", True), ("A", False)], 0.96),
        # 1 - 0.8 x 0.4: a direct F among secondary ones
        ([("F", True), ("A", False)], 0.68),
    ],
)
def test_independent_publishers_add_up(reports: list[tuple[str, bool]], expected: float) -> None:
    made = [report(f"r{n}", letter, direct=direct) for n, (letter, direct) in enumerate(reports)]
    assert confidence(made, alone(*made)) == expected


def test_a_group_counts_once_with_the_best_weight_in_it() -> None:
    made = [report("a", "C"), report("b", "A"), report("c", "B")]
    assert confidence(made, [Group(("a", "b")), Group(("c",))]) == pytest.approx(1 - 0.4 * 0.5)


@pytest.mark.parametrize(
    ("value", "direct", "other"),
    [
        (1.0, "A", "A"),
        (0.90, "A", "A"),
        (0.8999, "A", "B"),
        (0.75, "A", "B"),
        (0.7499, "B", "C"),
        (0.72, "B", "C"),
        (0.55, "B", "C"),
        (0.5499, "C", "D"),
        (0.35, "C", "D"),
        (0.3499, "D", "D"),
        (0.10, "D", "D"),
        (0.05, "D", "D"),
        (0.0, "D", "D"),
    ],
)
def test_grades(value: float, direct: str, other: str) -> None:
    assert grade(value, Mix.DIRECT) == direct
    assert grade(value, Mix.MIXED) == grade(value, Mix.SECONDARY) == other


def test_who_stands_behind_it() -> None:
    direct, secondary = report("a", "A", direct=True), report("b", "B")
    assert mix([direct, direct]) is Mix.DIRECT
    assert mix([direct, secondary]) is Mix.MIXED
    assert mix([secondary]) is Mix.SECONDARY


@given(st.floats(0, 1), st.sampled_from(Mix))
def test_every_number_has_a_grade_and_more_is_never_worse(value: float, who: Mix) -> None:
    found = grade(value, who)
    assert found in {"A", "B", "C", "D"}
    assert grade(min(1.0, value + 0.2), who) <= found
    assert grade(value, Mix.DIRECT) <= found


kinds = st.tuples(st.sampled_from("ABCDEF"), st.booleans())


def _made(reports: Sequence[tuple[str, bool]]) -> list[Report]:
    return [report(f"r{n}", letter, direct=direct) for n, (letter, direct) in enumerate(reports)]


@given(st.lists(kinds, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_neither_order_nor_copies_matter(reports: list[tuple[str, bool]], chance: object) -> None:
    made = _made(reports)
    groups = alone(*made)
    shuffled, copies = list(made), [*made, *made]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    chance.shuffle(copies)  # type: ignore[attr-defined]
    mixed_groups = list(groups)
    chance.shuffle(mixed_groups)  # type: ignore[attr-defined]
    expected = confidence(made, groups)
    assert confidence(shuffled, mixed_groups) == expected
    assert confidence(copies, mixed_groups) == expected


@given(st.lists(kinds, min_size=1, max_size=7), kinds)
def test_one_more_independent_publisher_never_lowers_confidence(
    reports: list[tuple[str, bool]], more: tuple[str, bool]
) -> None:
    before, after = _made(reports), _made([*reports, more])
    assert confidence(after, alone(*after)) >= confidence(before, alone(*before))


@given(st.lists(kinds, min_size=2, max_size=7))
def test_counting_two_as_one_never_raises_confidence(reports: list[tuple[str, bool]]) -> None:
    made = _made(reports)
    merged = [Group((made[0].item, made[1].item)), *alone(*made[2:])]
    assert confidence(made, merged) <= confidence(made, alone(*made))


@given(st.lists(kinds, min_size=1, max_size=7))
def test_confidence_is_the_formula(reports: list[tuple[str, bool]]) -> None:
    table = {
        True: {"A": 0.90, "B": 0.80, "C": 0.70, "D": 0.50, "E": 0.30, "F": 0.20},
        False: {"A": 0.60, "B": 0.50, "C": 0.40, "D": 0.25, "E": 0.15, "F": 0.10},
    }
    expected = 1 - math.prod(1 - table[direct][letter] for letter, direct in reports)
    if not any(direct for _, direct in reports):
        expected = min(expected, 0.89)
    made = _made(reports)
    assert confidence(made, alone(*made)) == pytest.approx(expected, abs=1e-11)


# --- evidence ------------------------------------------------------------------------------------------------


def test_a_copy_does_not_make_news_newer() -> None:
    made = [report("a", "B", minutes=0), report("copy", "B", minutes=90), report("b", "B", minutes=30)]
    found = evidence("s", "acme", made, [Group(("a", "copy")), Group(("b",))])
    assert found.newest == AT + timedelta(minutes=30)


def test_the_title_is_that_of_the_report_observed_first() -> None:
    late = report("late", "A", minutes=60, reported=AT - timedelta(days=1))
    first = report("first", "F", minutes=0)
    assert evidence("s", "acme", [late, first], alone(late, first)).title == "title of first"


def test_salience_and_topics_are_the_best_of_the_reports() -> None:
    one = report("a", "B", salience=0.4, topics=(("outage", 1.0), ("ruling", 0.25)))
    two = report("b", "B", salience=0.7, topics=(("ruling", 1.0),))
    found = evidence("s", "acme", [one, two], alone(one, two))
    assert found.salience == 0.7
    assert found.topics == (("outage", 1.0), ("ruling", 1.0))


@given(
    st.lists(st.tuples(kinds, st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_evidence_does_not_depend_on_order(reports: list[tuple[tuple[str, bool], int, int]], chance: object) -> None:
    made = [
        report(f"r{n}", letter, direct=direct, minutes=minutes, observed=AT + timedelta(minutes=minutes + later))
        for n, ((letter, direct), minutes, later) in enumerate(reports)
    ]
    groups = alone(*made)
    shuffled = list(made)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert evidence("s", "acme", shuffled, groups) == evidence("s", "acme", made, groups)
