"""The search page and its JSON: what is found, who may see it, and what hostile feeds and visitors try."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.browsing import Browser
from kit.recorded import record
from kit.system import System
from web.test_pages import HOSTILE, Read

from alerts.model.subscriber import Tier
from alerts.store.database import Database

MEMBER = Tier.STRATEGIC_CIRCLE


@pytest.fixture
def town(tmp_path: Path) -> Iterator[System]:
    """With nothing recorded yet."""
    database = Database(f"sqlite:///{tmp_path / 'alerts.db'}")
    database.upgrade()
    with System(database, tmp_path / "config") as made:
        yield made


def found(client: Any, **asked: object) -> dict[str, Any]:
    answer = client.get("/api/search", params=asked)
    assert answer.status_code == 200, answer.text
    record_: dict[str, Any] = answer.json()
    return record_


def test_members_find_stories_items_and_institutions(town: System, browser: Browser) -> None:
    record(town, "tribune", "Acme hit by an outage in Lyon", "Engines stopped.", published=town.now)
    record(town, "coastline", "Outage at Acme in Lyon lasts", published=town.now)
    other = record(town, "coastline", "Rain in Lyon")
    town.settle()
    client = browser(MEMBER)
    answer = found(client, q="lyon")
    assert {each["kind"] for each in answer["results"]} == {"story", "item"}
    assert answer["complete"] is True
    assert len(found(client, q="lyon", kind="items")["results"]) == 3
    assert all(each["stories"] for each in found(client, q="lyon", kind="stories")["results"])
    (rain,) = found(client, q="rain")["results"]
    assert (rain["item"], rain["url"], rain["title"][rain["title_marks"][0][0] : rain["title_marks"][0][1]]) == (
        other,
        "https://coastline.example/" + other.rpartition("-")[2],
        "Rain",
    )
    acme = found(client, q="Acme Corp")
    assert [each["institution"] for each in acme["institutions"]] == ["acme"]
    assert acme["institutions"][0]["headline"]
    assert found(client, q="acme", kind="institutions")["results"] == []


def test_one_story_is_one_result(town: System, browser: Browser) -> None:
    for source in ("tribune", "coastline"):
        record(town, source, "Acme outage stops all rockets at the harbour", published=town.now)
    town.settle()
    (story,) = found(browser(MEMBER), q="harbour")["results"]
    assert (story["kind"], story["more"], story["institutions"], story["topics"]) == ("story", 1, ["acme"], ["outage"])
    assert browser(MEMBER).get(f"/stories/{story['stories'][0]}").status_code == 200


def test_an_open_visitor_finds_institutions_and_nothing_that_was_said(town: System, browser: Browser) -> None:
    record(town, "tribune", "Secretword about Acme", "Secretword")
    town.settle()
    client = browser()
    answer = found(client, q="secretword")
    assert (answer["found"], answer["results"], answer["institutions"]) == (0, [], [])
    assert [each["institution"] for each in found(client, q="acme")["institutions"]] == ["acme"]
    page = client.get("/search", params={"q": "secretword"})
    assert page.status_code == 200
    assert "tribune" not in page.text
    for kind in ("items", "stories"):
        for address in ("/search", "/api/search"):
            assert client.get(address, params={"q": "secretword", "kind": kind}).status_code == 403


def test_the_best_comes_first_and_of_equals_the_newest(town: System, browser: Browser) -> None:
    in_text = record(town, "tribune", "Weather", "Some hail fell.")
    town.later(hours=1)
    old = record(town, "tribune", "Hail in Lyon", published=town.now - timedelta(days=300))
    new = record(town, "coastline", "Hail in Paris")
    town.settle()
    assert [each["item"] for each in found(browser(MEMBER), q="hail")["results"]] == [new, in_text, old]
    town.later(days=400)
    assert [each["item"] for each in found(browser(MEMBER), q="hail")["results"]] == [new, old, in_text]


def test_pages_follow_each_other(town: System, browser: Browser) -> None:
    recorded = {record(town, "tribune", f"Hail number {number}") for number in range(7)}
    town.settle()
    client = browser(MEMBER)
    pages = [found(client, q="hail", limit=3, page=page) for page in (1, 2, 3)]
    assert {each["item"] for page in pages for each in page["results"]} == recorded
    assert [(page["page"], page["pages"], len(page["results"])) for page in pages] == [(1, 3, 3), (2, 3, 3), (3, 3, 1)]
    assert found(client, q="hail", limit=3, page=99)["page"] == 3


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ({"q": "-x"}, "names nothing to look for"),
        ({}, "names nothing to look for"),
        ({"q": "x" * 201}, "at most 200"),
        ({"q": "acme", "kind": "people"}, "there is no kind 'people'"),
        ({"q": "acme", "institution": "acmee"}, "did you mean 'acme'"),
        ({"q": "acme", "source": "<b>"}, "there is no source '<b>'"),
        ({"q": "acme", "topic": "x"}, "there is no topic"),
        ({"q": "acme", "signal": "x"}, "there is no signal"),
        ({"q": "acme", "since": "yesterday"}, "is no time"),
        ({"q": "acme", "until": "9" * 40 + "d"}, "is no time"),
        ({"q": "acme", "page": "0"}, "“page” is a number"),
        ({"q": "acme", "limit": "many"}, "“limit” is a number"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_one_line(browser: Browser, asked: dict[str, str], line: str) -> None:
    client = browser(MEMBER)
    answer = client.get("/api/search", params=asked)
    assert answer.status_code == 400
    assert line in answer.json()["error"]
    assert "\n" not in answer.json()["error"]
    page = client.get("/search", params=asked)
    assert page.status_code == (400 if asked else 200)
    assert "<b>" not in page.text


def test_every_page_has_a_search_field(browser: Browser) -> None:
    client = browser(MEMBER)
    for address in ("/", "/search", "/institutions/acme", "/briefing", "/no-such-page"):
        page = client.get(address).text
        assert '<form class="find" action="/search" role="search">' in page, address


def test_hostile_texts_are_shown_as_texts(town: System, browser: Browser) -> None:
    for number, hostile in enumerate(HOSTILE):
        record(town, "tribune", f"{hostile} hail {hostile}", f"{hostile} hail {hostile}", url=f"javascript:{number}")
    town.settle()
    client = browser(MEMBER)
    assert len(found(client, q="hail")["results"]) == len(HOSTILE)
    for query in ("hail", *HOSTILE[:5]):
        page = client.get("/search", params={"q": query})
        assert page.status_code == 200, query
        read = Read(page.text)
        assert not {"img", "svg"} & {tag for tag, _ in read.tags}
        assert [attributes for tag, attributes in read.tags if tag == "script"] == [
            {"src": "/static/page.js", "defer": None}
        ]
        assert not any("javascript:" in str(each) for each in read.values("href"))
        assert "\u202e" not in page.text
    assert "<mark>hail</mark>" in client.get("/search", params={"q": "hail"}).text
