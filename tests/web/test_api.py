"""The JSON interface against its own description, and the feeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any
from xml.etree import ElementTree

import pytest
from kit.browsing import Browser, link
from kit.system import System
from sqlalchemy import select
from starlette.testclient import TestClient

from alerts.insight.profiles import profile_at
from alerts.model.alert import AlertState
from alerts.model.institution import Criticality
from alerts.model.level import Axis, Cause, Level
from alerts.model.profile import CoverageState, Trend
from alerts.model.source import Reliability
from alerts.model.story import Mix
from alerts.model.subscriber import On, Tier
from alerts.model.topic import Signal
from alerts.rendering.profile_forms import profile_record
from alerts.rendering.tiers import gate
from alerts.store.schema import AlertRow, StoryRow
from alerts.web.api import PATHS
from alerts.web.institutions import SORTS

ATOM = "{http://www.w3.org/2005/Atom}"


def conforms(value: Any, schema: dict[str, Any], document: dict[str, Any], where: str = "") -> Iterator[str]:
    """What does not fit a schema of the description: the part of JSON Schema that it uses."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        yield from conforms(value, document["components"]["schemas"][name], document, where)
        return
    if "anyOf" in schema:
        if all(list(conforms(value, each, document, where)) for each in schema["anyOf"]):
            yield f"{where}: fits none of anyOf"
        return
    kinds: dict[str, type | tuple[type, ...]] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(
        isinstance(value, kinds[each]) and (each == "boolean" or not isinstance(value, bool)) for each in allowed
    ):
        yield f"{where}: {value!r} is no {allowed}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']}"
    if (
        schema.get("format") == "date-time"
        and value is not None
        and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value)
    ):
        yield f"{where}: {value!r} is no time"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{where}: lacks {each}" for each in schema.get("required", ()) if each not in value)
        if schema.get("additionalProperties") is False:
            yield from (f"{where}: has {each}" for each in value if each not in known)
        for name, each in value.items():
            if name in known:
                yield from conforms(each, known[name], document, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for place, each in enumerate(value):
            yield from conforms(each, schema["items"], document, f"{where}[{place}]")


@pytest.fixture
def examples(town: System) -> dict[str, str]:
    with town.runtime.database.read() as session:
        return {
            "institution": "acme",
            "story": session.scalars(select(StoryRow.id).order_by(StoryRow.id)).first() or "",
            "alert": session.scalars(select(AlertRow.id).order_by(AlertRow.id)).first() or "",
            "subscriber": "desk",
            "source": "acme-news",
        }


def test_the_description_names_every_route(browser: Browser) -> None:
    document = browser().get("/api/openapi.json").json()
    routes = {"/api" + path for path in PATHS} - {"/api/openapi.json"}
    assert set(document["paths"]) == routes
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://pages.example"}]


def test_the_description_has_the_words_of_the_model(browser: Browser) -> None:
    document = browser().get("/api/openapi.json").json()
    known = (AlertState, Axis, Cause, CoverageState, Criticality, Level, Mix, On, Reliability, Signal, Trend)
    schemas = document["components"]["schemas"]
    described = {name: each["enum"] for name, each in schemas.items() if "enum" in each}
    assert described == {each.__name__: [word.value for word in each] for each in known}
    asked = document["paths"]["/api/institutions"]["get"]["parameters"]
    assert [each["schema"]["enum"] for each in asked if each["name"] == "sort"] == [list(SORTS)]
    assert document["info"]["version"] == version("institution-alerts")


@pytest.mark.parametrize("who", [*Tier, "operator"])
def test_every_answer_is_as_described(browser: Browser, examples: dict[str, str], who: str) -> None:
    client = browser(operator=True) if who == "operator" else browser(Tier(who))
    document = client.get("/api/openapi.json").json()
    for template, item in document["paths"].items():
        declared = {each["name"]: each for each in item["get"]["parameters"]}
        assert {name for name in declared if declared[name]["in"] == "path"} == set(re.findall(r"{(\w+)}", template))
        needed = {
            name: each["example"] for name, each in declared.items() if each["in"] == "query" and "required" in each
        }
        for values in (examples, {**examples, **dict.fromkeys(examples, "none-such")}):
            answer = client.get(template.format(**values), params=needed)
            described = item["get"]["responses"][str(answer.status_code)]
            schema = described["content"]["application/json"]["schema"]
            assert list(conforms(answer.json(), schema, document)) == [], (template, answer.status_code)
        assert who != "operator" or client.get(template.format(**examples), params=needed).status_code == 200, template


def test_parameters_are_as_described(browser: Browser) -> None:
    client = browser(Tier.LEADERSHIP_ALLIANCE)
    document = client.get("/api/openapi.json").json()
    for address in (
        "/api/institutions/acme/changes?limit=none",
        "/api/institutions/acme/changes?limit=0",
        "/api/institutions/acme?at=soon",
        "/api/institutions/acme?at=9999-01-01",
    ):
        answer = client.get(address)
        assert answer.status_code == 400, address
        assert list(conforms(answer.json(), {"$ref": "#/components/schemas/Error"}, document)) == []
    assert len(client.get("/api/institutions/acme/changes?limit=1").json()["changes"]) == 1
    assert client.get("/api/institutions?q=acme").json()["found"] == 1


@pytest.mark.parametrize("tier", Tier)
def test_a_profile_is_that_of_the_command_line(town: System, browser: Browser, tier: Tier) -> None:
    town.later(seconds=1)  # the stamp of the last assessment may be a microsecond ahead
    active = town.runtime.configuration.current()
    with town.runtime.database.read() as session:
        found = profile_at(session, active, active.settings.institutions["acme"], town.now)
    assert browser(tier).get("/api/institutions/acme").json() == profile_record(gate(found, tier))


def test_a_subscriber_s_alerts_are_its_own(browser: Browser) -> None:
    address = "/api/subscribers/desk/alerts"
    for client in (browser(), browser(Tier.LEADERSHIP_ALLIANCE), browser(subscriber="board")):
        assert client.get(address).status_code == 403
    desk = browser(subscriber="desk")
    found = desk.get(address).json()["alerts"]
    assert {each["on"] for each in found} == {"level", "mention"}
    assert {each["on"] for each in desk.get(f"{address}?rule=2").json()["alerts"]} == {"mention"}
    assert desk.get(f"{address}?rule=3").status_code == 404
    transition = next(each["transition"] for each in found if each["transition"])
    assert transition["score"] is not None
    assert transition["contributions"] == [], "its tier sees no contributions"


# --- feeds ---------------------------------------------------------------------------------------------------


def entries(client: TestClient, address: str) -> list[ElementTree.Element]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(answer.text)
    for name in ("id", "title", "updated", "author"):
        assert root.find(f"{ATOM}{name}") is not None
    found = root.findall(f"{ATOM}entry")
    ids = [each.findtext(f"{ATOM}id") or "" for each in found]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", each) for each in ids)
    return found


def text(entry: ElementTree.Element, name: str) -> str:
    return entry.findtext(f"{ATOM}{name}") or ""


def test_a_feed_of_level_changes(browser: Browser, town: System) -> None:
    found = entries(browser(Tier.LEADERSHIP_ALLIANCE), "/institutions/acme/feed.atom")
    assert text(found[-1], "title").startswith("Acme, ")
    assert "Score 0." in text(found[0], "content")
    assert "grade" in text(found[0], "content")
    known = entries(browser(), "/institutions/acme/feed.atom")
    assert [text(each, "id") for each in known] == [text(each, "id") for each in found], "ids do not tell the tier"
    assert "Score" not in text(known[0], "content")
    assert entries(browser(), "/institutions/initech/feed.atom") == []
    town.later(days=8)
    older = entries(browser(), "/institutions/acme/feed.atom")
    assert len({text(each, "title").split(":")[0] for each in older}) == len(older), "the newest of each axis"


def test_a_reader_that_has_it_gets_nothing_new(browser: Browser, town: System) -> None:
    client = browser()
    first = client.get("/institutions/acme/feed.atom")
    again = client.get("/institutions/acme/feed.atom", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    town.later(days=60)
    town.settle()  # a level has fallen
    assert (
        client.get("/institutions/acme/feed.atom", headers={"If-None-Match": first.headers["etag"]}).status_code == 200
    )


def test_feeds_of_a_subscriber_and_of_one_rule(town: System, browser: Browser) -> None:
    _, token = link(town, subscriber="desk")
    client = browser()
    assert client.get("/subscribers/desk/feed.atom").status_code == 403
    both = entries(client, f"/subscribers/desk/feed.atom?key={token}")
    levels = entries(client, f"/subscribers/desk/rules/1/feed.atom?key={token}")
    mentions = entries(client, f"/subscribers/desk/rules/2/feed.atom?key={token}")
    assert {text(each, "id") for each in both} == {text(each, "id") for each in [*levels, *mentions]}
    assert [text(each, "title") for each in mentions] == ["Globex: mention: Globex opens a plant"]
    for rule in ("9", "0", "-1", "one", "1" * 5000):
        assert client.get(f"/subscribers/desk/rules/{rule}/feed.atom?key={token}").status_code == 404
        assert client.get(f"/api/subscribers/desk/alerts?rule={rule}&key={token}").status_code == 404
    assert client.get(f"/subscribers/board/feed.atom?key={token}").status_code == 403


def test_foreign_text_does_not_break_a_feed(town: System, browser: Browser) -> None:
    town.later(minutes=1)
    town.observe("tribune", "Globex outage ]]> & <b>\x0b\ud800 \u202e &nbsp;", url="javascript:1")
    found = entries(browser(subscriber="desk"), "/subscribers/desk/feed.atom")
    titles = [text(each, "title") for each in found]
    assert any("Globex outage ]]> & <b>" in each for each in titles)
    assert not any("\u202e" in each for each in titles)
