"""What each source is worth: what is lost, later or graded lower without it, and a set that keeps every alert."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit.system import settings, write

from alerts.config.load import load_entries
from alerts.model.alert import AlertState
from alerts.model.item import Item
from alerts.model.times import format_time
from alerts.replay import work
from alerts.replay.backtest import rehearse
from alerts.replay.value import values
from alerts.runtime.configuration import Active

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SOURCES = ("acme-news", "wire", "herald", "gazette")


@pytest.fixture
def active(tmp_path: Path) -> Active:
    content = settings({name: f"https://{name}.example/feed" for name in SOURCES}, {"console": "console://"})
    content["subscribers"][0]["watch"] = [{"tags": ["infra"], "on": ["story", "level"], "at_least": "medium"}]
    return Active(load_entries(write(tmp_path, content)).settings)


def said(source: str, minutes: int, title: str) -> Item:
    at = NOON + timedelta(minutes=minutes)
    url = f"https://{source}.example/{minutes}"
    return Item(f"{source}-{minutes}", title, at, url=url, source=source, published=at)


RULING = "Court ruling on Globex Corporation merger with harbour operator"
ITEMS = [
    said("wire", 0, RULING),  # 0.6 x 0.5: medium by itself
    said("herald", 30, "Court ruling: Globex Corporation merger with harbour operator is void"),
    said("gazette", 45, "Globex Corporation opens a museum of telephones"),  # moves nothing
    said("acme-news", 60, "Acme Networks reports an outage in Rotterdam data centre"),
    said("gazette", 61, "Outage at Acme Networks in Rotterdam data centre"),
]


def worth(items: list[Item], active: Active, **options: Any) -> dict[str, dict[str, Any]]:
    return {each["source"]: each for each in values(items, active, **options)}


def test_what_a_source_brings_alone_is_lost_without_it(active: Active) -> None:
    found = worth(ITEMS, active)
    assert found["acme-news"]["lost"] > 0
    assert found["acme-news"]["needed"]
    assert (found["acme-news"]["first"], found["gazette"]["first"]) == (1, 0)


def test_what_another_reports_too_comes_later(active: Active) -> None:
    found = worth(ITEMS, active)
    assert found["wire"]["later"] > 0
    assert found["wire"]["minutes"] == 30
    assert found["wire"]["first"] == 1


def test_a_source_that_no_alert_rests_on_costs_nothing(active: Active) -> None:
    found = worth(ITEMS, active)["gazette"]
    assert (found["items"], found["lost"], found["later"], found["needed"]) == (2, 0, 0, False)


def test_a_configured_source_without_items_is_listed(active: Active) -> None:
    found = worth(ITEMS[:1], active)
    assert found.keys() == set(SOURCES)
    assert found["herald"] | {"source": ""} == {
        **dict.fromkeys(("items", "alerts", "first", "lost", "later", "graded_lower"), 0),
        "source": "",
        "minutes": 0.0,
        "needed": False,
    }


def test_the_needed_sources_keep_every_story_that_was_alerted(active: Active) -> None:
    """By a whole replay of what they said."""

    def alerted(items: list[Item]) -> set[tuple[str, str]]:
        alerts = rehearse(items, active.settings).alerts
        return {(each.institution, each.level.value) for each in alerts if each.state is not AlertState.SUPPRESSED}

    more = [replace(each, id=f"{each.id}+", observed=each.observed + timedelta(days=9)) for each in ITEMS]
    every = [*ITEMS, *more]
    kept = {source for source, each in worth(every, active).items() if each["needed"]}
    assert kept < set(SOURCES)
    assert alerted([each for each in every if each.source in kept]) >= {
        each for each in alerted(every) if each[1] != "low"
    }


def test_several_processes_find_the_same(active: Active, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "WORTH_IT", 0)
    assert values(ITEMS, active, processes=2) == values(ITEMS, active)


# Two stories that begin at one instant, reach the same level and turn out to be one.
ONE_AT_LAST = [
    ("port-post", 0, "Globex harbour licence report outage"),
    ("city-sheet", 0, "Globex harbour merger"),
    ("wire", 0, "Globex outage, engineers power centre quarter Rotterdam museum"),
    ("city-sheet", 2000, "Globex centre Rotterdam harbour"),
]


@pytest.mark.slow
def test_it_is_the_same_whatever_the_order_of_sets(tmp_path: Path) -> None:
    reliability = {"port-post": "B", "city-sheet": "D", "wire": "B"}
    content = settings({name: f"https://{name}.example/feed" for name in reliability}, {"console": "console://"})
    for source in content["sources"]:
        source["reliability"] = reliability[source["id"]]
    content["subscribers"][0]["watch"] = [{"all": True, "on": ["story", "level", "mention"], "at_least": "medium"}]
    config = write(tmp_path / "config", content)
    history = tmp_path / "history.jsonl"
    with history.open("w") as file:
        for each in (said(*one) for one in ONE_AT_LAST):
            record = {"id": each.id, "title": each.title, "url": each.url, "source": each.source}
            file.write(json.dumps({**record, "published": format_time(each.observed)}) + "\n")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "alerts",
        "--config",
        config,
        "sources",
        "value",
        "--history",
        history,
        "--json",
    ]
    found = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in "012345"
    }
    assert len(found) == 1
    assert len(found.pop().splitlines()) == len(reliability)
