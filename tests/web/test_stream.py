"""The stream of the newest stories: what it lists, how it is filtered and paged, what a tier sees, and word of news."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.browsing import Browser
from kit.system import System

from alerts.model.subscriber import Tier
from alerts.store.queries.stream import newest_change
from alerts.web import stream
from alerts.web.stream import visits

PROBE, OUTAGE, PLANT = (
    "Ministry opens pricing probe into Acme",
    "Rocketeer is down: we have an outage",
    "Globex opens a plant",
)


def titles(page: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", each).strip() for each in re.findall(r'<h2 class="as-said">(.*?)</h2>', page)]


def test_the_newest_stories_come_first(browser: Browser) -> None:
    page = browser(Tier.STRATEGIC_CIRCLE).get("/").text
    assert titles(page) == [PLANT, PROBE, OUTAGE]
    assert "Harbor Tribune" in page


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/?institution=globex", [PLANT]),
        ("/?tag=rockets", [PROBE, OUTAGE]),
        ("/?region=Europe", [PROBE, OUTAGE]),
        ("/?topic=outage", [OUTAGE]),
        ("/?source=coastline", [PROBE]),
        ("/?source=tribune", [PLANT, OUTAGE]),
        ("/?source=tribune&tag=rockets&topic=outage", [OUTAGE]),
        ("/?level=medium&institution=globex", []),
        ("/?level=medium", [OUTAGE]),
        ("/?tag=none", []),
    ],
)
def test_filters_can_be_combined(browser: Browser, address: str, found: list[str]) -> None:
    page = browser(Tier.STRATEGIC_CIRCLE).get(address).text
    assert titles(page) == found
    assert found or "No story fits" in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/?institution=nobody", 404),
        ("/?topic=nothing", 404),
        ("/?source=nobody", 404),
        ("/?before=yesterday", 400),
        ("/?before=99999999999999999999-x", 400),
        ("/?before=0-x", 200),
        ("/?level=extreme", 200),
        ("/live", 400),
        ("/live?known=-1", 400),
    ],
)
def test_what_cannot_be_asked_is_refused(browser: Browser, address: str, status: int) -> None:
    assert browser(Tier.STRATEGIC_CIRCLE).get(address).status_code == status


def test_one_event_about_several_institutions_is_one_entry(town: System, browser: Browser) -> None:
    town.later(minutes=5)
    town.observe("tribune", "Acme and Globex hit by an outage")
    page = browser(Tier.STRATEGIC_CIRCLE).get("/").text
    assert titles(page).count("Acme and Globex hit by an outage") == 1
    entry = page.partition("Acme and Globex hit by an outage")[2].partition("</li>")[0]
    assert "/institutions/acme" in entry
    assert "/institutions/globex" in entry


def test_an_open_visitor_sees_the_newest_headline_of_each_institution(town: System, browser: Browser) -> None:
    page = browser().get("/").text
    assert titles(page) == [PLANT, PROBE]
    for hidden in ("/stories/", "Harbor Tribune", "topic=", "grade ", "source="):
        assert hidden not in page, hidden
    assert browser().get("/?topic=outage").status_code == 403
    assert browser().get("/?source=tribune").status_code == 403
    record = browser().get("/api/stream").json()
    for each in record["stories"]:
        assert (each["story"], each["grade"], each["topics"], each["publishers"]) == ("", "", [], {})


def follow(browser: Browser, query: str, tier: Tier) -> list[str]:
    """The titles of all pages, by the links to older ones."""
    client, found, before = browser(tier), [], ""
    for _ in range(30):
        record = client.get(f"/api/stream?{query}&before={before}").json()
        found += [each["title"] for each in record["stories"]]
        if record["older"] is None:
            return found
        before = record["older"]
    raise AssertionError("the stream does not end")


@pytest.mark.slow
@pytest.mark.parametrize("tier", [Tier.OPEN, Tier.STRATEGIC_CIRCLE])
@pytest.mark.parametrize("narrow", [{}, {"READ_ALONE": 0, "SCANNED": 2}])
def test_pages_hold_every_story_once(
    town: System, browser: Browser, monkeypatch: pytest.MonkeyPatch, tier: Tier, narrow: Mapping[str, int]
) -> None:
    for number in range(4):
        town.later(minutes=3)
        town.observe("tribune", f"Initech number{number} wins a prize of its own kind{number}")
    whole = follow(browser, "", tier)
    of_one = follow(browser, "institution=initech", tier)
    for name, value in {"PAGE": 2, **narrow}.items():
        monkeypatch.setattr(stream, name, value)
    assert follow(browser, "", tier) == whole
    assert len(set(whole)) == len(whole) > 2
    assert follow(browser, "institution=initech", tier) == of_one
    assert follow(browser, "tag=rockets", tier) == [each for each in whole if each != PLANT]


# --- visits --------------------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_nothing_is_new_on_a_first_visit() -> None:
    assert visits("", NOON)[0] > NOON


def test_the_visit_before_ended_with_its_last_look() -> None:
    _, cookie = visits("", NOON)
    _, cookie = visits(cookie, NOON + timedelta(minutes=10))
    seen, cookie = visits(cookie, NOON + timedelta(hours=5))
    assert timedelta(0) <= seen - NOON - timedelta(minutes=10) <= timedelta(seconds=1)
    assert visits(cookie, NOON + timedelta(hours=5, minutes=5))[0] == seen, "the same visit goes on"


@given(st.text(max_size=40) | st.from_regex(r"\d{1,10}\.\d{1,10}", fullmatch=True))
def test_whatever_a_cookie_holds(cookie: str) -> None:
    seen, made = visits(cookie, NOON)
    assert seen <= NOON + timedelta(seconds=1)
    assert re.fullmatch(r"\d+\.\d+", made)


def test_what_came_since_is_marked(town: System, browser: Browser) -> None:
    client = browser(Tier.STRATEGIC_CIRCLE)
    assert "since your last visit" not in client.get("/").text
    town.later(hours=3)
    town.observe("tribune", "Globex wins a prize")
    page = client.get("/").text
    assert "<b>1 new</b> since your last visit" in page
    assert page.count('class="new"') == 1


# --- live ----------------------------------------------------------------------------------------------------


def test_a_page_learns_that_something_is_newer(town: System, browser: Browser) -> None:
    client = browser()
    with town.runtime.database.read() as session:
        newest = newest_change(session)
    assert f'data-live="{newest}"' in client.get("/").text
    answer = client.get(f"/live?known={newest - 1}")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert f"event: newer\nid: {newest}\n" in answer.text


def test_nothing_is_said_where_nothing_is_newer(
    town: System, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LASTING", 0.2)
    monkeypatch.setattr(stream, "SECONDS", 0.05)
    with town.runtime.database.read() as session:
        newest = newest_change(session)
    assert "event" not in browser().get(f"/live?known={newest}").text


def test_listeners_are_bounded_and_share_a_look(town: System, browser: Browser) -> None:
    client = browser()
    source = client.app.state.live  # type: ignore[attr-defined]
    source.listeners = stream.LISTENERS
    refused = client.get("/live?known=0")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
    looks = []

    class Counted(stream.Live):
        def _read(self) -> int:
            looks.append(1)
            return super()._read()

    async def ask() -> set[int]:
        fresh = Counted(town.runtime)
        return {await fresh.newest() for _ in range(50)}

    assert len(asyncio.run(ask())) == 1
    assert len(looks) == 1
