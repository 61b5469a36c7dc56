from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from alerts.model.item import Item
from alerts.stories.features import Features, features
from alerts.stories.independence import independent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEAD = "The regulator fined Meridian Bank 75 million dollars on Monday for failing to stop money laundering."
REST = " ".join(f"Sentence {number} of the article says something else again." for number in range(40))


def item(name: str, publisher: str, title: str = "Bank fined", **fields: str) -> Features:
    observed = NOON + timedelta(minutes=int(name))
    return features(Item(id=name, title=title, observed=observed, **fields), publisher)  # type: ignore[arg-type]


def reasons(*members: Features) -> list[str]:
    return [link.reason for group in independent(members) for link in group.links]


def test_different_publishers_are_independent() -> None:
    groups = independent([item("1", "Daily Planet"), item("2", "Gazette"), item("3", "Courier")])
    assert [group.items for group in groups] == [("1",), ("2",), ("3",)]
    assert all(group.links == () for group in groups)


def test_items_of_one_publisher_count_once() -> None:
    assert reasons(item("1", "The Daily Planet"), item("2", "Daily Planet (blog)")) == ["same-publisher"]


def test_one_page_counts_once() -> None:
    one = item("1", "Daily Planet", url="https://planet.example/a?utm_source=x")
    other = item("2", "Aggregator", url="http://www.planet.example/a")
    assert reasons(one, other) == ["same-link"]


def test_an_aggregator_counts_with_the_origin_it_names() -> None:
    assert reasons(item("1", "Daily Planet"), item("2", "Aggregator", origin="Daily Planet")) == ["same-origin"]
    assert reasons(item("1", "One", origin="Planet"), item("2", "Two", origin="The Planet")) == ["same-origin"]


def test_one_agency_counts_once() -> None:
    one = item("1", "Daily Planet", summary="LONDON (Reuters) - The bank was fined.")
    assert reasons(one, item("2", "Gazette", author="Reuters")) == ["wire"]
    assert reasons(one, item("2", "Reuters UK")) == ["wire"]
    assert reasons(one, item("2", "Gazette", author="AFP")) == []


def test_a_copied_text_counts_once() -> None:
    whole = item("1", "Daily Planet", content=f"{LEAD} {REST}")
    assert reasons(whole, item("2", "Gazette", content=f"{LEAD} {REST}")) == ["same-text"]
    assert reasons(whole, item("2", "Gazette", summary=LEAD)) == ["same-text"]
    edited = LEAD.replace("Monday", "Tuesday")
    assert reasons(whole, item("2", "Gazette", content=f"{edited} {REST}")) == ["same-text"]
    new_lead = "Gazette, London. " + "Here our own correspondent begins in quite another way. " * 6
    assert reasons(whole, item("2", "Gazette", content=f"{new_lead} {REST}")) == ["same-text"]


def test_a_copy_counts_with_the_full_text_whatever_came_before_with_the_same_opening() -> None:
    start = f"{LEAD} " + " ".join(f"Then the {number}th thing was said about it." for number in range(8))
    new_lead = "Gazette, London. " + "Here our own correspondent begins in quite another way. " * 6
    members = [
        item("1", "Daily Planet", "Bank fined", content=f"{start} {REST}"),
        item("2", "Gazette", "Regulator acts", content=f"{new_lead} {REST}"),
    ]
    assert len(independent(members)) == 1
    assert len(independent([item("0", "Courier", "Meridian in trouble", summary=start), *members])) == 1


def test_an_own_text_counts_on_its_own() -> None:
    one = item("1", "Daily Planet", summary=LEAD)
    own = "Money laundering controls at Meridian were so weak that supervisors imposed a penalty of $75m."
    assert reasons(one, item("2", "Gazette", summary=own)) == []


def test_short_stock_phrases_are_no_copied_text() -> None:
    one = item("1", "Daily Planet", summary="Click here to read more.")
    assert reasons(one, item("2", "Gazette", summary="Click here to read more.")) == []


def test_a_telling_headline_twice_is_a_reprint_unless_texts_differ() -> None:
    long = "Regulator fines Meridian Bank $75 million over money laundering controls"
    assert reasons(item("1", "Daily Planet", long), item("2", "Gazette", long.upper())) == ["same-headline"]
    other = "Money laundering controls at Meridian were so weak that supervisors imposed a penalty of $75m."
    with_texts = item("1", "Daily Planet", long, summary=LEAD), item("2", "Gazette", long, summary=other)
    assert reasons(*with_texts) == []
    assert reasons(item("1", "Daily Planet", "Stocks fall"), item("2", "Gazette", "Stocks fall")) == []


def test_a_copy_of_a_copy_counts_with_the_original() -> None:
    members = [
        item("1", "Reuters"),
        item("2", "Daily Planet", summary="LONDON (Reuters) - Fined.", url="https://planet.example/a"),
        item("3", "Aggregator", url="https://planet.example/a"),
        item("4", "Gazette"),
    ]
    first, second = independent(members)
    assert first.items == ("1", "2", "3")
    assert {link.reason for link in first.links} == {"wire", "same-link"}
    assert second.items == ("4",)


some = st.lists(
    st.builds(
        item,
        st.integers(0, 20).map(str),
        st.sampled_from(["Daily Planet", "Gazette", "Courier", "Reuters"]),
        st.sampled_from(["Bank fined", "Regulator fines Meridian Bank $75 million over laundering controls"]),
        summary=st.sampled_from(["", LEAD, "PARIS (AFP) - Fined.", "Oslo (Reuters) - Fined."]),
        url=st.sampled_from(["", "https://a.example/1", "https://a.example/2"]),
        origin=st.sampled_from(["", "Gazette"]),
    ),
    unique_by=lambda each: each.item,
)


@given(some, st.randoms(use_true_random=False))
def test_order_has_no_influence(members: list[Features], order: random.Random) -> None:
    shuffled = list(members)
    order.shuffle(shuffled)
    assert independent(members) == independent(shuffled)


@given(some)
def test_groups_share_out_the_items_and_links_hold_each_together(members: list[Features]) -> None:
    groups = independent(members)
    assert sorted(each for group in groups for each in group.items) == sorted(each.item for each in members)
    for group in groups:
        assert len(group.links) == len(group.items) - 1
        assert {end for link in group.links for end in (link.a, link.b)} <= set(group.items)


@given(some, st.sampled_from(["1", "99"]))
def test_a_copy_never_makes_more_groups(members: list[Features], name: str) -> None:
    if members and name not in {each.item for each in members}:
        copy = item(name, "Aggregator", url="https://copy.example/x")
        original = item("50", "Courier", url="https://copy.example/x")
        assert len(independent([*members, original, copy])) <= len(independent([*members, original]))


def text(lead: int, first: int, last: int) -> str:
    """Some own words, and a part of the agency's text."""
    own = [f"own{lead}word{number}" for number in range(lead * 7)]
    return " ".join([*own, *(f"Word{number}" for number in range(first, last))])


copies = st.lists(st.builds(text, st.integers(0, 9), st.integers(0, 60), st.integers(60, 160)), min_size=2, max_size=8)


@given(copies)
def test_whose_texts_are_alike_count_once(texts: list[str]) -> None:
    members = [
        item(str(number), f"Paper {number}", f"Bank fined {number}", content=content)
        for number, content in enumerate(texts)
    ]
    group_of = {each: group for group in independent(members) for each in group.items}
    for one, other in combinations(members, 2):
        if len(independent([one, other])) == 1:
            assert group_of[one.item] == group_of[other.item]
