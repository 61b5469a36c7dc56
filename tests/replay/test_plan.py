from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from kit.settings import DESK, TOPICS, item, settings

from alerts.model.alert import Alert, AlertState
from alerts.model.level import Level
from alerts.model.settings import Settings
from alerts.model.subscriber import Direction
from alerts.replay.backtest import rehearse
from alerts.replay.plan import plan, records

pieces = st.lists(
    st.tuples(
        st.sampled_from(["acme-news", "tribune", "ledger"]),
        st.sampled_from(["Acme outage", "Acme sued", "Globex Corporation outage", "Acme lawsuit over outage"]),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=12,
)


def variants() -> st.SearchStrategy[Settings]:
    """Changed thresholds, a changed topic, a changed rule."""
    levels = settings().levels
    shy = replace(levels, raise_={Level.MEDIUM: 0.3, Level.HIGH: 0.6, Level.CRITICAL: 0.9})
    deaf = replace(DESK, watch=(replace(DESK.watch[0], at_least=Level.HIGH),))
    return st.sampled_from(
        [
            settings(),
            replace(settings(), levels=shy),
            settings(topics=TOPICS[:1]),
            settings(deaf),
            settings(DESK, replace(DESK, id="other")),
        ]
    )


def fates(alerts: list[Alert]) -> Counter[tuple[object, ...]]:
    return Counter(
        (each.at, each.subscriber, each.channel, each.institution, each.on, each.transition and each.transition.axis,
         each.transition and each.transition.to, each.state, each.reason)
        for each in alerts
    )  # fmt: skip


@given(pieces, variants(), variants())
def test_a_plan_is_the_difference_of_two_replays(
    drawn: list[tuple[str, str, int]], before: Settings, after: Settings
) -> None:
    items = [item(source, title, hours * 12) for source, title, hours in drawn]
    found = plan(items, before, after)
    old, new = rehearse(items, before).alerts, rehearse(items, after).alerts
    turned = fates(old)
    turned -= fates([*found.lost, *(before for before, _ in found.moved)])
    turned += fates([*found.gained, *(after for _, after in found.moved)])
    assert turned == fates(new)
    for volume in found.volumes:
        told = [each for each in new if each.state is not AlertState.SUPPRESSED]
        assert volume["after"] == sum(each.subscriber == volume["subscriber"] for each in told)


@given(pieces, variants())
def test_no_change_plans_nothing(drawn: list[tuple[str, str, int]], both: Settings) -> None:
    items = [item(source, title, hours * 12) for source, title, hours in drawn]
    found = plan(items, both, both)
    assert [*found.gained, *found.lost, *found.moved] == []


def test_what_is_lost_gained_and_moved_is_said_for_whom() -> None:
    items = [item("acme-news", "Acme suffers an outage"), item("acme-news", "Acme sued", 2)]
    found = plan(items, settings(), settings(topics=TOPICS[:1]))
    said = list(records(found))
    assert {record["kind"] for record in said} >= {"lost", "volume"}
    lost = [record for record in said if record["kind"] == "lost"]
    assert {record["transition"]["axis"] for record in lost} == {"policy"}
    assert said[-1] == {"kind": "volume", "subscriber": "desk", "before": found.volumes[0]["before"],
                        "after": found.volumes[0]["after"], "per_day": 1.0}, "the falls come later"  # fmt: skip


def test_falls_that_come_after_the_record_are_no_part_of_a_days_volume() -> None:
    both = replace(DESK, watch=(replace(DESK.watch[0], direction=Direction.BOTH),))
    items = [item("acme-news", "Acme suffers an outage"), item("acme-news", "Nothing of note", 24 * 4)]
    (volume,) = plan(items, settings(both), settings(both)).volumes
    alerts = [each for each in rehearse(items, settings(both)).alerts if each.state is not AlertState.SUPPRESSED]
    within = [each for each in alerts if each.at <= items[-1].observed]
    assert 0 < len(within) < len(alerts) == volume["after"]
    assert volume["per_day"] == len(within) / 4


def test_an_alert_that_comes_later_is_moved() -> None:
    items = [item("tribune", "Acme suffers an outage"), item("ledger", "Acme suffers an outage of its own", 5)]
    lower = replace(settings(), topics={each.id: each for each in TOPICS})
    higher = replace(settings().levels, raise_={Level.MEDIUM: 0.35, Level.HIGH: 0.7, Level.CRITICAL: 0.9})
    found = plan(items, lower, replace(settings(), levels=higher))
    assert any(before.at < after.at for before, after in found.moved)
