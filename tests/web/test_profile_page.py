"""The page of an institution: one sentence first, what moved apart from what did not, and another one beside it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from kit.browsing import Browser
from kit.system import CONFIG, System

from alerts.insight.profiles import profile_at
from alerts.model.level import Axis, Cause, Level, Transition
from alerts.model.profile import Profile
from alerts.model.subscriber import Tier
from alerts.web.reading import WINDOWS, fitting


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def lead(page: str) -> str:
    found = re.search(r'<p class="lead">(.*?)</p>', page, re.DOTALL)
    assert found is not None
    return text_of(found[1])


def section(page: str, name: str) -> str:
    return page.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]


def test_one_sentence_says_which_level_since_when_and_why(town: System, browser: Browser) -> None:
    said = lead(browser(Tier.STRATEGIC_CIRCLE).get("/institutions/acme").text)
    assert re.fullmatch(
        r"(High|Critical) since \d+ \w+ 20\d\d, \d\d:\d\d UTC because Rocketeer is down: we have an outage ?, "
        r"Acme and Harbor Tribune ?, grade [A-C]\.",
        said,
    ), said


def test_an_open_visitor_reads_the_level_and_the_newest_report(browser: Browser) -> None:
    said = lead(browser().get("/institutions/acme").text)
    assert re.fullmatch(
        r"(High|Critical) \. The newest report: Ministry opens pricing probe into Acme ?, .*\.", said
    ), said
    assert "because" not in said


def test_where_nothing_is_raised_the_sentence_says_so(browser: Browser) -> None:
    client = browser(Tier.STRATEGIC_CIRCLE)
    assert lead(client.get("/institutions/initech").text) == "Low on every axis: nothing was reported."
    said = lead(client.get("/institutions/globex").text)
    assert said.startswith(
        "Low on every axis: nothing that was reported raises a level. The newest report: Globex opens"
    )


def test_what_moved_stands_apart_from_other_news(town: System, browser: Browser) -> None:
    town.later(minutes=5)
    town.observe("tribune", "Acme sponsors a chess tournament")
    page = browser(Tier.STRATEGIC_CIRCLE).get("/institutions/acme").text
    moved, news = text_of(section(page, "moved")), text_of(section(page, "news"))
    assert "Rocketeer is down" in moved
    assert "moves priority" in moved
    assert "chess" not in moved
    assert "chess" in news
    assert "without effect" in news
    assert "Rocketeer" not in news


def test_evidence_is_shown_once_and_referred_to_by_number(browser: Browser) -> None:
    page = browser(Tier.STRATEGIC_CIRCLE).get("/institutions/acme").text
    assert page.count("Acme hit by an outage of its Rocketeer service") == 1, "in the evidence pack alone"
    surfaces = section(page, "surfaces")
    for named in ("Operations", "Rules and supervision", 'href="#e'):
        assert named in surfaces
    assert "Ministry" not in surfaces


def test_an_authority_is_shown_with_its_acts(town: System, browser: Browser) -> None:
    file = town.runtime.configuration.directory / "alerts.yaml"
    authority = "  - {id: initech, name: Initech, role: authority, "
    file.write_text(CONFIG.replace("  - {id: initech, name: Initech, ", authority), encoding="utf-8")
    town.reconfigure()
    town.later(minutes=5)
    town.observe("tribune", "Initech opens a probe into Globex")
    page = browser(Tier.STRATEGIC_CIRCLE).get("/institutions/initech").text
    assert lead(page).startswith("An authority: what it does raises the levels of those it acts upon, not its own.")
    acts = section(page, "news")
    assert "Acts of Initech" in acts
    assert 'about <a href="/institutions/globex">Globex</a>' in acts


def test_two_institutions_stand_side_by_side(browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    page = client.get("/institutions/acme?compare=globex").text
    assert page.count('class="matrix') == 2
    assert page.count("<svg") == 2
    assert client.get("/institutions/acme?compare=acme").text.count('class="matrix') == 1
    assert client.get("/institutions/acme?compare=nobody").status_code == 404
    open_page = browser().get("/institutions/acme?compare=globex").text
    assert open_page.count('class="matrix bare"') == 2
    assert "<svg" not in open_page


def test_the_window_of_the_plots_fits_what_is_known(town: System, browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    assert '<b aria-current="true">1d</b>' in client.get("/institutions/acme").text
    assert '<b aria-current="true">90d</b>' in client.get("/institutions/acme?window=90d").text
    assert '<b aria-current="true">1d</b>' in client.get("/institutions/acme?window=long").text
    town.later(days=3)
    assert '<b aria-current="true">7d</b>' in client.get("/institutions/acme").text


@pytest.mark.parametrize(
    ("days", "window"),
    [([], "1y"), ([0.5], "1d"), ([2], "7d"), ([2, 26], "30d"), ([80], "90d"), ([90], "1y"), ([999], "1y")],
)
def test_the_shortest_window_that_holds_every_change(town: System, days: list[float], window: str) -> None:
    assert list(WINDOWS) == ["1d", "7d", "30d", "90d", "1y"]
    assert fitting([with_changes(town, town.now, days)]) == window


def with_changes(town: System, at: datetime, days: list[float]) -> Profile:
    active = town.runtime.configuration.current()
    with town.runtime.database.read() as session:
        made = profile_at(session, active, active.settings.institution("initech"), at)
    changes = (
        Transition(at - timedelta(days=each), "initech", Axis.POLICY, Level.LOW, Level.HIGH, 0.4, Cause.EVIDENCE)
        for each in days
    )
    return replace(made, history=tuple(changes))
