"""The counterfactual of why-not is what really happens when such a report comes."""

from __future__ import annotations

from typing import Any

import pytest
from kit.feeds import Entry, FeedServer
from kit.system import START, System, settings

from alerts.explain.why_not import why_not
from alerts.model.records import rounded
from alerts.model.times import parse_time
from alerts.store.schema import DeliveryRow, MembershipRow, TransitionRow

pytestmark = pytest.mark.servers

OUTAGE = "Acme Networks hit by outage in Rotterdam harbour"


def line_of(lines: Any, feeds: FeedServer, **more: Any) -> System:
    content = settings(
        {name: f"{feeds.url}/{name}" for name in ("wire", "herald", "gazette", "courier")},
        {"console": "console://"},
        **more,
    )
    for source in content["sources"]:
        if source["id"] in ("gazette", "courier"):
            source["reliability"] = "A"
    content["subscribers"][0]["watch"][0]["at_least"] = "high"
    made: System = lines(content)
    return made


def answer(made: System) -> dict[str, Any]:
    active = made.runtime.configuration.current()
    with made.database.read() as session:
        return why_not(
            session, active, active.settings.subscribers["desk"], active.settings.institutions["acme"], made.clock.at
        )


def priority(record: dict[str, Any]) -> dict[str, Any]:
    (found,) = [each for each in record["axes"] if each["axis"] == "priority"]
    return found  # type: ignore[no-any-return]


def test_what_it_promises_is_what_such_reports_do(lines: Any, feeds: FeedServer) -> None:
    made = line_of(lines, feeds)
    feeds.put("wire", [Entry("a1", OUTAGE, "", "https://wire.example/a1", START)])
    made.poll("wire")
    asked = made.clock.move(hours=3)
    axis = priority(answer(made))
    # 0.6 x 0.5 three hours ago; with a second B publisher 0.6 x 0.75, with an A 0.6 x 0.75 too, with two A 0.6 x 0.875
    assert axis["level"] == "medium"
    assert axis["at_least"] == "high"
    assert axis["needs"] == 0.5
    assert axis["score"] == pytest.approx(0.3 * 2 ** (-3 / 168), abs=1e-6)
    found = axis["counterfactual"]
    assert found["found"], found
    assert found["title"] == OUTAGE
    assert [each["with"] for each in found["tried"]] == [
        "one more independent secondary B publisher",
        "one more independent secondary A publisher",
        "two more independent secondary A publishers",
    ]
    assert (found["with"], found["level"]) == ("two more independent secondary A publishers", "high")
    # Asking changed nothing.
    assert len(made.rows(MembershipRow)) == 1
    assert not made.deliveries()

    # Now it really happens: two A publishers write of it, each in words and with a link of its own.
    feeds.put(
        "gazette",
        [Entry("g1", "Outage in Rotterdam harbour hits Acme Networks", "", "https://gazette.example/g1", asked)],
    )
    made.poll("gazette")
    assert [row.to_level for row in made.rows(TransitionRow)] == ["medium"]
    feeds.put(
        "courier",
        [
            Entry(
                "c1", "Acme Networks outage halts Rotterdam harbour terminals", "", "https://courier.example/c1", asked
            )
        ],
    )
    made.poll("courier")
    # A report that is observed at the same instant as another is stamped a microsecond later: the scores are
    # equal to what is shown.
    rise = max(made.rows(TransitionRow), key=lambda row: row.at)
    assert (rise.to_level, rounded(rise.score)) == ("high", found["score"])
    assert len({row.story for row in made.rows(MembershipRow)}) == 1
    (told,) = made.rows(DeliveryRow)
    assert told.state == "sent"


def test_a_copy_of_what_is_known_would_not_do(lines: Any, feeds: FeedServer) -> None:
    """What is tried out are independent reports: a copy of the story's own text promises nothing."""
    made = line_of(lines, feeds)
    feeds.put("wire", [Entry("a1", OUTAGE, "", "https://wire.example/a1", START)])
    made.poll("wire")
    promised = priority(answer(made))["counterfactual"]["tried"][0]
    feeds.put("herald", [Entry("h1", OUTAGE, "", "https://wire.example/a1", START)])  # the same link, reposted
    made.poll("herald")
    score = priority(answer(made))["score"]
    assert score == pytest.approx(0.3)
    assert promised["score"] == pytest.approx(0.45)


def test_nothing_would_do_while_the_institution_is_silenced(lines: Any, feeds: FeedServer) -> None:
    until = parse_time("2026-12-01T00:00:00Z")
    made = line_of(
        lines, feeds, silences=[{"institutions": ["acme"], "until": until.isoformat(), "reason": "planned maintenance"}]
    )
    feeds.put("wire", [Entry("a1", OUTAGE, "", "https://wire.example/a1", START)])
    made.poll("wire")
    found = priority(answer(made))["counterfactual"]
    assert not found["found"]
    assert {each["level"] for each in found["tried"]} >= {"medium", "high"}  # the level would rise


def test_without_a_story_there_is_nothing_to_add_to(lines: Any, feeds: FeedServer) -> None:
    record = answer(line_of(lines, feeds))
    assert record["stories"] == 0
    assert priority(record)["counterfactual"] == {"found": False, "why": "no story adds anything to this axis"}


def test_a_level_that_stands_says_what_routing_made_of_it(lines: Any, feeds: FeedServer) -> None:
    made = line_of(lines, feeds)
    feeds.put("wire", [Entry("a1", OUTAGE, "", "https://wire.example/a1", START)])
    feeds.put(
        "gazette",
        [Entry("g1", "Outage in Rotterdam harbour hits Acme Networks", "", "https://gazette.example/g1", START)],
    )
    feeds.put(
        "courier",
        [
            Entry(
                "c1", "Acme Networks outage halts Rotterdam harbour terminals", "", "https://courier.example/c1", START
            )
        ],
    )
    for source in ("wire", "gazette", "courier"):
        made.poll(source)
    made.clock.move(minutes=1)  # what was observed at one instant is stamped microseconds apart
    axis = priority(answer(made))
    assert axis["level"] == "high"
    assert axis["counterfactual"] is None
    assert axis["routing"] is not None
