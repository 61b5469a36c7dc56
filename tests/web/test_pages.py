"""What readers see, and what they must not."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kit.browsing import Browser, opened
from kit.system import CONFIG, System
from sqlalchemy import select, update

from alerts.model.level import Level, LevelRules
from alerts.model.subscriber import Tier
from alerts.store.database import Database
from alerts.store.schema import AlertRow, SourceRow, StoryRow
from alerts.web import institutions as listing
from alerts.web.middleware import HEADERS
from alerts.web.reading import read_story, without_each

HOSTILE = (
    "<script>alert(1)</script>",
    "<svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "javascript:alert(1)",
    "a\u202eb\u0000c",
)


class Read(HTMLParser):
    """The elements of a page: tags with their attributes; unclosed and doubled things are errors."""

    VOID = frozenset({"meta", "link", "input", "br", "img"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), attrs
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def values(self, attribute: str, tag: str | None = None) -> list[str]:
        return [attrs[attribute] or "" for name, attrs in self.tags if attribute in attrs and tag in {None, name}]


def first(town: System, row: type) -> str:
    with town.runtime.database.read() as session:
        found = session.scalars(select(row.id).order_by(row.id)).first()  # type: ignore[attr-defined]
        assert isinstance(found, str)
        return found


def addresses(town: System) -> list[str]:
    return [
        "/",
        "/?level=medium&tag=rockets",
        "/overview",
        "/institutions?level=medium&sort=name",
        "/institutions/acme",
        "/institutions/initech",
        "/institutions/acme/why-not?subscriber=desk",
        f"/stories/{first(town, StoryRow)}",
        f"/alerts/{first(town, AlertRow)}",
        "/briefing/2026-W10",
        "/feedback",
        "/me?subscriber=desk",
        "/operate",
        "/operate/audit",
        "/operate/enter",
        "/nowhere",
    ]


@pytest.mark.parametrize("tier", Tier)
def test_every_page_is_well_formed_and_hardened(town: System, browser: Browser, tier: Tier) -> None:
    client = browser(tier)
    for address in addresses(town):
        answer = client.get(address)
        assert answer.status_code in {200, 403, 404}, address
        page = Read(answer.text)
        ids = page.values("id")
        assert len(set(ids)) == len(ids), address
        for target in page.values("href"):
            assert not target.startswith("#") or target[1:] in ids, (address, target)
        labelled = [part for value in page.values("aria-labelledby") for part in value.split()]
        assert set(labelled) <= set(ids), address
        assert page.values("style") == [], "the policy of the page would block it"
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
        assert page.values("src") == ["/static/page.js"]
        for name, value in HEADERS:
            assert answer.headers[name] == value, (address, name)
        assert "Cookie" in answer.headers["vary"]
        assert "no-cache" in answer.headers["cache-control"]


def test_of_a_long_story_the_first_reports_are_shown(town: System, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = town.runtime.configuration.current().settings
    with town.runtime.database.read() as session:
        story = session.scalars(select(StoryRow.id).where(StoryRow.title.contains("outage"))).one()
        whole = read_story(session, settings, story)
        monkeypatch.setattr("alerts.web.reading.MOST", 1)
        short = read_story(session, settings, story)
    assert (len(whole["publishers"]), whole["omitted"]) == (2, 0)
    assert (len(short["publishers"]), short["omitted"]) == (1, 1)
    (shown,) = short["publishers"][0]["reports"]
    assert shown.report.publisher == "Acme"
    assert short["titles"] == {shown.report.item: shown.report.title}


@pytest.mark.slow
def test_the_pages_link_to_pages_that_are_there(town: System, browser: Browser) -> None:
    client = browser(operator=True)
    seen: set[str] = set()
    waiting = ["/", "/operate"]
    while waiting:
        address = waiting.pop()
        if address in seen or address.startswith(("http", "#")):
            continue
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code == 200, address
        if "text/html" not in answer.headers["content-type"]:
            continue
        base = address.partition("?")[0]
        for href in Read(answer.text).values("href"):
            target = href.partition("#")[0]
            waiting.append(base + target if target.startswith("?") else target or address)
    assert {"/institutions/acme", "/institutions/acme/feed.atom", "/api/institutions/acme"} <= seen
    assert any(each.startswith("/stories/") for each in seen)
    assert any("at=" in each for each in seen)


# --- what a tier sees ----------------------------------------------------------------------------------------

DETAIL_ONLY = (
    "What moved the levels",
    "Evidence",
    "Harbor Tribune",
    "tribune.example",
    "Score",
    "Trend",
    "Also known as",
)
ANALYSIS_ONLY = ("Severity", "Levels over time", "supplier", "If nothing happens", "History")


def test_an_open_visitor_sees_levels_grade_counts_and_the_newest_headline(browser: Browser) -> None:
    text = browser().get("/institutions/acme").text
    for shown in (
        "Acme",
        "Manufacturer",
        "Europe",
        "Newest headline",
        "Ministry opens pricing probe into Acme",
        "covered",
        "by 3",
    ):
        assert shown in text
    for hidden in (*DETAIL_ONLY, *ANALYSIS_ONLY):
        assert f">{hidden}<" not in text, hidden
    assert "/stories/" not in text
    assert "Rocketeer is down" not in text, "only the newest headline"
    assert "Strategic circle" in text


def test_the_strategic_circle_sees_key_points_and_evidence(browser: Browser) -> None:
    text = browser(Tier.STRATEGIC_CIRCLE).get("/institutions/acme").text
    for shown in (*DETAIL_ONLY, "Rocketeer is down: we have an outage", 'href="#e1"', 'id="e1"'):
        assert shown in text, shown
    for hidden in ANALYSIS_ONLY:
        assert f">{hidden}<" not in text, hidden
    assert "<svg" not in text
    assert "For the leadership alliance" in text


def test_the_leadership_alliance_sees_everything(browser: Browser) -> None:
    text = browser(Tier.LEADERSHIP_ALLIANCE).get("/institutions/acme").text
    for shown in (*DETAIL_ONLY, *ANALYSIS_ONLY, "<svg", "plot-mark", "falls <time"):
        assert shown in text, shown
    assert "For members" not in text


def test_hints_say_the_same_whatever_there_is(browser: Browser) -> None:
    """What is locked must not show by its absence."""
    client = browser()
    locked = [
        re.search(r'<section class="locked".*?</section>', client.get(f"/institutions/{each}").text, re.DOTALL)
        for each in ("acme", "initech")
    ]
    assert locked[0] is not None
    assert locked[1] is not None
    assert locked[0][0] == locked[1][0]
    there, missing = client.get("/stories/none"), client.get("/alerts/none")
    assert (there.status_code, missing.status_code) == (403, 403)


def test_stories_and_alerts_are_for_members(town: System, browser: Browser) -> None:
    story, alert = first(town, StoryRow), first(town, AlertRow)
    for address in (f"/stories/{story}", f"/alerts/{alert}"):
        locked = browser().get(address)
        assert locked.status_code == 403
        assert "Acme" not in locked.text
        assert browser(Tier.STRATEGIC_CIRCLE).get(address).status_code == 200


def test_who_was_told_is_for_that_subscriber_and_for_operators(town: System, browser: Browser) -> None:
    with town.runtime.database.read() as session:
        alert = session.scalars(select(AlertRow.id).where(AlertRow.subscriber == "desk")).first()
    address = f"/alerts/{alert}"
    for client in (browser(Tier.LEADERSHIP_ALLIANCE), browser(subscriber="board")):
        text = client.get(address).text
        assert "Rule 1" not in text
        assert "desk" not in text
        assert "pager" not in text
    for client in (browser(subscriber="desk"), browser(operator=True)):
        text = client.get(address).text
        assert "Rule 1" in text
        assert "by console" in text


def test_the_make_up_of_a_score_is_analysis(town: System, browser: Browser) -> None:
    with town.runtime.database.read() as session:
        query = select(AlertRow.id).where(AlertRow.transition.is_not(None))
        alert = session.scalars(query).first()
    strategic = browser(Tier.STRATEGIC_CIRCLE).get(f"/alerts/{alert}").text
    assert "Severity" not in strategic
    assert "Rocketeer is down" in strategic
    assert "Severity" in browser(Tier.LEADERSHIP_ALLIANCE).get(f"/alerts/{alert}").text


# --- the past ------------------------------------------------------------------------------------------------


def test_the_past_is_shown_as_it_was(town: System, browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    before = (town.now - timedelta(minutes=20)).isoformat().replace("+00:00", "Z")
    text = client.get("/institutions/acme", params={"at": before}).text
    assert "Rocketeer is down" in text
    assert "Acme hit by an outage" not in text
    assert "as of" in text
    assert client.get("/institutions/acme", params={"at": "20m"}).status_code == 200
    assert "no evidence" in client.get("/institutions/acme", params={"at": "2d"}).text


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("soon", 400),
        ("9999-12-31T23:59:59Z", 400),
        ("0001-01-01T00:00:00Z", 400),
        ("0001-01-01T00:00:00%2B14:00", 400),
        ("99999999999999999d", 400),
        ("2d", 200),
        ("1970-01-01T00:00:00Z", 200),
        ("", 200),
    ],
)
def test_a_time_that_is_none(browser: Browser, at: str, status: int) -> None:
    assert browser(Tier.LEADERSHIP_ALLIANCE).get(f"/institutions/acme?at={at}").status_code == status


def test_the_past_is_history(browser: Browser) -> None:
    for tier in (Tier.OPEN, Tier.STRATEGIC_CIRCLE):
        assert browser(tier).get("/institutions/acme?at=1h").status_code == 403


# --- foreign text --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("hostile", HOSTILE)
def test_foreign_text_stays_text(town: System, browser: Browser, hostile: str) -> None:
    town.later(minutes=5)
    town.observe("coastline", f"Acme outage {hostile}", text=hostile, url=hostile, author=hostile)
    client = browser(operator=True)
    for address in addresses(town):
        text = client.get(address).text
        page = Read(text)
        assert "<script>" not in text
        assert "onload" not in {name for _, attrs in page.tags for name in attrs}
        assert "onerror" not in {name for _, attrs in page.tags for name in attrs}
        assert "\u202e" not in text
        assert "\0" not in text
        for target in page.values("href"):
            assert target.startswith(("/", "#", "?", "http://", "https://")), target
    assert "Acme outage" in client.get("/institutions/acme").text


@pytest.mark.slow
def test_what_is_asked_for_stays_text(browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    for address in (
        "/institutions?q=",
        "/institutions?page=",
        "/?q=",
        "/?tag=",
        "/?region=",
        "/?level=",
        "/?institution=",
        "/?topic=",
        "/?source=",
        "/?before=",
        "/live?known=",
        "/institutions/",
        "/institutions/acme?window=",
        "/stories/",
    ):
        for hostile in HOSTILE:
            answer = client.get(address + quote(hostile))
            assert answer.status_code in {200, 400, 404}
            assert "<script>" not in answer.text
            Read(answer.text)


@pytest.mark.parametrize(
    "address",
    ["/institutions/nobody", "/stories/nothing", "/alerts/nothing", "/static/../app.py", "/static/x", "/%00", "/é"],
)
def test_what_is_not_there_is_not_found(browser: Browser, address: str) -> None:
    answer = browser(Tier.LEADERSHIP_ALLIANCE).get(address)
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text


# --- the list ------------------------------------------------------------------------------------------------


def names(page: str) -> list[str]:
    return re.findall(r'<a href="/institutions/[^"]+">([^<]+)</a>\s*<small>', page)


def test_the_list_is_sorted_and_filtered(browser: Browser) -> None:
    client = browser()
    assert names(client.get("/institutions").text) == ["Acme", "Globex", "Initech"]
    assert names(client.get("/institutions?tag=rockets").text) == ["Acme", "Initech"]
    assert names(client.get("/institutions?region=Europe&level=medium").text) == ["Acme"]
    assert names(client.get("/institutions?q=corp").text) == ["Acme"]
    assert names(client.get("/institutions?category=Supplier&sort=changed").text) == ["Globex"]
    assert "Nothing tracked fits" in client.get("/institutions?tag=none").text


def test_the_list_is_a_page_at_a_time(town: System, browser: Browser) -> None:
    more = "".join(f"\n  - {{id: n{each:03}, name: Number {each:03}}}" for each in range(120))
    file = town.runtime.configuration.directory / "alerts.yaml"
    file.write_text(CONFIG.replace("\ntopics:", more + "\ntopics:"), encoding="utf-8")
    town.reconfigure()
    client = browser()
    pages = [names(client.get(f"/institutions?sort=name&page={page}").text) for page in (1, 2, 3, 4)]
    assert [len(each) for each in pages] == [listing.PAGE, listing.PAGE, 23, 23]
    assert len({name for page in pages for name in page}) == 123


def test_the_former_addresses_of_the_list_lead_to_it(browser: Browser) -> None:
    answer = browser().get("/?category=Supplier&sort=changed", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/institutions?category=Supplier&sort=changed")


# --- a story -------------------------------------------------------------------------------------------------


def test_a_story_shows_what_counts_once(town: System, browser: Browser) -> None:
    town.later(minutes=5)
    words = "Acme said on Tuesday that its foundry stood still for six hours after a fire in a machine hall."
    town.observe("tribune", "Acme fire stops foundry for six hours", text=words, author="Harbor Tribune staff")
    town.later(minutes=5)
    town.observe("coastline", "Acme fire stops foundry for six hours", text=words, author="Harbor Tribune staff")
    with town.runtime.database.read() as session:
        query = select(StoryRow.id).where(StoryRow.title.contains("fire"), StoryRow.institution == "acme")
        [story] = session.scalars(query)
    text = browser(Tier.STRATEGIC_CIRCLE).get(f"/stories/{story}").text
    assert "2 reports that count once" in text
    assert "same text" in text or "same publisher" in text or "same headline" in text
    assert "first report" in text
    shown = browser(Tier.STRATEGIC_CIRCLE).get(f"/api/stories/{story}").json()
    assert [set(link) for each in shown["publishers"] for link in each["merged"]] == [{"a", "b", "reason"}]


def test_a_story_counts_its_reports_as_they_read_now(town: System, browser: Browser) -> None:
    town.later(minutes=5)
    copied = "Acme said on Tuesday that its foundry stood still for six hours after a fire in a machine hall."
    own = "Our reporter in the harbour saw smoke above Acme at noon, and spoke with two of the firemen who put it out."
    town.observe("tribune", "Acme fire stops foundry for six hours", text=copied)
    item = town.observe("coastline", "Acme: fire stops foundry for six hours", text=copied)
    town.later(minutes=5)
    town.observe("coastline", "Acme: fire stops foundry for six hours", text=own, id=item)
    with town.runtime.database.read() as session:
        query = select(StoryRow).where(StoryRow.title.contains("fire"), StoryRow.institution == "acme")
        [story] = session.scalars(query)
    assert (story.reports, story.publishers) == (2, 2)
    assert "count once" not in browser(Tier.STRATEGIC_CIRCLE).get(f"/stories/{story.id}").text


def test_a_withdrawn_item_is_said_to_be_gone(town: System, browser: Browser) -> None:
    town.later(minutes=5)
    item = town.observe("coastline", "Initech in an outage")
    town.later(minutes=5)
    town.observe("coastline", "Initech in an outage", id=item, withdrawn=True)
    with town.runtime.database.read() as session:
        [story] = session.scalars(select(StoryRow.id).where(StoryRow.institution == "initech"))
    assert "Withdrawn, or no longer about it" in browser(Tier.STRATEGIC_CIRCLE).get(f"/stories/{story}").text


# --- staying right -------------------------------------------------------------------------------------------


def test_a_page_follows_what_is_observed(town: System, browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    assert "shut down" not in client.get("/institutions/acme").text
    town.later(seconds=1)
    town.observe("tribune", "Acme shut down for good")
    assert "Acme shut down for good" in client.get("/institutions/acme").text


def test_a_page_follows_the_configuration(town: System, browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    client.get("/institutions/acme")
    file = town.runtime.configuration.directory / "alerts.yaml"
    file.write_text(CONFIG.replace("name: Acme\n", "name: Acme Holding\n"), encoding="utf-8")
    town.reconfigure()
    assert "<h1>Acme Holding</h1>" in client.get("/institutions/acme").text


def test_a_page_follows_the_levels_as_they_fall(town: System, browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    assert 'class="level low"' not in first_row(client.get("/institutions/acme").text)
    town.later(days=365)
    assert 'class="level low"' in first_row(client.get("/institutions/acme").text), "whether or not it is recorded"


def first_row(page: str) -> str:
    return page[page.index("<tbody>") : page.index("</tr>", page.index("<tbody>"))]


def test_failing_sources_are_shown_at_once(town: System, browser: Browser) -> None:
    client = browser(Tier.STRATEGIC_CIRCLE)
    assert ">covered<" in client.get("/institutions/acme").text
    with town.runtime.database.write() as session:
        session.execute(update(SourceRow).where(SourceRow.id == "tribune").values(error="gone", error_streak=5))
    text = client.get("/institutions/acme").text
    assert ">partial<" in text
    assert "Not working: tribune" in text
    assert "tribune" not in browser().get("/institutions/acme").text


def test_pages_on_both_databases(database: Database, tmp_path: Path) -> None:
    town = System(database, tmp_path / "config")
    town.observe("tribune", "Acme hit by an outage")
    town.settle()
    with opened(town, operator=True) as client:
        for address in ("/", "/?sort=changed", "/institutions/acme", "/operate", "/metrics", "/api/institutions"):
            assert client.get(address).status_code == 200, address
        for address in (f"/stories/{first(town, StoryRow)}", f"/alerts/{first(town, AlertRow)}"):
            assert client.get(address).status_code == 200, address


@pytest.mark.slow
def test_a_page_after_news_is_that_of_a_fresh_process(town: System, browser: Browser) -> None:
    """A case file that stays open takes in news as one that is read anew."""
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    address = "/api/institutions/acme"
    said = [
        ("tribune", "Acme outage spreads to its factories", {}),
        ("coastline", "Acme outage spreads to factories in three countries", {}),
        ("acme-news", "Service is restored after the outage", {"id": "restored"}),
        ("tribune", "Investigation of Acme ends without a charge", {}),
        ("acme-news", "Service is restored after the outage", {"id": "restored", "withdrawn": True}),
        ("coastline", "Acme and Globex sign a contract", {}),
        ("tribune", "Acme shut down for good", {}),
    ]
    for number, (source, title, more) in enumerate(said):
        town.later(hours=7 * number + 1)
        town.observe(source, title, **more)  # type: ignore[arg-type]
        if number % 3 != 1:  # sometimes several at once
            fresh = browser(Tier.LEADERSHIP_ALLIANCE)
            assert client.get(address).json() == fresh.get(address).json(), title
    town.later(days=20)
    town.settle()
    assert client.get(address).json() == browser(Tier.LEADERSHIP_ALLIANCE).get(address).json()


def test_why_not_says_what_would_make_the_difference(town: System, browser: Browser) -> None:
    page = browser(Tier.LEADERSHIP_ALLIANCE, subscriber="board").get("/institutions/globex/why-not").text
    assert "Rule 1: on level" in page
    assert re.search(r"With .+ publisher.*? the score would be|Nothing that was tried would be told", page)
    assert "Subscriber <select" not in page
    page = browser(operator=True).get("/institutions/initech/why-not?subscriber=board").text
    assert "No watch rule of the subscriber selects it" in page


@pytest.mark.parametrize(
    ("who", "asked"),
    [
        ({"tier": Tier.OPEN}, "desk"),
        ({"tier": Tier.LEADERSHIP_ALLIANCE}, "desk"),
        ({"tier": Tier.LEADERSHIP_ALLIANCE, "subscriber": "board"}, "desk"),
        ({"tier": Tier.STRATEGIC_CIRCLE, "subscriber": "desk"}, "desk"),
    ],
)
def test_why_not_is_for_operators_and_for_the_leadership_alliance_about_itself(
    browser: Browser, who: dict[str, Any], asked: str
) -> None:
    client = browser(**who)
    assert client.get(f"/institutions/acme/why-not?subscriber={asked}").status_code == 403
    assert client.get(f"/api/subscribers/{asked}/why-not/acme").status_code == 403


def test_every_link_of_an_alert_is_for_its_subscriber(town: System, browser: Browser) -> None:
    with town.database.read() as session:
        alert = session.scalars(select(AlertRow.id).where(AlertRow.subscriber == "desk")).first()
    for who in ({"tier": Tier.STRATEGIC_CIRCLE, "subscriber": "desk"}, {"operator": True}):
        client = browser(**who)
        links = {link or "" for link in Read(client.get(f"/alerts/{alert}").text).values("href", "a")}
        statuses = {link: client.get(link).status_code for link in links if link.startswith("/")}
        assert set(statuses.values()) == {200}, statuses
        assert any("why-not" in link for link in links) is ("operator" in who)


def test_an_alert_shows_what_had_been_without_each_story(town: System, browser: Browser) -> None:
    address = f"/alerts/{first(town, AlertRow)}"
    assert "Without it" in browser(operator=True).get(address).text
    assert "Without it" not in browser(Tier.STRATEGIC_CIRCLE).get(address).text


def test_without_each() -> None:
    moved = {"from": "low", "contributions": [{"contribution": 0.4}, {"contribution": 0.25}]}
    found = without_each(moved, LevelRules())
    assert found == [(0.25, Level.MEDIUM), (0.4, Level.HIGH)]
    assert without_each(None, LevelRules()) == []


def test_a_story_dates_an_item_by_its_first_revision_that_counts(town: System) -> None:
    item = town.observe("tribune", "Initech hit by an outage in Lyon", withdrawn=True)
    town.later(hours=5)
    begun = town.now
    town.observe("tribune", "Initech hit by an outage in Lyon", text="After all.", id=item)
    with town.runtime.database.read() as session:
        story = session.scalars(select(StoryRow.id).where(StoryRow.institution == "initech")).one()
        page = read_story(session, town.runtime.configuration.current().settings, story)
    assert [each.report.observed for each in page["publishers"][0]["reports"]] == [begun]
