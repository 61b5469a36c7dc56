"""One institution's evidence over time, against numbers worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from kit.present import present
from kit.reports import ACME, AT, HEADLINES, RULES, TOPICS, Follower, case, later, seen

from alerts.cases.case_file import AxisState, CaseFile, Change
from alerts.model.institution import Criticality, Institution
from alerts.model.level import Axis, Cause, Level, LevelRules, Transition
from alerts.routing.case_events import assessments, of_falls
from alerts.scoring.score import level_of
from alerts.stories.cluster import Merged

OUTAGE, SAME_OUTAGE, RULING, SAME_RULING, STRIKE, MUSEUM = HEADLINES
MICRO = timedelta(microseconds=1)


def moves(found: list[Transition]) -> list[tuple[str, str, str, str, datetime]]:
    return [(each.axis, each.from_, each.to, each.cause, each.at) for each in found]


def test_one_report_lifts_two_axes() -> None:
    made = case()
    change = made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    # 0.60 x 0.90 = 0.54 on priority, 0.30 x 0.90 = 0.27 on continuity
    assert moves(list(change.transitions)) == [
        ("priority", "low", "critical", "evidence", AT),
        ("continuity", "low", "medium", "evidence", AT),
    ]
    assert [each.score for each in change.transitions] == [0.54, 0.27]
    assert made.score(Axis.POLICY, AT) == 0.0


def test_a_second_publisher_of_the_same_story_raises_its_confidence() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "wire")])
    assert made.score(Axis.PRIORITY, AT) == 0.36  # 0.60 x 0.60
    change = made.observe(later(minutes=5), [seen("b", SAME_OUTAGE, "herald", at=later(minutes=5))])
    assert len(made.evidence()) == 1
    (story,) = made.evidence()
    assert (story.confidence, story.grade, len(story.groups)) == (0.8, "B", 2)  # 1 - 0.4 x 0.5
    # 0.60 x 0.80 = 0.48: no further level on priority, and 0.24 on continuity
    assert change.transitions == ()
    assert made.score(Axis.PRIORITY, later(minutes=5)) == 0.48


def test_a_copy_counts_once_and_makes_nothing_newer() -> None:
    text = "The storm broke two cables and a mast at dawn, said the operator, and repairs will take until Friday."
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "wire", text=text)])
    before = made.score(Axis.PRIORITY, later(hours=3))
    made.observe(later(hours=2), [seen("b", OUTAGE, "blog", at=later(hours=2), text=text)])
    (story,) = made.evidence()
    assert [sorted(group.items) for group in story.groups] == [["a", "b"]]
    assert story.newest == AT
    assert made.score(Axis.PRIORITY, later(hours=3)) == before


def test_a_second_story_confirms_with_a_third_of_its_weight() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE), seen("b", STRIKE)])
    assert len(made.evidence()) == 2
    assert made.score(Axis.PRIORITY, AT) == 0.45  # 0.60 x 0.60 + 0.45 x 0.60 / 3


def test_a_story_without_a_topic_moves_nothing() -> None:
    made = case()
    change = made.observe(AT, [seen("a", MUSEUM, "newsroom")])
    assert len(made.evidence()) == 1
    assert (change.transitions, change.rises) == ((), ())
    assert [made.score(axis, AT) for axis in Axis] == [0.0, 0.0, 0.0]


def test_a_fall_between_observations_has_its_own_instant() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    # 0.54 x 2^(-t / 7 d) < 0.48, then < 0.28, then < 0.10; 0.27 x 2^(-t / 180 d) < 0.10
    days = [7 * math.log2(0.54 / least) for least in (0.48, 0.28, 0.10)] + [180 * math.log2(0.27 / 0.10)]
    expected = [AT + timedelta(days=each) for each in days]
    assert made.falls()[Axis.PRIORITY] == pytest.approx(expected[0], abs=MICRO)
    change = made.observe(later(days=300), [seen("m", MUSEUM, at=later(days=300))])
    found = list(change.transitions)
    assert [each[:4] for each in moves(found)] == [
        ("priority", "critical", "high", "decay"),
        ("priority", "high", "medium", "decay"),
        ("priority", "medium", "low", "decay"),
        ("continuity", "medium", "low", "decay"),
    ]
    assert [each.at for each in found] == [pytest.approx(each, abs=MICRO) for each in expected]
    assert [each.score for each in found] == [pytest.approx(each) for each in (0.48, 0.28, 0.10, 0.10)]
    assert made.falls() == {}


def test_a_report_comes_before_a_fall_of_the_same_instant() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    due = made.falls()[Axis.PRIORITY]
    # 0.28 fading and a third of a strike of 0.27: the level does not fall
    change = made.observe(due, [seen("b", STRIKE, at=due)])
    assert [each for each in change.transitions if each.axis is Axis.PRIORITY] == []
    assert made.axes[Axis.PRIORITY] == AxisState(Level.HIGH, AT)


def test_an_edit_does_not_make_an_item_newer() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    made.observe(later(days=1), [seen("a", OUTAGE + " again", at=later(days=1), published=later(days=1))])
    (story,) = made.evidence()
    assert story.newest == AT
    (report,) = story.reports
    assert (report.title, report.observed) == (OUTAGE + " again", AT)


def test_a_withdrawal_takes_back_the_rise_that_rested_on_it() -> None:
    made = case()
    brought = made.observe(AT, [seen("a", OUTAGE)]).transitions
    change = made.observe(later(hours=1), [seen("a", OUTAGE, at=later(hours=1), withdrawn=True)])
    taken_back = [each.rise for each in change.corrections]
    assert [each.transition for each in taken_back if each.transition] == list(brought)
    assert [each.story for each in taken_back if each.story] == [made.story_of("a")]
    for each in change.corrections:
        assert (each.rise.at, each.at, each.item) == (AT, later(hours=1), "a")
        assert (each.level, each.withdrawn) == (Level.LOW, True)
    assert moves(list(change.transitions)) == [
        ("priority", "high", "low", "evidence", later(hours=1)),
        ("continuity", "medium", "low", "evidence", later(hours=1)),
    ]
    assert made.evidence() == ()
    again = made.observe(later(hours=2), [seen("a", OUTAGE, at=later(hours=2), withdrawn=True)])
    assert (again.corrections, again.transitions) == ((), ())


def test_an_edit_that_drops_the_topic_is_a_correction_too() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    change = made.observe(later(hours=1), [seen("a", MUSEUM, at=later(hours=1))])
    assert [(each.level, each.withdrawn) for each in change.corrections] == [(Level.LOW, False)] * 3


def test_an_edit_that_makes_an_item_another_story_takes_back_what_it_supported() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "blog")])
    made.observe(later(hours=1), [seen("b", SAME_OUTAGE, "newsroom", at=later(hours=1))])
    change = made.observe(later(hours=2), [seen("b", RULING, "newsroom", at=later(hours=2))])
    assert len(made.evidence()) == 2
    # What is left of the outage is 0.60 x 0.25 on priority: what the blog alone said. On continuity the ruling would
    # have made the level medium, too, 0.20 x 0.90.
    outage = made.story_of("a")
    assert [(each.item, each.rise.axis, each.rise.story, each.level) for each in change.corrections] == [
        ("b", Axis.PRIORITY, "", Level.MEDIUM),
        ("b", Axis.PRIORITY, outage, Level.MEDIUM),
    ]
    assert {each.rise.at for each in change.corrections} == {later(hours=1)}


def test_a_level_that_the_rest_would_have_reached_is_not_taken_back() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "newsroom"), seen("b", STRIKE, "wire")])
    strike = made.story_of("b")
    # Without the strike, 0.54 on priority is critical all the same, but 0.27 on continuity is not 0.27 + 0.12 / 3.
    change = made.observe(later(hours=1), [seen("b", STRIKE, "wire", at=later(hours=1), withdrawn=True)])
    assert [(each.rise.axis, each.rise.story, each.level) for each in change.corrections] == [
        (Axis.CONTINUITY, "", Level.MEDIUM),
        (Axis.PRIORITY, strike, Level.LOW),
    ]


def test_a_correction_judges_the_rise_by_what_was_known_then() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    made.observe(later(hours=1), [seen("b", STRIKE, "newsroom", at=later(hours=1))])
    # The strike would carry the level now, but it did not when the level rose.
    change = made.observe(later(hours=2), [seen("a", OUTAGE, at=later(hours=2), withdrawn=True)])
    assert ("a", AT, Level.LOW) in [(each.item, each.rise.at, each.level) for each in change.corrections]


def test_a_rise_that_was_taken_back_is_not_taken_back_twice_after_a_restart() -> None:
    made = Follower()
    made.observe(AT, seen("a", OUTAGE))
    change = made.observe(later(hours=1), seen("a", OUTAGE, at=later(hours=1), withdrawn=True))
    assert len(change.corrections) == 3
    made.hand_over()
    change = made.observe(later(hours=2), seen("a", OUTAGE, at=later(hours=2), withdrawn=True))
    assert change.transitions == ()


def test_two_stories_that_turn_out_to_be_one_count_once() -> None:
    made = Follower()
    made.observe(AT, seen("a", "Acme outage in the north after storm", "wire"))
    made.observe(
        later(minutes=1),
        seen("b", "Cables of telephone operator cut by storm in the south", "herald", topics=(("outage", 1.0),)),
    )
    stories = len(made.case.evidence())
    change = made.observe(
        later(minutes=2),
        seen(
            "c",
            "Acme outage in north and south: cables of telephone operator cut by storm",
            "blog",
            at=later(minutes=2),
        ),
        seen(
            "d",
            "Acme outage after storm: cables of operator cut in the north and the south",
            "newsroom",
            at=later(minutes=2),
        ),
    )
    merged = [event for event in change.events if isinstance(event, Merged)]
    assert stories - len(merged) + len([e for e in change.events if not isinstance(e, Merged) and e.score == 0]) == len(
        made.case.evidence()
    )
    for event in merged:
        assert made.case.evidence_of(event.story_from) is None
    assert sorted(item.item for story in made.case.evidence() for item in story.reports) == ["a", "b", "c", "d"]


def test_what_is_of_no_salience_and_was_never_seen_before_changes_nothing() -> None:
    made = case()
    change = made.observe(AT, [seen("a", OUTAGE, salience=0.0)])
    assert (change.transitions, change.events, change.stories) == ((), (), frozenset())


def test_new_rules_move_levels_and_say_so() -> None:
    made = case(LevelRules(raise_={Level.MEDIUM: 0.4, Level.HIGH: 0.5, Level.CRITICAL: 0.75}, margin=0.05))
    assert made.observe(AT, [seen("a", OUTAGE)]).transitions == ()
    relaxed = CaseFile(Institution("acme", "Acme"), TOPICS, RULES)
    relaxed.observe(AT, [seen("a", OUTAGE)])
    changes = relaxed.reconsider(later(hours=1), made.axes, ())
    assert [(each.axis, each.from_, each.to, each.cause) for each in changes] == [
        (Axis.PRIORITY, Level.LOW, Level.HIGH, Cause.CONFIG),
        (Axis.CONTINUITY, Level.LOW, Level.MEDIUM, Cause.CONFIG),
    ]


def test_the_state_of_an_axis_looks_both_ways() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE)])
    made.advance(later(days=2))
    state = made.standing(later(days=2)).axes[Axis.PRIORITY]
    assert state.level is Level.HIGH
    assert state.since == AT
    assert state.score == pytest.approx(0.36 * 2 ** (-2 / 7))
    assert state.previous == pytest.approx(0.36 * 2 ** (-1 / 7))
    assert state.next_fall == made.falls()[Axis.PRIORITY]


# --- what an assessment brings -------------------------------------------------------------------------------

FRESH = timedelta(hours=48)


def brought(change: Change) -> list[tuple[str, str, str, str, str]]:
    return [(each.item, each.axis, each.from_, each.to, each.publisher) for each in change.rises]


def test_a_story_rises_on_the_axis_where_its_own_level_is_highest() -> None:
    made = case()
    change = made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    (rise,) = change.rises
    assert brought(change) == [("a", "priority", "low", "critical", "Acme")]
    assert (rise.impact, rise.confidence, rise.grade) == (0.54, 0.9, "A")
    assert (rise.story, rise.title) == (made.story_of("a"), OUTAGE)
    assert rise.impact == made.contributions(Axis.PRIORITY, AT)[0].value


def test_a_rise_names_the_other_axes_on_which_the_story_rose() -> None:
    made = case()
    (rise,) = made.observe(AT, [seen("a", RULING, "newsroom")]).rises
    now = {axis: level_of(present(made.rankings[axis].get(rise.story)).impact, RULES) for axis in Axis}
    named = {each.axis: each.to for each in (rise, *rise.others)}
    assert named == {axis: level for axis, level in now.items() if level is not Level.LOW}
    assert len(named) > 1
    assert all(each.to <= rise.to and each.story == rise.story for each in rise.others)


def test_the_story_that_brought_a_rise_is_the_one_reported_then_not_a_larger_old_one() -> None:
    made = case()
    made.observe(AT, [seen("a", STRIKE)])  # 0.27, medium
    change = made.observe(later(minutes=5), [seen("b", RULING, at=later(minutes=5))])
    (found,) = assessments("acme", change, FRESH)
    for rise in (each for each in found.changes if each.rises):
        assert present(found.behind(rise)).story == made.story_of("b")
    (fall, *_) = of_falls("acme", made.advance(later(days=900)))
    assert fall.behind(fall.changes[0]) == fall.changes[0].contributions[0]


def test_a_confirmation_that_raises_the_story_is_a_rise_by_its_report() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "blog")])  # 0.60 x 0.25 = 0.15
    change = made.observe(later(minutes=5), [seen("b", SAME_OUTAGE, "wire", at=later(minutes=5))])
    # 0.60 x (1 - 0.75 x 0.40) = 0.42
    assert brought(change) == [("b", "priority", "medium", "high", "Wire")]
    nothing = made.observe(later(minutes=9), [seen("c", OUTAGE, "wire", at=later(minutes=9))])
    assert (nothing.rises, nothing.transitions) == ((), ())


def test_a_story_that_merely_keeps_an_institution_up_is_a_rise_of_its_own() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    change = made.observe(later(hours=1), [seen("b", STRIKE, at=later(hours=1))])  # 0.27, and 0.54 stands
    assert Axis.PRIORITY not in {each.axis for each in change.transitions}
    assert brought(change) == [("b", "priority", "low", "medium", "Wire")]


def test_the_gravest_story_of_an_instant_is_first() -> None:
    made = case()
    change = made.observe(AT, [seen("a", STRIKE), seen("b", OUTAGE, "newsroom"), seen("c", RULING)])
    assert [(each.item, each.to) for each in change.rises] == [
        ("b", Level.CRITICAL),
        ("c", Level.HIGH),
        ("a", Level.MEDIUM),
    ]


@pytest.mark.parametrize(
    ("age", "quiet", "fresh"),
    [(timedelta(), False, True), (FRESH, False, True), (FRESH + MICRO, False, False), (timedelta(), True, False)],
)
def test_what_was_old_or_undated_when_found_is_no_news(age: timedelta, quiet: bool, fresh: bool) -> None:
    made = case()
    old = seen("a", OUTAGE, published=AT - age)._replace(quiet=quiet)
    (found,) = assessments("acme", made.observe(AT, [old]), FRESH)
    assert found.fresh is fresh
    assert (found.level, found.at, len(found.rises), len(found.changes)) == (Level.HIGH, AT, 1, 2)


def test_one_fresh_report_among_old_ones_is_news_only_where_it_brought_the_rise() -> None:
    made = case()
    old = seen("a", OUTAGE, published=AT - FRESH * 2)
    (found,) = assessments("acme", made.observe(AT, [old, seen("b", MUSEUM)]), FRESH)
    assert not found.fresh
    confirmed = made.observe(later(hours=1), [seen("c", SAME_OUTAGE, "newsroom", at=later(hours=1))])
    (found,) = assessments("acme", confirmed, FRESH)
    assert found.fresh


def test_of_several_stories_that_rose_only_the_news_is_told() -> None:
    made = case()
    old = seen("a", RULING, "newsroom", published=AT - FRESH * 20)
    (found,) = assessments("acme", made.observe(AT, [old, seen("b", OUTAGE, "newsroom")]), FRESH)
    assert found.fresh
    assert [each.item for each in found.rises] == ["b"]
    assert any(each.rises for each in found.changes)


def test_an_assessment_holds_what_happened_at_one_instant() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, "newsroom")])
    change = made.observe(later(days=20), [seen("b", RULING, at=later(days=20))])
    found = assessments("acme", change, FRESH)
    assert [each.at for each in found] == sorted({each.at for each in change.transitions})
    assert [[one.cause for one in each.changes] for each in found] == [
        [Cause.DECAY],
        [Cause.DECAY],
        [Cause.DECAY],
        [Cause.EVIDENCE],
    ]
    assert [len(each.rises) for each in found] == [0, 0, 0, 1]
    assert of_falls("acme", made.advance(later(days=900)))[-1].level is Level.LOW


def test_a_story_merged_into_a_graver_one_is_no_rise() -> None:
    rng, found = Random(5), 0
    for _ in range(200):
        made = case()
        at = AT
        for number in range(6):
            at += timedelta(minutes=1)
            title = " ".join(rng.sample(HEADLINES[0].split() + HEADLINES[1].split(), 7)) + " outage"
            before = {story: term.impact for story, term in made.rankings[Axis.PRIORITY].leading(100)}
            change = made.observe(at, [seen(f"i{number}", title, rng.choice(["wire", "blog", "herald"]), at=at)])
            for event in change.events:
                if isinstance(event, Merged):
                    found += 1
                    gravest = max(before.get(event.story_from, 0.0), before.get(event.into, 0.0))
                    for rise in change.rises:
                        if rise.story == event.into:
                            assert rise.from_ >= level_of(gravest, RULES)
                            assert rise.to > rise.from_
    assert found, "some were merged"


@pytest.mark.parametrize("year", [1, 1970, 2026, 9000])
def test_a_report_of_any_date_is_counted_from_when_it_was_observed_at_the_latest(year: int) -> None:
    made = case()
    published = datetime(year, 2, 1, tzinfo=UTC)
    change = made.observe(AT, [seen("a", OUTAGE, "newsroom", published=published)])
    expected = 0.54 if year == 9000 else pytest.approx(0.54 * 2 ** ((published - AT) / timedelta(days=7)))
    assert made.score(Axis.PRIORITY, AT) == expected
    # 0.27 x 2^(-23 d / 180 d) on continuity is still medium.
    moved = {2026: [Axis.CONTINUITY], 9000: [Axis.PRIORITY, Axis.CONTINUITY]}.get(year, [])
    assert [each.axis for each in change.transitions] == moved


def test_a_higher_criticality_raises_the_level_by_configuration() -> None:
    calm = CaseFile(replace(ACME, criticality=Criticality.LOW), TOPICS, RULES)
    calm.observe(AT, [seen("a", OUTAGE)])  # 0.36 x 0.8 = 0.288
    assert calm.axes[Axis.PRIORITY].level is Level.MEDIUM
    grave = CaseFile(replace(ACME, criticality=Criticality.HIGH), TOPICS, RULES)
    grave.observe(AT, [seen("a", OUTAGE)])  # 0.36 x 1.2 = 0.432
    (change,) = grave.reconsider(later(hours=1), calm.axes, ())
    assert (change.from_, change.to, change.cause) == (Level.MEDIUM, Level.HIGH, Cause.CONFIG)


def test_a_story_whose_topic_is_over_falls_at_that_instant_by_evidence() -> None:
    made = Follower()
    made.observe(AT, seen("a", OUTAGE, "newsroom"))
    over = seen("b", SAME_OUTAGE, "wire", at=later(hours=3), topics=(("outage", 0.25),), resolved=True)
    change = made.observe(later(hours=3), over)
    # 0.60 / 4 x (1 - 0.10 x 0.40) = 0.144, and 0.072 on continuity
    assert moves(list(change.transitions)) == [
        ("priority", "critical", "medium", "evidence", later(hours=3)),
        ("continuity", "medium", "low", "evidence", later(hours=3)),
    ]
    assert (change.rises, change.corrections) == ((), ())
    made.hand_over()
    again = seen("c", OUTAGE, "herald", at=later(hours=4))
    assert made.observe(later(hours=4), again).transitions == (), "it is over, whoever tells of it late"
    (story,) = made.case.evidence()
    assert story.topics == (("outage", 0.25),)


def test_a_story_that_one_report_denies_and_another_affirms_is_affirmed() -> None:
    made = case()
    made.observe(AT, [seen("a", OUTAGE, topics=(("outage", 0.25),)), seen("b", SAME_OUTAGE, "herald")])
    (story,) = made.evidence()
    assert story.topics == (("outage", 1.0),)
