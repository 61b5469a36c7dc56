from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.stories.features import Features
from alerts.stories.window import Window, cost

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
words = st.lists(st.sampled_from(["bank", "fined", "outage", "zapwire", "oslo", "#7"]), unique=True).map(tuple)
steps = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc"), words, words, st.integers(0, 100)), max_size=30)


def item(name: str, hours: int, title: tuple[str, ...], body: tuple[str, ...] = ()) -> Features:
    at = NOON + timedelta(hours=hours)
    return Features(name, "p", f"example.com/{name}", at, at, title, tuple(set(body) - set(title)))


def shown(window: Window) -> object:
    """All of a window's state by value."""
    return {
        name: (
            story.counts,
            sorted(story.members),
            story.outlets,
            story.days,
            story.earliest,
            story.latest,
            window.norm(story, window.level),
            window.costs(sorted(story.counts)),
            story.led_by(),
        )
        for name, story in window.stories.items()
    }


@given(steps)
def test_counts_follow_from_the_members_alone(
    todo: list[tuple[int, str, tuple[str, ...], tuple[str, ...], int]],
) -> None:
    lived = Window(frozenset())
    members: dict[str, tuple[Features, str]] = {}
    for number, story, title, body, hours in todo:
        name = str(number)
        if name in lived.where:
            lived.take(name)
            del members[name]
        else:
            members[name] = (item(name, hours, title, body), story)
            lived.put(*members[name])
        if hours % 2:  # what is asked for meanwhile changes nothing
            lived.known(dict.fromkeys(title, 1))
            for each in lived.stories.values():
                lived.norm(each, 1)
    fresh = Window(frozenset())
    for features, story in sorted(members.values(), key=lambda pair: pair[0].reported):
        fresh.put(features, story)
    assert shown(lived) == shown(fresh)
    assert set(lived.pages) == {features.link for features, _ in members.values()}


@given(steps)
def test_the_norm_is_the_length_of_the_weighted_counts(
    todo: list[tuple[int, str, tuple[str, ...], tuple[str, ...], int]],
) -> None:
    window = Window(frozenset())
    for number, (_, story, title, body, hours) in enumerate(todo):
        window.put(item(str(number), hours, title, body), story)
    level = window.level
    for each in window.stories.values():
        weighted = dict(zip(each.counts, window.costs(each.counts), strict=True))
        assert window.norm(each, level) == sum((level - weighted[term]) ** 2 * n**2 for term, n in each.counts.items())
        assert all(level > each for each in weighted.values())


def test_a_term_costs_by_the_story_days_that_have_it() -> None:
    window = Window(frozenset())
    for number in range(6):
        window.put(item(f"a{number}", 0, ("zapwire",)), "one story on one day")
    assert window.costs(["zapwire"]) == [cost(6500, 1)]
    window.put(item("b", 24, ("zapwire",)), "one story on one day")
    assert window.costs(["zapwire"]) == [cost(6500, 2)]
    window.put(item("c", 24, ("zapwire",)), "another story")
    assert window.costs(["zapwire"]) == [cost(6500, 3)]
    window.take("c")
    assert window.costs(["zapwire"]) == [cost(6500, 2)]


def test_ignored_terms_are_not_counted() -> None:
    window = Window(frozenset(["zapwire"]))
    assert window.put(item("a", 0, ("zapwire", "oslo"), ("zapwire",)), "s").counts.keys() == {"oslo"}


def test_what_left_the_window_leaves_nothing() -> None:
    window = Window(frozenset())
    for number in range(50):
        window.put(item(str(number), number, ("oslo", f"word{number}")), "ab"[number % 2])
    window.forget(NOON + timedelta(hours=48))
    assert set(window.where) == {"49"}
    window.forget(NOON + timedelta(hours=49))
    assert not window.where
    assert not window.stories
    assert not window.known({"oslo": 1, "word49": 1})
    assert not window.pages


def test_merging_moves_all_members() -> None:
    window = Window(frozenset())
    into = window.put(item("1", 0, ("oslo",)), "into")
    gone = window.put(item("2", 1, ("bank",)), "gone")
    window.merge(into, gone)
    assert set(window.stories) == {"into"}
    assert {window.where["1"].id, window.where["2"].id} == {"into"}
