"""The weekly briefing: what it holds, that the record alone decides it, what a tier sees, and that it is sent once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from kit.system import CONFIG, Clock, System

from alerts.insight.briefing import STORIES, briefing
from alerts.model.errors import NotFoundError
from alerts.model.secret import Secret
from alerts.model.subscriber import Selection, Tier
from alerts.model.week import Week
from alerts.pipeline import operate
from alerts.rendering.briefing import briefing_body, briefing_page, briefing_text
from alerts.rendering.tiers import gate_briefing, may_read_week
from alerts.routing.alerts import Kind
from alerts.store.database import Database
from alerts.store.schema import DeliveryRow

GOLDEN = Path(__file__).with_name("golden") / "briefing.html"
WEEK = Week(2026, 9)
BEFORE = datetime(2026, 2, 18, 9, tzinfo=UTC)
WEEKLY = CONFIG.replace(
    '    channels: {console: "console://", pager: "console://"}\n',
    '    channels: {console: "console://", pager: "console://"}\n'
    '    briefing: {weekly: "mon 07:30", timezone: Europe/Paris}\n',
)


def told(database: Database, config: Path) -> System:
    """One story in the week before, two and a withdrawal in it, then two quiet weeks."""
    town = System(database, config, content=WEEKLY, clock=Clock(BEFORE))
    town.settle()
    town.observe("tribune", "Globex faces probe of its pricing")
    town.later(days=6)
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.later(minutes=30)
    town.observe("tribune", "Acme hit by an outage of its Rocketeer service", text="Acme said it works on it.")
    town.later(hours=5)
    item = town.observe("coastline", "Ministry opens <b>pricing</b> probe into Acme & others")
    town.later(days=1)
    town.observe("coastline", "Ministry opens no probe", id=item, withdrawn=True)
    town.observe("tribune", "Globex opens a plant")
    for _ in range(3):
        town.later(days=4)
        town.settle()
    return town


@pytest.fixture
def town(database: Database, tmp_path: Path) -> System:
    return System(database, tmp_path / "config", content=WEEKLY, clock=Clock(BEFORE))


@pytest.fixture
def quiet(played: Callable[..., System]) -> System:
    return played(told)


def edition(town: System, week: Week = WEEK, subscriber: str = "") -> dict[str, Any]:
    active = town.runtime.configuration.current()
    who = active.settings.subscribers[subscriber] if subscriber else None
    with town.runtime.database.read() as session:
        return briefing(session, active, week, who)


def about(found: dict[str, Any], institution: str) -> dict[str, Any]:
    return next(each for each in found["institutions"] if each["institution"] == institution)


# --- what it holds -------------------------------------------------------------------------------------------


def test_a_week_holds_its_changes_stories_levels_falls_and_corrections(quiet: System) -> None:
    found = edition(quiet)
    assert found["counts"] == {"changes": 4, "stories": 2, "reported": 2, "corrected": 1}
    acme = about(found, "acme")
    assert acme["days"] == ["low", "high", "high", "high", "medium", "medium", "medium"]
    assert [(each["axis"], each["from"], each["to"]) for each in acme["changes"]] == [
        ("priority", "low", "medium"),
        ("priority", "medium", "high"),
        ("continuity", "low", "medium"),
        ("priority", "high", "medium"),
    ]
    (story,) = acme["stories"]
    assert [(each["number"], each["publisher"]) for each in story["sources"]] == [(1, "Acme"), (2, "Harbor Tribune")]
    assert [(each["axis"], each["from"], each["to"]) for each in acme["falls"]] == [("priority", "medium", "low")]
    (corrected,) = found["corrected"]
    assert (corrected["institution"], corrected["publisher"]) == ("acme", "Coastline Online")


def test_an_expected_fall_is_the_one_that_then_happens(quiet: System) -> None:
    (fall,) = about(edition(quiet), "acme")["falls"]
    then = about(edition(quiet, WEEK.moved(1)), "acme")
    assert fall["at"] in [each["at"] for each in then["changes"] if each["cause"] == "decay"]


def test_it_says_what_differs_from_the_edition_before(quiet: System) -> None:
    last = edition(quiet)["last"]
    assert last["week"] == "2026-W08"
    assert last["counts"] == edition(quiet, WEEK.moved(-1))["counts"]
    assert last["levels"] == [{"name": "Acme", "before": "low", "now": "medium"}]
    assert (last["entered"], last["left"]) == (["Acme"], [])


def test_it_is_about_what_the_subscriber_watches(quiet: System) -> None:
    board = edition(quiet, subscriber="board")
    assert board["tracked"] == 1
    assert [each["institution"] for each in board["institutions"]] == ["globex"]


def test_silences_that_end_in_the_week_after_are_expected(quiet: System) -> None:
    quiet.clock.at = WEEK.start + timedelta(days=1)
    for days in (3, 9, 30):
        operate.silence(
            quiet.runtime,
            Selection(institutions=frozenset({"acme"})),
            until=WEEK.start + timedelta(days=days),
            reason=f"for {days} days",
            author="ops",
        )
    assert [each["reason"] for each in edition(quiet)["silences"]] == ["for 9 days"]


def test_more_stories_than_are_listed_are_counted(town: System) -> None:
    town.later(days=6)
    for number in range(STORIES + 3):
        town.observe("tribune", f"Globex {chr(97 + number) * 9} {chr(107 + number) * 8} {chr(98 + number) * 7} outage")
        town.later(hours=3)
    town.later(days=9)
    town.settle()
    globex = about(edition(town), "globex")
    assert (globex["story_count"], len(globex["stories"])) == (STORIES + 3, STORIES)
    assert "and 3 more" in briefing_text(edition(town))


def test_a_week_that_is_not_over_says_where_the_record_ends(quiet: System) -> None:
    now = edition(quiet, Week.of(quiet.now))
    assert now["until"] < now["end"]
    assert {each["days"][-1] for each in now["institutions"]} == {None}
    assert "this is the week so far" in briefing_text(now)


def test_a_week_that_is_not_on_record_is_refused(quiet: System) -> None:
    with pytest.raises(NotFoundError, match="no edition '2026-W20': the record ends at 2026-03-0"):
        edition(quiet, Week(2026, 20))


# --- the record alone decides it ----------------------------------------------------------------------------


def test_a_finished_week_gives_the_same_bytes_whatever_happens_later(quiet: System) -> None:
    before = [edition(quiet), edition(quiet, subscriber="desk")]
    pages = [briefing_page(each) for each in before]
    quiet.observe("tribune", "Acme hit by an outage of its Rocketeer service again")
    quiet.observe("tribune", "Globex plant: outage")
    quiet.later(days=20)
    quiet.settle()
    after = [edition(quiet), edition(quiet, subscriber="desk")]
    assert json.dumps(before) == json.dumps(after)
    assert pages == [briefing_page(each) for each in after]


HAPPENS = st.lists(
    st.tuples(
        st.sampled_from(["acme-news", "tribune", "coastline"]),
        st.sampled_from(["Acme outage", "Globex probe", "Initech investigation", "Globex and Acme shut down"]),
        st.integers(1, 60),
    ),
    max_size=6,
)


@pytest.mark.slow
@hypothesis_settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=HAPPENS, later=HAPPENS)
def test_the_same_record_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, first: list[Any], later: list[Any]
) -> None:
    """And what is recorded after a week is over does not change its edition."""
    directory = tmp_path_factory.mktemp("law")
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    town = System(database, directory / "config", clock=Clock(WEEK.start - timedelta(days=3)))

    def play(events: list[Any]) -> None:
        for number, (source, title, hours) in enumerate(events):
            town.later(hours=hours)
            town.observe(source, f"{title} {number} {source}")
            town.settle()

    play(first)
    town.clock.at = max(town.now, WEEK.end + timedelta(hours=1))
    town.settle()
    editions = [briefing_page(edition(town)) + json.dumps(edition(town, subscriber="desk")) for _ in range(2)]
    play(later)
    editions.append(briefing_page(edition(town)) + json.dumps(edition(town, subscriber="desk")))
    database.dispose()
    assert len(set(editions)) == 1


# --- what is shown -------------------------------------------------------------------------------------------


def test_the_page_is_the_golden_one(quiet: System) -> None:
    page = briefing_page(edition(quiet, subscriber="desk"))
    if os.environ.get("ALERTS_WRITE_GOLDEN"):
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_every_headline_is_escaped_and_linked_only_where_that_is_safe(town: System) -> None:
    town.later(days=6)
    town.observe("tribune", "Globex <script>alert(1)</script> outage\x1b[31m", url="javascript:alert(1)")
    town.later(days=9)
    town.settle()
    found = edition(town)
    assert "<script" not in briefing_body(found)
    assert "javascript:" not in briefing_page(found) + json.dumps(found)
    assert "\x1b" not in briefing_text(found)


@pytest.mark.parametrize("tier", list(Tier))
def test_a_tier_sees_of_a_briefing_what_it_sees_elsewhere(quiet: System, tier: Tier) -> None:
    whole = edition(quiet)
    shown = gate_briefing(whole, tier)
    assert gate_briefing(shown, tier) == shown
    said = briefing_text(shown) + briefing_page(shown) + json.dumps(shown)
    assert ("https://tribune.example" in said) is tier.allows(Tier.STRATEGIC_CIRCLE)
    assert ("score 0." in said) is tier.allows(Tier.STRATEGIC_CIRCLE)
    assert ("Ministry" in said) is tier.allows(Tier.STRATEGIC_CIRCLE)
    assert ("falls from" in said) is tier.allows(Tier.LEADERSHIP_ALLIANCE)
    assert ("severity" in said) is tier.allows(Tier.LEADERSHIP_ALLIANCE)
    assert about(shown, "acme")["days"] == about(whole, "acme")["days"]


def test_editions_before_the_newest_are_history() -> None:
    monday = WEEK.end + timedelta(hours=8)
    assert may_read_week(WEEK.end, Tier.OPEN, monday)
    assert not may_read_week(WEEK.moved(-1).end, Tier.STRATEGIC_CIRCLE, monday)
    assert may_read_week(WEEK.moved(-1).end, Tier.LEADERSHIP_ALLIANCE, monday)


# --- as a message --------------------------------------------------------------------------------------------


def sent(town: System) -> list[DeliveryRow]:
    with town.runtime.database.read() as session:
        rows = session.query(DeliveryRow).filter(DeliveryRow.kind == Kind.BRIEFING.value)
        return list(rows.order_by(DeliveryRow.at, DeliveryRow.channel))


def at(town: System, moment: datetime) -> None:
    town.clock.at = moment
    town.settle()


MONDAY = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)


def test_it_is_sent_once_to_each_channel_at_its_local_time(town: System) -> None:
    told_until = MONDAY - timedelta(minutes=1)
    at(town, told_until - timedelta(days=5))
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    at(town, told_until)
    assert sent(town) == []
    at(town, MONDAY)
    for _ in range(3):
        at(town, town.now + timedelta(minutes=5))
    found = sent(town)
    assert [(each.channel, each.at, each.state) for each in found] == [
        ("console", MONDAY, "sent"),
        ("pager", MONDAY, "sent"),
    ]
    said = town.out.getvalue()
    assert said.count("Briefing 2026-W09, 23 Feb 2026 to 1 Mar 2026: what desk watches") == 2
    assert "falls from" not in said  # the desk's tier does not see what is expected


def test_what_fell_due_while_nothing_ran_is_sent_late_and_the_newest_alone(town: System) -> None:
    at(town, MONDAY - timedelta(days=1))
    at(town, MONDAY + timedelta(days=15))
    assert {each.message["detail"] for each in sent(town)} == {"2026-W11"}


def test_a_restart_and_a_clock_set_back_send_no_second_one(town: System, tmp_path: Path) -> None:
    at(town, MONDAY - timedelta(hours=1))
    at(town, MONDAY)
    again = System(town.runtime.database, tmp_path / "config", content=WEEKLY, clock=Clock(MONDAY - timedelta(hours=2)))
    for _ in range(4):
        at(again, again.now + timedelta(hours=1))
    assert len(sent(again)) == 2


def test_a_new_subscriber_gets_no_briefing_of_the_past(town: System) -> None:
    at(town, MONDAY + timedelta(days=1))
    at(town, MONDAY + timedelta(days=2))
    assert sent(town) == []


def test_a_mail_has_both_parts_and_unsubscribes(quiet: System) -> None:
    from alerts.rendering.briefing import message
    from alerts.rendering.view import compose

    subscriber = quiet.runtime.configuration.current().settings.subscribers["desk"]
    view = compose(
        subscriber,
        id="m1",
        kind=Kind.BRIEFING,
        channel="mail",
        at=MONDAY,
        unsubscribe="https://a.example/unsubscribe/t",
        base_url="https://a.example",
    )
    found = gate_briefing(edition(quiet, subscriber="desk"), subscriber.tier)
    mail = message(found, view, Secret("mailto://h.example?from=a@h.example"))
    assert mail.title == "Briefing 2026-W09: 4 level changes, 2 stories"
    assert mail.html is not None
    assert "https://a.example/briefing/2026-W09" in mail.html
    assert "Rocketeer is down" in mail.body
    assert ("List-Unsubscribe", "<https://a.example/unsubscribe/t>") in mail.headers
    assert mail.body in message(found, view, Secret("console://")).body
    chat = message(found, view, Secret("slack://a/b/c"))
    assert len(chat.body) < 1000
    assert "https://a.example/briefing/2026-W09" in chat.body
    hook = message(found, view, Secret("json://h.example"))
    assert hook.payload is not None
    assert (hook.payload["kind"], hook.payload["week"]) == ("briefing", "2026-W09")
