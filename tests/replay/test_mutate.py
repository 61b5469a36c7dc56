"""Changes of a configuration that its tests do not notice, and the tests proposed for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from kit.system import settings, write

from alerts.config.load import Loaded, load_entries
from alerts.config.schema import ConfigTestForm
from alerts.rendering.render import Renderer
from alerts.replay.mutate import Mutant, Tests, failing, mutants, proposed, unnoticed
from alerts.runtime.configuration import Active

OUTAGE = {
    "name": "an outage is high",
    "at": "2026-02-24T09:00:00Z",
    "items": [{"source": "acme-news", "title": "Outage at Acme Networks", "published": "2026-02-24T09:00:00Z"}],
    "expect": [
        {"institution": "acme", "axis": "priority", "level": "high"},
        {"subscriber": "desk", "channel": "mail", "alerts": 1},
    ],
}


def content(tests: list[dict[str, Any]]) -> dict[str, Any]:
    found = settings(
        {name: f"https://{name}.example/feed" for name in ("acme-news", "wire", "herald")},
        {"mail": "console://", "hook": "console://"},
        tests=tests,
    )
    found["institutions"][0]["aliases"] = ["Amalgamated Cables"]
    return found


def loaded(folder: Path, tests: list[dict[str, Any]]) -> Loaded:
    return load_entries(write(folder, content(tests)))


def written(found: Loaded) -> Tests:
    return found.entries.valid("tests", ConfigTestForm)


@pytest.fixture
def tested(tmp_path: Path) -> Loaded:
    return loaded(tmp_path / "config", [OUTAGE])


def missed(found: Loaded) -> list[Mutant]:
    base = Active.of(found)
    return [each for each in mutants(found.settings) if unnoticed(written(found), base, Renderer(), each)]


def test_each_thing_is_changed_once(tested: Loaded) -> None:
    assert [each.change for each in mutants(tested.settings)] == [
        "acme: without the alias Amalgamated Cables",
        "without the topic outage",
        "without the topic ruling",
        "levels: medium from 0.3125 instead of 0.25",
        "levels: high from 0.625 instead of 0.5",
        "levels: critical from 0.9375 instead of 0.75",
        "desk: without rule 1",
        "desk: rule 1 at least high",
        "desk: nothing to the channel mail",
        "desk: nothing to the channel hook",
    ]


def test_what_a_test_pins_is_noticed_and_the_rest_is_not(tested: Loaded) -> None:
    assert [each.change for each in missed(tested)] == [
        "acme: without the alias Amalgamated Cables",
        "without the topic ruling",
        "levels: medium from 0.3125 instead of 0.25",
        "levels: critical from 0.9375 instead of 0.75",
        "desk: rule 1 at least high",
        "desk: nothing to the channel hook",
    ]


def test_an_alias_is_noticed_where_it_stands_in_another_spelling(tmp_path: Path) -> None:
    item = {"source": "wire", "title": "Outage at Electricite Cables", "published": "2026-02-24T09:00:00Z"}
    given = content([OUTAGE | {"items": [item], "expect": [{"institution": "acme", "mentioned": True}]}])
    given["institutions"][0]["aliases"] = ["Électricité Câbles"]
    found = load_entries(write(tmp_path, given))
    (without,) = [each for each in mutants(found.settings) if each.alias]
    assert not unnoticed(written(found), Active.of(found), Renderer(), without)


def test_without_tests_nothing_is_noticed(tmp_path: Path) -> None:
    found = loaded(tmp_path, [])
    assert len(missed(found)) == len(list(mutants(found.settings)))


def test_a_proposed_test_passes_now_and_fails_under_its_change(tested: Loaded, tmp_path: Path) -> None:
    tried, base = 0, Active.of(tested)
    for mutant in missed(tested):
        test = proposed(base, mutant)
        if test is None:
            continue
        tried += 1
        again = loaded(tmp_path / str(tried), yaml.safe_load(yaml.safe_dump([test])))
        assert not list(failing(written(again), Active.of(again), Renderer()))
        assert list(failing(written(again), mutant.active(base), Renderer())), mutant.change
    assert tried >= 4


def test_a_change_without_effect_has_no_test(tested: Loaded) -> None:
    same = Mutant("nothing", tested.settings)
    assert proposed(Active.of(tested), same) is None
