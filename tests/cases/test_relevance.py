"""Whom a topic concerns: who acts, and who is acted upon."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from alerts.cases.observation import Topics, topics_about
from alerts.model.mention import Matched, Mention, Rule, TopicHit
from alerts.model.topic import Signal

AUTHORITIES = {"ftc", "sec"}


def matched(*hits: TopicHit, names: tuple[str, ...] = ("ftc", "meta"), voices: tuple[str, ...] = ()) -> Matched:
    mentions = [Mention(each, "title", 0, 3, each, Rule.NAME, 1.0) for each in names]
    mentions += [Mention(each, "title", 0, 3, each, Rule.NAME, 0.3, voice=True) for each in voices]
    return Matched(tuple(mentions), hits)


def hit(
    topic: str = "fine",
    *institutions: str,
    role: str = "",
    weight: float = 1.0,
    resolved: bool = False,
    pattern: str = "",
) -> TopicHit:
    placed = frozenset(institutions) or None
    return TopicHit(
        topic, Signal.GOVERNANCE, "title", 0, 4, topic, weight, placed, role=role, resolved=resolved, pattern=pattern
    )


def test_a_topic_of_the_item_concerns_the_subjects_and_no_authority() -> None:
    found = matched(hit())
    assert topics_about("meta", found, AUTHORITIES).weights == (("fine", 1.0),)
    assert topics_about("ftc", found, AUTHORITIES) == Topics()


def test_what_an_authority_does_is_about_the_others() -> None:
    found = matched(hit("fine", "ftc", role="actor"))
    assert topics_about("meta", found, AUTHORITIES).weights == (("fine", 1.0),)
    assert topics_about("ftc", found, AUTHORITIES) == Topics()
    assert topics_about("meta", found, set()) == Topics()  # no authority: it concerns the one at the pattern


def test_an_authority_that_is_the_target_is_concerned_and_the_others_are_not() -> None:
    found = matched(hit("breach", "sec", role="target"), names=("sec", "meta"))
    assert topics_about("sec", found, AUTHORITIES).weights == (("breach", 1.0),)
    assert topics_about("meta", found, AUTHORITIES) == Topics()


def test_an_authority_alone_has_what_a_pattern_finds_at_it_and_not_what_it_does() -> None:
    alone = ("ftc",)
    down = hit("outage", "ftc", pattern="@ is down")
    near = hit("outage", "ftc", pattern="outage*")
    act = hit("fine", "ftc", role="actor", pattern="@actor fines")
    assert topics_about("ftc", matched(down, names=alone), AUTHORITIES).weights
    assert topics_about("ftc", matched(down, names=alone, voices=("meta",)), AUTHORITIES).weights
    assert not topics_about("ftc", matched(down), AUTHORITIES).weights
    for each in (near, act):
        assert not topics_about("ftc", matched(each, names=alone), AUTHORITIES).weights


def test_the_heaviest_hit_counts_and_a_topic_is_over_where_all_say_so() -> None:
    over = hit("outage", weight=0.25, resolved=True)
    assert topics_about("meta", matched(over), AUTHORITIES) == Topics((("outage", 0.25),), ("outage",))
    both = matched(over, hit("outage", weight=0.5))
    assert topics_about("meta", both, AUTHORITIES) == Topics((("outage", 0.5),))


ids = st.sampled_from(["ftc", "sec", "meta", "acme"])
hits = st.builds(
    lambda topic, where, role, weight: hit(topic, *where, role=role, weight=weight),
    st.sampled_from(["fine", "outage"]),
    st.frozensets(ids, max_size=2),
    st.sampled_from(["", "target", "actor"]),
    st.sampled_from([0.25, 0.5, 1.0]),
)


@given(st.lists(hits, max_size=5), st.frozensets(ids, min_size=1), st.randoms(use_true_random=False))
def test_the_order_of_hits_has_no_influence_and_without_authorities_the_place_decides(
    found: list[TopicHit], names: frozenset[str], order: random.Random
) -> None:
    shuffled = list(found)
    order.shuffle(shuffled)
    for each in sorted(names):
        one = topics_about(each, matched(*found, names=tuple(sorted(names))), AUTHORITIES)
        assert one == topics_about(each, matched(*shuffled, names=tuple(sorted(names))), AUTHORITIES)
        plain = topics_about(each, matched(*found, names=tuple(sorted(names))), set())
        expected = {one.topic for one in found if one.institutions is None or each in one.institutions}
        assert {topic for topic, _ in plain.weights} == expected
