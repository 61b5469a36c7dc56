from __future__ import annotations

import gc
import math
import random
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.present import present
from kit.settings import DESK, NOON, item, settings

from alerts.model.item import Item
from alerts.model.level import Axis, Cause, Level, Transition
from alerts.model.records import to_line
from alerts.model.subscriber import Selection
from alerts.replay.backtest import records, rehearse, revisions
from alerts.runtime.configuration import Active


def lines(items: list[Item], **options: Any) -> list[str]:
    return [to_line(record) for record in records(rehearse(items, settings(), **options))]


def moves(items: list[Item], axis: Axis = Axis.PRIORITY, institution: str = "acme") -> list[Transition]:
    result = rehearse(items, settings())
    return [each for each in result.transitions if each.axis is axis and each.institution == institution]


def test_one_direct_headline_by_hand() -> None:
    rise, *falls = moves([item("acme-news", "Acme suffers an outage")])
    # severity .6 × confidence of a direct A publisher .9 × headline 1.0 × criticality medium 1.0
    assert rise.score == pytest.approx(0.54)
    assert (rise.from_, rise.to, rise.at, rise.cause) == (Level.LOW, Level.HIGH, NOON, Cause.EVIDENCE)
    (added,) = rise.contributions
    assert (added.severity, added.confidence, added.grade, added.salience) == (0.6, 0.9, "A", 1.0)
    assert [fall.to for fall in falls] == [Level.MEDIUM, Level.LOW]
    for fall, threshold in zip(falls, (0.45, 0.20), strict=True):
        expected = NOON + timedelta(days=7) * math.log2(0.54 / threshold)
        assert abs(fall.at - expected) < timedelta(milliseconds=1)
        assert fall.cause is Cause.DECAY
        assert present(fall.score) <= threshold


def test_the_publisher_speaks_of_itself_without_its_name() -> None:
    rise, *_ = moves([item("acme-news", "A longer outage than usual")])
    assert rise.score == pytest.approx(0.6 * 0.9 * 0.8)


def test_a_report_is_as_old_as_its_date_says() -> None:
    week_old = item("acme-news", "Acme suffers an outage", published=NOON - timedelta(days=7))
    rise, *_ = moves([week_old])
    assert rise.score == pytest.approx(0.27)
    assert rise.contributions[0].age_s == 7 * 86400


def test_a_date_in_the_future_counts_as_now() -> None:
    rise, *_ = moves([item("acme-news", "Acme suffers an outage", published=NOON + timedelta(days=3))])
    assert rise.score == pytest.approx(0.54)
    assert rise.contributions[0].age_s == 0


def test_independent_reports_of_one_story_add_confidence() -> None:
    title = "Acme plant offline after outage in Springfield, 3,000 orders delayed"
    words = "Outage at Springfield plant of Acme delays 3,000 orders"
    first, second = item("tribune", title), item("ledger", words, 1)
    case = rehearse([first, second], settings(), until=NOON + timedelta(hours=2)).cases["acme"]
    (story,) = case.evidence()
    assert story.confidence == pytest.approx(1 - 0.5 * 0.5)
    assert story.newest == second.observed


def test_the_same_text_elsewhere_counts_once() -> None:
    text = "The company said on Monday that its only plant would stay closed for at least two more weeks. " * 3
    title = "Acme plant offline after outage in Springfield, 3,000 orders delayed"
    first = item("tribune", title, summary=text)
    copy = item("gazette", title, 1, summary=text)
    case = rehearse([first, copy], settings(), until=NOON + timedelta(hours=2)).cases["acme"]
    (story,) = case.evidence()
    assert len(story.reports) == 2
    assert len(story.groups) == 1
    assert story.confidence == 0.5
    assert story.groups[0].links


def test_without_until_the_clock_runs_to_rest_and_with_it_stops_there() -> None:
    items = [item("acme-news", "Acme suffers an outage")]
    assert moves(items)[-1].to is Level.LOW
    stopped = rehearse(items, settings(), until=NOON + timedelta(hours=1))
    assert all(each.at == NOON for each in stopped.transitions)
    assert stopped.cases["acme"].axes[Axis.PRIORITY].level is Level.HIGH


def test_items_after_until_are_not_known_yet() -> None:
    items = [item("gazette", "Acme sued"), item("acme-news", "Acme suffers an outage", 5)]
    early = rehearse(items, settings(), until=NOON + timedelta(hours=4))
    assert not early.transitions


def test_the_record_is_in_order_of_time_with_transitions_first() -> None:
    found = lines([item("acme-news", "Acme suffers an outage"), item("tribune", "Globex outage, and it is sued", 3)])
    times = [line.split('"at": "')[1][:20] for line in found]
    assert times == sorted(times)
    assert '"transition"' in found[0].split(",")[0]


pieces = st.lists(
    st.tuples(
        st.sampled_from(["acme-news", "tribune", "ledger", "gazette"]),
        st.sampled_from(["Acme", "Globex Corporation", "Acme and Globex Corporation", "Nobody"]),
        st.sampled_from(["outage", "sued", "opens an office", "offline again", "lawsuit over outage"]),
        st.integers(0, 6),
    ),
    max_size=14,
)


@given(pieces, st.randoms(use_true_random=False))
def test_neither_order_nor_copies_of_items_matter(
    drawn: list[tuple[str, str, str, int]], chance: random.Random
) -> None:
    items = [item(source, f"{who} {what}", hours * 30) for source, who, what, hours in drawn]
    again = [*items, *chance.sample(items, len(items) // 2)]
    chance.shuffle(again)
    assert lines(again) == lines(items)


@given(pieces)
def test_contributions_recompute_every_score(drawn: list[tuple[str, str, str, int]]) -> None:
    items = [item(source, f"{who} {what}", hours * 30) for source, who, what, hours in drawn]
    for moved in rehearse(items, settings()).transitions:
        added = sum(round(each.value, 6) / 3**place for place, each in enumerate(moved.contributions))
        assert added == pytest.approx(moved.score, abs=2e-6)
        for each in moved.contributions:
            aged = 2 ** (-each.age_s / settings().levels.half_life[moved.axis].total_seconds())
            impact = min(0.95, each.severity * each.confidence * each.salience * each.criticality)
            assert impact * aged == pytest.approx(each.value, abs=1e-9)


@given(pieces)
def test_each_change_leaves_the_level_that_the_one_before_it_reached(drawn: list[tuple[str, str, str, int]]) -> None:
    items = [item(source, f"{who} {what}", hours * 30) for source, who, what, hours in drawn]
    level: dict[tuple[str, Axis], Level] = {}
    for moved in rehearse(items, settings()).transitions:
        key = (moved.institution, moved.axis)
        assert level.get(key, Level.LOW) is moved.from_
        assert moved.from_ is not moved.to
        level[key] = moved.to
    assert all(each is Level.LOW for each in level.values())


def test_a_revision_is_the_same_item_and_a_new_date_is_nothing() -> None:
    first = item("tribune", "Acme suffers an outage")
    redated = replace(first, observed=first.observed + timedelta(hours=1), published=NOON)
    edited = replace(first, observed=first.observed + timedelta(hours=2), title="Acme denies an outage")
    assert revisions([edited, redated, first]) == [first, edited]


def test_two_versions_of_one_instant_are_one() -> None:
    first = item("tribune", "Acme suffers an outage")
    other = replace(first, title="Acme suffers two outages")
    assert revisions([first, other]) == revisions([other, first])
    assert len(revisions([first, other])) == 1


def test_a_withdrawn_report_lowers_the_level_and_is_corrected() -> None:
    report = item("acme-news", "Acme suffers an outage")
    gone = replace(report, observed=NOON + timedelta(hours=3), withdrawn=True)
    result = rehearse([report, gone], settings(), until=NOON + timedelta(hours=4))
    rise, fall = (each for each in result.transitions if each.axis is Axis.PRIORITY)
    assert (fall.at, fall.to, fall.cause) == (gone.observed, Level.LOW, Cause.EVIDENCE)
    assert "correction" in {message.kind for message in result.messages}
    told = {alert.id for alert in result.alerts if alert.transition == rise}
    corrected = {each for message in result.messages if message.kind == "correction" for each in message.alerts}
    assert told & corrected


def test_a_former_replay_in_which_nobody_watched_is_no_help() -> None:
    items = [item("acme-news", "Acme suffers an outage"), item("tribune", "Globex Corporation sued", 1)]
    few = settings(replace(DESK, watch=(replace(DESK.watch[0], select=Selection(institutions=frozenset({"globex"}))),)))
    former = rehearse(items, few)
    assert {each.institution for each in former.alerts} == {"globex"}
    assert {each.institution for each in former.transitions} == {"acme", "globex"}
    assert lines(items, former=former) == lines(items)


def test_a_replay_leaves_nothing_that_only_the_collector_could_take_away() -> None:
    items = [
        item("tribune", f"{who} outage, and it is sued", hours) for hours, who in enumerate(["Acme", "Globex"] * 9)
    ]
    items.append(item("acme-news", "Acme suffers an outage", 20, withdrawn=True))
    active = Active(settings())
    rehearse(items, active.settings, active=active)  # what is made when it is first asked for
    gc.collect()
    result = rehearse(items, active.settings, active=active)
    assert result.alerts
    del result
    assert gc.collect() == 0


@pytest.mark.parametrize("fails", [False, True])
def test_the_collector_is_off_while_a_replay_computes_and_on_again_afterwards(fails: bool) -> None:
    seen: list[bool] = []

    def progress(_: int) -> None:
        seen.append(gc.isenabled())
        if fails:
            raise InterruptedError

    with pytest.raises(InterruptedError) if fails else nullcontext():
        rehearse([item("tribune", "Acme sued")], settings(), progress=progress)
    assert set(seen) == {False}
    assert gc.isenabled()


@pytest.mark.slow
def test_several_processes_find_the_same() -> None:
    chance = random.Random(1)
    items = [
        item(
            chance.choice(["acme-news", "tribune", "ledger"]),
            f"{chance.choice(['Acme', 'Globex Corporation'])} {chance.choice(['outage', 'sued', 'fair'])} {number}",
            number / 3,
        )
        for number in range(4_200)
    ]
    assert lines(items, processes=2) == lines(items)
