"""The pages in a real browser: width, keyboard, accessibility. Skipped, saying so, where there is none."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kit import chromium
from kit.chromium import Chromium
from kit.system import Clock, System
from sqlalchemy import select

from alerts.access.links import token_of
from alerts.access.signing import Signer
from alerts.model.subscriber import Tier
from alerts.store.database import Database
from alerts.store.repositories.links import invite
from alerts.store.schema import AlertRow, StoryRow

OPERATOR = "operator-token-of-this-test"
SECRET = "secret-of-this-test-and-no-other"

pytestmark = [
    pytest.mark.servers,
    pytest.mark.skipif(bool(chromium.missing()), reason=f"no browser to test with: {chromium.missing()}"),
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("town")
    database = Database(f"sqlite:///{directory / 'alerts.db'}")
    database.upgrade()
    town = System(database, directory / "config", clock=Clock(datetime.now(UTC) - timedelta(days=3)))
    town.observe("acme-news", "Rocketeer is down: we have an outage")
    town.later(hours=5)
    town.observe("tribune", "Acme hit by an outage with <b>" + "a-very-long-word" * 12)
    town.later(hours=9)
    town.observe("coastline", "Ministry opens pricing probe into Acme")
    town.settle()
    yield town
    database.dispose()


@pytest.fixture(scope="module")
def address(town: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages as `alerts web` serves them."""
    directory = Path(str(town.runtime.database.url.database)).parent
    environment = {"ALERTS_SECRET": SECRET, "ALERTS_OPERATOR_TOKEN": OPERATOR, "PATH": "/usr/bin:/bin"}
    place = ["--config", str(directory / "config"), "--state", str(directory), "web", "--port", "0"]
    server = subprocess.Popen(
        [sys.executable, "-m", "alerts", *place], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    line = server.stderr.readline()
    assert "pages at http://" in line, line
    url = line.rpartition(" ")[2].strip().rstrip("/")
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=5).close()
            break
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield url
    server.terminate()
    assert server.wait(20) in {0, 128 + signal.SIGTERM, -signal.SIGTERM}
    server.stderr.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


def enter(browser: Chromium, address: str, town: System) -> None:
    now = datetime.now(UTC)
    with town.runtime.database.write() as session:
        link = invite(session, tier=Tier.LEADERSHIP_ALLIANCE, now=now, lasting=timedelta(hours=1))
    browser.open(f"{address}/enter/{token_of(Signer(SECRET.encode()), link)}")


def enter_as_operator(browser: Chromium, address: str) -> None:
    browser.open(f"{address}/operate/enter")
    browser.run("document.querySelector('input[name=token]').value = arguments[0]", OPERATOR)
    browser.run("document.querySelector('main form').requestSubmit()")
    browser.open(f"{address}/operate")
    assert browser.run("return document.querySelector('h1').textContent") == "Operations"


OPERATORS = (
    "/operate",
    "/operate/audit",
    "/operate/configurations",
    "/operate/sources/tribune",
    "/operate/poll?source=tribune&source=coastline",
    "/operate/silence?institution=acme",
    "/me?subscriber=desk",
    "/institutions/acme",
    "/feedback",
    "/institutions/acme/why-not?subscriber=desk",
)


def pages(town: System) -> list[str]:
    with town.runtime.database.read() as session:
        story = session.scalars(select(StoryRow.id).where(StoryRow.title.contains("long-word"))).first()
        alert = session.scalars(select(AlertRow.id).where(AlertRow.transition.is_not(None))).first()
    return [
        "/",
        "/overview",
        "/search?q=outage",
        "/institutions",
        "/institutions/acme",
        "/institutions/acme?compare=globex",
        f"/stories/{story}",
        f"/alerts/{alert}",
        "/briefing/2026-W10",
        "/operate/enter",
        "/nowhere",
    ]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_is_wider_than_the_screen(browser: Chromium, address: str, town: System, width: int) -> None:
    enter(browser, address, town)
    browser.screen(width, 800)
    for page in pages(town):
        browser.open(address + page)
        assert browser.run("return document.documentElement.scrollWidth") <= width, page
    enter_as_operator(browser, address)
    for page in OPERATORS:
        browser.open(address + page)
        assert browser.run("return document.documentElement.scrollWidth") <= width, page


def test_the_policy_of_the_pages_blocks_nothing_of_theirs(browser: Chromium, address: str, town: System) -> None:
    enter(browser, address, town)
    for page in pages(town):
        browser.open(address + page)
        assert browser.run("return getComputedStyle(document.body).margin") == "0px", "the style sheet is there"
    browser.open(f"{address}/institutions/acme")
    assert browser.run("return document.querySelector('time[data-as]').title").endswith("UTC"), "so is the script"
    assert browser.run("return document.querySelectorAll('script').length") == 1


def test_everything_is_reached_by_keyboard(browser: Chromium, address: str, town: System) -> None:
    enter(browser, address, town)
    browser.screen(1280, 800)
    browser.open(f"{address}/institutions")
    browser.press("Tab")
    assert browser.run("return document.activeElement.textContent") == "Skip to content"
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0, "seen when it has the focus"
    seen = set()
    for _ in range(40):
        browser.press("Tab")
        seen.add(browser.run("return document.activeElement.getAttribute('href') || document.activeElement.name"))
    assert {"/institutions/acme", "q", "level"} <= seen
    outlined = "return getComputedStyle(document.activeElement).outlineStyle"
    browser.run("document.querySelector('h1').focus(); document.activeElement.blur()")
    browser.press("/")
    assert browser.run("return document.activeElement.name") == "q", "a key for the search"
    assert browser.run(outlined) != "none"


def test_evidence_numbers_jump_to_the_evidence(browser: Chromium, address: str, town: System) -> None:
    enter(browser, address, town)
    browser.screen(1280, 400)
    browser.open(f"{address}/institutions/acme")
    browser.run("document.querySelector('.points .ref').click()")
    assert browser.run("return document.querySelector('.evidence li:target').id").startswith("e")
    top = browser.run("return document.querySelector('.evidence li:target').getBoundingClientRect().top")
    assert 0 <= top < 400


def test_typing_filters_the_list(browser: Chromium, address: str, town: System) -> None:
    enter(browser, address, town)
    browser.open(f"{address}/institutions")
    shown = (
        "const field = document.querySelector('[data-filter]'); field.value = arguments[0];"
        "field.dispatchEvent(new Event('input'));"
        "return [...document.querySelectorAll('#institutions tbody tr')].filter(row => !row.hidden).length"
    )
    assert [browser.run(shown, text) for text in ("", "ACM", "nobody")] == [3, 1, 0]


@pytest.mark.skipif(not chromium.axe(), reason="no axe-core: npm install axe-core, or AXE_CORE=…/axe.min.js")
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_accessibility_rule_is_broken(browser: Chromium, address: str, town: System, width: int, dark: bool) -> None:
    enter(browser, address, town)
    browser.screen(width, 900, dark=dark)
    for page in pages(town):
        check_accessibility(browser, address + page)
    enter_as_operator(browser, address)
    for page in OPERATORS:
        check_accessibility(browser, address + page)


def test_an_open_page_learns_of_something_newer(browser: Chromium, address: str, town: System) -> None:
    enter(browser, address, town)
    browser.open(f"{address}/")
    assert browser.run("return document.querySelector('.live').textContent") == ""
    town.later(minutes=1)
    town.observe("tribune", "Globex opens a plant after an outage")
    deadline = time.monotonic() + 20
    while "newer" not in browser.run("return document.querySelector('.live').textContent"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    browser.run("document.querySelector('.live a').click()")
    assert "Globex opens a plant" in browser.run("return document.querySelector('.stream').textContent")


def check_accessibility(browser: Chromium, url: str) -> None:
    browser.open(url)
    browser.devtools("Runtime.evaluate", expression=chromium.axe())
    broken = browser.wait_for(
        "axe.run(document).then(found => arguments[0](found.violations.map(each => "
        "[each.id, each.nodes.map(node => node.html.slice(0, 120))])))"
    )
    assert broken == [], url
